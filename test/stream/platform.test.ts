import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { main } from '../../lib/cli/main';
import { runPlatform } from '../../lib/local/run';
import { loadPlatform } from '../../lib/platform/load';
import { contractFile, type Files, inFolder, problemsOf } from '../platform/folder';
import { clicksContract, key, required } from './deploy/platform';

const contracts: Files = {
  'contracts/clicks.odcs.yaml': clicksContract,
  'contracts/fct_clicks.odcs.yaml': contractFile('fct_clicks', 'gold', {
    window_start: key('timestamp', 1),
    window_end: required('timestamp'),
    user: key('string', 2),
    event_type: key('string', 3),
    events: 'integer',
    mean: 'number',
  }),
};

const yaml = (streams: string, more = '') => `name: shop\nstreams:\n${streams}${more}`;
const window = `        per-minute:
          size: 1 minute
          watermark: 5 minutes
          groupBy: [user, event_type]
          filter: event_type <> 'heartbeat'
          measures: { events: count, mean: avg(amount) }
          into: gold.fct_clicks
`;
const clicks = (windows: string, more = '') =>
  `  clicks:\n    table: silver.clicks\n    eventTime: happened_at\n${more}    windows:\n${windows.replaceAll(/^ {2}/gm, '')}`;
const platform = (streams: string, more = ''): Files => ({ ...contracts, 'platform.yaml': yaml(streams, more) });

test('a platform of a stream and a window is resolved whole, with every default', async () => {
  await inFolder({ ...platform(clicks(window)), ...gold }, async (folder) => {
    const { manifest } = await loadPlatform(folder);
    expect(manifest.streams).toEqual([
      {
        name: 'clicks',
        table: 'silver.clicks',
        eventTime: 'happened_at',
        partitionKey: 'id',
        onInvalid: 'quarantine',
        maxRecordKb: 1024,
        maxAheadSeconds: 300,
        windows: [
          {
            name: 'per-minute',
            sizeSeconds: 60,
            everySeconds: 60,
            watermarkSeconds: 300,
            groupBy: ['user', 'event_type'],
            filter: "event_type <> 'heartbeat'",
            measures: [
              { name: 'events', function: 'count' },
              { name: 'mean', function: 'avg', column: 'amount' },
            ],
            into: { kind: 'iceberg', table: 'gold.fct_clicks' },
          },
        ],
      },
    ]);
    // What streams fill is not ingested from files besides, or each row would come twice.
    expect(manifest.groups[0]).toMatchObject({ ingests: [], streamed: ['silver.clicks', 'gold.fct_clicks'] });
  });
});

const gold: Files = {};

describe('what does not fit is said, all of it at once', () => {
  const cases: readonly [string, string, readonly RegExp[]][] = [
    [
      'names that are not there',
      clicks(window).replace('silver.clicks', 'silver.click'),
      [
        /streams\.clicks\.table: must be a table that a contract declares; given "silver.click"; .*did you mean silver.clicks\?/,
      ],
    ],
    [
      'a time that is none',
      clicks(window).replace('eventTime: happened_at', 'eventTime: user'),
      [/streams\.clicks\.eventTime: must be a column of type timestamp; given "user"; allowed: happened_at/],
    ],
    [
      'a window that does not fit its contract',
      clicks(
        window
          .replace('size: 1 minute', 'size: 1 minute\n          every: 25 seconds')
          .replace('avg(amount)', 'avg(user)')
          .replace('[user, event_type]', '[user, amount]')
          .replace("event_type <> 'heartbeat'", 'kind = 1'),
      ),
      [
        /windows\.per-minute\.every: must divide the size; given 25 s, and a size of 60 s/,
        /windows\.per-minute\.groupBy\[1\]: must be required by the contract; amount is not/,
        /windows\.per-minute\.measures\.mean: must be of a column that has a avg; given "user"; allowed: amount/,
        /windows\.per-minute\.into: must have the primary key window_start, user, amount/,
        /windows\.per-minute\.into: must have every column of the result; gold.fct_clicks lacks amount/,
        /windows\.per-minute\.into: must have no other columns than the result; gold.fct_clicks has event_type/,
        /windows\.per-minute\.filter: must be a condition that fits silver.clicks: Referenced column "kind" not found/,
      ],
    ],
    [
      'words',
      clicks(window.replace('size: 1 minute', 'size: soon').replace('events: count', 'events: median(amount)')),
      [
        /size: must be a length of time such as 30 seconds, 5 minutes or 1 hour; given "soon"/,
        /events: must be count, late, or sum, avg, min or max of a column, for example avg\(delay\); given "median\(amount\)"/,
      ],
    ],
    [
      'two that fill one table',
      `${clicks(window)}  again:\n    table: silver.clicks\n    eventTime: happened_at\n`,
      [/streams\.again\.table: must be a table of its own; clicks fills silver.clicks too/],
    ],
  ];
  test.each(cases)('%s', async (_, streams, expected) => {
    const problems = await problemsOf(platform(streams));
    for (const one of expected) expect(problems.join('\n')).toMatch(one);
    expect(problems.length).toBe(expected.length);
  });

  test('results that go to PostgreSQL, of a stream of Spark', async () => {
    const into = window.replace('into: gold.fct_clicks', 'into: { postgres: user_metrics }');
    const fed = { 'contracts/clicks.odcs.yaml': clicksContract };
    const of = (engine: string) =>
      problemsOf({ ...fed, 'platform.yaml': yaml(clicks(into), `database: {}\n${engine}`) });
    const wrong =
      'must not be spark for silver.clicks: results of its stream clicks go to PostgreSQL (per-minute), which jobs of Spark do not reach; say engine.tables.silver.clicks: duckdb, or write them to tables';
    expect(await of('engine: spark\n')).toEqual([`platform.yaml:15 engine: ${wrong}`]);
    expect(await of('engine: { default: spark }\n')).toEqual([`platform.yaml:15 engine.default: ${wrong}`]);
    expect(await of('engine: { tables: { silver.clicks: spark } }\n')).toEqual([
      `platform.yaml:15 engine.tables.silver.clicks: ${wrong}`,
    ]);
    expect(await of('engine: { default: spark, tables: { silver.clicks: duckdb } }\n')).toEqual([]);
  });

  test('a file for a stream that is not there', async () => {
    const problems = await problemsOf(
      platform(clicks(window), 'local:\n  streams:\n    - file: events.jsonl\n      into: click\n'),
    );
    expect(problems).toEqual([
      'platform.yaml:17 local.streams[0].into: must be a stream; given "click"; allowed: clicks; did you mean clicks?',
    ]);
  });
});

