import type { Dataset } from '../contract/dataset';
import { identifier } from '../sql/quote';
import type { Session, Staged } from './stage';
import { staged as column } from './typed';

/** The rows of a batch that are merged. */
export interface LastRows {
  readonly count: number;
  /** What stands behind FROM and gives them. */
  readonly from: string;
  drop(): Promise<void>;
}

/**
 * Share of rows that have their key in common with others up to which it costs less to find those that another row replaces
 * than those that stay. Rows are counted, not keys: all rows of one key stand together in one task of Spark's where they
 * are compared with each other, and may be nearly all rows there are.
 */
const few = 0.02;

/**
 * Of rows with one key the last counts: of the last file, its last row. Where no key comes twice, as is usual, one count
 * by the keys' hashes is all it takes.
 *
 * @param good number of the rows that have no reason not to be merged
 */
export async function lastRows(dataset: Dataset, staged: Staged, good: number, lake: Session): Promise<LastRows> {
  const rows = identifier(staged.rows);
  const isGood = `${identifier(column.reasons)} IS NULL`;
  const all = { count: good, from: `${rows} AS staged WHERE ${isGood}`, drop: async () => {} };
  if (dataset.key.length === 0) return all;

  const key = dataset.key.map(identifier).join(', ');
  // Rows of one file stand together and in order, but files that were hard to read come after the others.
  const order = `(${identifier(column.file)}::BIGINT << 40) + rowid`;
  const [shared, decided] = [identifier(`${staged.rows}_shared`), identifier(`${staged.rows}_decided`)];
  const create = async (table: string, select: string, counted = 'count(*)') => {
    await lake.run(`CREATE OR REPLACE TEMP TABLE ${table} AS ${select}`);
    return Number((await lake.query<{ n: bigint | string | null }>(`SELECT ${counted} AS n FROM ${table}`))[0]!.n);
  };
  const drop = async () => {
    for (const table of [shared, decided]) await lake.run(`DROP TABLE IF EXISTS ${table}`);
  };

  try {
    const sharing = await create(
      shared,
      `SELECT hash(${key}) AS hash, count(*) AS rows FROM ${rows} WHERE ${isGood} GROUP BY ALL HAVING count(*) > 1`,
      'CAST(sum(rows) AS BIGINT)',
    );
    if (sharing === 0) return { ...all, drop };
    if (sharing <= good * few) {
      const replaced = await create(
        decided,
        `SELECT row FROM (SELECT rowid AS row, ${order} AS place, max(${order}) OVER (PARTITION BY ${key}) AS last
         FROM ${rows} WHERE ${isGood} AND hash(${key}) IN (SELECT hash FROM ${shared})) WHERE place < last`,
      );
      const from = `${rows} AS staged ANTI JOIN ${decided} AS replaced ON staged.rowid = replaced.row WHERE ${isGood}`;
      return { count: good - replaced, from, drop };
    }
    const count = await create(
      decided,
      `SELECT max(${order}) & ((1::BIGINT << 40) - 1) AS row FROM ${rows} WHERE ${isGood} GROUP BY ${key}`,
    );
    return { count, from: `${rows} AS staged SEMI JOIN ${decided} AS chosen ON staged.rowid = chosen.row`, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}
