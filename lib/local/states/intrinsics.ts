import { createHash } from 'node:crypto';
import { StatesError } from './errors';
import { type Path, parsePath } from './path';

/**
 * Intrinsic functions of the subset, with what AWS documents of each. `States.UUID` and `States.MathRandom` are not in
 * it: with them, the same input would not give the same output.
 */
const functions: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  'States.Format': (args) => format(text(args, 0), args.slice(1)),
  'States.StringToJson': (args) => (text(args, 0).trim() === '' ? null : parseJson(text(args, 0))),
  'States.JsonToString': (args) => JSON.stringify(only(args, 1)[0]),
  'States.Array': (args) => [...args],
  'States.ArrayPartition': (args) => {
    const size = integer(args, 1);
    if (size < 1) fail(`the chunk size must be at least 1, given ${size}`);
    const items = list(args, 0);
    return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
  },
  'States.ArrayContains': (args) => list(args, 0).some((item) => equal(item, only(args, 2)[1])),
  'States.ArrayRange': (args) => {
    const [first, last, increment] = [integer(args, 0), integer(args, 1), integer(args, 2)];
    if (increment === 0) fail('the increment must not be 0');
    const length = Math.max(0, Math.floor((last - first) / increment) + 1);
    if (length > 1000) fail(`a range has at most 1000 items, this one ${length}`);
    return Array.from({ length }, (_, i) => first + i * increment);
  },
  'States.ArrayGetItem': (args) => {
    const [items, index] = [list(args, 0), integer(args, 1)];
    if (index < 0 || index >= items.length) fail(`the list has ${items.length} items, asked for index ${index}`);
    return items[index];
  },
  'States.ArrayLength': (args) => list(only(args, 1), 0).length,
  'States.ArrayUnique': (args) => {
    const kept: unknown[] = [];
    for (const item of list(args, 0)) if (!kept.some((held) => equal(held, item))) kept.push(item);
    return kept;
  },
  'States.Base64Encode': (args) => Buffer.from(text(args, 0), 'utf8').toString('base64'),
  'States.Base64Decode': (args) => Buffer.from(text(args, 0), 'base64').toString('utf8'),
  'States.Hash': (args) => {
    const algorithm = hashes[text(args, 1)];
    if (algorithm === undefined) fail(`the algorithm must be one of ${Object.keys(hashes).join(', ')}`);
    const data = typeof args[0] === 'string' ? args[0] : JSON.stringify(args[0]);
    return createHash(algorithm!).update(data).digest('hex');
  },
  'States.JsonMerge': (args) => {
    if (args[2] !== false) fail('only a shallow merge is known: the third argument must be false');
    return { ...object(args, 0), ...object(args, 1) };
  },
  'States.MathAdd': (args) => integer(args, 0) + integer(args, 1),
  'States.StringSplit': (args) => {
    const characters = [...text(args, 1)].map((c) => c.replace(/[\\\]^-]/g, '\\$&')).join('');
    return text(args, 0)
      .split(new RegExp(`[${characters}]`, 'u'))
      .filter((part) => part !== '');
  },
};

/** Names of the intrinsics that a state machine may call. */
export const intrinsicNames: readonly string[] = Object.keys(functions);

const hashes: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** A call as it was written: `States.Format('{}/{}', $.a, States.JsonToString($.b))`. */
export interface Call {
  readonly name: string;
  readonly args: readonly Argument[];
}
export type Argument = { readonly literal: unknown } | { readonly path: Path } | { readonly call: Call };

/** Whether a value of a key ending in `.$` is a call, not a path. */
export const looksLikeCall = (text: string): boolean => /^\s*States\./.test(text);

/** Reads a call; a string says what is wrong with it. AWS nests at most 10 deep. */
export function parseCall(text: string): Call | string {
  const { call, rest, problem } = readCall(text.trimStart(), 1);
  if (call === undefined) return problem ?? 'not a call of an intrinsic function';
  return rest.trim() === '' ? call : `unexpected ${JSON.stringify(rest.trim())} after the call`;
}

interface Reading {
  readonly call?: Call;
  readonly rest: string;
  readonly problem?: string;
}

