import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Column, Rule, Source } from '../../lib/contract/dataset';
import { type Staged, stage } from '../../lib/ingest/stage';
import { type Duckdb, openDuckdb } from '../../lib/runtime/duckdb';
import { localObjects } from '../../lib/runtime/objects';
import { list, literal } from '../../lib/sql/quote';
import { column, dataset, source } from './datasets';

const columns: readonly Column[] = [
  column('id', 'int', { required: true }),
  column('name', 'string'),
  column('at', 'timestamp'),
];

let duckdb: Duckdb;
let folder: string;
beforeAll(async () => {
  duckdb = await openDuckdb();
  folder = mkdtempSync(join(tmpdir(), 'ingot-stage-'));
});
afterAll(() => {
  duckdb.close();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Buffer): { uri: string; size: number } {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { uri: pathToFileURL(path).href, size: statSync(path).size };
}

/** A file that DuckDB writes itself. */
async function written(name: string, select: string, options: string): Promise<{ uri: string; size: number }> {
  const path = join(folder, name);
  await duckdb.run(`COPY (${select}) TO ${literal(path)} (${options})`);
  return { uri: pathToFileURL(path).href, size: statSync(path).size };
}

interface Seen {
  good: string[];
  bad: { file: number; row: number; reasons: string[]; raw: string | null }[];
  drift: readonly string[];
}

/** Stages files and gives back good rows as short texts, bad ones with their reasons. */
async function staged(
  from: Source,
  files: readonly { uri: string; size: number }[],
  of: readonly Column[] = columns,
): Promise<Seen> {
  const result = await stage(dataset('events', of), from, files, 'test', { lake: duckdb, objects: localObjects });
  const seen = await look(result, of);
  await result.drop();
  return seen;
}

async function look({ rows, rejects, drift }: Staged, of: readonly Column[]): Promise<Seen> {
  const cells = of.map((c) => `coalesce("${c.name}"::VARCHAR, '-')`).join(', ');
  const good = await duckdb.query<{ row: string }>(
    `SELECT concat_ws(' ', ${cells}) AS row FROM ${rows} WHERE _ingot_reasons IS NULL ORDER BY _ingot_file, rowid`,
  );
  const bad = await duckdb.query<{ file: number; row: bigint; reasons: string[]; raw: string | null }>(`
    SELECT _ingot_file AS file, rowid - (SELECT min(rowid) FROM ${rows} AS o WHERE o._ingot_file = r._ingot_file) + 1 AS row,
      list_transform(_ingot_reasons, lambda r: concat(r.rule, ': ', r.message)) AS reasons, _ingot_raw AS raw
    FROM ${rows} AS r WHERE _ingot_reasons IS NOT NULL
    UNION ALL
    SELECT file, row_number, list_transform(reasons, lambda r: concat(r.rule, ': ', r.message)), raw FROM ${rejects}
    ORDER BY ALL`);
  return { good: good.map(({ row }) => row), bad: bad.map((b) => ({ ...b, row: Number(b.row) })), drift };
}

describe('every format and packing gives the same rows', () => {
  const text = 'id,name,at\n1,a,2001-01-01 10:00:00\n2,"b, ""c""",\n';
  const lines = '{"id":1,"name":"a","at":"2001-01-01T10:00:00"}\n{"id":"2","name":"b, \\"c\\""}\n';
  const array = `[${lines.trim().replace('\n', ',\n')}]`;
  const select = `SELECT 1 AS id, 'a' AS name, TIMESTAMP '2001-01-01 10:00:00' AS at UNION ALL SELECT 2, 'b, "c"', NULL`;
  const rows = ['1 a 2001-01-01 10:00:00', '2 b, "c" -'];

  test.each([
    ['CSV', () => staged(source('csv'), [file('a.csv', text)])],
    ['CSV with Windows line ends', () => staged(source('csv'), [file('w.csv', text.replaceAll('\n', '\r\n'))])],
    ['CSV with a byte order mark', () => staged(source('csv'), [file('bom.csv', `\uFEFF${text}`)])],
    ['CSV, gzip', () => staged(source('csv'), [file('a.csv.gz', gzipSync(text))])],
    [
      'CSV, zstd',
      async () => staged(source('csv'), [await written('a.csv.zst', select, 'FORMAT csv, COMPRESSION zstd')]),
    ],
    [
      'CSV without header',
      () => staged(source('csv', { header: false }), [file('n.csv', text.replace('id,name,at\n', ''))]),
    ],
    [
      'CSV with semicolons',
      () =>
        staged(source('csv', { delimiter: ';' }), [
          file('s.csv', 'id;name;at\n1;a;2001-01-01 10:00:00\n2;"b, ""c""";\n'),
        ]),
    ],
    [
      'CSV, columns in another order',
      () => staged(source('csv'), [file('o.csv', 'at,ID,name\n2001-01-01 10:00:00,1,a\n,2,"b, ""c"""\n')]),
    ],
    ['JSON lines', () => staged(source('json'), [file('a.json', lines)])],
    ['JSON array', () => staged(source('json'), [file('arr.json', array)])],
    ['JSON lines, gzip', () => staged(source('json'), [file('a.json.gz', gzipSync(lines))])],
    [
      'JSON lines, zstd',
      async () => staged(source('json'), [await written('a.json.zst', select, 'FORMAT json, COMPRESSION zstd')]),
    ],
    ['Parquet', async () => staged(source('parquet'), [await written('a.parquet', select, 'FORMAT parquet')])],
    [
      'Parquet, zstd pages',
      async () => staged(source('parquet'), [await written('z.parquet', select, 'FORMAT parquet, COMPRESSION zstd')]),
    ],
    [
      'Parquet, gzip pages',
      async () => staged(source('parquet'), [await written('g.parquet', select, 'FORMAT parquet, COMPRESSION gzip')]),
    ],
  ])('%s', async (_, run) => {
    const seen = await run();
    expect(seen.bad).toEqual([]);
    expect(seen.good).toEqual(rows);
    expect(seen.drift.filter((d) => !d.includes('missing column "at"'))).toEqual([]);
  });
});

describe('bad input is set aside with its reasons, and the rest is read', () => {
  test('ragged CSV rows keep their text and line', async () => {
    const seen = await staged(source('csv'), [file('ragged.csv', 'id,name,at\n1,a,\n2,b\n3,c,,4\n4,d,\n')]);
    expect(seen.good).toEqual(['1 a -', '4 d -']);
    expect(seen.bad).toEqual([
      { file: 0, row: 3, reasons: ['row.unreadable: Expected Number of Columns: 3 Found: 2'], raw: '2,b' },
      { file: 0, row: 4, reasons: ['row.unreadable: Expected Number of Columns: 3 Found: 4'], raw: '3,c,,4' },
    ]);
  });

  test('a value that is not of its type names itself; a whole number is not made by rounding', async () => {
    const seen = await staged(source('csv'), [file('types.csv', 'id,name,at\nx,a,yesterday\n1.5,b,\n2.0,c,\n')]);
    expect(seen.good).toEqual(['2 c -']);
    expect(seen.bad).toEqual([
      {
        file: 0,
        row: 1,
        reasons: [
          'id.type: id cannot be read as int: x',
          'at.type: at cannot be read as timestamp: yesterday',
          'id.required: id is missing',
        ],
        raw: '{"id":"x","name":"a","at":"yesterday"}',
      },
      {
        file: 0,
        row: 2,
        reasons: ['id.type: id cannot be read as int: 1.5'],
        raw: '{"id":"1.5","name":"b","at":null}',
      },
    ]);
  });

  test('a line in another encoding; another one is read', async () => {
    const seen = await staged(source('csv'), [
      file('latin.csv', Buffer.from('id,name,at\n1,Müller,\n2,ok,\n', 'latin1')),
    ]);
    expect(seen.good).toEqual(['2 ok -']);
    expect(seen.bad).toMatchObject([{ file: 0, row: 2, reasons: [expect.stringContaining('utf-8')] }]);
  });

  test('a header in another encoding makes the file unreadable, not its second line the header', async () => {
    const seen = await staged(source('csv'), [file('head.csv', Buffer.from('id,näme,at\n1,a,\n', 'latin1'))]);
    expect(seen.good).toEqual([]);
    expect(seen.bad).toMatchObject([
      { file: 0, row: 0, reasons: [expect.stringMatching(/^file.unreadable: .*header/)] },
    ]);
  });

  test('a broken JSON line in the middle keeps its text', async () => {
    const text = '{"id":1,"name":"a"}\n{"id":2,"name":\n[3]\n{"id":4,"name":"d"}\n';
    const good = file('good.json', '{"id":9,"name":"z"}\n');
    const seen = await staged(source('json'), [file('broken.json', text), good]);
    expect(seen.good).toEqual(['1 a -', '4 d -', '9 z -']);
    expect(seen.bad).toEqual([
      { file: 0, row: 2, reasons: ['row.unreadable: the line is not a JSON object'], raw: '{"id":2,"name":' },
      { file: 0, row: 3, reasons: ['row.unreadable: the line is not a JSON object'], raw: '[3]' },
    ]);
  });

  test('a JSON array that ends too early is one unreadable file', async () => {
    const seen = await staged(source('json'), [
      file('cut.json', '[{"id":1},\n{"id":2}'),
      file('fine.json', '{"id":3}\n'),
    ]);
    expect(seen.good).toEqual(['3 - -']);
    expect(seen.bad).toMatchObject([{ file: 0, row: 0, reasons: [expect.stringMatching(/^file.unreadable: .*JSON/)] }]);
  });

  const cuts = (whole: Buffer) =>
    [0.999, 0.9, 0.5, 0.1].map((part) => whole.subarray(0, Math.floor(whole.length * part)));
  const cutOff = async (format: 'csv' | 'json', name: string, parts: readonly Buffer[], why: string) => {
    const good = file(`good.${format}`, format === 'csv' ? 'id,name,at\n9,z,\n' : '{"id":9,"name":"z"}\n');
    const seen = await staged(source(format), [...parts.map((part, i) => file(`${i}-${name}`, part)), good]);
    expect(seen.good).toEqual(['9 z -']);
    const reasons = [`file.unreadable: the file cannot be read: ${why}`];
    expect(seen.bad).toEqual(parts.map((_, i) => ({ file: i, row: 0, reasons, raw: null })));
  };

  test.each(['csv', 'json'] as const)(
    'a packed %s file that was cut off anywhere is one unreadable file',
    async (format) => {
      const select = 'SELECT range AS id, md5(range::VARCHAR) AS name, NULL::TIMESTAMP AS at FROM range(20000)';
      const plain = readFileSync(new URL((await written(`plain.${format}`, select, `FORMAT ${format}`)).uri));
      await cutOff(format, `cut.${format}.gz`, cuts(gzipSync(plain)), 'its gzip is broken: unexpected end of file');
      const zstd = await written(`whole.${format}.zst`, select, `FORMAT ${format}, COMPRESSION zstd`);
      const packed = readFileSync(new URL(zstd.uri));
      const parts = [...cuts(packed), packed.subarray(0, packed.length - 1), packed.subarray(0, 3)];
      await cutOff(format, `cut.${format}.zst`, parts, 'its zstd is broken: unexpected end of file');
      const seen = await staged(source(format), [zstd, file(`two.${format}.zst`, Buffer.concat([packed, packed]))]);
      expect([seen.good.length, seen.bad.length]).toEqual(format === 'csv' ? [60000, 1] : [60000, 0]);
    },
  );

  test.each([';', '\t', '|'])(
    'a CSV file whose columns are %j apart, and not as the contract says, is told so',
    async (other) => {
      const { good, bad } = await staged(source('csv'), [
        file('other.csv', `id,name,at\n1,a,\n`.replaceAll(',', other)),
      ]);
      const said = `its columns are ${JSON.stringify(other)} apart and not ","; the contract's server has the field delimiter`;
      expect({ good, bad }).toMatchObject({
        good: [],
        bad: [{ row: 0, reasons: [`file.unreadable: the file cannot be read: ${said}`] }],
      });
      expect(
        (await staged(source('csv', { delimiter: other }), [file('right.csv', `id${other}name\n1${other}a,b\n`)])).good,
      ).toEqual(['1 a,b -']);
    },
  );

  test('a file with none of the contract’s columns is one unreadable file; a header alone is none', async () => {
    const foreign = async (format: 'csv' | 'json', first: string, given: string, of = columns) => {
      const good = file(`own.${format}`, format === 'csv' ? 'id,name,at\n9,z,\n' : '{"id":9,"name":"z","at":null}\n');
      const seen = await staged(source(format), [file(`foreign.${format}`, first), good], of);
      const where = format === 'csv' ? 'its first line has' : 'its objects have';
      const said = `${where} none of the contract's columns: given ${given}; allowed: "id", "name", "at"`;
      expect(seen).toEqual({
        good: ['9 z -'],
        bad: [{ file: 0, row: 0, reasons: [`file.unreadable: the file cannot be read: ${said}`], raw: null }],
        drift: [],
      });
    };
    const optional = columns.map((one) => ({ ...one, required: false }));
    await foreign('csv', '1,a,2001-01-01\n2,b,\n', '"1", "a", "2001-01-01"', optional);
    await foreign('csv', 'x,y\n1\n2\n', '"x", "y"');
    await foreign('json', '{"data":[{"id":1}]}\n', '"data"', optional);
    const alone = [file('names.csv', 'x,y\r\n\r\n'), file('names.csv.gz', gzipSync('x,y'))];
    const { bad, drift } = await staged(source('csv'), alone);
    expect([bad, drift.slice(0, 1)]).toEqual([[], ['unknown column "x" in 2 files']]);
    const packed = await staged(source('csv'), [file('bare.csv.gz', gzipSync('x,y\n1,2'))]);
    expect(packed.bad.map(({ row }) => row)).toEqual([0]);
    const made = [column('day', 'date', { transform: 'CAST(given AS DATE)', sourceColumns: ['day'] })];
    expect((await staged(source('csv'), [file('made.csv', 'given\n2001-01-01\n')], made)).good).toEqual(['2001-01-01']);
  });

  test.each(['', ' ', '""', '[x]'])('a first column that is called %j is no JSON: its file is loaded', async (name) => {
    const { good, bad } = await staged(source('csv'), [file('index.csv', `${name},id,name,at\n0,9,z,\n`)]);
    expect([good, bad]).toEqual([['9 z -'], []]);
  });

  test.each(['{"id":1,"name":"a"}', '[{"id":1,"name":"a"}]', '[\n{"id":1}\n]'])(
    'JSON that is called CSV is one unreadable file, be it one line: %j',
    async (text) => {
      const { good, bad } = await staged(source('csv'), [file('json.csv', `${text}\n`)]);
      const said = "its first line is JSON, and the contract's format is csv";
      expect(good).toEqual([]);
      expect(bad).toMatchObject([{ row: 0, reasons: [`file.unreadable: the file cannot be read: ${said}`] }]);
    },
  );

  test('a CSV header that gives a column of the contract twice makes the file unreadable', async () => {
    const twice = [file('twice.csv', 'id,name,at,NAME\n1,a,,b\n'), file('other.csv', 'id,name,at,x,x\n2,c,,,\n')];
    const { good, bad } = await staged(source('csv'), twice);
    expect(good).toEqual(['2 c -']);
    const reasons = ['file.unreadable: the file cannot be read: its header gives column "name" twice'];
    expect(bad).toEqual([{ file: 0, row: 0, reasons, raw: null }]);
  });

  test('a gzip whose checksum does not fit is one unreadable file', async () => {
    const broken = gzipSync('id,name,at\n1,a,\n');
    broken[broken.length - 8]! ^= 1;
    await cutOff('csv', 'checksum.csv.gz', [broken], 'its gzip is broken: incorrect data check');
  });

  test('a JSON array that was cut off after a comma is one unreadable file, packed or not', async () => {
    const cut = Buffer.from(' [{"id":1},\n{"id":2}, \n');
    await cutOff(
      'json',
      'comma.json',
      [cut, Buffer.concat([cut, Buffer.alloc(100_000, ' ')])],
      'its JSON array is not closed',
    );
    await cutOff('json', 'comma.json.gz', [gzipSync(cut)], 'its JSON array is not closed');
    const zstd = [
      await packedLines('comma.json.zst', ['[{"id":1},', '{"id":2}, ', '']),
      await packedArray(20_000, ','),
    ];
    const read = zstd.map(({ uri }) => readFileSync(new URL(uri)));
    await cutOff(
      'json',
      'comma.json.zst',
      [...read, Buffer.concat([read[1]!, read[1]!])],
      'its JSON array is not closed',
    );
  });

  /** Lines as zstd, which Node.js 20 cannot write. */
  const packedLines = (name: string, lines: readonly string[]) =>
    written(
      name,
      `SELECT unnest(${list(lines)})`,
      `FORMAT csv, COMPRESSION zstd, HEADER false, QUOTE '', ESCAPE '', DELIM '\x01'`,
    );
  const packedArray = (count: number, end: string) => {
    const objects = Array.from({ length: count }, (_, id) => JSON.stringify({ id, name: `name ${id % 977}` }));
    return packedLines('array.json.zst', ['[', ...objects.map((one, i) => (i < count - 1 ? `${one},` : one)), end]);
  };

  test('a JSON array inside zstd is read whole, in one frame or in two', async () => {
    const whole = await packedArray(20_000, ']');
    const [one, two] = ['[{"id":1,"name":"a"},', '{"id":2,"name":"b"}]'];
    const frames = await Promise.all([one, two].map((line, i) => packedLines(`${i}.json.zst`, [line!])));
    const joined = file('frames.json.zst', Buffer.concat(frames.map(({ uri }) => readFileSync(new URL(uri)))));
    const { good, bad } = await staged(source('json'), [whole, joined]);
    expect([good.length, bad]).toEqual([20_002, []]);
  });

  test('a truncated Parquet file, and one with broken pages, are named; the others go on', async () => {
    const good = await written('p-good.parquet', 'SELECT range::INTEGER AS id FROM range(3)', 'FORMAT parquet');
    const whole = require('node:fs').readFileSync(new URL(good.uri)) as Buffer;
    const large = await written(
      'p-large.parquet',
      'SELECT range::INTEGER AS id, md5(range::VARCHAR) AS name FROM range(5000)',
      'FORMAT parquet, COMPRESSION gzip',
    );
    const pages = Buffer.from(require('node:fs').readFileSync(new URL(large.uri)) as Buffer).fill(0x5a, 200, 4000);
    const files = [file('cut.parquet', whole.subarray(0, whole.length - 20)), file('pages.parquet', pages), good];
    const seen = await staged(source('parquet'), files);
    expect(seen.good).toEqual(['0 - -', '1 - -', '2 - -']);
    expect(seen.bad.map(({ file, row, raw }) => [file, row, raw])).toEqual([
      [0, 0, null],
      [1, 0, null],
    ]);
    for (const { reasons } of seen.bad)
      expect(reasons).toEqual([expect.stringMatching(/^file.unreadable: the file cannot be read: ./)]);
  });

  test.each(['csv', 'json', 'parquet'] as const)(
    'an empty %s file has no rows, and is said to be empty',
    async (format) => {
      const seen = await staged(source(format), [file(`empty.${format}`, '')]);
      expect(seen).toEqual({ good: [], bad: [], drift: ['1 file is empty'] });
    },
  );

  test('an empty file inside gzip has no rows', async () => {
    for (const format of ['csv', 'json'] as const) {
      const seen = await staged(source(format), [file(`empty.${format}.gz`, gzipSync(''))]);
      expect([seen.good, seen.bad]).toEqual([[], []]);
    }
  });
});

describe('schema drift', () => {
  test('unknown columns are reported, missing optional ones are null, missing required ones send their rows to quarantine', async () => {
    const files = [file('d1.csv', 'id,name,at,gate\n1,a,,9\n'), file('d2.csv', 'id\n2\n'), file('d3.csv', 'name\nc\n')];
    const seen = await staged(source('csv'), files);
    expect(seen.good).toEqual(['1 a -', '2 - -']);
    expect(seen.bad).toEqual([{ file: 2, row: 1, reasons: ['id.required: id is missing'], raw: '{"name":"c"}' }]);
    expect(seen.drift).toEqual([
      'unknown column "gate" in 1 file',
      'missing column "name" in 1 file',
      'missing column "at" in 2 files',
      'missing column "id" in 1 file',
    ]);
  });

  test('Parquet files with other columns and types are read together', async () => {
    const files = [
      await written('t1.parquet', "SELECT 1 AS id, 'a' AS name", 'FORMAT parquet'),
      await written('t2.parquet', "SELECT '2' AS id, 7 AS extra", 'FORMAT parquet'),
      await written('t3.parquet', 'SELECT 2.5::DOUBLE AS id', 'FORMAT parquet'),
    ];
    const seen = await staged(source('parquet'), files);
    expect(seen.good).toEqual(['1 a -', '2 - -']);
    expect(seen.bad).toMatchObject([{ file: 2, row: 1, reasons: ['id.type: id cannot be read as int: 2.5'] }]);
    expect(seen.drift).toContain('unknown column "extra" in 1 file');
  });
});

describe('expressions of the contract', () => {
  const transformed = [
    column('day', 'date', { transform: "strptime(given, '%d.%m.%Y')", sourceColumns: ['given'] }),
    column('half', 'double', { transform: 'whole / 2', sourceColumns: ['whole'], sourceType: 'int' }),
    column('gate', 'string', { transform: "nullif(gate, 'none')" }),
  ];

  test('an error in one row sends that row to quarantine; a null that is meant does not', async () => {
    const text = 'given,whole,gate\n24.12.2001,3,none\nsoon,4,B\n25.12.2001,many,C\n,,\n';
    const seen = await staged(source('csv'), [file('tr.csv', text)], transformed);
    expect(seen.good).toEqual(['2001-12-24 1.5 -', '- - -']);
    expect(seen.bad.map(({ row, reasons }) => [row, reasons])).toEqual([
      [2, ['day.type: day cannot be read as date: soon']],
      [3, ['half.type: half cannot be read as double: many']],
    ]);
  });

  test('an expression that fits no file is the contract’s fault, not the data’s', async () => {
    const wrong = [column('id', 'int', { transform: 'nowhere + 1' })];
    await expect(staged(source('csv'), [file('c.csv', 'id\n1\n')], wrong)).rejects.toThrow(
      /^contracts\/events.odcs.yaml: the expressions of silver.events do not fit its files: .*nowhere/,
    );
  });

  test('nested JSON is read into structs and lists; a field of another type is not left out in silence, nor is one rounded', async () => {
    const nested = [
      column('o', { kind: 'struct', fields: [{ name: 'x', type: 'int', required: false }] }),
      column('l', { kind: 'list', element: 'long' }),
    ];
    const rounded = '{"o":{"x":1.5},"l":[]}\n{"o":{"x":2.0},"l":[9007199254740993]}\n{"o":null,"l":[1,7.5]}\n';
    const text = `{"o":{"x":1},"l":[1,2]}\n{"o":null}\n{"o":{"x":"q"},"l":[]}\n${rounded}`;
    const seen = await staged(source('json'), [file('nested.json', text)], nested);
    expect(seen.good).toEqual(["{'x': 1} [1, 2]", '- -', "{'x': 2} [9007199254740993]"]);
    expect(seen.bad).toEqual([
      { file: 0, row: 3, reasons: ['o.type: o cannot be read as struct: {"x":"q"}'], raw: '{"o":{"x":"q"},"l":[]}' },
      { file: 0, row: 4, reasons: ['o.type: o cannot be read as struct: {"x":1.5}'], raw: '{"o":{"x":1.5},"l":[]}' },
      { file: 0, row: 6, reasons: ['l.type: l cannot be read as list: [1,7.5]'], raw: '{"o":null,"l":[1,7.5]}' },
    ]);
  });

  test('values that mean null are null in every format', async () => {
    const nulls = { nullValues: ['', 'NA'] };
    const csv = await staged(source('csv', nulls), [file('na.csv', 'id,name,at\n1,NA,\n')]);
    const json = await staged(source('json', nulls), [file('na.json', '{"id":1,"name":"NA","at":""}\n')]);
    const parquet = await staged(source('parquet', nulls), [
      await written('na.parquet', "SELECT 1 AS id, 'NA' AS name, '' AS at", 'FORMAT parquet'),
    ]);
    for (const seen of [csv, json, parquet]) expect([seen.good, seen.bad]).toEqual([['1 - -'], []]);
  });
});

test('a file’s name is not a pattern: a[1].csv is not a1.csv', async () => {
  file('a1.csv', 'id,name,at\n9,wrong,\n');
  const seen = await staged(source('csv'), [
    file('a[1].csv', 'id,name,at\n1,right,\n'),
    file("o'hare *.csv", 'id,name,at\n2,too,\n'),
  ]);
  expect(seen.good).toEqual(['1 right -', '2 too -']);
});

test('folders named source=… and date=… add no columns', async () => {
  require('node:fs').mkdirSync(join(folder, 'date=2001-01-01'), { recursive: true });
  const files = [await written('date=2001-01-01/x.parquet', 'SELECT 1 AS id', 'FORMAT parquet')];
  const seen = await staged(source('parquet'), files, [column('id', 'int'), column('date', 'date')]);
  expect(seen.good).toEqual(['1 -']);
  expect(seen.drift).toEqual(['missing column "date" in 1 file']);
});

describe('a rule that stops', () => {
  const rule = (more: object) => ({ name: 'own', dimension: 'validity', severity: 'error', ...more }) as Rule;
  const stageWith = async (own: Rule) => {
    const lines = file('own.csv', 'id,name,at\n1,5,\n2,x,\n3,-5,\n4,,\n');
    const of = dataset('events', columns, { rules: [own] });
    const result = await stage(of, source('csv'), [lines], 'test', { lake: duckdb, objects: localObjects });
    const seen = await look(result, columns);
    await result.drop();
    return { good: seen.good.map((row) => row.split(' ')[0]), bad: seen.bad.map(({ row, reasons }) => [row, reasons]) };
  };

  test.each([
    ['in its condition', { type: 'expression', expression: 'CAST(name AS INTEGER) > 0' }],
    ['in its where', { type: 'range', column: 'id', max: 2, where: 'CAST(name AS INTEGER) < 0 OR id <> 3' }],
  ])('at a row, %s, sends that row to quarantine and no other for it', async (_, own) => {
    const { good, bad } = await stageWith(rule(own));
    expect(good).toEqual(own.type === 'range' ? ['1'] : ['1', '4']);
    expect(bad.map(([row]) => row)).toEqual(own.type === 'range' ? [2, 3, 4] : [2, 3]);
  });

  test('with a subquery, which DuckDB cannot try, is answered all the same', async () => {
    const { good } = await stageWith(rule({ type: 'expression', expression: 'id IN (SELECT unnest([1, 4]))' }));
    expect(good).toEqual(['1', '4']);
  });

  test.each([
    [{ type: 'acceptedValues', column: 'id', values: ['many'] }, /Could not convert string 'many' to INT32/],
    [{ type: 'pattern', column: 'name', pattern: '(' }, /missing \)/],
    [{ type: 'expression', expression: 'gone > 1' }, /gone/],
  ])('%j, whatever the rows, is named, and no file is blamed for it', async (own, said) => {
    const staging = stageWith(rule(own));
    await expect(staging).rejects.toThrow(/^contracts\/events.*: the rule own of silver.events cannot be answered: /);
    await expect(staging).rejects.toThrow(said);
  });
});
