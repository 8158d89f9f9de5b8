import {
  at,
  canonical,
  isEmpty,
  isList,
  isObject,
  type Json,
  type JsonObject,
  leftOver,
  parseJson,
  unordered,
} from './json';
import type { Statement } from './policy';

/** The two languages that an inventory is read from. */
export type Side = 'cloudformation' | 'terraform';

/**
 * A kind of resource in words of neither engine, and how each engine writes it. All of a service's kinds stand in one
 * file of `kinds/`; a new service is a new file there.
 */
export interface Kind {
  /** For example `s3.bucket`. */
  readonly kind: string;
  /** For example `AWS::S3::Bucket`; a trailing `*` stands for any ending. Absent where CloudFormation has no such type. */
  readonly cloudformation?: string;
  /** For example `aws_s3_bucket`. Absent where Terraform has no such type. */
  readonly terraform?: string;
  /** What other resources refer to: neutral word -> each engine's attribute (`Ref` is CloudFormation's own reference). */
  readonly attributes: Readonly<Record<string, Names>>;
  readonly properties: Fields;
}

/** A resource that only says more of another one, which it is folded into: Terraform's `aws_s3_bucket_versioning`. */
export interface Satellite {
  /** The kind that it belongs to. */
  readonly of: string;
  readonly cloudformation?: string;
  readonly terraform?: string;
  /** The property that says which resource it belongs to; it may name several. */
  readonly owner: Names;
  /** Attributes of the satellite that others refer to, in words of its owner. */
  readonly attributes?: Readonly<Record<string, Names>>;
  /** Its properties become one element of this list property of the owner; by default they become the owner's own. */
  readonly element?: string;
  /** True where Terraform deletes no such thing either: then CloudFormation's `Retain` of it says the same. */
  readonly kept?: boolean;
  readonly properties: Fields;
}

export interface Service {
  readonly kinds: readonly Kind[];
  readonly satellites?: readonly Satellite[];
}

/** Each engine's name or names of one thing. */
export interface Names {
  readonly cloudformation: readonly string[];
  readonly terraform: readonly string[];
}

/** Neutral property name -> where each engine writes it and in which form. */
export type Fields = Readonly<Record<string, Field>>;

export interface Field {
  /** Dotted paths; absent: the neutral name in the engine's own case. Several: an object of those that are given. */
  readonly names?: Names;
  readonly shape: Shape;
  /** What both services do where nothing is said: it is left out. */
  readonly default?: Json;
}

/** Turns an engine's value into the neutral form; undefined where it says nothing. */
export type Shape = (value: Json, reading: Reading, path: string) => Json | undefined;

/** What reading one resource yields beside its properties. */
export interface Reading {
  readonly side: Side;
  /** Names a part of the resource that no mapping speaks of. */
  unmapped(path: string): void;
  statements(found: readonly Statement[]): void;
}

const list = (names: string | readonly string[] | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === 'string' ? [names] : names;

/** Names of one thing in CloudFormation and in Terraform; undefined where an engine has none. */
export const names = (
  cloudformation: string | readonly string[] | undefined,
  terraform: string | readonly string[] | undefined,
): Names => ({ cloudformation: list(cloudformation), terraform: list(terraform) });

/** A property whose name is the same in both engines but for its case: `MemorySize`, `memory_size`. */
export const same = (shape: Shape = verbatim, otherwise?: Json): Field => ({ shape, default: otherwise });

/** A property that the engines call differently. */
export const field = (
  cloudformation: string | readonly string[] | undefined,
  terraform: string | readonly string[] | undefined,
  shape: Shape = verbatim,
  otherwise?: Json,
): Field => ({ names: names(cloudformation, terraform), shape, default: otherwise });

const pascalCase = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Paths at which an engine writes a property. */
export function pathsOf(name: string, { names: given }: Field, side: Side): readonly string[] {
  if (given !== undefined) return given[side];
  return [side === 'cloudformation' ? pascalCase(name) : snakeCase(name)];
}

/** Reads the declared properties of an object and adds the paths that it has looked at to `taken`. */
export function readFields(
  fields: Fields,
  value: Json,
  reading: Reading,
  taken: Set<string>,
  prefix = '',
): Record<string, Json> {
  const found: Record<string, Json> = {};
  for (const [name, declared] of Object.entries(fields)) {
    const paths = pathsOf(name, declared, reading.side);
    const given = paths.filter((path) => !isEmpty(at(value, path)));
    for (const path of paths) taken.add(path);
    if (given.length === 0) continue;
    const raw =
      paths.length === 1
        ? at(value, paths[0]!)!
        : Object.fromEntries(given.map((path): [string, Json] => [path, at(value, path)!]));
    const read = declared.shape(raw, reading, prefix + (paths.length === 1 ? paths[0]! : name));
    if (read === undefined || isEmpty(read) || canonical(read) === canonical(declared.default)) continue;
    found[name] = read;
  }
  return found;
}

// Shapes: the forms in which a value is compared.

/** As it stands: a text, a number, or the user's own object. */
const verbatim: Shape = (value) => (isList(value) && value.length === 1 && isObject(value[0]!) ? value[0] : value);

/** The one that is given of several names of the same thing. */
export const either: Shape = (value) => (isObject(value) ? Object.values(value)[0] : value);

/** A number, also where an engine writes it as text. */
export const number: Shape = (value) =>
  typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)) ? Number(value) : value;

