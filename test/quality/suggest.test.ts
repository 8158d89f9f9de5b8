import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { DataContract, SchemaProperty } from '../../lib/contract/odcs';
import { checkContract, readContract } from '../../lib/contract/read';
import { stage } from '../../lib/ingest/stage';
import { evaluate } from '../../lib/quality/evaluate';
import { fit } from '../../lib/quality/suggest/fit';
import { columnNames, contractOf, type Proposed } from '../../lib/quality/suggest/propose';
import { suggest } from '../../lib/quality/suggest/suggest';
import { type Duckdb, openDuckdb } from '../../lib/runtime/duckdb';
import { localObjects } from '../../lib/runtime/objects';
import { identifier, literal } from '../../lib/sql/quote';

const data = join(__dirname, '../../node_modules/vega-datasets/data');
let folder: string;
let duckdb: Duckdb;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ingot-suggest-'));
  duckdb = await openDuckdb();
});
afterAll(() => {
  duckdb.close();
  rmSync(folder, { recursive: true });
});

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const csvOf = (rows: readonly (readonly (string | null)[])[]): string =>
  rows
    .map(
      (row) =>
        row.map((v) => (v === null ? '' : `"${v.replaceAll('"', '""')}"`)).join(',') +
        (row.length === 1 && row[0] === null ? '""' : ''),
    )
    .join('\n');

/** Loads a file by the contract that was suggested for it: rows that were refused, and rules that do not hold. */
async function trial(path: string) {
  const { contract, rows, unreadable } = await suggest(path);
  return { rows, unreadable, properties: contract.schema![0]!.properties!, ...(await judged(path, contract)) };
}

async function judged(path: string, contract: DataContract) {
  const check = checkContract(readContract('suggested.yaml', stringify(contract)));
  expect([...check.problems, ...check.notices]).toEqual([]);
  const [dataset] = check.datasets;
  const services = { lake: duckdb, objects: localObjects };
  const files = [{ uri: pathToFileURL(path).href, size: statSync(path).size }];
  const staged = await stage(dataset!, dataset!.source!, files, 'judge', services);
  try {
    const table = identifier(staged.rows);
    const [refused] = await duckdb.query<{ n: bigint; read: bigint }>(
      `SELECT count(*) FILTER (WHERE _ingot_reasons IS NOT NULL) + (SELECT count(*) FROM ${identifier(staged.rejects)}) AS n, count(*) AS read FROM ${table}`,
    );
    const results = await evaluate(dataset!, table, { now: 0, counts: {} }, (sql) => duckdb.query(sql));
    return {
      read: Number(refused!.read),
      refused: Number(refused!.n),
      failed: results.filter(({ status }) => status !== 'passed').map(({ rule, message }) => `${rule}: ${message}`),
    };
  } finally {
    await staged.drop();
  }
}

const property = (properties: readonly SchemaProperty[], name: string) => properties.find((one) => one.name === name);

describe('real files, as a newcomer has them', () => {
  test.each(
    [
      'movies.json',
      'birdstrikes.csv',
      'airports.csv',
      'cars.json',
      'flights-2k.json',
      'seattle-weather.csv',
      'flights-200k.arrow',
    ].filter((name) => !name.endsWith('.arrow')),
  )('%s passes what is suggested for it, whole', async (name) => {
    const { rows, read, refused, failed, unreadable } = await trial(join(data, name));
    expect({ refused, failed, unreadable, all: rows === read && rows > 0 }).toEqual({
      refused: 0,
      failed: [],
      unreadable: [],
      all: true,
    });
  });

  test('airports: a key, degrees, texts that are missing', async () => {
    const { properties } = await trial(join(data, 'airports.csv'));
    expect(property(properties, 'iata')).toMatchObject({ logicalType: 'string', primaryKey: true, required: true });
    expect(property(properties, 'latitude')).toMatchObject({
      logicalType: 'number',
      logicalTypeOptions: { minimum: -90, maximum: 90 },
    });
  });

  test('movies: names that a table takes, days that are written as people do, lists that warn', async () => {
    const { properties } = await trial(join(data, 'movies.json'));
    expect(property(properties, 'release_date')).toMatchObject({
      businessName: 'Release Date',
      logicalType: 'date',
      transformLogic: `CAST(strptime("Release Date", '%b %d %Y') AS DATE)`,
    });
    expect(property(properties, 'mpaa_rating')!.quality).toMatchObject([
      { metric: 'invalidValues', arguments: { validValues: expect.arrayContaining(['PG-13']) }, severity: 'warning' },
    ]);
  });
});

