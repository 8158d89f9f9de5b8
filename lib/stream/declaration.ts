import { z } from 'zod';
import type { Dataset } from '../contract/dataset';
import { strict } from '../contract/strict';
import { durationPattern, secondsOf } from './duration';
import type { Measure, Stream, Window } from './stream';

/** A stream as a user declares it. What its events are, the contract of its table says. */
export interface StreamDeclaration {
  /** The table that takes its events, `zone.table`; its contract names where they are kept in bronze, too. */
  readonly table: string;
  /** Column of the table that says when an event happened. */
  readonly eventTime: string;
  /**
   * Field of an event by which runs on this machine choose its shard, and within which they keep its order. In AWS the
   * producer chooses, with each record.
   * @default the first column of the table's key
   */
  readonly partitionKey?: string;
  /**
   * What becomes of an event that breaks a rule. `quarantine`: it is set aside, and those behind it go on. `park`: its key
   * stops, and its later events wait until somebody releases them.
   * @default quarantine
   */
  readonly onInvalid?: 'quarantine' | 'park';
  /** @default 1024 */
  readonly maxRecordKb?: number;
  /**
   * How much ahead of its arrival an event may be.
   * @default 5 minutes
   */
  readonly maxAhead?: string;
  /**
   * How much older than its arrival an event may be.
   * @default as old as it likes
   */
  readonly maxBehind?: string;
  /** Aggregates over windows of event time, by name. */
  readonly windows?: Readonly<Record<string, WindowDeclaration>>;
}

export interface WindowDeclaration {
  /** Length of a window, `1 minute`. */
  readonly size: string;
  /**
   * How often a window begins; it divides the size. Less than the size makes sliding windows.
   * @default the size: tumbling windows
   */
  readonly every?: string;
  /**
   * How much older than the newest event of its shard an event may be and still count.
   * @default 5 minutes
   */
  readonly watermark?: string;
  /**
   * Columns of the stream's table.
   * @default none: one result a window
   */
  readonly groupBy?: readonly string[];
  /**
   * SQL condition on the events that count: `event_type <> 'heartbeat'`.
   * @default all
   */
  readonly filter?: string;
  /** By column of the result: `count`, `late` (events that came too late), `sum(x)`, `avg(x)`, `min(x)`, `max(x)`. */
  readonly measures: Readonly<Record<string, string>>;
  /** An Iceberg table with a contract, `gold.fct_clicks_by_minute`, or `{postgres: table}` of the platform's database. */
  readonly into: string | { readonly postgres: string };
}

/** A stream's file on this machine. */
export interface LocalStreamDeclaration {
  /** Its path, relative to the platform's folder: JSON lines, an event each. It may grow between runs. */
  readonly file: string;
  /** The stream that it is put into. */
  readonly into: string;
  /**
   * Shards of the stream on this machine.
   * @default 2
   */
  readonly shards?: number;
}

const name = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
  error: (issue) => `must be lower-case letters, digits and single hyphens; given ${JSON.stringify(issue.input)}`,
});
const duration = z.string().regex(durationPattern, {
  error: (issue) =>
    `must be a length of time such as 30 seconds, 5 minutes or 1 hour; given ${JSON.stringify(issue.input)}`,
});
const measurePattern = /^(?:(count|late)|(sum|avg|min|max)\(\s*([A-Za-z_]\w*)\s*\))$/;
const column = z.string().regex(/^[a-z][a-z0-9_]*$/, {
  error: (issue) => `must be lower-case letters, digits and underscores; given ${JSON.stringify(issue.input)}`,
});

const window = strict({
  size: duration.describe('Length of a window, for example 1 minute.'),
  every: duration.optional().describe('How often a window begins; it divides the size. By default the size: tumbling.'),
  watermark: duration
    .optional()
    .describe('How much older than the newest event of its shard an event may be. By default 5 minutes.'),
  groupBy: z.array(z.string()).optional().describe("Columns of the stream's table. By default none."),
  filter: z.string().optional().describe('SQL condition on the events that count. By default all.'),
  measures: z
    .record(
      column,
      z.string().regex(measurePattern, {
        error: (issue) =>
          `must be count, late, or sum, avg, min or max of a column, for example avg(delay); given ${JSON.stringify(issue.input)}`,
      }),
    )
    .describe('By column of the result: count, late, sum(x), avg(x), min(x) or max(x).'),
  into: z
    .union(
      [
        z.string(),
        strict({
          postgres: z
            .string()
            .regex(/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/)
            .describe("Table of the platform's database, made by a migration."),
        }),
      ],
      {
        error: (issue) => `must be a table, zone.table, or {postgres: table}; given ${JSON.stringify(issue.input)}`,
      },
    )
    .describe("An Iceberg table with a contract, or {postgres: table} of the platform's database."),
});

