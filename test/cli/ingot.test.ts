import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutOf } from '../../lib/local/layout';
import type { RunReport } from '../../lib/local/report/report';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import { platformJsonSchema } from '../../lib/platform/schema';
import { planPlatform } from '../../lib/sizing/plan';
import { ingot, ingotProcess } from './ingot';

let folder: string;
/** A platform that `init` wrote and that has run once; tests copy it. */
let shop: string;
let firstRun: Awaited<ReturnType<typeof ingot>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot cli-'));
  shop = join(folder, 'shop');
  expect(await ingot(['init', 'shop'], { cwd: folder })).toMatchObject({ code: 0 });
  firstRun = await ingotProcess(['run', 'shop'], { cwd: folder });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const copies: string[] = [];
async function copy(): Promise<string> {
  const to = join(folder, `copy-${copies.length}`);
  copies.push(to);
  await cp(shop, to, { recursive: true, filter: (path) => !path.includes('.ingot') });
  return to;
}
const edit = async (file: string, change: (text: string) => string) =>
  writeFile(file, change(await readFile(file, 'utf8')));
const query = async (platform: string, sql: string) =>
  JSON.parse((await ingot(['query', sql, '--platform', platform, '--json'])).out);

const silver = 'select * from silver.orders order by order_id';
const gold = 'select * from gold.fct_daily_sales order by day, country';

