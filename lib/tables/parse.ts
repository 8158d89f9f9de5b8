import { z } from 'zod';
import type { StructField, Type } from '../contract/dataset';
import { InvalidInputError } from '../errors';
import type { TableSpec } from './spec';

// CloudFormation makes a string of every number and boolean in a custom resource's properties, and leaves out what is empty.
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);
const wholeNumber = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().int().min(1));

const type: z.ZodType<Type> = z.lazy(() =>
  z.union([
    z
      .string()
      .regex(
        /^(boolean|int|long|float|double|date|time|timestamp|timestamptz|string|uuid|binary|decimal\(\d+, ?\d+\))$/,
      ) as unknown as z.ZodType<Type>,
    z.object({ kind: z.literal('struct'), fields: z.array(field) }),
    z.object({ kind: z.literal('list'), element: type }),
    z.object({ kind: z.literal('map'), key: type, value: type }),
  ]),
);
const field: z.ZodType<StructField> = z.object({
  name: z.string().min(1),
  type,
  required: flag,
  description: z.string().optional(),
});

const name = z.string().regex(/^[a-z0-9_][a-z0-9_-]*$/, 'must be lower-case letters, digits, underscores or hyphens');
const names = z.array(z.string()).default([]);
const strings = z.record(z.string(), z.string()).default({});

const spec: z.ZodType<TableSpec> = z.object({
  database: name,
  table: name,
  location: z.string().min(1),
  contract: z.object({ id: z.string(), version: z.string() }),
  comment: z.string().optional(),
  columns: z
    .array(
      z.object({
        name: z.string().min(1),
        id: z.string().optional(),
        type,
        required: flag,
        description: z.string().optional(),
      }),
    )
    .min(1),
  identifier: names,
  partitionBy: z.array(z.object({ column: z.string(), transform: z.string() })).default([]),
  sortBy: z.array(z.object({ column: z.string(), direction: z.enum(['asc', 'desc']) })).default([]),
  properties: strings,
  maintenance: z.object({ compaction: flag, snapshotRetentionDays: wholeNumber, orphanRemoval: flag }),
  quarantine: wholeNumber.optional(),
});

/**
 * A spec as it reaches the handler: JSON, or its text, with every number and boolean perhaps a string.
 *
 * @throws InvalidInputError with everything that is wrong with it
 */
export function parseSpec(given: unknown, where: string): TableSpec {
  const result = spec.safeParse(typeof given === 'string' ? json(given, where) : given);
  if (result.success) return result.data;
  throw new InvalidInputError(
    result.error.issues.map(({ path, message }) => ({ where, path: ['spec', ...path].join('.'), message })),
  );
}

function json(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidInputError([{ where, path: 'spec', message: `must be JSON; given ${text.slice(0, 100)}` }]);
  }
}
