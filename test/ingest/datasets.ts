import type { Column, Dataset, Source, Type } from '../../lib/contract/dataset';

/** A column as the contract `name: type` resolves it. */
export function column(name: string, type: Type = 'string', more: Partial<Column> = {}): Column {
  return { name, type, required: false, tags: [], sourceColumns: [name], ...more };
}

/** A dataset with nothing but what a test says. Its rules follow from `required` and `key`, as a contract's do. */
export function dataset(name: string, columns: readonly Column[], more: Partial<Dataset> = {}): Dataset {
  const required = columns.filter((c) => c.required);
  return {
    name,
    zone: 'silver',
    contract: { id: name, version: '1.0.0', file: `contracts/${name}.odcs.yaml` },
    columns,
    key: [],
    partitionBy: [],
    sortBy: [],
    rules: required.map((c) => ({
      name: `${c.name}.required`,
      type: 'notNull',
      column: c.name,
      dimension: 'completeness',
      severity: 'error',
    })),
    history: 'current',
    maxQuarantinePercent: 10,
    sla: {},
    owners: [],
    tags: [],
    roles: [],
    ...more,
  };
}

export function source(format: Source['format'], more: Partial<Source> = {}): Source {
  return { zone: 'bronze', prefix: 'events', format, ...more };
}