describe('help and mistakes', () => {
  test('every command has help with an example', async () => {
    const { out, code } = await ingotProcess(['--help']);
    expect(code).toBe(0);
    const commands = [...out.matchAll(/^ {2}(\w+) (?:\[options\]|\[)/gm)]
      .map((match) => match[1]!)
      .filter((name) => name !== 'help');
    expect(commands).toEqual([
      'init',
      'suggest',
      'check',
      'run',
      'land',
      'cdc',
      'migrate',
      'query',
      'search',
      'stream',
      'diff',
      'plan',
      'synth',
      'dag',
      'lock',
      'dump',
      'restore',
      'erase',
      'handle',
      'runtime',
    ]);
    for (const help of await Promise.all(commands.map((command) => ingot([command, '--help'])))) {
      expect(help).toMatchObject({ code: 0, err: '' });
      expect(help.out).toMatch(/Examples?:\n {2}/);
      expect(help.out).toContain('--json');
    }
  });

  test.each([
    [['rum'], 'Did you mean run?'],
    [['run', '--gruop', 'x'], 'Did you mean --group?'],
    [['query'], "missing required argument 'sql'"],
    [['synth', '--engine', 'cloudfront'], 'Allowed choices are cloudformation, terraform'],
    [['synth', '--engine', 'terraform', '-c', 'x'], 'It must be key=value.'],
    [['land', 'x.csv'], '--as'],
    [['run', '--range', 'yesterday'], 'given "yesterday"; allowed: YYYY-MM-DD..YYYY-MM-DD'],
    [['run', 'nowhere'], 'holds no platform.yaml'],
    [['query', 'select 1', '--rows', '0'], 'must be a whole number from 1, given "0"'],
    [['diff', 'a.yaml', 'b.yaml'], 'a.yaml: there is no such file'],
  ])('%j ends with 2 and says %j', async (args, said) => {
    const { code, out, err } = await ingot(args, { cwd: shop });
    expect(err).toContain(said);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});

describe('init', () => {
  test('refuses a folder that holds something, and writes nothing there', async () => {
    const { code, err } = await ingot(['init', shop]);
    expect(err).toContain('must be empty for a new platform; it holds');
    expect(code).toBe(2);
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'mine.txt'), '');
    expect((await ingot(['init', '.'], { cwd: other })).code).toBe(2);
    expect(await readdir(other)).toEqual(['mine.txt']);
  });

  test('refuses a folder in which the platform could not run, and writes nothing', async () => {
    const { code, err } = await ingot(['init', 'Größe mit Blank/mein Shöp'], { cwd: folder });
    expect(err).toMatch(
      /mein Shöp: must lie in a folder whose path is of ASCII characters.*given ö ß; give another folder/,
    );
    expect(code).toBe(2);
    expect(await readdir(folder)).not.toContain('Größe mit Blank');
  });

  test('tells editors by which schema they complete platform.yaml', async () => {
    const [first] = (await readFile(join(shop, 'platform.yaml'), 'utf8')).split('\n');
    expect(first).toBe('# yaml-language-server: $schema=platform.schema.json');
    expect(JSON.parse(await readFile(join(shop, 'platform.schema.json'), 'utf8'))).toEqual(platformJsonSchema());
  });

  test('refuses a name that the platform could not have', async () => {
    const { code, err } = await ingot(['init', join(folder, 'never'), '--name', 'x23456789012345678901']);
    expect(err).toContain('--name: must be 2 to 20 lower-case letters');
    expect(code).toBe(2);
    expect(await readdir(folder)).not.toContain('never');
  });

  test('names the platform after its folder, whatever that is called, and what it writes is valid', async () => {
    const { out } = await ingot(['init', '42 Big Shops!', '--json'], { cwd: folder });
    expect(JSON.parse(out).platform).toBe('big-shops');
    expect(await ingot(['check', '42 Big Shops!'], { cwd: folder })).toMatchObject({ code: 0, err: '' });
  });

  test.each([
    ['small', 'duckdb', []],
    ['medium', 'duckdb', []],
    ['large', 'spark', ['--engine', 'duckdb']],
  ] as const)('--preset %s writes a platform whose tables are for %s', async (preset, engine, more) => {
    const place = `preset-${preset}`;
    const { out } = await ingot(['init', place, '--preset', preset], { cwd: folder });
    expect(out).toContain(['Next: ingot run', place, ...more].join(' '));
    expect(await readFile(join(folder, place, 'README.md'), 'utf8')).toContain(
      `\n    ${['ingot run', ...more].join(' ')}\n`,
    );
    const { manifest } = await loadPlatform(join(folder, place));
    const { groups } = planPlatform(manifest);
    expect(groups.flatMap(({ tables }) => tables.map((table) => table.engine))).toEqual([engine, engine]);
    expect(manifest.database !== undefined).toBe(preset === 'small');
  });
});

describe('check --engine spark', () => {
  test('refuses a model that Spark has no words for, with file and line, or says that nobody could look', async () => {
    const platform = await copy();
    const model = join(platform, 'models/fct_daily_sales.sql');
    const sql = await readFile(model, 'utf8');
    await writeFile(model, sql.replace('  country,\n', "  regexp_replace(country, 'a', 'b') as country,\n"));
    expect(await ingot(['check', platform])).toMatchObject({ code: 0, err: '' });
    const { code, out, err } = await ingot(['check', platform, '--engine', 'spark']);
    if (err.includes('NOT CHECKED')) {
      process.stderr.write(`\nSKIPPED: what Spark has no words for: ${err}\n`);
      expect(code).toBe(0);
      return;
    }
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('models/fct_daily_sales.sql:3: Spark has no counterpart: regexp_replace');
  });
});

describe('suggest', () => {
  test('writes a contract that a platform takes as it is, and that the file passes', async () => {
    const platform = await copy();
    const file = join(platform, 'data/countries.csv');
    await writeFile(
      file,
      `Code,Größe,since\n${['DE', 'FR', 'PT'].map((code, i) => `${code},${i}.5,200${i}-01-01`).join('\n')}\n`,
    );
    const { code, out, err } = await ingot(['suggest', file]);
    expect({ code, err }).toEqual({ code: 0, err: '✓ countries: 3 rows, 3 columns, key code\n' });
    expect(out).toMatch(/^# Proposed from countries.csv, 3 rows/);

    await writeFile(join(platform, 'contracts/countries.odcs.yaml'), out);
    expect((await ingot(['check', platform])).out).toContain('3 tables');
    await ingot(['land', file, '--as', 'countries', '--platform', platform]);
    expect((await ingot(['run', platform])).err).toContain('✓ Loaded silver.countries: 3 rows merged (');
  });

  test('takes a name and a zone, gives JSON, and says what it cannot look at', async () => {
    const file = join(folder, 'x.jsonl');
    await writeFile(file, '{"a": 1}\n');
    const { out } = await ingot(['suggest', file, '--name', 'films', '--zone', 'gold', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      rows: 1,
      contract: { id: 'films', customProperties: [{ property: 'zone', value: 'gold' }], schema: [{ name: 'films' }] },
    });
    expect(await ingot(['suggest', join(folder, 'gone.csv')])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/gone.csv: is not there/),
    });
    expect(await ingot(['suggest', file, '--name', 'My Films'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/my_films would do/),
    });
    expect(await ingot(['suggest', folder])).toMatchObject({ code: 2, err: expect.stringMatching(/is no file/) });
  });
});

