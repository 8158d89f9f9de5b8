import { StatesError } from './errors';
import { evaluateCall, looksLikeCall, parseCall } from './intrinsics';
import { type Path, parsePath, readPath } from './path';

/** What paths in a state read: `$` its data, `$$` the context object. */
export interface Readable {
  readonly data: unknown;
  readonly context: unknown;
}

/** What a path or an intrinsic gives. Throws `onMissing` where a path leads nowhere. */
export function evaluate(expression: string, from: Readable, onMissing: string): unknown {
  const read = (path: Path) => {
    const { found, value } = readPath(path, path.root === '$$' ? from.context : from.data);
    if (!found)
      throw new StatesError(onMissing, `nothing is found at ${show(path)}, written in ${JSON.stringify(expression)}`);
    return value;
  };
  if (looksLikeCall(expression)) {
    const call = parseCall(expression);
    if (typeof call === 'string') throw new StatesError('States.Runtime', call);
    return evaluateCall(call, read);
  }
  const path = parsePath(expression);
  if (path === undefined) throw new StatesError('States.Runtime', `not a path of the subset: ${expression}`);
  return read(path);
}

/** A template (`Parameters`, `ResultSelector`, `ItemSelector`) with every `key.$` in it filled. */
export function fill(template: unknown, from: Readable): unknown {
  if (typeof template !== 'object' || template === null) return template;
  if (Array.isArray(template)) return template.map((held) => fill(held, from));
  return Object.fromEntries(
    Object.entries(template).map(([key, held]) =>
      key.endsWith('.$')
        ? [key.slice(0, -2), evaluate(String(held), from, 'States.ParameterPathFailure')]
        : [key, fill(held, from)],
    ),
  );
}

function show(path: Path): string {
  return path.steps.reduce<string>((text, step) => {
    if (step === 'each') return `${text}[*]`;
    return 'index' in step ? `${text}[${step.index}]` : `${text}.${step.key}`;
  }, path.root);
}
