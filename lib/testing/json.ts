/** Any value of a template, before and after normalising. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** True for what says nothing: absent, null, an empty list or an empty object. Engines differ in which they write. */
export const isEmpty = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  (isList(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

/** The same value with its keys in order, so that equal values have equal texts. */
export function sorted<T>(value: T): T;
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, held]) => [key, sorted(held)]),
  );
}

/** One text for each value, whatever the order of its keys: for comparing and for sorting. */
export const canonical = (value: unknown): string =>
  value === undefined ? 'undefined' : JSON.stringify(sorted(value));

/** The same values each once, in the order of their texts: for lists whose order means nothing. */
export function unordered<T>(values: readonly T[]): T[] {
  const byText = new Map(values.map((value) => [canonical(value), value]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

/** A scalar or a list as a list; nothing as an empty list. */
export const asList = (value: Json | undefined): readonly Json[] =>
  value === undefined || value === null ? [] : isList(value) ? value : [value];

/** What a text of JSON holds; a text that is none, and any other value, stays as it is. */
export function parseJson(value: Json): Json {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

/** A list of one, as Terraform writes a block, as what it holds. */
const unwrap = (value: Json | undefined): Json | undefined => (isList(value) && value.length === 1 ? value[0] : value);

/** What stands at a dotted path; blocks written as lists of one are stepped through. `.` is the whole. */
export function at(value: Json | undefined, path: string): Json | undefined {
  if (path === '.') return value;
  let here: Json | undefined = value;
  for (const step of path.split('.')) {
    here = unwrap(here);
    if (!isObject(here)) return undefined;
    here = here[step];
  }
  return here;
}

/** Dotted paths of a value that no path in `taken` reaches. */
export function leftOver(value: Json | undefined, taken: ReadonlySet<string>, prefix = ''): string[] {
  if (taken.has('.')) return [];
  const here = unwrap(value);
  if (!isObject(here)) return isEmpty(value) || prefix === '' ? [] : [prefix.slice(0, -1)];
  return Object.entries(here).flatMap(([key, held]) => {
    const path = prefix + key;
    if (taken.has(path) || isEmpty(held)) return [];
    const deeper = [...taken].some((other) => other.startsWith(`${path}.`));
    return deeper ? leftOver(held, taken, `${path}.`) : [path];
  });
}
