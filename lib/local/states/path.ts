/** A JSONPath of the subset: `$.a.b`, `$['a b']`, `$.list[0]`, `$.list[*].name`; `$$.…` reads the context object. */
export interface Path {
  readonly root: '$' | '$$';
  readonly steps: readonly Step[];
}

type Step = { readonly key: string } | { readonly index: number } | 'each';

const step = /\.([\p{L}\p{N}_-]+)|\[(\d+)\]|\[\*\]|\.\*|\['((?:[^'\\]|\\.)*)'\]/uy;

/** Reads a path; undefined where the text is none of the subset. */
export function parsePath(text: string): Path | undefined {
  if (!text.startsWith('$')) return undefined;
  const root = text.startsWith('$$') ? '$$' : '$';
  const steps: Step[] = [];
  step.lastIndex = root.length;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null) return undefined;
    const [, name, index, quoted] = match;
    if (name !== undefined) steps.push({ key: name });
    else if (index !== undefined) steps.push({ index: Number(index) });
    else if (quoted !== undefined) steps.push({ key: quoted.replace(/\\(.)/g, '$1') });
    else steps.push('each');
  }
  return { root, steps };
}

/** Whether a path names one place, as `ResultPath` and `Variable` must: in the input, without `[*]`. */
export function isReferencePath(path: Path): boolean {
  return path.root === '$' && !path.steps.includes('each');
}

/** What a path finds; `found` is false where a step leads nowhere. With `[*]` it is the list of all that is found. */
export function readPath(path: Path, value: unknown): { readonly found: boolean; readonly value?: unknown } {
  let current: unknown[] = [value];
  for (const step of path.steps) {
    const next = current.flatMap((held) => follow(held, step));
    if (next.length === 0 && !path.steps.includes('each')) return { found: false };
    current = next;
  }
  return { found: true, value: path.steps.includes('each') ? current : current[0] };
}

function follow(value: unknown, step: Step): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (step === 'each') return Object.values(value);
  if ('index' in step) return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
  return !Array.isArray(value) && Object.hasOwn(value, step.key) ? [(value as Record<string, unknown>)[step.key]] : [];
}

/**
 * A copy of `target` in which a reference path holds `value`; objects on the way are made where they are missing.
 * Undefined where the path can't be applied: it leads through something that is no object, or past a list's end.
 */
export function writePath(path: Path, target: unknown, value: unknown): { readonly value: unknown } | undefined {
  const [first, ...rest] = path.steps;
  if (first === undefined) return { value };
  if (first === 'each') return undefined;
  const inner = (held: unknown) => writePath({ root: path.root, steps: rest }, held, value);
  if ('index' in first) {
    if (!Array.isArray(target) || first.index >= target.length) return undefined;
    const changed = inner(target[first.index]);
    return changed && { value: target.with(first.index, changed.value) };
  }
  if (typeof target !== 'object' || target === null || Array.isArray(target)) return undefined;
  const held = Object.hasOwn(target, first.key) ? (target as Record<string, unknown>)[first.key] : {};
  const changed = inner(held);
  // defineProperty through entries: a key `__proto__` in data is data.
  return changed && { value: Object.fromEntries([...Object.entries(target), [first.key, changed.value]]) };
}
