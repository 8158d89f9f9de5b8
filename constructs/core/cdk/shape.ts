import { isPlain, type Walk } from '../lean';

/**
 * Writes a property as the CDK does, with CloudFormation's names; undefined where the value is not what is expected
 * here, so that the CDK writes it, or says what is wrong.
 */
export type Shape = (walk: Walk, value: unknown) => unknown;

export const text: Shape = (walk, value) => {
  if (typeof value !== 'string') return undefined;
  const settled = walk.settle(value);
  return typeof settled === 'string' || isIntrinsic(settled) ? settled : undefined;
};

export const number: Shape = (walk, value) => {
  const settled = typeof value === 'number' ? walk.settle(value) : undefined;
  return typeof settled === 'number' ? settled : undefined;
};

export const flag: Shape = (_, value) => (typeof value === 'boolean' ? value : undefined);

/** An object whose names are whoever's who gave it. */
export const free: Shape = (walk, value) => {
  if (typeof value !== 'object' || value === null || !isPlain(value)) return undefined;
  const settled = walk.settle(value);
  return typeof settled === 'object' && Object.keys(settled!).length > 0 ? settled : undefined;
};

export const list =
  (shape: Shape): Shape =>
  (walk, value) => {
    if (!Array.isArray(value)) return undefined;
    const written: unknown[] = [];
    for (const each of value) {
      // The token of a whole list.
      if (typeof each === 'string' && each.includes('#{')) return undefined;
      const own = shape(walk, each);
      if (own === undefined) return undefined;
      written.push(own);
    }
    return written;
  };

/** An object, by the CDK's names of what it must hold and of what it may hold: all that we give. */
export function fields(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  const known = [
    ...Object.entries(required).map(([name, shape]) => ({ name, shape, needed: true })),
    ...Object.entries(optional).map(([name, shape]) => ({ name, shape, needed: false })),
  ]
    .map((field) => ({ ...field, written: field.name[0]!.toUpperCase() + field.name.slice(1) }))
    // The CDK's order.
    .sort((a, b) => (a.written < b.written ? -1 : 1));
  return (walk, value) => {
    if (typeof value !== 'object' || value === null || !isPlain(value)) return undefined;
    const given = value as Readonly<Record<string, unknown>>;
    const result: Record<string, unknown> = {};
    let unseen = 0;
    for (const name in given) if (given[name] !== undefined) unseen++;
    for (const { name, shape, needed, written } of known) {
      const each = given[name];
      if (each === undefined) {
        if (needed) return undefined;
        continue;
      }
      const own = shape(walk, each);
      if (own === undefined) return undefined;
      result[written] = own;
      unseen--;
    }
    return unseen === 0 ? result : undefined;
  };
}

export const tags: Shape = list(fields({ key: text, value: text }));

/** What CloudFormation puts another value in the place of, when it deploys. */
function isIntrinsic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [name, ...others] = Object.keys(value);
  return others.length === 0 && (name === 'Ref' || name?.startsWith('Fn::') === true);
}