describe('check', () => {
  test('counts what a valid platform has', async () => {
    const { out } = await ingot(['check', shop, '--json']);
    expect(JSON.parse(out)).toMatchObject({ valid: true, platform: 'shop', zones: 3, tables: 2, models: 1, groups: 1 });
  });

  test('tells of a file that ingot run would miss, and of a package', async () => {
    const platform = await copy();
    await edit(join(platform, 'platform.yaml'), (text) =>
      text
        .replace('data/orders.csv', 'data/order.csv')
        .replace(/$/, '    - file: npm:no-such-package/a.csv\n      as: orders\n'),
    );
    const { code, err } = await ingot(['check', platform]);
    expect(err.split('\n')).toEqual([
      expect.stringContaining('platform.yaml local.land[0].file: is not there'),
      expect.stringContaining('platform.yaml local.land: names a file of the npm package no-such-package'),
      '',
    ]);
    expect(code).toBe(0);
  });

  test('says every problem of every file, a line each, and ends with 2', async () => {
    const platform = await copy();
    await edit(join(platform, 'platform.yaml'), (text) => text.replace('rate(1 day)', 'daily'));
    await edit(join(platform, 'contracts/orders.odcs.yaml'), (text) =>
      text.replace('logicalType: integer', 'logicalType: integr'),
    );
    const { code, out, err } = await ingot(['check', platform]);
    expect(out).toBe('');
    expect(err).toMatch(/platform\.yaml:\d+ .*daily/);
    expect(err).toMatch(/orders\.odcs\.yaml:\d+ .*integr.*integer/);
    expect(code).toBe(2);
    const { problems } = JSON.parse((await ingot(['check', platform, '--json'])).err);
    expect(problems.length).toBeGreaterThanOrEqual(2);
  });
});