test('a run feeds declared events through the consumer, a second one only what is new; commands put, release and replay', async () => {
  const line = (id: string, minute: number, more: object = {}) =>
    `${JSON.stringify({ id, user: 'ann', event_type: 'click', happened_at: `2026-01-01T10:0${minute}:00Z`, amount: 2, ...more })}\n`;
  const files = {
    ...platform(
      clicks(window, '    partitionKey: user\n    onInvalid: park\n'),
      'local:\n  streams:\n    - file: events.jsonl\n      into: clicks\n',
    ),
    'events.jsonl': line('1', 1) + line('2', 1, { event_type: 'heartbeat' }) + line('3', 2),
  };
  await inFolder(files, async (folder) => {
    const report = await runPlatform(folder);
    expect(report.status).toBe('succeeded');
    const change = (table: string) => report.tables.find((one) => one.table === table)?.change;
    expect(change('silver.clicks')).toBe('3 events of stream clicks');
    expect(change('gold.fct_clicks')).toBe('2 events in windows, 0 too late');
    expect(report.tables.find(({ table }) => table === 'gold.fct_clicks')?.count).toBe(2);
    expect((await runPlatform(folder)).status).toBe('nothing-new');
    appendFileSync(join(folder, 'events.jsonl'), line('4', 2));
    expect((await runPlatform(folder)).tables.find(({ table }) => table === 'silver.clicks')?.count).toBe(4);

    const ingot = async (...args: string[]) => {
      let [out, err] = ['', ''];
      const colors = new Proxy({}, { get: () => (text: string) => text }) as never;
      const output = (write: (text: string) => void) => ({ write, colors, isLive: false, columns: 80 });
      const io = {
        out: output((text) => {
          out += text;
        }),
        err: output((text) => {
          err += text;
        }),
      };
      const code = await main([...args, '--platform', folder], io);
      return { code, out, err };
    };
    const more = join(folder, 'more.jsonl');
    mkdirSync(dirname(more), { recursive: true });
    writeFileSync(more, line('5', 3, { amount: 'many' }) + line('6', 3) + line('7', 3, { user: 'bob' }));
    expect(await ingot('stream', 'put', 'clicks', more)).toMatchObject({
      code: 0,
      out: '3 put; 1 in quarantine, 2 wait\n',
    });
    expect((await ingot('stream', 'parked', 'clicks')).out).toBe(
      'ann: amount.type: amount cannot be read as int: many\n',
    );
    const stopped = await ingot('stream', 'release', 'clicks', 'ann');
    expect(stopped).toMatchObject({ code: 1 });
    expect(stopped.out).toMatch(/^ann is still stopped: record shard-\d\/\d: amount.type: /);
    expect(await ingot('stream', 'release', 'clicks', 'ann', '--skip')).toMatchObject({
      code: 0,
      out: 'ann goes on: 1 applied, 1 in quarantine\n',
    });
    // Since yesterday: a midnight may have come between.
    const [from, to] = [-1, 0].map((day) => new Date(Date.now() + day * 86_400_000).toISOString().slice(0, 10));
    expect(await ingot('stream', 'replay', 'clicks', `${from}..${to}`)).toMatchObject({
      code: 0,
      out: '7 events of 3 files: 0 rows changed, 1 refused\n',
    });
    expect(await ingot('stream', 'relase', 'clicks')).toMatchObject({ code: 2 });
    expect((await ingot('stream', 'put', 'click', more)).err).toContain('did you mean clicks?');
    expect((await ingot('query', 'select count(*) as n from silver.clicks', '--csv')).out).toBe('n\r\n6\r\n');
  });
});
