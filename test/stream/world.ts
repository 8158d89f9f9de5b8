import type { Dataset } from '../../lib/contract/dataset';
import type { Objects, Row } from '../../lib/runtime/services';
import { identifier } from '../../lib/sql/quote';
import { duckdbType } from '../../lib/sql/types';
import { type Consumed, consume } from '../../lib/stream/consume';
import { memoryParkedKeys, type ParkedKeys } from '../../lib/stream/parked';
import { stateColumns, stateTable } from '../../lib/stream/partials';
import type { StreamRecord } from '../../lib/stream/record';
import type { StreamServices } from '../../lib/stream/services';
import type { Stream, Window } from '../../lib/stream/stream';
import { type Step, stepping, steppingLake } from '../faults/dying';
import { column, dataset, source } from '../ingest/datasets';
import { manifestOf, memoryLake } from '../transform/memory-lake';

/** Events of a shop: who did what, when, for how much. */
export const events: Dataset = dataset(
  'events',
  [
    column('id', 'string', { required: true }),
    column('user', 'string', { required: true }),
    column('event_type', 'string', { required: true }),
    column('at', 'timestamptz', { required: true }),
    column('amount', 'long'),
    column('code', 'string'),
  ],
  {
    key: ['id'],
    source: source('json', { prefix: 'events' }),
    rules: [
      ...dataset('x', [column('id', 'string', { required: true }), column('user', 'string', { required: true })]).rules,
      {
        name: 'event_type.known',
        type: 'acceptedValues',
        column: 'event_type',
        values: ['click', 'buy', 'heartbeat'],
        dimension: 'validity',
        severity: 'error',
      },
      // A rule that fails itself where the code is no number: no one can say whether the event is good.
      {
        name: 'code.positive',
        type: 'expression',
        expression: 'CAST(code AS INTEGER) >= 0',
        dimension: 'validity',
        severity: 'error',
      },
    ],
  },
);

export const perMinute: Window = {
  name: 'per-minute',
  sizeSeconds: 60,
  everySeconds: 60,
  watermarkSeconds: 300,
  groupBy: ['user', 'event_type'],
  filter: "event_type <> 'heartbeat'",
  measures: [
    { name: 'events', function: 'count' },
    { name: 'late', function: 'late' },
    { name: 'amount', function: 'sum', column: 'amount' },
    { name: 'mean', function: 'avg', column: 'amount' },
    { name: 'least', function: 'min', column: 'amount' },
    { name: 'most', function: 'max', column: 'amount' },
  ],
  into: { kind: 'iceberg', table: 'gold.per_minute' },
};

/** Five minutes, a new one every minute. */
export const sliding: Window = {
  ...perMinute,
  name: 'sliding',
  sizeSeconds: 300,
  groupBy: ['user'],
  into: { kind: 'iceberg', table: 'gold.sliding' },
};

export const resultOf = (window: Window, name: string): Dataset =>
  dataset(
    name,
    [
      column('window_start', 'timestamptz', { required: true }),
      column('window_end', 'timestamptz', { required: true }),
      ...window.groupBy.map((group) => column(group, 'string', { required: true })),
      column('events', 'long'),
      column('late', 'long'),
      column('amount', 'long'),
      column('mean', 'double'),
      column('least', 'long'),
      column('most', 'long'),
    ],
    { zone: 'gold', key: ['window_start', ...window.groupBy] },
  );

export const clicks: Stream = {
  name: 'clicks',
  table: 'silver.events',
  eventTime: 'at',
  partitionKey: 'user',
  onInvalid: 'quarantine',
  maxRecordKb: 64,
  maxAheadSeconds: 300,
  windows: [perMinute, sliding],
};

export interface World {
  readonly services: StreamServices;
  readonly metrics: { name: string; value: number }[];
  readonly objects: Map<string, Buffer>;
  consume(records: readonly StreamRecord[], services?: StreamServices): Promise<Consumed>;
  rows<R extends Row>(table: string, order?: string): Promise<R[]>;
  close(): Promise<void>;
}

/** A stream over tables of DuckDB's own, in memory. */
export async function world(stream: Stream = clicks, table: Dataset = events): Promise<World> {
  const results = [resultOf(perMinute, 'per_minute'), resultOf(sliding, 'sliding')];
  const manifest = { ...manifestOf([table, ...results]), streams: [stream] };
  const states = stream.windows.map((window) => [
    stateTable(stream, window),
    stateColumns(window, table)
      .map(({ name, type }) => `${identifier(name)} ${duckdbType(type)}`)
      .join(', '),
  ]);
  const { services, lake, metrics, rows } = await memoryLake(manifest, Object.fromEntries(states));
  await lake.run(`CREATE TABLE ${lake.name('test_silver', `${table.name}_quarantine`)} (quarantined_at TIMESTAMPTZ, run VARCHAR, batch BIGINT,
    file VARCHAR, row_number BIGINT, reasons STRUCT("rule" VARCHAR, "column" VARCHAR, "message" VARCHAR)[], raw VARCHAR)`);
  const objects = new Map<string, Buffer>();
  const all: StreamServices = { ...services, objects: memoryObjects(objects), parked: memoryParkedKeys() };
  return {
    services: all,
    metrics,
    objects,
    consume: (records, given = all) => consume(records, stream, given),
    rows,
    close: () => lake.close(),
  };
}

function memoryObjects(held: Map<string, Buffer>): Objects {
  return {
    async *list(prefix: string) {
      for (const uri of [...held.keys()].sort())
        if (uri.startsWith(prefix))
          yield { uri, size: held.get(uri)!.length, etag: '1', modified: '2026-01-01T00:00:00Z' };
    },
    head: async () => undefined,
    read: async (uri: string) => held.get(uri)!,
    stream: async () => [],
    write: async (uri: string, body: string | Buffer) => void held.set(uri, Buffer.from(body)),
  } as unknown as Objects;
}

export class Crash extends Error {}

/** Services that die once `steps` calls to the world outside are done. */
export function dying(services: StreamServices, steps: number): StreamServices {
  let left = steps;
  const step: Step = async (work) => {
    const result = await work();
    left -= 1;
    if (left === 0) throw new Crash();
    return result;
  };
  return {
    ...services,
    lake: steppingLake(services.lake, [], step),
    objects: stepping<Objects>(services.objects, ['write'], step),
    parked: stepping<ParkedKeys>(services.parked, ['put', 'remove'], step),
  };
}
