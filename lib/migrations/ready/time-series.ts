import { identifier, literal } from '../../sql/quote';
import type { Recipe } from './ready-made';
import {
  beside,
  body,
  changeColumns,
  columnList,
  comments,
  definition,
  indexName,
  makeSchema,
  type PgColumn,
  tableName,
  upkeep,
  upkeepTable,
} from './sql';

export interface TimeSeries {
  readonly table: string;
  readonly columns: readonly PgColumn[];
  readonly key: readonly string[];
  /** The column by whose time rows are spread over partitions. */
  readonly time: string;
  /** What one partition holds. */
  readonly every: 'day' | 'week' | 'month';
  /** Days that rows are kept; absent: for ever. */
  readonly keepDays?: number;
}

/**
 * A table with a partition for each day, week or month (UTC), made three ahead; whole partitions go when every row in
 * them is too old. Rows of any other time are taken too: they wait in `<table>_other` until the next upkeep gives them a
 * partition of their own.
 */
export const timeSeries: Recipe<TimeSeries> = {
  steps: [
    (parameters) => {
      const { table, columns, key, time } = parameters;
      const name = tableName(table);
      const needed = columns.map((column) => ({
        ...column,
        required: column.required || column.name === time || key.includes(column.name),
      }));
      const identity = [...key.filter((column) => column !== time), time];
      return [
        ...makeSchema(table),
        `CREATE TABLE ${name} (
${needed.map((column) => `  ${definition(column)}`).join(',\n')}${key.length === 0 ? '' : `,\n  PRIMARY KEY (${columnList(identity)})`}
) PARTITION BY RANGE (${identifier(time)})`,
        `CREATE INDEX ${indexName(table, '_time')} ON ${name} USING brin (${identifier(time)})`,
        `CREATE TABLE ${beside(table, '_other')} PARTITION OF ${name} DEFAULT`,
        ...comments(table, columns),
        upkeepTable,
        maintain(parameters),
        `REVOKE ALL ON FUNCTION ${beside(table, '_maintain')} FROM PUBLIC`,
        `SELECT ${beside(table, '_maintain')}()`,
        upkeep(`timeSeries/${table}`, `SELECT ${beside(table, '_maintain')}()`, '1 hour'),
      ];
    },
  ],
  change(before, after) {
    if (before.key.join() !== after.key.join() || before.time !== after.time || before.every !== after.every)
      return 'key, time and partitions must stay';
    const columns = changeColumns(after.table, before.columns, after.columns);
    return typeof columns === 'string' ? columns : [...columns, maintain(after)];
  },
};

function maintain({ table, columns, time, every, keepDays }: TimeSeries): string {
  const name = tableName(table);
  const other = beside(table, '_other');
  const [schema, own] = table.includes('.') ? table.split('.') : [undefined, table];
  const type = columns.find((column) => column.name === time)!.type;
  const at = (value: string) =>
    type === 'date'
      ? `(${value} AT TIME ZONE 'UTC')::date`
      : type === 'timestamp'
        ? `${value} AT TIME ZONE 'UTC'`
        : value;
  const utc = type === 'timestamptz' ? identifier(time) : `${identifier(time)}::timestamp AT TIME ZONE 'UTC'`;
  const tooOld =
    keepDays === undefined
      ? ''
      : `
  FOR _name, _from IN
    SELECT c.relname, to_timestamp(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC'
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = ${literal(name)}::regclass AND c.relname ~ '_[0-9]{8}$'
  LOOP
    IF date_add(_from, _step, 'UTC') <= _now - interval ${literal(`${keepDays} days`)} THEN
      EXECUTE format('DROP TABLE %s%I', _schema, _name);
    END IF;
  END LOOP;
  DELETE FROM ${other} WHERE ${identifier(time)} < ${at(`date_trunc(${literal(every)}, _now - interval ${literal(`${keepDays} days`)}, 'UTC')`)};`;
  return `CREATE OR REPLACE FUNCTION ${beside(table, '_maintain')}("now" timestamptz DEFAULT now()) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS ${body(`
DECLARE
  _now timestamptz := $1;
  _step interval := interval ${literal(`1 ${every}`)};
  _schema text := ${literal(schema === undefined ? '' : `${identifier(schema)}.`)};
  _name text;
  _from timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(${literal(`ingot.time_series.${table}`)}, 0));${tooOld}
  FOR _from IN
    SELECT date_trunc(${literal(every)}, date_add(_now, n * _step, 'UTC'), 'UTC') FROM generate_series(0, 3) AS n
    UNION
    SELECT DISTINCT date_trunc(${literal(every)}, ${utc}, 'UTC') FROM ${other}
  LOOP
    _name := ${literal(`${own}_`)} || to_char(_from AT TIME ZONE 'UTC', 'YYYYMMDD');
    CONTINUE WHEN to_regclass(format('%s%I', _schema, _name)) IS NOT NULL;
    EXECUTE format('CREATE TABLE %s%I (LIKE ${name} INCLUDING ALL)', _schema, _name);
    EXECUTE format('WITH moved AS (DELETE FROM ${other} WHERE ${identifier(time)} >= %L AND ${identifier(time)} < %L RETURNING *)
      INSERT INTO %s%I SELECT * FROM moved', ${at('_from')}, ${at("date_add(_from, _step, 'UTC')")}, _schema, _name);
    EXECUTE format('ALTER TABLE ${name} ATTACH PARTITION %s%I FOR VALUES FROM (%L) TO (%L)', _schema, _name,
      ${at('_from')}, ${at("date_add(_from, _step, 'UTC')")});
  END LOOP;
END`)}`;
}
