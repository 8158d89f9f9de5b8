import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from '../../lib/ingest/load';
import { plan } from '../../lib/ingest/plan';
import { collectedMetrics } from '../../lib/runtime/local';
import { column, dataset, source } from './datasets';
import { run, TestPlatform } from './platform';

const events = dataset('events', [column('id', 'int', { required: true }), column('name', 'string')], {
  key: ['id'],
  source: source('csv'),
});
const appended = dataset('appended', [column('id', 'int')], { source: source('json', { prefix: 'appended' }) });

let platform: TestPlatform;
beforeEach(async () => {
  platform = await TestPlatform.start([events, appended]);
});
afterEach(() => platform.stop());

describe('a file that arrives is planned, loaded and merged once', () => {
  test('types, keeps the last row of a key, sends bad rows to quarantine', async () => {
    const uri = platform.land('events', 'a.csv', 'id,name\n1,one\nx,bad\n2,two\n1,again\n', 1);
    const { planned, results } = await run(platform.services);
    expect(planned).toMatchObject({
      empty: false,
      tables: [{ table: 'silver.events', batches: [{ batch: 1, files: 1 }] }],
    });
    expect(results).toEqual([
      {
        table: 'silver.events',
        batch: 1,
        status: 'loaded',
        rows: { read: 4, merged: 2, quarantined: 1, duplicates: 1 },
        drift: [],
      },
    ]);
    expect(await platform.content('test_silver', 'events')).toEqual([
      '{"id":1,"name":"again"}',
      '{"id":2,"name":"two"}',
    ]);
    expect((await platform.content('test_silver', 'events_quarantine')).map((row) => JSON.parse(row))).toEqual([
      {
        quarantined_at: '2001-02-01T00:00:00Z',
        run: 'run-1',
        batch: 1,
        file: uri,
        row_number: 2,
        reasons: [
          { rule: 'id.type', column: 'id', message: 'id cannot be read as int: x' },
          { rule: 'id.required', column: 'id', message: 'id is missing' },
        ],
        raw: '{"id":"x","name":"bad"}',
      },
    ]);
  });

  test('running again finds nothing new; a second file is loaded alone, and replaces rows of its keys', async () => {
    platform.land('events', 'a.csv', 'id,name\n1,one\n2,two\n', 1);
    await run(platform.services);
    expect((await run(platform.services, 'run-2')).planned).toMatchObject({ tables: [], staleModels: [] });
    platform.land('events', 'b.csv', 'id,name\n2,TWO\n3,three\n', 2);
    const { results } = await run(platform.services, 'run-3');
    expect(results).toMatchObject([{ batch: 2, rows: { read: 2, merged: 2, quarantined: 0, duplicates: 0 } }]);
    expect(await platform.content('test_silver', 'events', 'name')).toEqual([
      '{"name":"TWO"}',
      '{"name":"one"}',
      '{"name":"three"}',
    ]);
  });

  test('rows that come again unchanged make no new snapshot, so that no model runs for them', async () => {
    platform.land('events', 'a.csv', 'id,name\n1,one\n2,\n', 1);
    await run(platform.services);
    const before = await platform.services.lake.snapshotId('test_silver', 'events');
    platform.land('events', 'b.csv', 'id,name\n2,\n1,one\n', 2);
    const { results } = await run(platform.services, 'run-2');
    expect(results).toMatchObject([{ status: 'loaded', rows: { read: 2, merged: 2 } }]);
    expect(await platform.services.lake.snapshotId('test_silver', 'events')).toBe(before);
  });

  test('of many files one batch and one commit is made, the last changed file wins', async () => {
    platform.land('events', 'z-first.csv', 'id,name\n1,first\n', 1);
    platform.land('events', 'a-last.csv', 'id,name\n1,last\n', 2);
    platform.land('appended', 'x.json', '{"id":1}\n{"id":1}\n', 3);
    const { planned } = await run(platform.services);
    expect(planned.tables.map(({ table, batches }) => [table, batches.length])).toEqual([
      ['silver.events', 1],
      ['silver.appended', 1],
    ]);
    expect(await platform.content('test_silver', 'events', 'name')).toEqual(['{"name":"last"}']);
    expect(await platform.content('test_silver', 'appended')).toEqual(['{"id":1}', '{"id":1}']);
  });

  test('a file that holds no row, and one that cannot be read, are settled as any other', async () => {
    platform.land('events', 'empty.csv', '', 1);
    platform.land('appended', 'cut.json', '[{"id":1}, {', 1);
    const { results } = await run(platform.services);
    expect(results.map(({ rows }) => rows)).toEqual([
      { read: 0, merged: 0, quarantined: 0, duplicates: 0 },
      { read: 1, merged: 0, quarantined: 1, duplicates: 0 },
    ]);
    expect((await run(platform.services, 'run-2')).planned.empty).toBe(true);
    expect(await platform.content('test_silver', 'appended_quarantine', 'row_number, reasons[1].rule AS rule')).toEqual(
      ['{"row_number":0,"rule":"file.unreadable"}'],
    );
  });

  test('what is too much for DuckDB is measured; what is Spark’s is not, and comes in larger batches', async () => {
    const { services, manifest } = platform;
    const [gb, root] = [1024 ** 3, `${services.zones.bronze}/events/source=x/date=2026-01-01`];
    const planned = async (engine: 'duckdb' | 'spark', files: readonly number[]) => {
      async function* take() {
        for (const n of files)
          yield {
            object: { uri: `${root}/${n}.csv`, size: 7 * gb, etag: `${n}`, modified: `2026-01-01T00:00:0${n}Z` },
            done: async () => {},
          };
      }
      const metrics = collectedMetrics('test');
      const engines = { ...manifest, engine: { default: engine } };
      const around = { ...services, metrics, arrivals: { take }, manifest: engines };
      const { tables } = await plan({ action: 'plan', group: 'all', run: engine }, around);
      return { files: tables[0]?.batches.map((batch) => batch.files), metrics: metrics.values };
    };
    expect(await planned('duckdb', [1, 2, 3])).toMatchObject({
      files: [1, 1, 1],
      metrics: [{ name: 'LargestInput', value: 21, dimensions: { Platform: 'test', Group: 'all' } }],
    });
    expect(await planned('spark', [4, 5, 6])).toMatchObject({ files: [1, 1, 1, 3], metrics: [] });
  });

  test('markers and hidden files are no data', async () => {
    for (const name of ['_SUCCESS', '.a.csv.crc']) platform.land('events', name, 'id\nx\n', 1);
    expect((await run(platform.services)).planned.empty).toBe(true);
  });
});