/** True or false, also where an engine writes `ENABLED`, `Suspended` or `"true"`. */
export const flag: Shape = (value) => {
  if (typeof value !== 'string') return value;
  if (/^(true|enabled)$/i.test(value)) return true;
  if (/^(false|disabled|suspended)$/i.test(value)) return false;
  return value;
};

/** A list whose order means nothing. */
export const set =
  (shape: Shape = verbatim): Shape =>
  (value, reading, path) =>
    unordered(mapList(shape, value, reading, path));

/** A list whose order counts. */
export const ordered =
  (shape: Shape = verbatim): Shape =>
  (value, reading, path) =>
    mapList(shape, value, reading, path);

const mapList = (shape: Shape, value: Json, reading: Reading, path: string): Json[] =>
  (isList(value) ? value : [value])
    .map((item, i) => shape(item, reading, `${path}[${i}]`))
    .filter((item): item is Json => item !== undefined && !isEmpty(item));

/** An object of declared properties; what is not declared is named as unmapped. */
export const object =
  (fields: Fields): Shape =>
  (value, reading, path) => {
    const taken = new Set<string>();
    const found = readFields(fields, value, reading, taken, `${path}.`);
    for (const left of leftOver(value, taken)) reading.unmapped(`${path}.${left}`);
    return found;
  };

/** JSON written as text or as an object. A text that is no JSON stays a text. */
export const json: Shape = parseJson;

/** An object of texts, of which some are JSON: environment variables, parameters. */
export const texts: Shape = (value) =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([key, held]) => [
          key,
          typeof held === 'string' && /^[{[]/.test(held) ? parseJson(held) : String(held),
        ]),
      )
    : value;

/** The resource itself, where one engine wants its ARN and the other its name. */
export const resource: Shape = (value) =>
  typeof value === 'string' ? (/^(\{[^{}"\s]+:[^{}"]+\})\.[\w:*]+$/.exec(value)?.[1] ?? value) : value;

/** A map, also where an engine writes it as a list of keys and values. */
export const map =
  (key: string, value: string): Shape =>
  (given) =>
    isList(given) && given.every((item) => isObject(item) && key in item)
      ? Object.fromEntries(given.map((item) => [String((item as JsonObject)[key]), (item as JsonObject)[value] ?? '']))
      : given;

/** Tags: CloudFormation's list of `Key` and `Value`, Terraform's map. */
export const tags: Shape = map('Key', 'Value');

/**
 * Where code stands. A file of one's own machine is CDK's asset in its bootstrap bucket, and a `filename` in Terraform:
 * both are `{asset}`, whose bytes are no decision of the template. Hashes in keys are masked.
 */
export const code: Shape = (value) => {
  if (!isObject(value)) return value;
  const key = value.S3Key ?? value.s3_key;
  const bucket = value.S3Bucket ?? value.s3_bucket;
  if (value.filename !== undefined) return '{asset}';
  if (typeof bucket === 'string' && /^cdk-[a-z0-9]+-assets-/.test(bucket)) return '{asset}';
  if (bucket === undefined) return value;
  return { bucket, key: typeof key === 'string' ? maskHashes(key) : (key ?? '') };
};

/** SHA-256 hashes of content are no decision: `handlers/4f0c….zip` is `handlers/{hash}.zip`. Also those in base 64. */
export const maskHashes = (text: string): string =>
  text.replace(/(?<![0-9a-fA-F])[0-9a-f]{64}(?![0-9a-fA-F])|^[A-Za-z0-9+/]{43}=$/g, '{hash}');