function readCall(text: string, depth: number): Reading {
  if (depth > 10) return { rest: text, problem: 'intrinsic functions nest at most 10 deep' };
  const head = /^(States\.[A-Za-z0-9]+)\s*\(\s*/.exec(text);
  if (head === null)
    return { rest: text, problem: `expected a call like States.Format(…), given ${JSON.stringify(text)}` };
  const name = head[1]!;
  if (!Object.hasOwn(functions, name)) return { rest: text, problem: `unknown intrinsic function ${name}` };
  const args: Argument[] = [];
  let rest = text.slice(head[0].length);
  for (;;) {
    if (rest.startsWith(')') && args.length === 0) return { call: { name, args }, rest: rest.slice(1) };
    const read = readArgument(rest, depth);
    if ('problem' in read) return { rest, problem: read.problem };
    args.push(read.argument);
    const next = /^\s*([,)])\s*/.exec(read.rest);
    if (next === null) return { rest, problem: `expected , or ) in the arguments of ${name}` };
    rest = read.rest.slice(next[0].length);
    if (next[1] === ')') return { call: { name, args }, rest };
  }
}

function readArgument(text: string, depth: number): { argument: Argument; rest: string } | { problem: string } {
  const string = /^'((?:[^'\\]|\\.)*)'/s.exec(text);
  if (string !== null) return { argument: { literal: string[1]! }, rest: text.slice(string[0].length) };
  const number = /^-?\d+(\.\d+)?([eE][-+]?\d+)?/.exec(text);
  if (number !== null) return { argument: { literal: Number(number[0]) }, rest: text.slice(number[0].length) };
  const word = /^(true|false|null)\b/.exec(text);
  if (word !== null) return { argument: { literal: JSON.parse(word[0]) }, rest: text.slice(word[0].length) };
  if (text.startsWith('$')) {
    const written = /^\$(?:\[(?:'(?:[^'\\]|\\.)*'|[^\]'])*\]|[^,)[\s])*/.exec(text)![0];
    const path = parsePath(written);
    if (path === undefined) return { problem: `not a path of the subset: ${written}` };
    return { argument: { path }, rest: text.slice(written.length) };
  }
  const { call, rest, problem } = readCall(text, depth + 1);
  return call === undefined ? { problem: problem! } : { argument: { call }, rest };
}

/** Calls an intrinsic; `read` gives what a path holds. Throws `States.IntrinsicFailure`. */
export function evaluateCall(call: Call, read: (path: Path) => unknown): unknown {
  const args = call.args.map((argument, i) => {
    if ('path' in argument) return read(argument.path);
    if ('call' in argument) return evaluateCall(argument.call, read);
    if (typeof argument.literal !== 'string') return argument.literal;
    // A template's own escapes are Format's to read; elsewhere a backslash only protects the character after it.
    return call.name === 'States.Format' && i === 0 ? argument.literal : argument.literal.replace(/\\(.)/gs, '$1');
  });
  try {
    return functions[call.name]!(args);
  } catch (error) {
    if (error instanceof StatesError) throw new StatesError(error.error, `${call.name}: ${error.reason}`);
    throw error;
  }
}

function format(template: string, values: readonly unknown[]): string {
  const rest = [...values];
  const text = template.replace(/\\(.)|\{\}/gs, (_, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    if (rest.length === 0) fail('the template has more {} than there are values');
    const value = rest.shift();
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  if (rest.length > 0) fail('the template has fewer {} than there are values');
  return text;
}

function fail(why: string): never {
  throw new StatesError('States.IntrinsicFailure', why);
}

function only(args: readonly unknown[], count: number): readonly unknown[] {
  if (args.length !== count) fail(`it takes ${count} arguments, given ${args.length}`);
  return args;
}

function text(args: readonly unknown[], i: number): string {
  const value = args[i];
  if (typeof value !== 'string') fail(`argument ${i + 1} must be a string, given ${JSON.stringify(value)}`);
  return value;
}

/** AWS rounds what is no integer to the nearest. */
function integer(args: readonly unknown[], i: number): number {
  const value = args[i];
  if (typeof value !== 'number') fail(`argument ${i + 1} must be a number, given ${JSON.stringify(value)}`);
  return Math.round(value);
}

function list(args: readonly unknown[], i: number): readonly unknown[] {
  const value = args[i];
  if (!Array.isArray(value)) fail(`argument ${i + 1} must be a list, given ${JSON.stringify(value)}`);
  return value;
}

function object(args: readonly unknown[], i: number): object {
  const value = args[i];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    fail(`argument ${i + 1} must be an object, given ${JSON.stringify(value)}`);
  return value;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    fail('the text is no JSON');
  }
}

/** Equal as JSON, in whatever order an object's keys are. */
function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [Object.entries(a), b as Record<string, unknown>];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    left.length === Object.keys(b).length &&
    left.every(([key, value]) => Object.hasOwn(right, key) && equal(value, right[key]))
  );
}
