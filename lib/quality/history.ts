import { runsTable } from '../publish/runs';
import type { Lake } from '../runtime/services';
import { literal } from '../sql/quote';
import { resultsTable } from './results-table';

/** How many runs say what is normal. */
const normalRuns = 10;

/**
 * How many rows rules have looked at in earlier runs that ended in publication, by the rule's name, newest first. What
 * the rules themselves have counted, so that their condition and the rows that they speak of are the same.
 */
export async function countsOf(
  rules: readonly string[],
  { table, run }: { readonly table: string; readonly run: string },
  database: string,
  lake: Lake,
): Promise<Record<string, number[]>> {
  if (rules.length === 0) return {};
  const published = `SELECT "run" FROM ${lake.name(database, runsTable)} WHERE "table" = ${literal(table)}`;
  const rows = await lake.query<{ rule: string; checked: bigint }>(
    `SELECT "rule", "checked" FROM ${lake.name(database, resultsTable)}
      WHERE "table" = ${literal(table)} AND "rule" IN (${rules.map(literal).join(', ')}) AND "run" <> ${literal(run)}
        AND "status" <> 'error' AND "run" IN (${published})
      QUALIFY row_number() OVER (PARTITION BY "rule" ORDER BY "measured_at" DESC, "run" DESC) <= ${normalRuns}
      ORDER BY "measured_at" DESC, "run" DESC`,
  );
  const counts: Record<string, number[]> = {};
  for (const { rule, checked } of rows) counts[rule] = [...(counts[rule] ?? []), Number(checked)];
  return counts;
}
