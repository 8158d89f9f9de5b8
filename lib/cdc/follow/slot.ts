import { setTimeout as sleep } from 'node:timers/promises';
import { CannotError, TransientError } from '../../errors';
import { connectionOf, loadPg } from '../../runtime/node-postgres';
import type { Postgres } from '../../runtime/postgres';
import { identifier } from '../../sql/quote';
import { parseLsn } from '../change';
import type { CdcSource } from '../declaration';

/** Text, as PostgreSQL writes values that every reader understands. */
export const sessionOptions =
  '-c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC -c extra_float_digits=3 -c bytea_output=hex';

/** How long a slot may be in use by a reader that was killed a moment ago, in milliseconds. */
const patience = 10_000;

/**
 * Finds the source's slot, or makes it.
 *
 * @param expected whether it has been read from before: then it must be there, or changes are lost
 * @throws CannotError where it is lost, or another process reads it
 */
export async function ensureSlot(source: CdcSource, expected: boolean, postgres: Postgres): Promise<'made' | 'found'> {
  const until = Date.now() + patience;
  for (;;) {
    const [slot] = await postgres.query<{
      pid: number | null;
      plugin: string;
      database: string;
      elsewhere: boolean;
      lost: boolean;
    }>(
      `SELECT active_pid AS pid, plugin, database, database <> current_database() AS elsewhere, coalesce(wal_status = 'lost', false) AS lost
        FROM pg_replication_slots WHERE slot_name = $1`,
      [source.slot],
    );
    if (slot === undefined || slot.lost) {
      if (expected)
        throw new CannotError(
          `The replication slot ${source.slot} is ${slot === undefined ? 'gone from the source' : 'lost: the source has removed the log that it needed'}, and with it the changes since it was last read. Follow with --resnapshot to read the tables anew`,
        );
      if (slot !== undefined) await postgres.query('SELECT pg_drop_replication_slot($1)', [source.slot]);
      await postgres.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [source.slot]);
      return 'made';
    }
    if (slot.plugin !== 'pgoutput')
      throw new CannotError(`The replication slot ${source.slot} is of ${slot.plugin}; it must be of pgoutput`);
    if (slot.elsewhere)
      throw new CannotError(
        `The replication slot ${source.slot} is of the database ${slot.database}: a server has one slot of a name, so cdc.${source.name}.slot of platform.yaml must say another`,
      );
    if (slot.pid === null) return 'found';
    if (Date.now() > until)
      throw new CannotError(
        `Another process reads the replication slot ${source.slot} (process ${slot.pid} of the source)`,
      );
    await sleep(250);
  }
}

/** A snapshot that several connections can read, until it is closed. */
export interface ExportedSnapshot {
  /** For `SET TRANSACTION SNAPSHOT`. */
  readonly name: string;
  /** Every transaction that was committed before it is in it, and no other. */
  readonly lsn: bigint;
  close(): Promise<void>;
}

/** Exports a snapshot with its place in the log, by a slot that is there no longer than that. */
export async function exportSnapshot(url: string, source: CdcSource): Promise<ExportedSnapshot> {
  const { Client } = loadPg();
  const client = new Client({ ...connectionOf({ url }), replication: 'database' } as object);
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = (await client.query(
      `CREATE_REPLICATION_SLOT ${identifier(`${source.slot}_snapshot`.slice(0, 63))} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT`,
    )) as { rows: { consistent_point: string; snapshot_name: string }[] };
    const { consistent_point: point, snapshot_name: name } = rows[0]!;
    return { name, lsn: parseLsn(point), close: () => client.end() };
  } catch (error) {
    await client.end().catch(() => {});
    throw new TransientError(`The source gives no snapshot: ${(error as Error).message}`, { cause: error });
  }
}