describe('run', () => {
  test('loads, judges, models and publishes; says what came out, and writes the report', async () => {
    expect(firstRun).toMatchObject({ code: 0 });
    expect(firstRun.err).toContain('✓ Loaded silver.orders: 11 rows merged, 1 row to quarantine');
    expect(firstRun.out).toMatch(/silver\.orders +11 /);
    expect(firstRun.out).toMatch(/silver\.orders +quantity\.range +1 +quantity is not at least 1/);
    expect(firstRun.out).toContain('shop is up to date');
    expect(firstRun.out + firstRun.err).not.toContain('\u001b');
    const page = await readFile(join(shop, '.ingot/report.html'), 'utf8');
    expect(page).toContain('quantity is not at least 1');
  });

  test('the answer to a rule says how many rows its load kept out of the table', async () => {
    const [answer] = await query(shop, "select message from ops.quality_results where rule = 'quantity.range'");
    expect(answer.message).toBe('none of 11 rows fails; the last load sent 1 to quarantine');
  });

  test('again is a no-op, and says so in a plain sentence', async () => {
    const before = await query(shop, 'select count(*) as n from silver.orders');
    const { code, out } = await ingot(['run', shop]);
    expect(out).toContain('Nothing new');
    expect(code).toBe(0);
    expect(await query(shop, 'select count(*) as n from silver.orders')).toEqual(before);
  });

  test('after a file has landed it processes only that file', async () => {
    const platform = await copy();
    await ingot(['run', platform]);
    const more = join(folder, 'more.csv');
    await writeFile(
      more,
      'order_id,ordered_at,customer,country,quantity,unit_price\n2001,2026-01-06T00:00:00Z,Eve,FR,1,5.00\n',
    );
    expect(await ingot(['land', more, '--as', 'orders', '--platform', platform])).toMatchObject({ code: 0 });
    const { err } = await ingot(['run', platform]);
    expect(err).toContain('Found 1 file to load');
    expect(err).toContain('Loaded silver.orders: 1 row merged');
    expect(await query(platform, 'select count(*) as n from silver.orders')).toEqual([{ n: 12 }]);
    expect((await ingot(['land', more, '--as', 'orders', '--platform', platform])).out).toContain('is there already');
  });

  test('compacts a table once it has many files, says so, and takes that for no news', async () => {
    const platform = await copy();
    await ingot(['run', platform]);
    const { manifest } = await loadPlatform(platform);
    const { services, close } = await openWorkbench(manifest, layoutOf(platform));
    // A file for each day.
    await services.lake.run(`INSERT INTO ${services.lake.name('shop_silver', 'orders_quarantine')} (quarantined_at, run, batch, file, row_number, reasons)
      SELECT now() - to_days(n::INTEGER), 'r', 1, 'f', n, [] FROM range(60) AS days(n)`);
    await close();
    const { err, out } = await ingot(['run', platform]);
    expect(err).toMatch(/Table shop_silver\.orders_quarantine: 6\d files were compacted into 6[01]/);
    expect(out).toContain('Nothing new');
    expect((await ingot(['run', platform])).err).not.toContain('compacted');
    expect(await query(platform, 'select count(*) as n from silver.orders_quarantine')).toEqual([{ n: 61 }]);
  });

  test('that a gate stops ends with 1 and names table, rule and what to do; the next one does not call it well', async () => {
    const platform = await copy();
    await edit(join(platform, 'data/orders.csv'), (text) => text.replaceAll(/,\d+,([\d.]+)$/gm, ',-1,$1'));
    const { code, out, err } = await ingot(['run', platform, '--json']);
    const report = JSON.parse(out) as RunReport;
    expect(report.runs[0]!.failures).toContainEqual({
      what: 'silver.orders',
      why: expect.stringContaining('rule quarantine.share failed'),
      todo: expect.stringContaining('contracts/orders.odcs.yaml'),
    });
    expect({ code, err }).toEqual({ code: 1, err: '' });
    const again = await ingot(['run', platform]);
    expect(again.out).toMatch(/✗ silver\.orders: rule quarantine\.share failed/);
    expect(again.code).toBe(1);
  });

  test('whose Spark does not start says what that lacks, and does not send anybody to the files', async () => {
    const before = process.env.JAVA_HOME;
    process.env.JAVA_HOME = '/nope';
    try {
      const { code, out } = await ingot(['run', await copy(), '--engine', 'spark', '--json']);
      expect((JSON.parse(out) as RunReport).runs[0]!.failures).toContainEqual({
        what: 'silver.orders',
        why: expect.stringContaining('JAVA_HOME must name Java 17 or newer, given "/nope"'),
        todo: 'Put right what JAVA_HOME names, then run again.',
      });
      expect(code).toBe(1);
    } finally {
      if (before === undefined) delete process.env.JAVA_HOME;
      else process.env.JAVA_HOME = before;
    }
  });

  test('that a broken file stops ends with 1 and names it; once it is right the same run goes on', async () => {
    const platform = await copy();
    await edit(join(platform, 'models/fct_daily_sales.sql'), (text) =>
      text.replace(
        'sum(quantity * unit_price)',
        "sum(quantity * unit_price) / (case when error('no luck today') then 1 end)",
      ),
    );
    const failed = await ingot(['run', platform]);
    expect(failed.out).toMatch(/✗ fct_daily_sales: .*no luck today/);
    expect(failed.out).toContain('Correct models/fct_daily_sales.sql, then run again.');
    expect(failed.code).toBe(1);
    expect(await readdir(join(platform, '.ingot/dead-letters'))).toHaveLength(1);
    await cp(join(shop, 'models'), join(platform, 'models'), { recursive: true });
    const { code, err } = await ingot(['run', platform]);
    expect(err).toContain('Found 1 model to run');
    expect(code).toBe(0);
  });

  test('twice at once: the second waits, says so, and finds nothing new', async () => {
    const platform = await copy();
    const runs = await Promise.all([ingotProcess(['run', platform]), ingotProcess(['run', platform])]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(runs.filter(({ out }) => out.includes('Nothing new'))).toHaveLength(1);
    expect(runs.filter(({ err }) => err.includes('Another run is at work'))).toHaveLength(1);
    expect(await query(platform, 'select count(*) as n from silver.orders')).toEqual([{ n: 11 }]);
  });

  test('that is killed at any step is repaired by the next one', async () => {
    const expected = await Promise.all([query(shop, silver), query(shop, gold)]);
    for (const step of ['Landing files', 'Loaded', 'Ran fct']) {
      const platform = await copy();
      const killed = await ingotProcess(['run', platform], { killAfter: step });
      expect(killed.code).toBeNull();
      const { code, err } = await ingot(['run', platform]);
      expect(err).not.toContain('Another run is at work');
      expect(code).toBe(0);
      expect(await Promise.all([query(platform, silver), query(platform, gold)])).toEqual(expected);
    }
  }, 300_000);

  test('over broken files keeps what is good, and shows every reason without letting the data in', async () => {
    const platform = await copy();
    const header = 'order_id,ordered_at,customer,country,quantity,unit_price';
    const files = {
      'noise.csv': Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]),
      'empty.csv': '',
      'ragged.csv': `${header}\n3001,2026-01-07T00:00:00Z,A,FR\n3002,2026-01-07T00:00:00Z,B,FR,1,2,3\n`,
      'hostile.csv': `${header}\n3003,2026-01-07T00:00:00Z,<script>alert(1)</script>,FR,1,<img src=x>\n`,
      'wide.csv': `${header},gate\n3004,2026-01-07T00:00:00Z,C,FR,1,2.00,G1\n`,
    };
    const paths = Object.keys(files).map((name) => join(platform, name));
    for (const [name, content] of Object.entries(files)) await writeFile(join(platform, name), content);
    await ingot(['land', ...paths, '--as', 'orders', '--platform', platform]);
    const { code, out } = await ingot(['run', platform]);
    expect(out).toMatch(/✗ silver\.orders: rule quarantine\.share failed: 5 of the 17 rows/);
    expect(code).toBe(1);
    expect(await query(platform, 'select count(*) as n from silver.orders')).toEqual([{ n: 12 }]);
    const page = await readFile(join(platform, '.ingot/report.html'), 'utf8');
    for (const said of ['noise.csv', 'row.unreadable', '&lt;img src=x&gt;', 'unknown column &quot;gate&quot;'])
      expect(page).toContain(said);
    expect(page).not.toMatch(/<script|<img/);
  });

  test('for a range loads the files of those days again, and nothing is there twice', async () => {
    const platform = await copy();
    await ingot(['run', platform]);
    const before = await Promise.all([query(platform, silver), query(platform, gold)]);
    const { code, err } = await ingot(['run', platform, '--range', '2026-01-05..2026-01-05']);
    expect(err).toContain('Found 1 file to load');
    expect(code).toBe(0);
    expect(await Promise.all([query(platform, silver), query(platform, gold)])).toEqual(before);
    expect((await ingot(['run', platform, '--range', '2025-01-01..2025-12-31'])).out).toContain('Nothing new');
  });

  test('in which nothing is new does not hide a gate that the last one failed', async () => {
    const platform = await copy();
    await ingot(['run', platform]);
    const refused = join(folder, 'refused.csv');
    const rows = await readFile(join(platform, 'data/orders.csv'), 'utf8');
    await writeFile(refused, rows.replace('order_id,', 'id,'));
    await ingot(['land', refused, '--as', 'orders', '--platform', platform]);
    expect((await ingot(['run', platform])).code).toBe(1);
    const { code, out } = await ingot(['run', platform]);
    expect(out).toMatch(/Nothing new: .*\n✗ silver\.orders still fails quarantine\.share: 12 of the 12 rows/);
    expect(code).toBe(1);
  });

  test('of a folder that was moved, or lost files, says so and how to make the tables anew, which works', async () => {
    const platform = join(folder, 'moved');
    await cp(shop, platform, { recursive: true });
    const moved = await ingot(['run', platform]);
    expect(moved.err).toContain(`${platform}/.ingot: was made for the platform in ${shop}, where its tables have`);
    expect(moved.err).toContain(`remove ${platform}/.ingot/catalog to make all tables anew`);
    expect(moved.code).toBe(2);
    await rm(join(platform, '.ingot/catalog'), { recursive: true });
    expect((await ingot(['run', platform])).code).toBe(0);
    await rm(join(platform, '.ingot/lake/silver'), { recursive: true });
    expect((await ingot(['query', silver, '--platform', platform])).err).toMatch(
      /has lost files of .* is gone; remove/,
    );
    await rm(join(platform, '.ingot/catalog'), { recursive: true });
    expect((await ingot(['run', platform])).code).toBe(0);
    expect(await query(platform, silver)).toEqual(await query(shop, silver));
  });

  test('that cannot change several tables says each in a line, and what can be done on this machine', async () => {
    const platform = await copy();
    await ingot(['run', platform]);
    await edit(join(platform, 'contracts/orders.odcs.yaml'), (text) =>
      text.replace('logicalType: integer', 'logicalType: string'),
    );
    await edit(join(platform, 'contracts/fct_daily_sales.odcs.yaml'), (text) =>
      text.replace('logicalType: integer', 'logicalType: string'),
    );
    await edit(join(platform, 'models/fct_daily_sales.sql'), (text) => text.replace('count(*)', 'count(*)::varchar'));
    const { code, err } = await ingot(['run', platform]);
    expect(err.match(/✗ Table shop_(silver\.orders|gold\.fct_daily_sales) cannot be changed into/g)).toHaveLength(2);
    expect(err).toContain('remove .ingot/catalog beside platform.yaml');
    expect(code).toBe(1);
  });

  test('can be taken apart: each function answers an event from a file', async () => {
    const platform = await copy();
    await ingot(['run', platform]);
    const event = join(folder, 'event.json');
    const answer = async (name: string, sent: object) => {
      await writeFile(event, JSON.stringify({ run: 'by-hand', group: 'sales', ...sent }));
      const { code, out, err } = await ingot(['handle', name, event, '--platform', platform]);
      if (code !== 0) throw new Error(err);
      return JSON.parse(out);
    };
    const range = { from: '2026-01-05', to: '2026-01-05' };
    const plan = await answer('ingest', { action: 'plan', range });
    const [{ batch }] = plan.tables[0].batches;
    expect(plan).toMatchObject({ empty: false, tables: [{ table: 'silver.orders' }] });
    expect(await answer('ingest', { action: 'load', table: 'silver.orders', batch })).toMatchObject({
      status: 'loaded',
      rows: { read: 12, quarantined: 1 },
    });
    expect(await answer('quality', { table: 'silver.orders' })).toMatchObject({ table: 'silver.orders', passed: true });
    expect(await answer('transform', { model: 'fct_daily_sales' })).toMatchObject({ model: 'fct_daily_sales' });
    const startedAt = '2026-01-06T00:00:00.000Z';
    expect(await answer('publish', { startedAt })).toMatchObject({ group: 'sales' });
    expect(await answer('publish', { action: 'probe' })).toMatchObject({ group: 'sales' });
    expect(await answer('retain', {})).toMatchObject({ group: 'sales' });
    await writeFile(event, '[]');
    const refused = await ingot(['handle', 'quality', event, '--platform', platform]);
    expect(refused).toMatchObject({ code: 2, err: `✗ ${event}: must hold one JSON object, the event\n` });
  });

  test('for a group that is not there names those that are', async () => {
    const { code, err } = await ingot(['run', shop, '--group', 'sale']);
    expect(err).toContain('given "sale"; allowed: sales; did you mean sales?');
    expect(code).toBe(2);
  });
});

