import { z } from 'zod';
import type { TableMetadata } from '../../tables/metadata';
import { CatalogError } from './errors';
import { long, read } from './request';

type Check = (requirement: unknown, table: TableMetadata) => void;

function check<S extends z.ZodRawShape>(
  shape: S,
  assert: (given: z.infer<z.ZodObject<S>>, table: TableMetadata) => void,
): Check {
  return (requirement, table) => assert(read(z.object(shape), requirement, 'A requirement'), table);
}

function expect(what: string, expected: unknown, found: unknown): void {
  if (String(expected ?? 'none') === String(found ?? 'none')) return;
  throw CatalogError.conflict(
    `Requirement failed: ${what} has changed: expected ${expected ?? 'none'}, is ${found ?? 'none'}`,
  );
}

const id = z.number().int();

/** What a client may take for granted of the table that it changes. Where it does not hold, somebody else was first. */
const checks: Readonly<Record<string, Check>> = {
  'assert-create': check({}, () => {
    throw CatalogError.conflict('Requirement failed: the table already exists');
  }),
  'assert-table-uuid': check({ uuid: z.string() }, ({ uuid }, table) =>
    expect('UUID of the table', uuid.toLowerCase(), table['table-uuid']),
  ),
  'assert-ref-snapshot-id': check({ ref: z.string(), 'snapshot-id': long.nullish() }, (given, table) =>
    expect(`branch or tag ${given.ref}`, given['snapshot-id'], table.refs[given.ref]?.['snapshot-id']),
  ),
  'assert-last-assigned-field-id': check({ 'last-assigned-field-id': id }, (given, table) =>
    expect('last assigned field id', given['last-assigned-field-id'], table['last-column-id']),
  ),
  'assert-current-schema-id': check({ 'current-schema-id': id }, (given, table) =>
    expect('current schema', given['current-schema-id'], table['current-schema-id']),
  ),
  'assert-last-assigned-partition-id': check({ 'last-assigned-partition-id': id }, (given, table) =>
    expect('last assigned partition id', given['last-assigned-partition-id'], table['last-partition-id']),
  ),
  'assert-default-spec-id': check({ 'default-spec-id': id }, (given, table) =>
    expect('default partition spec', given['default-spec-id'], table['default-spec-id']),
  ),
  'assert-default-sort-order-id': check({ 'default-sort-order-id': id }, (given, table) =>
    expect('default sort order', given['default-sort-order-id'], table['default-sort-order-id']),
  ),
};

/** Throws a 409 where a requirement does not hold, a 400 where it is none that Iceberg knows. */
export function assertRequirements(requirements: readonly unknown[], table: TableMetadata): void {
  for (const requirement of requirements) {
    const { type } = read(z.looseObject({ type: z.string() }), requirement, 'A requirement');
    const known = Object.hasOwn(checks, type) ? checks[type] : undefined;
    if (known === undefined) {
      throw CatalogError.badRequest(
        `No requirement ${JSON.stringify(type)}; allowed: ${Object.keys(checks).join(', ')}`,
      );
    }
    known(requirement, table);
  }
}