describe('what a column is', () => {
  const typed = async (values: readonly string[], name = 'x') => {
    const path = file('column.csv', csvOf([['row', name], ...values.map((v, i) => [`r${i}`, v])]));
    const { properties, refused } = await trial(path);
    expect(refused).toBe(0);
    return properties[1]!;
  };

  test.each<[string, string[], object]>([
    ['whole numbers', ['1', '-20'], { logicalType: 'integer' }],
    ['large whole numbers', ['1', '3000000000'], { logicalType: 'integer', logicalTypeOptions: { format: 'i64' } }],
    ['fractions', ['1', '2.5', '1e3'], { logicalType: 'number' }],
    ['codes with leading zeros', ['02134', '10001'], { logicalType: 'string' }],
    ['ids of too many digits', ['1', '123456789012345678901'], { logicalType: 'string' }],
    ['days', ['2024-02-29', '2023-01-01'], { logicalType: 'date' }],
    ['days that are none', ['2023-02-29', '2023-01-01'], { logicalType: 'string' }],
    ['days that could be two', ['01/02/2024', '03/04/2024'], { logicalType: 'string' }],
    [
      'days of one reading',
      ['01/02/2024', '13/04/2024'],
      { logicalType: 'date', transformLogic: expect.stringContaining('%d/%m/%Y') },
    ],
    ['moments', ['2024-01-01T00:00:00Z', '2024-01-01 10:00:00+02:00'], { logicalType: 'timestamp' }],
    ['local times', ['2024-01-01T00:00:00', '2024-01-01 10:00'], { logicalTypeOptions: { timezone: false } }],
    ['truths', ['true', 'FALSE'], { logicalType: 'boolean' }],
    ['identities', ['6f9619ff-8b86-d011-b42d-00c04fc964ff'], { physicalType: 'uuid' }],
    ['numbers, and a word for none', ['1', 'NA', '3'], { logicalType: 'integer', transformLogic: `nullif("x", 'NA')` }],
    ['words for none alone', ['NA', '-'], { logicalType: 'string' }],
  ])('%s', async (_title, values, expected) => expect(await typed(values)).toMatchObject(expected));

  test('texts of one shape have a pattern that warns', async () => {
    const codes = Array.from({ length: 60 }, (_, i) => `AB-${100 + i}`);
    expect((await typed(codes)).quality).toMatchObject([
      { arguments: { pattern: '^[A-Z]{2}-\\d{3}$' }, severity: 'warning' },
    ]);
  });

  test('a column is no key where one value stands twice, however near it is', async () => {
    const ids = Array.from({ length: 500 }, (_, i) => String(i));
    const row = (id: string) => [id, 'x'];
    const { properties } = await trial(file('near.csv', csvOf([['id', 'y'], ...[...ids, '7'].map(row)])));
    expect(properties[0]).not.toHaveProperty('primaryKey');
    const whole = await trial(file('whole.csv', csvOf([['id', 'y'], ...ids.map(row)])));
    expect(whole.properties[0]).toMatchObject({ primaryKey: true, primaryKeyPosition: 1 });
  });

  test('names are told apart, and none is left without one', () =>
    expect(columnNames(['US Gross', 'us_gross', 'Größe', '2024', '%', '', 'camelCaseId'])).toEqual([
      'us_gross',
      'us_gross_2',
      'grosse',
      'column_2024',
      'column_5',
      'column_6',
      'camel_case_id',
    ]));
});

describe('files that are not as they should be', () => {
  test('a semicolon, and no header', async () => {
    const path = file('plain.csv', Array.from({ length: 30 }, (_, i) => `${i};${i * 1.5};a b`).join('\n'));
    const { rows, refused, properties } = await trial(path);
    expect({ rows, refused, names: properties.map(({ name }) => name) }).toEqual({
      rows: 30,
      refused: 0,
      names: ['column1', 'column2', 'column3'],
    });
  });

  test('lines that cannot be read are said, and the others count', async () => {
    const good = Array.from({ length: 30 }, (_, i) => `${i},x`).join('\n');
    const { unreadable, rows } = await suggest(file('ragged.csv', `a,b\n${good}\n1,2,3\n`));
    expect({ rows, unreadable }).toEqual({ rows: 30, unreadable: [expect.stringMatching(/^1 line: /)] });
  });

  test.each([
    ['nothing.csv', '', /it is empty/],
    ['notes.docx', 'x', /its name must end in one of \.csv/],
    ['broken.parquet', 'PAR1 and no more', /./],
  ])('%s is refused with a reason', async (name, text, reason) => {
    await expect(suggest(file(name, text))).rejects.toThrow(reason);
  });
});

/** Values of one column: of one kind, with some that are missing or of another kind. */
const cells = fc
  .constantFrom(
    fc.integer().map(String),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
    fc.double().map(String),
    fc
      .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((d) => d.toISOString()),
    fc
      .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((d) => d.toISOString().slice(0, 10)),
    fc.boolean().map(String),
    fc.uuid(),
    fc.string({ unit: 'grapheme', maxLength: 12 }).filter((s) => !s.includes('\0')),
    fc.constantFrom('a', 'b', 'NA', '007', '1.', '.5', '+1', '1e400', '12:30:00', '{"a": 1}', '[1]', "it's"),
    fc.json(),
  )
  .chain((kind) => fc.array(fc.option(kind, { freq: 6 }), { minLength: 24, maxLength: 24 }));

