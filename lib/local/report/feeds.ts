import { changedTable } from '../../cdc/apply';
import type { Kind, Mode } from '../../cdc/columns';
import { feedsOf } from '../../cdc/feed';
import type { Received, TableReceived } from '../../cdc/receive';
import type { Services } from '../../runtime/services';
import { validity } from '../../sql/scd2';
import { plural } from './format';

/** What a run delivered of a source's changes. */
export interface FeedRun {
  readonly source: string;
  readonly received: readonly Received[];
}

/** A source of changes: what came in with this run, and how its tables stand. */
export interface FeedReport {
  readonly source: string;
  /** Records of this run that are of no table, or cannot be read. */
  readonly unreadable: number;
  readonly tables: readonly FedTableReport[];
}

export interface FedTableReport {
  /** `zone.table`. */
  readonly table: string;
  readonly mode: Mode;
  /** Changes of this run. */
  readonly received: number;
  /** Those of them that stand in the table or in what it remembers: neither refused nor parked. */
  readonly applied: number;
  /** Those that are in quarantine. */
  readonly rejected: number;
  /** Rows of the table, or versions. */
  readonly rows: number;
  /** Of a table with history: versions that hold now. */
  readonly current?: number;
  /** Deletes that are remembered, so that a change that comes late brings no row back. */
  readonly deletes: number;
  /** Changes that wait for one which has not come. */
  readonly waiting: number;
  /** Records that wait until the table goes on. */
  readonly parked: number;
  /** Why it is paused. */
  readonly paused?: string;
}

/** What a run did to tables that changes fill, in words, by table. */
export const fedChanges = (runs: readonly FeedRun[]): (readonly [string, readonly string[]])[] =>
  [...sumsOf(runs, ({ changes }) => changes)].map(([table, n]) => [table, [`${plural(n, 'change')} of the database`]]);

/** How many changes of each table a run has refused: those that its contract refuses, by table. */
export const quarantinedBy = (run: FeedRun): (readonly [string, number])[] => [
  ...sumsOf([run], ({ rejected }) => rejected),
];

function sumsOf(runs: readonly FeedRun[], value: (one: TableReceived) => number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const one of runs.flatMap(({ received }) => received.flatMap(({ tables }) => tables)))
    sums.set(one.table, (sums.get(one.table) ?? 0) + value(one));
  return sums;
}

/** Reads from the lake how tables stand that changes fill. Undefined where the platform follows no database. */
export async function gatherFeeds(
  { manifest, lake }: Pick<Services, 'manifest' | 'lake'>,
  runs: readonly FeedRun[],
): Promise<FeedReport[] | undefined> {
  if (manifest.cdc === undefined) return undefined;
  const feeds: FeedReport[] = [];
  for (const source of manifest.cdc) {
    const received = runs.filter((run) => run.source === source.name).flatMap((run) => run.received);
    const tables: FedTableReport[] = [];
    for (const feed of feedsOf(source, manifest).values()) {
      const { name, kept } = changedTable(feed, lake);
      const of = received.flatMap((one) => one.tables).filter(({ table }) => table === feed.id);
      const sum = (value: (one: (typeof of)[number]) => number) => of.reduce((total, one) => total + value(one), 0);
      const current = feed.mode === 'history' ? `, count(*) FILTER (${validity.current}) AS current` : '';
      const [rows] = await lake.query<{ n: bigint; current?: bigint }>(`SELECT count(*) AS n${current} FROM ${name}`);
      const held = await lake.query<{ kind: Kind; n: bigint; record: string | null }>(
        `SELECT change_kind AS kind, count(*) AS n, max(change_record) AS record FROM ${kept} GROUP BY ALL`,
      );
      const keptOf = (kind: Kind) => Number(held.find((one) => one.kind === kind)?.n ?? 0);
      const paused = held.find(({ kind }) => kind === 'pause')?.record ?? undefined;
      tables.push({
        table: feed.id,
        mode: feed.mode,
        received: sum(({ changes }) => changes),
        applied: sum(({ status, changes, rejected }) => (status === 'applied' ? changes - rejected : 0)),
        rejected: sum(({ rejected }) => rejected),
        rows: Number(rows!.n),
        ...(rows!.current === undefined ? {} : { current: Number(rows!.current) }),
        deletes: keptOf('delete'),
        waiting: keptOf('update'),
        parked: keptOf('parked'),
        ...(paused === undefined ? {} : { paused }),
      });
    }
    feeds.push({
      source: source.name,
      unreadable: received.reduce((total, one) => total + one.unreadable, 0),
      tables,
    });
  }
  return feeds;
}
