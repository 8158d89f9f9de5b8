import { identifier, literal } from '../../sql/quote';
import type { Recipe } from './ready-made';
import { beside, body, columnList, indexName, tableName } from './sql';

export interface KeysetPagination {
  readonly table: string;
  /** Columns that order the rows: none may be null, and no two rows have the same values in all of them. */
  readonly by: readonly string[];
  readonly direction: 'asc' | 'desc';
}

/**
 * Pages of a table that neither skip nor repeat a row whatever is written meanwhile: `<table>_page(after, count)`, where
 * `after` is `<table>_cursor(row)` of the last row of the page before. As fast on the last page as on the first.
 */
export const keysetPagination: Recipe<KeysetPagination> = {
  steps: [
    ({ table, by, direction }) => {
      const name = tableName(table);
      const order = by.map((column) => `t.${identifier(column)} ${direction.toUpperCase()}`).join(', ');
      const variables = by.map((_, i) => `_${i}`);
      return [
        `DO ${body(`
BEGIN
  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = ${literal(name)}::regclass AND attname IN (${by.map(literal).join(', ')}) AND NOT attnotnull) THEN
    RAISE EXCEPTION 'Columns that order the pages of % must be NOT NULL; given %', ${literal(table)}, ${literal(by.join(', '))};
  END IF;
  IF NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = ${literal(name)}::regclass AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
      AND NOT EXISTS (
        SELECT FROM unnest(i.indkey) WITH ORDINALITY AS k (number, n) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE k.n <= i.indnkeyatts AND a.attname NOT IN (${by.map(literal).join(', ')}))
  ) THEN
    RAISE EXCEPTION 'Columns that order the pages of % must hold those of a unique index; given %', ${literal(table)}, ${literal(by.join(', '))};
  END IF;
END`)}`,
        `CREATE INDEX IF NOT EXISTS ${indexName(table, '_page')} ON ${name} (${columnList(by)})`,
        `CREATE FUNCTION ${beside(table, '_cursor')}("row" ${name}) RETURNS jsonb LANGUAGE sql STABLE AS ${body(
          `SELECT jsonb_build_array(${by.map((column) => `($1).${identifier(column)}::text`).join(', ')})`,
        )}`,
        `CREATE FUNCTION ${beside(table, '_page')}("after" jsonb DEFAULT NULL, "count" integer DEFAULT 50) RETURNS SETOF ${name}
LANGUAGE plpgsql STABLE AS ${body(`
DECLARE
${by.map((column, i) => `  _${i} ${name}.${identifier(column)}%TYPE := $1 ->> ${i};`).join('\n')}
BEGIN
  IF $1 IS NULL THEN
    RETURN QUERY SELECT * FROM ${name} t ORDER BY ${order} LIMIT $2;
  ELSE
    RETURN QUERY SELECT * FROM ${name} t WHERE (${columnList(by, 't')}) ${direction === 'asc' ? '>' : '<'} (${variables.join(', ')})
    ORDER BY ${order} LIMIT $2;
  END IF;
END`)}`,
      ];
    },
  ],
  change: () => 'the order of pages must stay, as cursors that are in use mean it',
};
