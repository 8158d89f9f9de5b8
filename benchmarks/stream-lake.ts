import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column, Dataset } from '../lib/contract/dataset';
import { layoutOf } from '../lib/local/layout';
import { localStreamServices } from '../lib/local/streams';
import { openWorkbench } from '../lib/local/workbench';
import type { Manifest } from '../lib/platform/manifest';
import { resolveZones } from '../lib/platform/zones';
import { memoryParkedKeys } from '../lib/stream/parked';
import type { StreamRecord } from '../lib/stream/record';
import type { StreamServices } from '../lib/stream/services';
import type { Stream, Window } from '../lib/stream/stream';
import { makeTables } from '../lib/tables/make';

/** Opens a lake with a stream of events, as often as `work` asks, each time as another process would. */
export async function inLake<T>(
  key: readonly string[],
  windows: readonly Window[],
  work: (open: () => Promise<StreamServices>) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-stream-'));
  const layout = layoutOf(folder);
  const manifest = manifestOf(key, windows);
  const parked = memoryParkedKeys();
  const opened: { close(): Promise<void> }[] = [];
  try {
    const open = async () => {
      const workbench = await openWorkbench(manifest, layout);
      opened.push(workbench);
      if (opened.length === 1) await makeTables(workbench.services);
      return { ...localStreamServices(workbench.services, layout), parked };
    };
    return await work(open);
  } finally {
    for (const one of opened) await one.close();
    rmSync(folder, { recursive: true });
  }
}

const column = (name: string, type: Column['type'], required = true): Column => ({
  name,
  type,
  required,
  tags: [],
  sourceColumns: [name],
});

/** By user and type of event. */
export const perMinute: Window = {
  name: 'per-minute',
  sizeSeconds: 60,
  everySeconds: 60,
  watermarkSeconds: 300,
  groupBy: ['user', 'event_type'],
  filter: "event_type <> 'heartbeat'",
  measures: [
    { name: 'events', function: 'count' },
    { name: 'amount', function: 'sum', column: 'amount' },
    { name: 'most', function: 'max', column: 'amount' },
  ],
  into: { kind: 'iceberg', table: 'gold.per_minute' },
};
/** Five minutes by user, a new window every minute. */
export const sliding: Window = {
  ...perMinute,
  name: 'sliding',
  sizeSeconds: 300,
  groupBy: ['user'],
  into: { kind: 'iceberg', table: 'gold.sliding' },
};

export const streamOf = (windows: readonly Window[]): Stream => ({
  name: 'events',
  table: 'silver.events',
  eventTime: 'happened_at',
  partitionKey: 'user',
  onInvalid: 'quarantine',
  maxRecordKb: 1024,
  maxAheadSeconds: 300,
  windows,
});

function dataset(
  zone: string,
  name: string,
  columns: readonly Column[],
  key: readonly string[],
  more: Partial<Dataset> = {},
): Dataset {
  return {
    name,
    zone,
    contract: { id: name, version: '1.0.0' },
    columns,
    key,
    partitionBy: [],
    sortBy: [],
    rules: [],
    history: 'current',
    maxQuarantinePercent: 10,
    sla: {},
    owners: [],
    tags: [],
    roles: [],
    ...more,
  };
}

function manifestOf(key: readonly string[], windows: readonly Window[]): Manifest {
  const events = dataset(
    'silver',
    'events',
    [
      column('id', 'string'),
      column('user', 'string'),
      column('event_type', 'string'),
      column('happened_at', 'timestamptz'),
      column('amount', 'long', false),
      column('page', 'string', false),
    ],
    key,
    {
      source: { zone: 'bronze', prefix: 'events', format: 'json' },
      rules: [
        { name: 'id.required', type: 'notNull', column: 'id', dimension: 'completeness', severity: 'error' },
        {
          name: 'event_type.known',
          type: 'acceptedValues',
          column: 'event_type',
          values: ['click', 'buy', 'view', 'heartbeat'],
          dimension: 'validity',
          severity: 'error',
        },
        { name: 'amount.range', type: 'range', column: 'amount', min: 0, dimension: 'validity', severity: 'error' },
      ],
    },
  );
  const results = windows.map((window) =>
    dataset(
      'gold',
      window.name.replaceAll('-', '_'),
      [
        column('window_start', 'timestamptz'),
        column('window_end', 'timestamptz'),
        ...window.groupBy.map((group) => column(group, 'string')),
        column('events', 'long'),
        column('amount', 'long', false),
        column('most', 'long', false),
      ],
      ['window_start', ...window.groupBy],
    ),
  );
  return {
    name: 'bench',
    zones: resolveZones('bench'),
    datasets: [events, ...results],
    models: [],
    groups: [],
    ops: { database: 'bench_ops', zone: 'silver' },
    streams: [streamOf(windows)],
  };
}

const start = Date.UTC(2026, 0, 1);
const kinds = ['click', 'buy', 'view', 'heartbeat'];

/** A thousand users, a hundred events a second, each with a body of some 200 bytes. */
export function recordsOf(shard: string, from: number, count: number): StreamRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const user = `user-${(n * 7919) % 1000}`;
    const body = {
      id: `${shard}-${n}`,
      user,
      event_type: kinds[n % 4],
      happened_at: new Date(start + n * 10).toISOString(),
      amount: n % 100,
      page: `https://shop.example.com/products/${n % 5000}?from=search&position=${n % 40}`,
    };
    return {
      shard,
      sequence: String(n + 1),
      key: user,
      data: Buffer.from(JSON.stringify(body)),
      arrived: start + n * 10,
    };
  });
}