describe('query', () => {
  test('answers as a table, as JSON and as CSV', async () => {
    const sql = "select order_id, customer, null as gone from silver.orders where customer like '%O''Hara'";
    const [table, json, csv] = await Promise.all(
      [[], ['--json'], ['--csv']].map((more) => ingot(['query', sql, '--platform', shop, ...more])),
    );
    expect(table!.out).toBe("order_id  customer    gone\n────────  ──────────  ────\n    1006  Tom O'Hara  NULL\n");
    expect(JSON.parse(json!.out)).toEqual([{ order_id: 1006, customer: "Tom O'Hara", gone: null }]);
    expect(csv!.out).toBe("order_id,customer,gone\r\n1006,Tom O'Hara,\r\n");
  });

  test.each([
    'drop table lake.shop_silver.orders',
    'select 1; select 2',
    'commit; drop table lake.shop_silver.orders',
    "copy (select 1) to 'x'",
    '',
  ])('refuses %j: it is no single question', async (sql) => {
    const { code, err } = await ingot(['query', sql, '--platform', shop]);
    expect(err).toContain('must be one question');
    expect(code).toBe(2);
  });

  test('of a platform that has not run yet says how to run it', async () => {
    const { code, err } = await ingot(['query', 'select 1', '--platform', await copy()]);
    expect(err).toMatch(/has no tables yet on this machine: ingot run /);
    expect(code).toBe(1);
  });

  test('says what is wrong with SQL in one line', async () => {
    const { code, err } = await ingot(['query', 'from silver.ordrs', '--platform', shop]);
    expect(err).toMatch(/^✗ SQL: .*ordrs does not exist! Did you mean "orders"\?.*\n$/);
    expect(code).toBe(2);
  });

  test('shows control characters of data instead of writing them', async () => {
    const { out } = await ingot(['query', "select chr(27) || '[31mred' as x", '--platform', shop]);
    expect(out).toContain('\\u001b[31mred');
    expect(out).not.toContain('\u001b');
  });
});

