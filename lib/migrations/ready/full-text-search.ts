import { identifier, literal } from '../../sql/quote';
import type { Recipe } from './ready-made';
import { beside, body, indexName, tableName } from './sql';

export interface FullTextSearch {
  readonly table: string;
  /** Columns that are searched, each with its weight: A counts most. */
  readonly columns: Readonly<Record<string, 'A' | 'B' | 'C' | 'D'>>;
  /** PostgreSQL's text-search configuration, for example `english`; `simple` is for names. */
  readonly language: string;
}

/** A column `search` that PostgreSQL keeps up to date itself, a GIN index, and `<table>_search`, best hits first. */
export const fullTextSearch: Recipe<FullTextSearch> = {
  steps: [
    (parameters) => {
      const { table, language } = parameters;
      const name = tableName(table);
      return [
        ...column(parameters),
        `CREATE FUNCTION ${beside(table, '_search')}("words" text, "count" integer DEFAULT 20) RETURNS SETOF ${name}
LANGUAGE sql STABLE AS ${body(`SELECT t.* FROM ${name} t, websearch_to_tsquery(${literal(language)}, $1) AS q
WHERE t."search" @@ q ORDER BY ts_rank_cd(t."search", q) DESC, t.ctid LIMIT $2`)}`,
      ];
    },
  ],
  // Derived from the other columns: nothing is lost.
  change: (before, after) =>
    before.language === after.language
      ? [`ALTER TABLE ${tableName(after.table)} DROP COLUMN "search"`, ...column(after)]
      : `the language must stay ${before.language}; given ${after.language}`,
};

function column({ table, columns, language }: FullTextSearch): string[] {
  const parts = Object.entries(columns).map(
    ([name, weight]) =>
      `setweight(to_tsvector(${literal(language)}::regconfig, coalesce(${identifier(name)}, '')), ${literal(weight)})`,
  );
  return [
    `ALTER TABLE ${tableName(table)} ADD COLUMN "search" tsvector GENERATED ALWAYS AS (\n  ${parts.join(' ||\n  ')}\n) STORED`,
    `CREATE INDEX ${indexName(table, '_search')} ON ${tableName(table)} USING gin ("search")`,
  ];
}
