import { asList, type Json } from './json';
import type { Kind, Names, Satellite, Side } from './kind';
import { kinds, satellites } from './kinds';

/** One resource as its engine wrote it. */
export interface RawResource {
  readonly type: string;
  /** The name that both engines share. */
  readonly id: string;
  /** Its properties, with every reference in symbolic form. */
  readonly body: Json;
  /** What it waits for, in symbolic form. */
  readonly dependsOn: readonly string[];
  /** What becomes of it when it is taken out of the stack; undefined: it is deleted. */
  readonly removal?: string;
}

/** A template read: resources, outputs, and what was not understood. */
export interface Template {
  readonly side: Side;
  readonly resources: readonly RawResource[];
  readonly outputs: readonly { readonly id: string; readonly value: Json }[];
  readonly unknown: readonly { readonly type: string; readonly id: string }[];
}

const matches = (declared: string | undefined, type: string): boolean =>
  declared !== undefined && (declared.endsWith('*') ? type.startsWith(declared.slice(0, -1)) : declared === type);

export const kindOf = (side: Side, type: string): Kind | undefined => kinds.find((kind) => matches(kind[side], type));

export const satellitesOf = (side: Side, type: string): readonly Satellite[] =>
  satellites.filter((satellite) => matches(satellite[side], type));

/** A resource that others can point at. */
export interface Target {
  readonly type: string;
  readonly id: string;
  /** Its property at a path, in symbolic form: for satellites, which are known by their owner. */
  property(path: string): Json | undefined;
}

/** The same text for the same attribute of the same resource, whatever engine wrote it: `{s3.bucket:Bronze}.arn`. */
export function symbol(side: Side, target: Target, attribute: string): string {
  const kind = kindOf(side, target.type);
  if (kind !== undefined) return `{${kind.kind}:${target.id}}.${neutralAttribute(kind.attributes, side, attribute)}`;
  for (const satellite of satellitesOf(side, target.type)) {
    const owner = owners(satellite, side, (path) => target.property(path))[0];
    if (owner !== undefined)
      return `{${owner.kind}:${owner.id}}.${neutralAttribute(satellite.attributes ?? {}, side, attribute)}`;
  }
  return `{${target.type}:${target.id}}.${attribute}`;
}

/** One part of a text that is known only at deploy, for example the last of an ARN's. */
export const part = (separator: string, text: string, index: number): string => `split(${separator} ${text})[${index}]`;

function neutralAttribute(attributes: Readonly<Record<string, Names>>, side: Side, attribute: string): string {
  for (const [neutral, names] of Object.entries(attributes)) if (names[side].includes(attribute)) return neutral;
  return attribute;
}

/** `{s3.bucket:Bronze}` in a text. */
export const symbolPattern = /\{([^{}"\s:]+(?:::[^{}"\s:]+)*):([^{}":]+)\}/g;

/** The resources that a satellite says more of. One outside of the template is known by what the template calls it. */
export function owners(
  satellite: Satellite,
  side: Side,
  property: (path: string) => Json | undefined,
): readonly { readonly kind: string; readonly id: string; readonly imported: boolean }[] {
  return satellite.owner[side].flatMap((path) =>
    asList(property(path)).map((value) => {
      const text = String(value);
      const found = [...text.matchAll(symbolPattern)].find(([, kind]) => kind === satellite.of);
      return found === undefined
        ? { kind: satellite.of, id: `imported ${text.replace(/[{}":]/g, '')}`, imported: true }
        : { kind: satellite.of, id: found[2]!, imported: false };
    }),
  );
}
