/**
 * Text that may hold values known only when a resource exists: `Ref`s to attributes of nodes that a model decides, and
 * AWS's own partition, region and account. A model is plain data; a renderer resolves each `Ref` to its engine's token.
 */
export type Text = string | Ref | Join;

/** Attribute of a node of the same model, for example the ARN of `BronzeBucket`. */
export interface Ref {
  readonly node: string;
  readonly attr: string;
}

/** Texts one after another. */
export interface Join {
  readonly join: readonly (string | Ref)[];
}

export const ref = (node: string, attr: string): Ref => Object.freeze({ node, attr });

/** What every stack knows of where it is. */
export const aws = {
  partition: ref('aws', 'partition'),
  region: ref('aws', 'region'),
  account: ref('aws', 'account'),
  /** `amazonaws.com`, or another in China. */
  urlSuffix: ref('aws', 'urlSuffix'),
} as const;

/** Template literal that keeps refs as refs: text`arn:${aws.partition}:s3:::${bucketName}/*`. */
export function text(strings: TemplateStringsArray, ...values: Text[]): Text {
  const parts: (string | Ref)[] = [];
  const add = (part: string | Ref) => {
    const last = parts.length - 1;
    if (typeof part === 'string' && typeof parts[last] === 'string') parts[last] = parts[last] + part;
    else if (part !== '') parts.push(part);
  };
  strings.forEach((string, i) => {
    add(string);
    const value = values[i];
    if (value === undefined) return;
    if (typeof value !== 'string' && 'join' in value) value.join.forEach(add);
    else add(value);
  });
  if (parts.length === 0) return '';
  return parts.length === 1 ? parts[0]! : Object.freeze({ join: Object.freeze(parts) });
}

/** A decision with every text resolved to a string. */
export type Resolved<T> = T extends string
  ? T
  : T extends Ref | Join
    ? string
    : T extends readonly (infer E)[]
      ? readonly Resolved<E>[]
      : T extends object
        ? { [K in keyof T]: Resolved<T[K]> }
        : T;

/**
 * Puts a string in the place of every `Ref` and `Join` that a decision holds. What holds none is given back as it is.
 *
 * @param literal how the engine must be told a literal text, where it would read some characters as its own
 */
export function resolve<T>(
  decision: T,
  lookup: (ref: Ref) => string,
  literal: (text: string) => string = (text) => text,
): Resolved<T> {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return literal(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return walkArray(value);
    if (isRef(value)) return lookup(value);
    if (isJoin(value))
      return value.join.map((part) => (typeof part === 'string' ? literal(part) : lookup(part))).join('');
    return walkObject(value as Record<string, unknown>);
  };
  // A platform of a thousand datasets has some hundred thousand values: what needs no copy gets none.
  const walkArray = (values: readonly unknown[]): unknown => {
    let copy: unknown[] | undefined;
    for (let i = 0; i < values.length; i++) {
      const walked = walk(values[i]);
      if (copy === undefined && walked !== values[i]) copy = values.slice(0, i);
      copy?.push(walked);
    }
    return copy ?? values;
  };
  const walkObject = (value: Record<string, unknown>): object => {
    let copy: Record<string, unknown> | undefined;
    const keys = Object.keys(value);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const name = literal(key);
      const walked = walk(value[key]);
      if (copy === undefined && (name !== key || walked !== value[key])) {
        copy = {};
        for (const before of keys.slice(0, i)) copy[before] = value[before];
      }
      if (copy !== undefined) copy[name] = walked;
    }
    return copy ?? value;
  };
  return walk(decision) as Resolved<T>;
}

const isRef = (value: object): value is Ref =>
  'node' in value &&
  'attr' in value &&
  typeof value.node === 'string' &&
  typeof value.attr === 'string' &&
  Object.keys(value).length === 2;

/** A join holds a ref at least: a plain list of texts that a user calls `join` is none. */
const isJoin = (value: object): value is Join =>
  'join' in value &&
  Array.isArray(value.join) &&
  value.join.some((part) => typeof part === 'object' && part !== null && isRef(part)) &&
  Object.keys(value).length === 1;
