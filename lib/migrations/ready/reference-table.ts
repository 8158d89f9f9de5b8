import { identifier } from '../../sql/quote';
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

export interface ReferenceTable {
  readonly table: string;
  readonly columns: readonly PgColumn[];
  /** Columns that name a row in the world outside; unique among rows that are not deleted. */
  readonly key: readonly string[];
  /** Reference tables whose rows this one's refer to, by the column's name, which ends in `_id`. */
  readonly references: Readonly<Record<string, string>>;
}

/**
 * A table of things that others refer to: a UUID of its own for each row, the contract's columns, `attributes` for what
 * has no column, `created_at` and `updated_at`. DELETE only marks a row (`deleted_at`), unless `ingot.erase` is `on`.
 */
export const referenceTable: Recipe<ReferenceTable> = {
  steps: [
    (parameters) => {
      const { table, columns, key, references } = parameters;
      const name = tableName(table);
      return [
        ...functions,
        ...makeSchema(table),
        `CREATE TABLE ${name} (
  "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
${[...columns.map(definition), ...Object.entries(references).map(reference)].map((line) => `  ${line},`).join('\n')}
  "attributes" jsonb NOT NULL DEFAULT '{}',
  "created_at" timestamptz NOT NULL DEFAULT now(),
  "updated_at" timestamptz NOT NULL DEFAULT now(),
  "deleted_at" timestamptz
)`,
        ...(key.length === 0
          ? []
          : [
              `CREATE UNIQUE INDEX ${indexName(table, '_key')} ON ${name} (${columnList(key)}) WHERE "deleted_at" IS NULL`,
            ]),
        `CREATE INDEX ${indexName(table, '_attributes')} ON ${name} USING gin ("attributes" jsonb_path_ops)`,
        ...Object.keys(references).map((column) => referenceIndex(table, column)),
        `CREATE TRIGGER "touch" BEFORE UPDATE ON ${name} FOR EACH ROW EXECUTE FUNCTION ingot.touch()`,
        `CREATE TRIGGER "soft_delete" BEFORE DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION ingot.soft_delete()`,
        `CREATE VIEW ${beside(table, '_present')} WITH (security_invoker = true) AS SELECT * FROM ${name} WHERE "deleted_at" IS NULL`,
        ...comments(table, columns),
      ];
    },
  ],
  change(before, after) {
    if (before.key.join() !== after.key.join()) return `the key must stay; given ${after.key.join(', ')}`;
    const columns = changeColumns(after.table, before.columns, after.columns);
    if (typeof columns === 'string') return columns;
    const added: string[] = [];
    for (const [column, to] of Object.entries(after.references)) {
      if (before.references[column] === to) continue;
      if (before.references[column] !== undefined) return `what ${column} refers to must stay; given ${to}`;
      added.push(
        `ALTER TABLE ${tableName(after.table)} ADD COLUMN ${reference([column, to])}`,
        referenceIndex(after.table, column),
      );
    }
    const gone = Object.keys(before.references).find((column) => after.references[column] === undefined);
    if (gone !== undefined) return `references must stay; ${gone} would go`;
    const isWider = columns.some((sql) => sql.startsWith('ALTER')) || added.length > 0;
    const view = beside(after.table, '_present');
    // What reads the view is no more than this: a view on it would make the DROP fail, and nothing is changed.
    return isWider
      ? [
          `DROP VIEW ${view}`,
          ...columns,
          ...added,
          `CREATE VIEW ${view} WITH (security_invoker = true) AS SELECT * FROM ${tableName(after.table)} WHERE "deleted_at" IS NULL`,
        ]
      : columns;
  },
};

const reference = ([column, table]: readonly [string, string]): string =>
  `${identifier(column)} uuid REFERENCES ${tableName(table)} ("id")`;

/** Without it, whoever deletes a row there reads all of this table. */
const referenceIndex = (table: string, column: string): string =>
  `CREATE INDEX ${indexName(table, `_${column}`)} ON ${tableName(table)} (${identifier(column)})`;

const functions = [
  `CREATE OR REPLACE FUNCTION ingot.touch() RETURNS trigger LANGUAGE plpgsql AS ${body(`
BEGIN
  NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at + interval '1 microsecond');
  RETURN NEW;
END`)}`,
  `CREATE OR REPLACE FUNCTION ingot.soft_delete() RETURNS trigger LANGUAGE plpgsql AS ${body(`
BEGIN
  IF current_setting('ingot.erase', true) = 'on' THEN
    RETURN OLD;
  END IF;
  EXECUTE format('UPDATE %I.%I SET deleted_at = clock_timestamp() WHERE id = $1 AND deleted_at IS NULL',
    TG_TABLE_SCHEMA, TG_TABLE_NAME) USING OLD.id;
  RETURN NULL;
END`)}`,
];
