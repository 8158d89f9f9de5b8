/** A stream of events, resolved: what `streams:` of `platform.yaml` says, and what follows from the contract of its table. */
export interface Stream {
  /** Lower-case letters, digits and hyphens, for example `departures`. */
  readonly name: string;
  /** The table that takes its events, `zone.table`. Its contract is the contract of the events. */
  readonly table: string;
  /** The table's column that says when an event happened. */
  readonly eventTime: string;
  /** Field of an event by which this machine chooses its shard; what is ordered is ordered by it. */
  readonly partitionKey: string;
  /** What becomes of an event that breaks a rule: it is set aside alone, or its key stops until somebody releases it. */
  readonly onInvalid: 'quarantine' | 'park';
  /** Larger records go to quarantine. */
  readonly maxRecordKb: number;
  /** An event may be this much ahead of the time at which it arrived: clocks differ. */
  readonly maxAheadSeconds: number;
  /** An event may be this much older than its arrival; absent: as old as it likes. */
  readonly maxBehindSeconds?: number;
  readonly windows: readonly Window[];
}

/** An aggregate over windows of event time. */
export interface Window {
  /** For example `hourly`; unique within its stream. */
  readonly name: string;
  /** Length of a window. */
  readonly sizeSeconds: number;
  /** A window begins every so often, counted from 1970 in UTC. The same as the size: tumbling; less: sliding. */
  readonly everySeconds: number;
  /** How much older than the newest event of its shard an event may be; one that is older is late. */
  readonly watermarkSeconds: number;
  /** Columns of the stream's table. */
  readonly groupBy: readonly string[];
  /** SQL condition over the table's columns: events that count. By default all. */
  readonly filter?: string;
  readonly measures: readonly Measure[];
  readonly into: WindowSink;
}

export interface Measure {
  /** Name of the result's column. */
  readonly name: string;
  /** `count` and `late` count events: those in time, those that came too late. The others speak of a column. */
  readonly function: 'count' | 'late' | 'sum' | 'avg' | 'min' | 'max';
  readonly column?: string;
}

/** Where results go: an Iceberg table of the platform, by id, or a table of its PostgreSQL database. */
export type WindowSink =
  | { readonly kind: 'iceberg'; readonly table: string }
  | { readonly kind: 'postgres'; readonly table: string };

/** Columns that a result has before those it is grouped by. */
export const windowColumns = ['window_start', 'window_end'] as const;

/** Role of the database as which consumers write results of windows. */
export const streamRole = 'ingot_stream';

/** Finds a stream by its name. Throws where the platform has none of that name. */
export function findStream(
  name: string,
  { name: platform, streams }: { readonly name: string; readonly streams?: readonly Stream[] },
): Stream {
  const stream = streams?.find((one) => one.name === name);
  if (stream !== undefined) return stream;
  const known = streams?.map((one) => one.name) ?? [];
  const has = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  throw new Error(`Platform ${platform} has no stream ${JSON.stringify(name)}; ${has}`);
}
