import type { Problem } from '../errors';
import type { Postgres } from '../runtime/postgres';
import { readLedger } from './ledger';
import { isDeferred, type Migrations } from './migration';
import { planMigrations } from './plan';

export interface MigrationStatus {
  readonly name: string;
  /**
   * `applied`; `pending`; `unfinished`: begun, and at work or broken off; `failed`; `newer`: the release does not know
   * it.
   */
  readonly state: 'applied' | 'pending' | 'unfinished' | 'failed' | 'newer';
  /** ISO 8601: when it was applied, or else begun. */
  readonly at?: string;
  readonly milliseconds?: number;
  /** The database's user that applied it. */
  readonly by?: string;
  /** Why it failed. */
  readonly error?: string;
  /** Pending: the state machine applies it, as a deploy would take too long or needs a snapshot first. */
  readonly deferred?: boolean;
}

/** Where a database stands, without a change to it: what it has, in order, then what is to come. */
export async function migrationStatus(
  migrations: Migrations,
  postgres: Postgres,
): Promise<{ readonly migrations: readonly MigrationStatus[]; readonly problems: readonly Problem[] }> {
  const ledger = await readLedger(postgres);
  const { pending, newer, problems } = planMigrations(migrations, ledger);
  const applied = ledger
    .filter(({ finishedAt }) => finishedAt !== undefined)
    .map(
      ({ name, finishedAt, milliseconds, appliedBy }): MigrationStatus => ({
        name,
        state: newer.includes(name) ? 'newer' : 'applied',
        at: finishedAt,
        milliseconds,
        by: appliedBy,
      }),
    );
  const toCome = pending.map((migration): MigrationStatus => {
    const begun = ledger.find(({ name, finishedAt }) => name === migration.name && finishedAt === undefined);
    return {
      name: migration.name,
      state: begun === undefined ? 'pending' : begun.error === undefined ? 'unfinished' : 'failed',
      ...(begun === undefined ? {} : { at: begun.begunAt, by: begun.appliedBy, error: begun.error }),
      ...(isDeferred(migration) ? { deferred: true } : {}),
    };
  });
  return { migrations: [...applied, ...toCome], problems };
}