const table = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 10 }),
        fc.constantFrom('id', 'select', 'Größe', 'latitude', 'order id', "o'x"),
      ),
      cells,
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  // A first line of numbers is taken for data, as it should be.
  .map((columns) => columns.map(([name, values], i) => [`${name.trim()}_${i}`, values] as const))
  .filter((columns) => !columns.some(([name]) => /^[-+.]?\d/.test(name)));

test('any file passes the contract that is suggested for it, without a row in quarantine', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom('csv', 'json', 'parquet'), async (columns, format) => {
      const rows = Array.from({ length: 24 }, (_, i) => columns.map(([, values]) => values[i] ?? null));
      const path = join(folder, `any.${format}`);
      if (format === 'csv') writeFileSync(path, csvOf([columns.map(([name]) => name), ...rows]));
      else {
        const objects = rows.map((row) => Object.fromEntries(columns.map(([name], i) => [name, row[i]])));
        writeFileSync(join(folder, 'any.json'), objects.map((row) => JSON.stringify(row)).join('\n'));
        if (format === 'parquet')
          await duckdb.run(
            `COPY (FROM read_json(${literal(join(folder, 'any.json'))}, hive_partitioning = false)) TO ${literal(path)} (FORMAT parquet)`,
          );
      }
      const { refused, failed, unreadable, read } = await trial(path);
      expect({ refused, failed, unreadable, read }).toEqual({ refused: 0, failed: [], unreadable: [], read: 24 });
    }),
    { numRuns: 60 },
  );
});

/** What may be wrong with a proposal: any type, and rules that its values do not keep. */
const proposal = fc.record(
  {
    type: fc.constantFrom<Partial<Proposed>>(
      { logicalType: 'integer' },
      { logicalType: 'integer', logicalTypeOptions: { minimum: 5 } },
      { logicalType: 'number', logicalTypeOptions: { minimum: -1, maximum: 1 } },
      { logicalType: 'boolean' },
      { logicalType: 'date' },
      { logicalType: 'timestamp' },
      { logicalType: 'time' },
      { logicalType: 'string', physicalType: 'uuid' },
      { logicalType: 'string' },
    ),
    required: fc.boolean(),
    key: fc.boolean(),
    values: fc.option(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }), { nil: undefined }),
  },
  { noNullPrototype: true },
);

/** A contract's property that says so. */
function proposed(
  name: string,
  source: string,
  { type, required, key, values }: typeof proposal extends fc.Arbitrary<infer P> ? P : never,
  first: boolean,
): Proposed {
  const listed = { type: 'library', metric: 'invalidValues', arguments: { validValues: values }, mustBe: 0 } as const;
  return {
    name,
    logicalType: 'string',
    ...type,
    transformSourceObjects: [source],
    ...(required ? { required } : {}),
    ...(first && key ? { required: true, primaryKey: true, primaryKeyPosition: 1 } : {}),
    ...(values === undefined || type.logicalType !== 'string' || type.physicalType !== undefined
      ? {}
      : { quality: [{ name: `${name}_listed`, ...listed }] }),
  };
}

test('whatever is proposed for a file is loosened until the file passes it, and no further where it does', async () => {
  let loosened = 0;
  await fc.assert(
    fc.asyncProperty(table, fc.array(proposal, { minLength: 5, maxLength: 5 }), async (columns, proposals) => {
      const path = join(folder, 'loosened.csv');
      const sources = ['row', ...columns.map(([name]) => name)];
      const rows = Array.from({ length: 24 }, (_, i) => [`r${i}`, ...columns.map(([, values]) => values[i] ?? null)]);
      writeFileSync(path, csvOf([sources, ...rows]));
      const names = columnNames(sources);
      const properties = names.map((name, i) => proposed(name, sources[i]!, proposals[i]!, i === 1));
      const before = structuredClone(properties);
      const source = { zone: 'bronze', prefix: 'any', format: 'csv', delimiter: ',' } as const;
      const make = () => contractOf('any', 'silver', source, properties);
      const first = await judged(path, make());
      await fit(properties, make, path, duckdb);
      const { refused, failed, read } = await judged(path, make());
      expect({ refused, failed, read }).toEqual({ refused: 0, failed: [], read: 24 });
      if (first.refused === 0 && first.failed.length === 0) expect(properties).toEqual(before);
      else loosened += 1;
    }),
    { numRuns: 12 },
  );
  expect(loosened).toBeGreaterThan(5);
});
