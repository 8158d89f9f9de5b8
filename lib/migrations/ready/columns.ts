import type { Column, Type } from '../../contract/dataset';
import type { PgColumn } from './sql';

const primitives: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  int: 'integer',
  long: 'bigint',
  float: 'real',
  double: 'double precision',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  string: 'text',
  uuid: 'uuid',
  binary: 'bytea',
};

/** What PostgreSQL calls a contract's type. What has parts, but for lists of plain values, is JSON. */
function pgType(type: Type): string {
  if (typeof type === 'string') return primitives[type] ?? type.replace('decimal', 'numeric');
  if (type.kind === 'list' && typeof type.element === 'string') return `${pgType(type.element)}[]`;
  return 'jsonb';
}

/** A contract's columns, in PostgreSQL's words. */
export const pgColumns = (columns: readonly Column[]): PgColumn[] =>
  columns.map(({ name, type, required, description }) => ({
    name,
    type: pgType(type),
    required,
    ...(description === undefined ? {} : { description }),
  }));
