import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import { DuckdbError, openDuckdb } from '../../lib/runtime/duckdb';
import { strippedLibrary } from '../../lib/runtime/elf';
import { readEnvironment } from '../../lib/runtime/environment';
import { type ExtensionSource, findExtensions } from '../../lib/runtime/extensions';
import { jsonLog } from '../../lib/runtime/log';
import { localObjects } from '../../lib/runtime/objects';
import { zipBytes } from '../../lib/runtime/zip';

const root = join(__dirname, '../..');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ingot-runtime-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('DuckDB', () => {
  test('gives 64-bit integers as bigint, decimals as strings, timestamps as ISO 8601 whatever the zone of the process', async () => {
    const duckdb = await openDuckdb();
    const [row] = await duckdb.query(
      `
      SELECT 9007199254740993 AS long, 1.50::DECIMAL(9, 2) AS decimal, TIMESTAMP '2001-02-03 04:05:06.5' AS ts,
        TIMESTAMPTZ '2001-02-03 04:05:06+02' AS tz, [{x: 1::BIGINT}] AS nested, DATE '2001-02-03' AS day, NULL AS nothing,
        $p AS parameter, current_setting('TimeZone') AS zone`,
      { p: "O'Hare" },
    );
    expect(row).toEqual({
      long: 9007199254740993n,
      decimal: '1.50',
      ts: '2001-02-03T04:05:06.5',
      tz: '2001-02-03T02:05:06Z',
      nested: [{ x: 1n }],
      day: '2001-02-03',
      nothing: null,
      parameter: "O'Hare",
      zone: 'UTC',
    });
    duckdb.close();
  });

  test('TRY catches an error of an expression that stands twice', async () => {
    const duckdb = await openDuckdb();
    const rows = await duckdb.query(
      "SELECT TRY(strptime(t, '%Y')) AS once, TRY(year(strptime(t, '%Y'))) AS twice FROM (VALUES ('x'), ('y')) AS v(t)",
    );
    expect(rows).toEqual([
      { once: null, twice: null },
      { once: null, twice: null },
    ]);
    duckdb.close();
  });

  test('says of an error what kind it is', async () => {
    const duckdb = await openDuckdb();
    const failing = duckdb.query('SELECT nowhere');
    await expect(failing).rejects.toBeInstanceOf(DuckdbError);
    await expect(failing).rejects.toMatchObject({ kind: 'Binder' });
    duckdb.close();
  });
});

describe('DuckDB’s extensions', () => {
  const build = { version: 'v1.5.5', platform: 'linux_amd64' };
  const gives =
    (text: string): ExtensionSource =>
    async (name) =>
      Buffer.from(`${text} ${name}`);
  const fails: ExtensionSource = async () => {
    throw new Error('no way out');
  };

  test('are fetched once into the cache, from the first source that has them', async () => {
    const asked: string[] = [];
    const counting: ExtensionSource = async (name) => {
      asked.push(name);
      return Buffer.from(name);
    };
    const find = () =>
      findExtensions(['avro', 'iceberg'], build, { cache: folder, sources: { first: fails, second: counting } });
    const files = await find();
    expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(['avro', 'iceberg']);
    expect(await find()).toEqual(files);
    expect(asked).toEqual(['avro', 'iceberg']);
  });

  test('are whole, whoever fetches them at the same time', async () => {
    const find = () => findExtensions(['avro'], build, { cache: folder, sources: { only: gives('whole') } });
    const found = await Promise.all(Array.from({ length: 8 }, find));
    expect(new Set(found.flat()).size).toBe(1);
    expect(readdirSync(join(folder, 'v1.5.5/linux_amd64'))).toEqual(['avro.duckdb_extension']);
  });

  test('come first from the folder that INGOT_DUCKDB_EXTENSIONS names', async () => {
    const mine = join(folder, 'mine');
    mkdirSync(mine);
    writeFileSync(join(mine, 'avro.duckdb_extension'), 'mine');
    process.env.INGOT_DUCKDB_EXTENSIONS = mine;
    try {
      const files = await findExtensions(['avro'], build, { cache: folder, sources: { never: fails } });
      expect(files).toEqual([join(mine, 'avro.duckdb_extension')]);
    } finally {
      delete process.env.INGOT_DUCKDB_EXTENSIONS;
    }
  });

  test('that cannot be had are explained in one sentence for each way out', async () => {
    const finding = findExtensions(['iceberg'], build, { cache: folder, sources: { host: fails, pip: fails } });
    await expect(finding).rejects.toThrow(
      /needs its extension "iceberg" for linux_amd64.*host: no way out; pip: no way out.*pip download duckdb-extension-iceberg==1\.5\.5.*INGOT_DUCKDB_EXTENSIONS/,
    );
  });
});

