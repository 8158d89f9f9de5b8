import { setTimeout as sleep } from 'node:timers/promises';
import { CannotError, TransientError } from '../../errors';
import { openNodePostgres } from '../../runtime/node-postgres';
import type { Postgres } from '../../runtime/postgres';
import { changedTable } from '../apply';
import { lsnText } from '../change';
import type { CdcSource } from '../declaration';
import { feedsOf } from '../feed';
import { forgetSnapshots, keepSnapshot, snapshotOf } from '../kept';
import { type Incoming, type Received, type ReceiveServices, receive } from '../receive';
import { ensureSlot, exportSnapshot } from './slot';
import { incoming, snapshotRows } from './snapshot';
import { prepareSource, type SourceTable } from './source';
import { type OpenStream, openStream } from './stream';

export interface FollowOptions {
  /** `postgres://…` of the source; its role may replicate, and owns the tables where the publication is to be made. */
  readonly url: string;
  readonly source: CdcSource;
  readonly services: ReceiveServices;
  /** Ends following: what has come in is applied first. */
  readonly signal: AbortSignal;
  /** Read all tables anew, whatever was read before. @default false */
  readonly resnapshot?: boolean;
  /** Changes that are applied together at most. @default 10000 */
  readonly most?: number;
  /** How long a change waits for others, in milliseconds. @default 1000 */
  readonly wait?: number;
  readonly onEvent?: (event: FollowEvent) => void;
  /** Done after each batch, while nothing else is. */
  readonly between?: () => Promise<void>;
}

export type FollowEvent =
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'snapshot'; readonly table: string; readonly rows: number; readonly done: boolean }
  | { readonly kind: 'following'; readonly slot: string }
  /** Changes are in the lake, and the source knows. */
  | { readonly kind: 'applied'; readonly lsn: string; readonly received: Received }
  | { readonly kind: 'again'; readonly reason: string };

/** How often something that may pass is tried again before it is an error. */
const attempts = 8;

/**
 * Follows a PostgreSQL database: reads its tables as one snapshot has them, then every change since, into the lake. The
 * source is told how far it was read only when the lake has it, so that whatever ends this, it goes on from there.
 *
 * @throws CannotError where the source cannot be followed as it is
 * @throws TransientError where the source or the lake does not answer for long
 */
export async function follow(options: FollowOptions): Promise<void> {
  const { url, source, services, signal } = options;
  const feeds = feedsOf(source, services.manifest);
  const tables: SourceTable[] = source.tables.map((table) => ({
    ...table,
    dataset: [...feeds.values()].find(({ id }) => id === table.table)!.place.dataset,
  }));
  const note = (text: string) => options.onEvent?.({ kind: 'note', text });
  const postgres = await openNodePostgres({ url });
  try {
    for (const text of await prepareSource(source, tables, postgres)) note(text);
    if (options.resnapshot === true) await forget(tables, options);
    const open = await withoutSnapshot(tables, options);
    if ((await ensureSlot(source, open.length < tables.length, postgres)) === 'made')
      note(`Replication slot ${source.slot} made: the source keeps its log until this has read it`);
    if (open.length > 0) await takeSnapshot(open, postgres, options);
    if (!signal.aborted) await stream(postgres, options);
  } finally {
    await postgres.close();
  }
}

const keptOf = ({ table }: SourceTable, { source, services }: FollowOptions): string => {
  const feed = [...feedsOf(source, services.manifest).values()].find(({ id }) => id === table)!;
  return changedTable(feed, services.lake).kept;
};

async function forget(tables: readonly SourceTable[], options: FollowOptions): Promise<void> {
  for (const table of tables) await forgetSnapshots(keptOf(table, options), options.services.lake);
}

/** Tables of which no snapshot was read whole. */
async function withoutSnapshot(tables: readonly SourceTable[], options: FollowOptions): Promise<SourceTable[]> {
  const open: SourceTable[] = [];
  for (const table of tables)
    if ((await snapshotOf(keptOf(table, options), options.services.lake)) === undefined) open.push(table);
  return open;
}