test('dag writes one file of Python with a DAG for each group, and says which variables it reads', async () => {
  const out = join(folder, 'airflow', 'shop.py');
  const { code, out: said } = await ingot(['dag', shop, '--out', out, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(said)).toEqual({
    file: out,
    dags: ['shop-sales'],
    variables: ['ingot_shop_notices', 'ingot_shop_dead_letters'],
  });
  expect(await readFile(out, 'utf8')).toMatch(/dag_id="shop-sales"/);
});

describe('diff', () => {
  test('a breaking change without a new major version ends with 1, with one it is fine', async () => {
    const [old, now] = [join(shop, 'contracts/orders.odcs.yaml'), join(folder, 'now.yaml')];
    const broken = (await readFile(old, 'utf8')).replace(/ {6}- name: country[\s\S]*?required: true\n/, '');
    await writeFile(now, broken);
    const { code, out } = await ingot(['diff', old, now]);
    expect(out).toMatch(/✗ breaking .*country/);
    expect(out).toContain('must be at least 2.0.0');
    expect(code).toBe(1);
    await writeFile(now, broken.replace('version: 1.0.0', 'version: 2.0.0'));
    expect(await ingot(['diff', old, now])).toMatchObject({ code: 0 });
    expect(JSON.parse((await ingot(['diff', old, old, '--json'])).out)).toMatchObject({ changes: [], breaking: false });
  });
});

describe('synth', () => {
  test.each(['cloudformation', 'terraform'])(
    'as %s without the native runtime and the package of jobs says at once how to get both, and writes nothing',
    async (engine) => {
      const platform = await copy();
      await appendFile(join(platform, 'platform.yaml'), '\nengine: spark\n');
      const { code, err } = await ingot(['synth', platform, '--engine', engine], { cwd: folder });
      const problems = err.split('\n').filter((line) => line.includes('which is not there'));
      expect(problems).toEqual([
        expect.stringMatching(/\/arm64\.zip, which is not there; write it with: npx ingot runtime --arch arm64$/),
        expect.stringMatching(
          /\/spark-arm64\.zip, which is not there; write it with: npx ingot runtime --spark --arch arm64$/,
        ),
      ]);
      expect(code).toBe(2);
      expect((await readdir(folder)).filter((name) => name.endsWith('.out'))).toEqual([]);
    },
  );

  test.each([
    ['cloudformation', 'shop.template.json', 'Resources'],
    ['terraform', 'stacks/shop/cdk.tf.json', 'resource'],
  ])(
    'writes the platform as %s',
    async (engine, file, resources) => {
      const [cwd, out] = [join(folder, engine), join(folder, engine, 'out')];
      await mkdir(join(cwd, '.ingot/runtime'), { recursive: true });
      await writeFile(join(cwd, '.ingot/runtime/arm64.zip'), 'stands for the runtime');
      const args = ['synth', shop, '--engine', engine, '--out', out, '--json'];
      const answer = await ingot(args, { cwd });
      expect(answer).toMatchObject({ code: 0 });
      expect(JSON.parse(answer.out)).toMatchObject({ engine, stack: 'shop' });
      const written = JSON.parse(await readFile(join(out, file), 'utf8'));
      expect(Object.keys(written[resources]).length).toBeGreaterThan(10);
    },
    300_000,
  );
});

test('synth lets data be deleted with its stack where platform.yaml and the context both say so', async () => {
  const cwd = join(folder, 'deletable');
  await cp(shop, cwd, { recursive: true });
  await appendFile(join(cwd, 'platform.yaml'), 'deploy: { removal: delete }\n');
  await mkdir(join(cwd, '.ingot/runtime'), { recursive: true });
  await writeFile(join(cwd, '.ingot/runtime/arm64.zip'), 'stands for the runtime');
  const args = ['synth', '--engine', 'cloudformation', '--json'];
  const { code, err } = await ingot(args, { cwd });
  expect(err).toContain('must be retain unless the context says ingot:allow-data-deletion=true as well');
  expect(code).toBe(2);
  expect(await ingot([...args, '-c', 'ingot:allow-data-deletion=true'], { cwd })).toMatchObject({ code: 0 });
  expect(await readFile(join(cwd, 'cdk.out/shop.template.json'), 'utf8')).toContain('"DeletionPolicy": "Delete"');
});

describe('runtime', () => {
  test('with --if-missing leaves a zip that is there alone', async () => {
    const file = join(folder, 'runtime/x86_64.zip');
    await mkdir(join(folder, 'runtime'), { recursive: true });
    await writeFile(file, 'is there');
    const { code, out } = await ingot([
      'runtime',
      '--arch',
      'x86_64',
      '--out',
      join(folder, 'runtime'),
      '--if-missing',
      '--json',
    ]);
    expect({ code, answer: JSON.parse(out) }).toEqual({ code: 0, answer: { file, written: false } });
    expect(await readFile(file, 'utf8')).toBe('is there');
  });
});
