import type { Services } from '../runtime/services';
import { literal } from '../sql/quote';
import { sameKey } from '../sql/rows';
import { changedTable } from './apply';
import { kept, positionOf } from './columns';
import type { CdcSource } from './declaration';
import { feedsOf } from './feed';

/** Kept changes that are no longer needed, by table, `zone.table`. */
export interface Forgotten {
  readonly tables: readonly { readonly table: string; readonly changes: number }[];
}

/**
 * Forgets deletes and truncations that were kept for longer than the source says, and rows that waited and are whole by now.
 * A table with history keeps its deletes for as long as it keeps its versions: they say when those ended.
 */
export async function forgetOld(
  source: CdcSource,
  { manifest, lake, clock, log }: Pick<Services, 'manifest' | 'lake' | 'clock' | 'log'>,
): Promise<Forgotten> {
  const before = literal(new Date(clock.now() - source.rememberDays * 86_400_000).toISOString());
  const tables: { table: string; changes: number }[] = [];
  for (const feed of feedsOf(source, manifest).values()) {
    if (feed.mode !== 'mirror') continue;
    const { name, kept: keptName, dataset } = changedTable(feed, lake);
    const old = `k.${kept.kind} IN ('delete', 'truncate') AND k.${kept.at} < ${before}::TIMESTAMPTZ`;
    const whole = `k.${kept.kind} = 'update' AND EXISTS (SELECT 1 FROM ${name} AS t
      WHERE ${sameKey(dataset.key, 't', 'k')} AND ${positionOf('t')} >= ${positionOf('k')})`;
    const changes = await lake.commit(async (tx) => {
      const [count] = await tx.query<{ n: bigint }>(
        `SELECT count(*) AS n FROM ${keptName} AS k WHERE (${old}) OR (${whole})`,
      );
      if (count!.n > 0n) await tx.run(`DELETE FROM ${keptName} AS k WHERE (${old}) OR (${whole})`);
      return Number(count!.n);
    });
    if (changes === 0) continue;
    tables.push({ table: feed.id, changes });
    log.info('Forgot changes that were kept for long enough', { table: feed.id, changes });
  }
  return { tables };
}