async function takeSnapshot(tables: readonly SourceTable[], postgres: Postgres, options: FollowOptions): Promise<void> {
  const { url, source, services, signal, onEvent } = options;
  const snapshot = await exportSnapshot(url, source);
  try {
    const [now] = await postgres.query<{ at: string }>('SELECT now() AS at');
    for (const table of tables) {
      let rows = 0;
      for await (const page of snapshotRows(table, snapshot, now!.at, postgres)) {
        if (signal.aborted) return;
        await applied(page, options);
        rows += page.length;
        onEvent?.({ kind: 'snapshot', table: table.table, rows: rows - 1, done: false });
      }
      const record = JSON.stringify({ slot: source.slot, lsn: lsnText(snapshot.lsn) });
      await keepSnapshot(keptOf(table, options), record, services.clock.now(), services.lake);
      onEvent?.({ kind: 'snapshot', table: table.table, rows: rows - 1, done: true });
    }
  } finally {
    await snapshot.close();
  }
}

/** Applies records; what fails in a way that may pass is tried again, longer and longer. */
async function applied(records: readonly Incoming[], options: FollowOptions): Promise<Received> {
  let left = records;
  for (let attempt = 1; ; attempt++) {
    const received = await receive(left, options.source, options.services);
    if (received.failed.size === 0) return received;
    const [error] = received.failed.values();
    if (attempt >= attempts) throw error!;
    options.onEvent?.({ kind: 'again', reason: error!.message });
    await sleep(Math.random() * 100 * 2 ** attempt);
    left = left.filter(({ origin }) => received.failed.has(origin.id));
  }
}

/** Streams until it is told to end; a connection that breaks is opened again. */
async function stream(postgres: Postgres, options: FollowOptions): Promise<void> {
  const { source, signal, onEvent } = options;
  let failures = 0;
  while (!signal.aborted) {
    const run = new Run(options, () => {
      failures = 0;
    });
    try {
      await run.until(signal);
      return;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      // It says what is wrong with the slot, where anything is, better than the stream does.
      await ensureSlot(source, true, postgres).catch((why: unknown) => {
        if (why instanceof CannotError) throw why;
      });
      failures += 1;
      if (failures >= attempts) throw error;
      onEvent?.({ kind: 'again', reason: error.message });
      await sleep(Math.random() * 200 * 2 ** failures);
    }
  }
}

/** One connection's time: changes come in, and are applied together. */
class Run {
  private records: Incoming[] = [];
  /** Everything up to here has come in. */
  private complete: bigint | undefined;
  private flushing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private failure: ((error: Error) => void) | undefined;
  /** Something was not applied: nothing that comes after it may be acknowledged. */
  private failed = false;
  private open: OpenStream | undefined;

  constructor(
    private readonly options: FollowOptions,
    private readonly onProgress: () => void,
  ) {}

  async until(signal: AbortSignal): Promise<void> {
    const { url, source, onEvent, most = 10_000 } = this.options;
    const failed = new Promise<never>((_, reject) => {
      this.failure = reject;
    });
    this.open = await openStream(url, source, {
      change: async (change) => {
        this.records.push(incoming(change));
        this.schedule();
        if (this.records.length >= most) await this.flush();
      },
      committed: async (lsn) => {
        this.complete = lsn;
        this.schedule();
      },
      idle: (lsn) => {
        if (this.records.length > 0) return;
        this.complete = lsn;
        void this.flush();
      },
    });
    onEvent?.({ kind: 'following', slot: source.slot });
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      await Promise.race([aborted, this.open.ended, failed]);
      await this.flush();
    } finally {
      clearTimeout(this.timer);
      failed.catch(() => {});
      await this.open.close();
    }
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, this.options.wait ?? 1_000);
  }

  /** Applies what has come in, then tells the source; one at a time, in their order. */
  private flush(): Promise<void> {
    const next = this.flushing.then(() => this.flushNow());
    // Nobody waits for one that the timer began: its failure ends the run.
    this.flushing = next.catch((error: Error) => {
      this.failed = true;
      this.failure?.(error);
    });
    return next.catch(() => {});
  }

  private async flushNow(): Promise<void> {
    if (this.failed) return;
    const { records, complete } = this;
    this.records = [];
    if (records.length > 0) {
      const received = await applied(records, this.options);
      this.onProgress();
      this.options.onEvent?.({ kind: 'applied', lsn: lsnText(complete ?? 0n), received });
    }
    if (complete !== undefined) this.open?.acknowledge(complete);
    if (records.length > 0) await this.options.between?.();
  }
}
