import type { Postgres } from '../../runtime/postgres';
import { identifier, literal, qualified } from '../../sql/quote';
import { lsnText } from '../change';
import { type OwnChange, ownText, readOwnChange } from '../envelope/own';
import { reading } from '../envelope/record';
import { sourceNameOf } from '../feed';
import type { Incoming } from '../receive';
import type { ExportedSnapshot } from './slot';
import type { SourceTable } from './source';
import { typeOfOid } from './types';

/** Rows that are read, and applied, together. */
const atOnce = 20_000;

/**
 * Reads a table as a snapshot has it: first that it was emptied, so that rows which an earlier snapshot had do not stay, then
 * its rows. They stand in the log just before the snapshot, so that every change it does not have wins.
 */
export async function* snapshotRows(
  { schema, name, dataset }: SourceTable,
  snapshot: ExportedSnapshot,
  at: string,
  postgres: Postgres,
): AsyncGenerator<Incoming[]> {
  // A log of PostgreSQL has records at multiples of eight: nothing else stands here.
  const lsn = lsnText(snapshot.lsn - 1n);
  const own = { schema, table: name, lsn, at };
  const names = dataset.columns.map(sourceNameOf);
  // Taken out of a query of its own: a generator cannot be inside a transaction that somebody else ends.
  const pages = new Pages();
  const reading = postgres.session((session) =>
    session.transaction(async (tx) => {
      await tx.execute(
        `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${literal(snapshot.name)};
         SET LOCAL DateStyle = 'ISO'; SET LOCAL TimeZone = 'UTC'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 3`,
      );
      const types = await tx.query<{ name: string; oid: number; modifier: number }>(
        `SELECT attname AS name, atttypid::int AS oid, atttypmod AS modifier FROM pg_attribute
          WHERE attrelid = (${literal(qualified(schema, name))})::regclass AND attnum > 0 AND NOT attisdropped`,
      );
      const columns = Object.fromEntries(types.map((type) => [type.name, typeOfOid(type.oid, type.modifier)]));
      await pages.put([incoming({ ...own, operation: 'truncate', sequence: 0, columns })]);
      const texts = names.map((column) => `${identifier(column)}::text AS ${identifier(column)}`);
      await tx.execute(`DECLARE ingot_snapshot CURSOR FOR SELECT ${texts.join(', ')} FROM ${qualified(schema, name)}`);
      for (;;) {
        const rows = await tx.query<Record<string, string | null>>(`FETCH ${atOnce} FROM ingot_snapshot`);
        if (rows.length === 0) return;
        const page = rows.map((row) =>
          incoming({ ...own, operation: 'load', sequence: 1, row, columns }, keyText(row, names)),
        );
        if (!(await pages.put(page))) return;
      }
    }),
  );
  try {
    yield* pages.until(reading);
  } finally {
    pages.close();
    await reading.catch(() => {});
  }
}

const keyText = (row: Readonly<Record<string, string | null>>, names: readonly string[]): string =>
  names
    .map((name) => row[name])
    .join(' ')
    .slice(0, 200);

/** A change that was read here, as a record of its own; its text is made only where it has to be kept. */
export function incoming(change: OwnChange, more = ''): Incoming {
  const origin = {
    id: `${change.schema}.${change.table}/${change.lsn}/${change.sequence}${more === '' ? '' : `/${more}`}`,
    arrivedAt: change.at,
    get raw() {
      return ownText(change);
    },
  };
  return {
    origin,
    read: (feeds) => readingOwn(feeds, change, origin),
  };
}

const readingOwn: (...given: Parameters<typeof readOwnChange>) => ReturnType<typeof readOwnChange> = (
  feeds,
  change,
  origin,
) => reading(() => readOwnChange(feeds, change, origin));

/** Hands pages from who reads them to who applies them, one at a time. */
class Pages {
  private page: Incoming[] | undefined;
  private closed = false;
  private wake: () => void = () => {};

  async put(page: Incoming[]): Promise<boolean> {
    while (this.page !== undefined && !this.closed) await this.change();
    if (this.closed) return false;
    this.page = page;
    this.changed();
    return true;
  }

  async *until(reading: Promise<void>): AsyncGenerator<Incoming[]> {
    let done = false;
    let failure: unknown;
    void reading
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        done = true;
        this.changed();
      });
    for (;;) {
      if (this.page !== undefined) {
        yield this.page;
        this.page = undefined;
        this.changed();
      } else if (failure !== undefined) throw failure;
      else if (done) return;
      else await this.change();
    }
  }

  close(): void {
    this.closed = true;
    this.changed();
  }

  private changed(): void {
    const { wake } = this;
    this.wake = () => {};
    wake();
  }

  private change(): Promise<void> {
    const before = this.wake;
    return new Promise((resolve) => {
      this.wake = () => {
        before();
        resolve();
      };
    });
  }
}
