import { z } from 'zod';
import { CatalogError } from './errors';

/** An integer of up to 64 bits, as `parseJson` reads it. */
export const long = z.union([z.number().int(), z.bigint()]);
/** An id that counts from 0, or -1: the one that this same request has added last. */
export const idOrLast = z.number().int().min(-1);
export const strings = z.record(z.string(), z.string());

type Shape = string | { readonly type: string };
const type: z.ZodType<Shape> = z.lazy(() => z.union([z.string(), struct, list, map]));
const field = z.looseObject({ id: z.number().int(), name: z.string().min(1), required: z.boolean(), type });
const struct = z.looseObject({ type: z.literal('struct'), fields: z.array(field) });
const list = z.looseObject({
  type: z.literal('list'),
  'element-id': z.number().int(),
  element: type,
  'element-required': z.boolean(),
});
const map = z.looseObject({
  type: z.literal('map'),
  'key-id': z.number().int(),
  key: type,
  'value-id': z.number().int(),
  value: type,
  'value-required': z.boolean(),
});

export const schema = z.looseObject({
  type: z.literal('struct'),
  fields: z.array(field),
  'identifier-field-ids': z.array(z.number().int()).optional(),
});

const transform = z
  .string()
  .regex(/^(identity|void|year|month|day|hour|bucket\[\d+\]|truncate\[\d+\])$/, 'is not a transform of Iceberg v2');

export const partitionSpec = z.object({
  fields: z.array(
    z.object({
      'field-id': z.number().int().optional(),
      'source-id': z.number().int(),
      name: z.string().min(1),
      transform,
    }),
  ),
});

export const sortOrder = z.object({
  fields: z.array(
    z.object({
      'source-id': z.number().int(),
      transform,
      direction: z.enum(['asc', 'desc']),
      'null-order': z.enum(['nulls-first', 'nulls-last']),
    }),
  ),
});

export const snapshot = z.looseObject({
  'snapshot-id': long,
  'parent-snapshot-id': long.optional(),
  'sequence-number': long,
  'timestamp-ms': long,
  'manifest-list': z.string(),
  summary: z.looseObject({ operation: z.string() }),
});

export const statistics = z.looseObject({ 'snapshot-id': long, 'statistics-path': z.string() });

export const ref = z.object({
  'snapshot-id': long,
  type: z.enum(['branch', 'tag']),
  'min-snapshots-to-keep': z.number().int().nullish(),
  'max-snapshot-age-ms': long.nullish(),
  'max-ref-age-ms': long.nullish(),
});

/** The value as the shape says, or a 400 that names every place where it is not. */
export function read<S extends z.ZodType>(shape: S, value: unknown, what: string): z.infer<S> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw CatalogError.badRequest(`${what} is not valid: ${problems.join('; ')}`);
}