describe('objects on this machine', () => {
  const uri = (path: string) => pathToFileURL(join(folder, path)).href;
  const listed = async (prefix: string) => {
    const uris: string[] = [];
    for await (const object of localObjects.list(prefix)) uris.push(object.uri);
    return uris;
  };

  test('are listed by prefix in the order of their URIs, as S3 lists keys', async () => {
    for (const path of ['a/b/c.txt', 'a/b-c.txt', 'a/b.txt', 'a/x y.txt', 'ab/d.txt'])
      await localObjects.write(uri(path), path);
    expect(await listed(`${uri('a')}/`)).toEqual(['a/b-c.txt', 'a/b.txt', 'a/b/c.txt', 'a/x y.txt'].map(uri));
    expect(await listed(uri('a'))).toHaveLength(5);
    expect(await listed(`${uri('nowhere')}/`)).toEqual([]);
  });

  test('have another ETag once they are changed, and none where they are not there', async () => {
    await localObjects.write(uri('f'), 'one');
    const before = await localObjects.head(uri('f'));
    await localObjects.write(uri('f'), 'two');
    utimesSync(join(folder, 'f'), 1, 1);
    expect((await localObjects.head(uri('f')))?.etag).not.toBe(before?.etag);
    expect((await localObjects.read(uri('f'))).toString()).toBe('two');
    expect(await localObjects.head(uri('g'))).toBeUndefined();
    expect(await localObjects.head(uri('f/g'))).toBeUndefined();
  });
});

describe('the environment of a handler', () => {
  const valid = {
    INGOT_ZONES: '{"bronze":"s3://b","silver":"s3://s"}',
    INGOT_CATALOG_URI: 'https://glue.eu-west-1.amazonaws.com/iceberg',
    INGOT_WAREHOUSE: '123456789012',
    AWS_REGION: 'eu-west-1',
  };

  test('is read with its defaults', () => {
    expect(readEnvironment(valid)).toEqual({
      manifestFile: '/opt/ingot/manifest.json',
      zones: { bronze: 's3://b', silver: 's3://s' },
      catalog: {
        uri: 'https://glue.eu-west-1.amazonaws.com/iceberg',
        warehouse: '123456789012',
        auth: { kind: 'sigv4', region: 'eu-west-1', service: 'glue' },
      },
      queues: {},
      limits: { memory: undefined, threads: undefined, tempFolder: undefined },
    });
    expect(readEnvironment({ ...valid, INGOT_CATALOG_AUTH: 'none', AWS_REGION: undefined }).catalog.auth).toEqual({
      kind: 'none',
    });
  });

  test('that is wrong is told of whole', () => {
    const wrong = {
      INGOT_ZONES: '{"bronze":"b/"}',
      INGOT_CATALOG_URI: 'glue',
      INGOT_CATALOG_AUTH: 'sigv5',
      INGOT_QUEUES: '[]',
      INGOT_DUCKDB_THREADS: '0',
      INGOT_DUCKDB_MEMORY: 'much',
    };
    expect(() => readEnvironment(wrong)).toThrow(
      [
        'environment INGOT_ZONES: the root of bronze must begin with s3:// or file:// and end without a slash; given b/',
        'environment INGOT_QUEUES: must be a JSON object of groups and queue URLs; given []',
        'environment INGOT_CATALOG_URI: must be a URL; given glue',
        "environment INGOT_WAREHOUSE: must be set to the account's id, or the warehouse of another catalog",
        'environment INGOT_CATALOG_AUTH: must name how requests are signed; given "sigv5"; allowed: none, sigv4; did you mean sigv4?',
        'environment INGOT_DUCKDB_MEMORY: must be a size with its unit, for example 4GB; given much',
        'environment INGOT_DUCKDB_THREADS: must be a whole number above 0; given 0',
      ].join('\n'),
    );
  });
});

test('a log line is JSON, from its level upwards, with 64-bit integers and errors', () => {
  const lines: string[] = [];
  const log = jsonLog((line) => lines.push(line), 'info');
  log.debug('hidden');
  log.warn('seen', { rows: 9007199254740993n, error: new TypeError('bad') });
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      level: 'warn',
      message: 'seen',
      rows: '9007199254740993',
      error: expect.objectContaining({ name: 'TypeError', message: 'bad' }),
    }),
  ]);
});

describe('what is shipped to Lambda has the same bytes', () => {
  test('a zip: in whatever order its entries come, on any day', () => {
    const [a, b] = [Buffer.from('a'), Buffer.from('b')];
    const zip = zipBytes({ 'x/a': a, b });
    expect(zipBytes({ b, 'x/a': a })).toEqual(zip);
    expect(createHash('sha256').update(zip).digest('hex')).toMatchInlineSnapshot(
      `"fc766c6f9f82d89ea8fd95adc5a9a398102b0a43780c350950d00e4e85d87efc"`,
    );
    expect(Object.keys(unzipSync(zip))).toEqual(['b', 'x/a']);
  });

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('DuckDB without its symbols is smaller by a seventh, and runs', () => {
    const bindings = dirname(require.resolve('@duckdb/node-bindings/package.json'));
    const native = `node-bindings-linux-${process.arch}`;
    const modules = join(folder, 'node_modules/@duckdb');
    cpSync(dirname(bindings), modules, { recursive: true });
    const library = join(modules, native, 'libduckdb.so');
    const whole = readFileSync(library);
    const stripped = strippedLibrary(whole);
    expect(stripped.length).toBeLessThan((whole.length * 6) / 7);
    expect(Buffer.compare(strippedLibrary(stripped), stripped)).toBe(0);
    writeFileSync(library, stripped);
    const count =
      "require('@duckdb/node-api').DuckDBConnection.create().then((c) => c.runAndReadAll('SELECT sum(i)::INT FROM range(10) t(i)')).then((r) => console.log(r.getRows()[0][0]))";
    const env = { PATH: process.env.PATH, NODE_PATH: join(root, 'node_modules') };
    expect(execFileSync(process.execPath, ['-e', count], { cwd: folder, env }).toString()).toBe('45\n');
    expect(() => strippedLibrary(Buffer.alloc(100))).toThrow('not a 64-bit little-endian ELF file');
  });
});