test('with history, a row that differs becomes the next version, from the time at which its batch was planned', async () => {
  const history = dataset('versions', events.columns, {
    key: ['id'],
    history: 'scd2',
    source: source('csv', { prefix: 'versions' }),
  });
  const services = await platform.with(history);
  platform.land('versions', 'a.csv', 'id,name\n1,one\n2,two\n', 1);
  await run(services);
  platform.land('versions', 'b.csv', 'id,name\n1,ONE\n2,two\n', 2);
  await run({ ...services, clock: { now: () => Date.UTC(2001, 2, 1) } }, 'run-2');
  expect((await platform.content('test_silver', 'versions')).map((row) => Object.values(JSON.parse(row)))).toEqual([
    [1, 'ONE', '2001-03-01T00:00:00Z', null, true],
    [1, 'one', '2001-02-01T00:00:00Z', '2001-03-01T00:00:00Z', false],
    [2, 'two', '2001-02-01T00:00:00Z', null, true],
  ]);
});

describe('what must not happen is refused', () => {
  test('a file that changed or vanished after it was planned is named', async () => {
    const changed = platform.land('events', 'a.csv', 'id,name\n1,one\n', 1);
    const gone = platform.land('events', 'b.csv', 'id,name\n1,one\n', 1);
    await plan({ action: 'plan', group: 'all', run: 'r' }, platform.services);
    platform.land('events', 'a.csv', 'id,name\n1,other\n', 2);
    rmSync(fileURLToPath(gone));
    const loading = load({ action: 'load', table: 'silver.events', batch: 1, run: 'r' }, platform.services);
    await expect(loading).rejects.toThrow(`${changed} has changed`);
    await expect(loading).rejects.toThrow(`${gone} is gone`);
    expect(await platform.content('test_silver', 'events')).toEqual([]);
  });

  test('batches of a table are loaded in their order, and only those that were planned', async () => {
    for (const [i, name] of ['a.csv', 'b.csv'].entries()) {
      platform.land('events', name, `id,name\n1,${name}\n`, i);
      await plan({ action: 'plan', group: 'all', run: `r${i}` }, platform.services);
    }
    const batch = (n: number) =>
      load({ action: 'load', table: 'silver.events', batch: n, run: 'r' }, platform.services);
    await expect(batch(2)).rejects.toThrow('Batch 2 of silver.events cannot be loaded before batch 1');
    await expect(batch(3)).rejects.toThrow(/before batch 1/);
    await batch(1);
    await batch(2);
    await expect(batch(3)).rejects.toThrow('Batch 3 of silver.events was never planned; its last one is 2');
    expect(await batch(1)).toMatchObject({ status: 'repeated', rows: { read: 0, merged: 0 } });
    expect(await platform.content('test_silver', 'events', 'name')).toEqual(['{"name":"b.csv"}']);
  });

  test('a backfill takes files of its dates again, once a run; without a key it is refused', async () => {
    platform.land('events', 'a.csv', 'id,name\n1,one\n', 1, '2001-01-01');
    platform.land('events', 'b.csv', 'id,name\n2,two\n', 1, '2001-01-02');
    await run(platform.services);
    const backfill = () =>
      plan({ action: 'plan', group: 'all', run: 'back', range: { from: '2001-01-02', to: '2001-01-31' } }, services);
    const { appended: _, ...services } = { appended: 0, ...platform.services };
    await expect(backfill()).rejects.toThrow(/silver.appended has no primary key/);
    const keyed = {
      ...services,
      manifest: { ...platform.manifest, groups: [{ ...platform.manifest.groups[0]!, ingests: ['silver.events'] }] },
    };
    const again = () =>
      plan({ action: 'plan', group: 'all', run: 'back', range: { from: '2001-01-02', to: '2001-01-31' } }, keyed);
    const expected = [{ table: 'silver.events', batches: [{ batch: 2, files: 1, bytes: 14 }] }];
    expect((await again()).tables).toEqual(expected);
    expect((await again()).tables).toEqual(expected);
    await load({ action: 'load', table: 'silver.events', batch: 2, run: 'back' }, keyed);
    expect(await platform.content('test_silver', 'events')).toHaveLength(2);
  });
});
