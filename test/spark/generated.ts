import fc from 'fast-check';
import { contractFile, type Files } from '../platform/folder';

/** A table with a contract and rows that nobody has chosen, and the texts that stand in its files. */
export interface Generated {
  readonly table: string;
  readonly contract: string;
  /** One file an arrival. */
  readonly files: readonly string[];
}

interface Kind {
  readonly declared: string;
  /** Texts at the edges of the type, and some that are not of it. */
  readonly texts: readonly string[];
}

const ints = [
  '0',
  '-1',
  '7',
  '2147483647',
  '-2147483648',
  '2147483648',
  '1.0',
  '1.5',
  '1e2',
  ' 7 ',
  '+5',
  '007',
  '1_000',
  'x',
  '',
];
const times = [
  '2026-01-31 23:59:59.999999',
  '1969-12-31T23:59:59',
  '2026-03-29 02:30:00',
  '2026-01-31',
  '2026-1-5 1:02',
  '2026-02-30 00:00:00',
  'x',
  '',
];

const kinds: readonly Kind[] = [
  { declared: 'logicalType: integer, logicalTypeOptions: {format: i32, minimum: -100}', texts: ints },
  {
    declared: 'logicalType: integer, logicalTypeOptions: {format: i64}',
    texts: [...ints, '9223372036854775807', '9223372036854775808'],
  },
  {
    declared: 'logicalType: number, physicalType: double',
    texts: ['0', '1.5', '-2.5e-7', '1e300', 'nan', '.5', '1.', '1d', 'x', ''],
  },
  {
    declared: 'logicalType: number, physicalType: "decimal(12, 3)", logicalTypeOptions: {maximum: 1000}',
    texts: ['0', '1.0005', '-1.0005', '2.5', '123456789.123', '1e3', '1e12', '1,5', ''],
  },
  { declared: 'logicalType: boolean', texts: ['true', 'FALSE', 't', '0', 'yes', 'No', '2', ''] },
  {
    declared: 'logicalType: date',
    texts: [
      '2026-01-31',
      '2024-02-29',
      '2026-02-29',
      '1969-12-31',
      '2026-1-5',
      '2026/01/05',
      '0001-01-01',
      '9999-12-31',
      '2026-01',
      'x',
      '',
    ],
  },
  {
    declared: 'logicalType: timestamp, logicalTypeOptions: {timezone: false}',
    texts: [...times, '2026-01-31T10:11:12+02:00'],
  },
  {
    declared: 'logicalType: timestamp, logicalTypeOptions: {timezone: true}',
    texts: [...times, '2026-01-31T10:11:12+02:00', '2026-01-31 10:11:12Z', '2026-01-31 10:11:12-0330'],
  },
  {
    declared: 'logicalType: string, logicalTypeOptions: {minLength: 1, maxLength: 6}',
    texts: ['a', 'ß', '🙂🙂', "o'hara", 'a,"b"', 'two\nlines', '  ', 'NULL', 'toolong', ''],
  },
  {
    declared: 'logicalType: string, logicalTypeOptions: {pattern: "^[a-zé]+$"}',
    texts: ['abc', 'é', 'E', 'a\n', 'a1', ''],
  },
];

const key = ', required: true, primaryKey: true, primaryKeyPosition: 1';
const keys = ['1', '2', '3', ' 3', '03', 'x', '2147483647'];

const shape = fc.record({
  way: fc.constantFrom('merge', 'history', 'append'),
  columns: fc.shuffledSubarray([...kinds.keys()], { minLength: 3, maxLength: 6 }),
  /** For each arrival rows, each a key and for each column which of its texts. */
  arrivals: fc.array(
    fc.array(fc.tuple(fc.constantFrom(...keys), fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 })), {
      minLength: 4,
      maxLength: 20,
    }),
    { minLength: 3, maxLength: 3 },
  ),
});

/** So many tables. The seed tells which. */
export function generatedTables(count: number, seed: number): Generated[] {
  return fc.sample(shape, { numRuns: count, seed }).map(({ way, columns, arrivals }, i) => {
    const table = `generated_${i}`;
    const declared: Record<string, string> = { id: `logicalType: integer${way === 'append' ? '' : key}` };
    for (const [c, kind] of columns.entries()) declared[`c${c}`] = kinds[kind]!.declared;
    const properties = ['{property: zone, value: silver}', '{property: maxQuarantinePercent, value: 100}'];
    if (way === 'history') properties.push('{property: history, value: scd2}');
    const contract = contractFile(table, 'silver', declared, {
      source: true,
      top: `customProperties: [${properties.join(', ')}]`,
    });
    const files = arrivals.map((rows) =>
      [
        ['id', ...columns.map((_, c) => `c${c}`)],
        ...rows.map(([id, picks]) => [id, ...columns.map((kind, c) => pick(kinds[kind]!.texts, picks[c]!))]),
      ]
        .map((row) => `${row.map(quoted).join(',')}\n`)
        .join(''),
    );
    return { table, contract: contract.replace('format: parquet', 'format: csv'), files };
  });
}

export const contractsOf = (tables: readonly Generated[]): Files =>
  Object.fromEntries(tables.map(({ table, contract }) => [`contracts/${table}.odcs.yaml`, contract]));

const pick = (texts: readonly string[], number: number): string => texts[number % texts.length]!;

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
