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
} from './sql';

export interface HistoryTable {
  readonly table: string;
  readonly columns: readonly PgColumn[];
  readonly key: readonly string[];
}

/**
 * A table that keeps every version of a row with the time in which it held (slowly changing dimension, type 2), by the
 * rules of history in the lake: `<table>_put` and `<table>_end` write, `<table>_as_of` reads it as it was.
 */
export const historyTable: Recipe<HistoryTable> = {
  steps: [
    (parameters) => {
      const { table, columns, key } = parameters;
      const name = tableName(table);
      const needed = columns.map((column) => ({ ...column, required: column.required || key.includes(column.name) }));
      return [
        ...makeSchema(table),
        `CREATE TABLE ${name} (
${needed.map((column) => `  ${definition(column)},`).join('\n')}
  "valid_from" timestamptz NOT NULL,
  "valid_to" timestamptz CHECK ("valid_to" > "valid_from"),
  "is_current" boolean NOT NULL GENERATED ALWAYS AS ("valid_to" IS NULL) STORED,
  PRIMARY KEY (${columnList([...key, 'valid_from'])})
)`,
        `CREATE UNIQUE INDEX ${indexName(table, '_current')} ON ${name} (${columnList(key)}) WHERE "valid_to" IS NULL`,
        `CREATE INDEX ${indexName(table, '_validity')} ON ${name} ("valid_from", "valid_to")`,
        ...writers(parameters),
        `CREATE FUNCTION ${beside(table, '_as_of')}("at" timestamptz) RETURNS SETOF ${name} LANGUAGE sql STABLE AS ${body(
          `SELECT * FROM ${name} t WHERE t."valid_from" <= $1 AND (t."valid_to" IS NULL OR $1 < t."valid_to")`,
        )}`,
        ...comments(table, columns),
      ];
    },
  ],
  change(before, after) {
    if (before.key.join() !== after.key.join()) return `the key must stay; given ${after.key.join(', ')}`;
    const columns = changeColumns(after.table, before.columns, after.columns);
    return typeof columns === 'string' ? columns : [...columns, ...writers(after)];
  },
};

function writers({ table, columns, key }: HistoryTable): string[] {
  const name = tableName(table);
  const names = columns.map((column) => column.name);
  const same = key.map((column) => `t.${identifier(column)} = _new.${identifier(column)}`).join(' AND ');
  const values = columnList(names, '_new');
  const lock = `PERFORM pg_advisory_xact_lock(hashtextextended(concat_ws('|', ${literal(`ingot.history.${table}`)}, ${columnList(key, '_new')}), 0));
  SELECT * INTO _old FROM ${name} t WHERE ${same} AND t."valid_to" IS NULL;`;
  const variables = `DECLARE
  _new ${name} := jsonb_populate_record(NULL::${name}, $1);
  _old ${name};`;
  const since = `"since" timestamptz DEFAULT now()`;
  return [
    `CREATE OR REPLACE FUNCTION ${beside(table, '_put')}("row" jsonb, ${since}) RETURNS boolean LANGUAGE plpgsql AS ${body(`
${variables}
  _ended timestamptz;
BEGIN
  ${lock}
  IF _old."valid_from" IS NOT NULL THEN
    IF ROW(${values}) IS NOT DISTINCT FROM ROW(${columnList(names, '_old')}) THEN
      RETURN false;
    END IF;
    IF $2 <= _old."valid_from" THEN
      UPDATE ${name} t SET (${columnList(names)}) = ROW(${values}) WHERE ${same} AND t."valid_to" IS NULL;
      RETURN true;
    END IF;
    UPDATE ${name} t SET "valid_to" = $2 WHERE ${same} AND t."valid_to" IS NULL;
  END IF;
  -- What comes late of a row that has ended begins at that end: what is past stays.
  SELECT max(t."valid_to") INTO _ended FROM ${name} t WHERE ${same};
  INSERT INTO ${name} (${columnList([...names, 'valid_from'])}) VALUES (${values}, greatest($2, _ended));
  RETURN true;
END`)}`,
    `COMMENT ON FUNCTION ${beside(table, '_put')} IS 'Brings a row, as JSON, up to date from a time on; false where nothing differs. What is not later than the current version corrects it in place'`,
    `CREATE OR REPLACE FUNCTION ${beside(table, '_end')}("key" jsonb, ${since}) RETURNS boolean LANGUAGE plpgsql AS ${body(`
${variables}
BEGIN
  ${lock}
  IF _old."valid_from" IS NULL OR $2 <= _old."valid_from" THEN
    RETURN false;
  END IF;
  UPDATE ${name} t SET "valid_to" = $2 WHERE ${same} AND t."valid_to" IS NULL;
  RETURN true;
END`)}`,
    `COMMENT ON FUNCTION ${beside(table, '_end')} IS 'Ends the current version of a row: from then on there is none; false where there is none'`,
  ];
}
