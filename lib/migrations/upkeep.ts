import { type Postgres, PostgresError } from '../runtime/postgres';
import type { Log } from '../runtime/services';

export interface Upkeep {
  /** What was done, by name: `readModel/totals`. */
  readonly done: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: string }[];
}

interface Due {
  readonly name: string;
  readonly statement: string;
}

/**
 * Does what ready-made migrations have entered to be done regularly and that is due: read models are refreshed, time
 * series get their partitions. One that fails keeps none of the others back.
 */
export async function doUpkeep(postgres: Postgres, log: Log): Promise<Upkeep> {
  const [made] = await postgres.query<{ is: boolean }>(`SELECT to_regclass('ingot.upkeep') IS NOT NULL AS is`);
  if (made?.is !== true) return { done: [], failed: [] };
  const due = await postgres.query<Due>(
    'SELECT name, statement FROM ingot.upkeep WHERE last_at IS NULL OR last_at + every <= now() ORDER BY name',
  );
  const done: string[] = [];
  const failed: { name: string; error: string }[] = [];
  for (const { name, statement } of due) {
    try {
      await postgres.execute(statement);
      await postgres.query('UPDATE ingot.upkeep SET last_at = now(), error = NULL WHERE name = $1', [name]);
      done.push(name);
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      failed.push({ name, error: error.message });
      log.error('Upkeep of the database failed', { name, error });
      await postgres.query('UPDATE ingot.upkeep SET error = $2 WHERE name = $1', [name, error.message]);
    }
  }
  return { done, failed };
}
