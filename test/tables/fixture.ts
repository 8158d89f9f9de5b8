import type { Type } from '../../lib/contract/dataset';
import type { ColumnSpec, TableSpec } from '../../lib/tables/spec';

/** A table of `silver` as a contract of this version has it. */
export function specOf(version: string, columns: readonly ColumnSpec[], more: Partial<TableSpec> = {}): TableSpec {
  return {
    database: 'test_silver',
    table: 'flights',
    location: 'file:///lake/silver/flights',
    contract: { id: 'flights', version },
    columns,
    identifier: [],
    partitionBy: [],
    sortBy: [],
    properties: {},
    maintenance: { compaction: true, snapshotRetentionDays: 7, orphanRemoval: true },
    ...more,
  };
}

export const column = (name: string, type: Type, more: Partial<ColumnSpec> = {}): ColumnSpec => ({
  name,
  type,
  required: false,
  ...more,
});
export const required = { required: true };