/** `streams:` of platform.yaml. */
export const streamsWords = z
  .record(
    name.max(30),
    strict({
      table: z.string().describe('The table that takes its events, zone.table.'),
      eventTime: z.string().describe('Column of the table that says when an event happened.'),
      partitionKey: z
        .string()
        .optional()
        .describe(
          "Field of an event by which this machine chooses its shard. By default the first of the table's key.",
        ),
      onInvalid: z
        .enum(['quarantine', 'park'])
        .optional()
        .describe('Whether an event that breaks a rule is set aside alone, or stops its key. By default quarantine.'),
      maxRecordKb: z.int().min(1).max(10240).optional().describe('Largest record, in KB, 1 to 10240. By default 1024.'),
      maxAhead: duration.optional().describe('How much ahead of its arrival an event may be. By default 5 minutes.'),
      maxBehind: duration.optional().describe('How much older than its arrival it may be. By default as it likes.'),
      windows: z.record(name.max(30), window).optional().describe('Aggregates over windows of event time, by name.'),
    }),
  )
  .describe('Streams of events, by name.');

/** `local.streams` of platform.yaml. */
export const localStreamsWords = z
  .array(
    strict({
      file: z.string().describe('Path of a file of JSON lines, relative to this one. It may grow between runs.'),
      into: z.string().describe('The stream that it is put into.'),
      shards: z.int().min(1).max(100).optional().describe('Shards of the stream on this machine. By default 2.'),
    }),
  )
  .describe('Events that are put into streams before a run, each once.');

/** Applies the defaults. Says nothing of validity: see `streamProblems`. */
export function resolveStreams(
  streams: Readonly<Record<string, StreamDeclaration>>,
  datasets: readonly Dataset[],
): Stream[] {
  return Object.entries(streams).map(([name, declared]) => {
    const { table, eventTime, maxBehind } = declared;
    const dataset = datasets.find((one) => `${one.zone}.${one.name}` === table);
    return {
      name,
      table,
      eventTime,
      partitionKey: declared.partitionKey ?? dataset?.key[0] ?? eventTime,
      onInvalid: declared.onInvalid ?? 'quarantine',
      maxRecordKb: declared.maxRecordKb ?? 1024,
      maxAheadSeconds: secondsOf(declared.maxAhead ?? '5 minutes')!,
      ...(maxBehind === undefined ? {} : { maxBehindSeconds: secondsOf(maxBehind)! }),
      windows: Object.entries(declared.windows ?? {}).map(([window, of]) => resolveWindow(window, of)),
    };
  });
}

function resolveWindow(name: string, declared: WindowDeclaration): Window {
  const { size, every = size, watermark = '5 minutes', groupBy = [], filter, into } = declared;
  return {
    name,
    sizeSeconds: secondsOf(size)!,
    everySeconds: secondsOf(every)!,
    watermarkSeconds: secondsOf(watermark)!,
    groupBy,
    ...(filter === undefined ? {} : { filter }),
    measures: Object.entries(declared.measures).map(([column, text]) => measureOf(column, text)),
    into: typeof into === 'string' ? { kind: 'iceberg', table: into } : { kind: 'postgres', table: into.postgres },
  };
}

function measureOf(name: string, text: string): Measure {
  const [, plain, aggregate, column] = measurePattern.exec(text) ?? [];
  return plain === undefined
    ? { name, function: aggregate as Measure['function'], column: column! }
    : { name, function: plain as Measure['function'] };
}

/** Tables that streams fill, by their ids: those of events, and those of results. */
export function streamedTables(streams: Readonly<Record<string, StreamDeclaration>> = {}): Set<string> {
  return new Set(
    Object.values(streams).flatMap(({ table, windows = {} }) => [
      table,
      ...Object.values(windows).flatMap(({ into }) => (typeof into === 'string' ? [into] : [])),
    ]),
  );
}
