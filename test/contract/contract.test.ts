import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { columnName } from '../../lib/contract/column';
import type { Column, Type } from '../../lib/contract/dataset';
import { type DataContract, type DataQuality, defineContract, type SchemaProperty } from '../../lib/contract/odcs';
import { physicalType } from '../../lib/contract/physical';
import { checkContract, datasetsOf, readContract } from '../../lib/contract/read';
import { glueType, icebergFields, widens } from '../../lib/contract/types';
import { describeProblem } from '../../lib/errors';
import { contract, datasetOf, read, rulesOf, typeOf } from './contracts';

const example = (name: string) =>
  readFileSync(join(__dirname, '../../examples/aviation/contracts', `${name}.odcs.yaml`), 'utf8');

describe('a contract becomes a dataset', () => {
  test('with its key, partitions, source, SLA, owners and access', () => {
    const { columns, rules, ...rest } = datasetOf(example('flights'));

    expect(rest).toMatchObject({
      name: 'flights',
      zone: 'silver',
      contract: { id: 'aviation-flights', version: '1.0.0', file: 'c.yaml' },
      key: ['departed_at', 'origin', 'destination', 'delay_minutes'],
      partitionBy: [{ column: 'departed_at', transform: 'month' }],
      source: { zone: 'bronze', prefix: 'flights', format: 'parquet' },
      history: 'current',
      dailyVolumeGb: 0.2,
      maxQuarantinePercent: 10,
      sla: { freshnessHours: 24 },
      owners: ['flight-data@example.com'],
      roles: [{ role: 'analyst', access: 'read' }],
    });
    expect(rest.materialization).toBeUndefined();
    expect(columns[0]).toEqual<Column>({
      name: 'departed_at',
      type: 'timestamp',
      required: true,
      description: 'When it left, local time of the origin.',
      tags: [],
      transform: 'date',
      sourceColumns: ['date'],
      sourceType: 'timestamp',
    });
    expect(rules.map(({ name }) => name)).toEqual([
      'departed_at.notNull',
      'origin.notNull',
      'origin.pattern',
      'destination.notNull',
      'destination.pattern',
      'delay_minutes.notNull',
      'delay_minutes.range',
      'distance_miles.notNull',
      'distance_miles.range',
      'key.unique',
      'flights_present',
      'goes_somewhere',
      'distance_plausible',
      'departed_at.type',
      'delay_minutes.type',
      'distance_miles.type',
      'freshness',
    ]);
  });

  test('with history of type 2, where the key is unique among current rows', () => {
    const dataset = datasetOf(example('dim_airports'));

    expect(dataset).toMatchObject({ history: 'scd2', materialization: { kind: 'scd2' } });
    expect(dataset.rules.find(({ name }) => name === 'key.unique')).toMatchObject({ where: 'is_current' });
  });

  test('with history whose versions say themselves since when they hold', () => {
    const since = (column: string) =>
      example('dim_airports')
        .replace('value: scd2', `value: scd2\n  - property: watermark\n    value: ${column}`)
        .replace('      - name: state\n        logicalType: string', '      - name: since\n        logicalType: date');

    expect(datasetOf(since('since')).materialization).toEqual({ kind: 'scd2', column: 'since' });
    expect(read(since('city')).problems.map(({ message }) => message)).toEqual([
      'of watermark must be a column of dates or timestamps: it says from when on a version holds; city is string',
    ]);
  });

  test('the same in TypeScript as in YAML, but for the file', () => {
    const { contract: parsed } = readContract('x.yaml', example('airports'));
    const [built] = datasetsOf(defineContract(parsed!));
    const { file, ...ref } = datasetOf(example('airports')).contract;

    expect(file).toBe('c.yaml');
    expect(built).toEqual({ ...datasetOf(example('airports')), contract: ref });
  });

  test('which is frozen through and through', () => {
    const dataset = datasetOf(example('flights'));

    for (const part of [dataset, dataset.columns, dataset.columns[0], dataset.sla, dataset.rules[0]])
      expect(Object.isFrozen(part)).toBe(true);
  });

  test('where a table says more than its contract, the table leads', () => {
    const table = { ...contract().schema![0]!, customProperties: [{ property: 'zone', value: 'gold' }] };

    expect(datasetOf(contract([], { schema: [table] })).zone).toBe('gold');
  });

  test.each([
    [{ property: 'retention', value: 3, unit: 'y' }, { retentionDays: 1095 }],
    [
      { property: 're', value: '90 d', element: 'orders.at' },
      { retentionDays: 90, retentionColumn: 'at' },
    ],
    [{ property: 'latency', value: 4, unit: 'd' }, { sla: { freshnessHours: 96 } }],
    [{ property: 'Freshness', value: 30, unit: 'min' }, { sla: { freshnessHours: 0.5 } }],
    [
      { property: 'ly', value: 1, unit: 'h', element: 'orders.at' },
      { sla: { freshnessHours: 1, freshnessColumn: 'at' } },
    ],
    [{ property: 'latency', value: 4, unit: 'd', element: 'other.id' }, { sla: {} }],
    [{ property: 'endOfLife', value: '2042-05-12T09:30:10-08:00' }, { sla: {} }],
  ])('SLA %j', (property, expected) => {
    const columns = [
      { name: 'id', logicalType: 'integer' },
      { name: 'at', logicalType: 'date' },
    ] as const;
    expect(datasetOf(contract(columns, { slaProperties: [property] }))).toMatchObject(expected);
  });

  describe('how old a row is', () => {
    const day = { name: 'day', logicalType: 'date', partitioned: true } as const;
    const bucket = { property: 'partitionTransform', value: 'bucket[4]' };
    const columns = [
      { name: 'id', logicalType: 'integer', primaryKey: true, partitioned: true, partitionKeyPosition: 1 },
      { name: 'seen', logicalType: 'timestamp' },
      { ...day, partitionKeyPosition: 2 },
    ] as const;
    const retention = { property: 'retention', value: 1, unit: 'y' };
    const latency = { property: 'latency', value: 1, unit: 'd', element: 'orders.seen' };
    const dated = (given: Parameters<typeof contract>[0], more: Parameters<typeof contract>[1]) => {
      const { retentionColumn, retentionDays } = datasetOf(contract(given, more));
      return { retentionColumn, retentionDays };
    };

    test.each<[string, string | undefined, Parameters<typeof contract>[1]]>([
      ['by what its retention names', 'day', { slaProperties: [latency, { ...retention, element: 'orders.day' }] }],
      ['else by what its freshness names', 'seen', { slaProperties: [retention, latency] }],
      ['else by the first date that partitions it', 'day', { slaProperties: [retention] }],
      [
        'not by the end of its versions, which need no name',
        undefined,
        {
          slaProperties: [retention, latency],
          customProperties: [...contract().customProperties!, { property: 'history', value: 'scd2' }],
        },
      ],
    ])('is said %s', (_how, column, more) => {
      expect(dated(columns, more)).toEqual({ retentionColumn: column, retentionDays: 365 });
    });

    test('is said by its freshness where only the zone says how long, and never by a partition', () => {
      expect(dated(columns, { slaProperties: [latency] }).retentionColumn).toBe('seen');
      expect(dated(columns, {}).retentionColumn).toBeUndefined();
    });

    test('is not said by a partition of hashes', () => {
      const hashed = [{ ...day, customProperties: [bucket] }] as const;
      expect(dated(hashed, { slaProperties: [retention] }).retentionColumn).toBeUndefined();
    });
  });

  test.each([
    ['retention', '26 w', { retentionDays: 182 }],
    ['volumePerDay', '250 MB', { dailyVolumeGb: 0.25 }],
    ['volumePerDay', '2TB', { dailyVolumeGb: 2000 }],
    ['maxQuarantinePercent', 0, { maxQuarantinePercent: 0 }],
    [
      'sortBy',
      ['id desc', 'id'],
      {
        sortBy: [
          { column: 'id', direction: 'desc' },
          { column: 'id', direction: 'asc' },
        ],
      },
    ],
    ['sortBy', 'id', { sortBy: [{ column: 'id', direction: 'asc' }] }],
  ])('custom property %s: %j', (property, value, expected) => {
    const custom = [...contract().customProperties!, { property, value }];

    expect(datasetOf(contract(undefined, { customProperties: custom }))).toMatchObject(expected);
  });

  test('owners come first in its team, and who has left it is no member', () => {
    const members = [
      { username: 'a', role: 'Data Steward' },
      { username: 'b', role: 'Data Owner', dateOut: '2024-01-01' },
      { username: 'c', role: 'Owner' },
    ];

    expect(datasetOf(contract(undefined, { team: { members } })).owners).toEqual(['c', 'a']);
    expect(datasetOf(contract(undefined, { apiVersion: 'v3.0.2', team: members })).owners).toEqual(['c', 'a']);
  });

  test('CSV files may say their delimiter, header and nulls; {model} stands for the table', () => {
    const server = {
      server: 'in',
      type: 's3',
      location: 's3://bronze/{model}/*.csv',
      format: 'csv',
      delimiter: ';',
      customProperties: [
        { property: 'header', value: false },
        { property: 'nullValues', value: ['NA'] },
      ],
    };

    expect(datasetOf(contract(undefined, { servers: [server] })).source).toEqual({
      zone: 'bronze',
      prefix: 'orders',
      format: 'csv',
      delimiter: ';',
      header: false,
      nullValues: ['NA'],
    });
  });

  test('positions of keys and partitions decide their order, not their place', () => {
    const keyed = (name: string, position: number): SchemaProperty => ({
      name,
      logicalType: 'string',
      primaryKey: true,
      primaryKeyPosition: position,
      partitioned: true,
      partitionKeyPosition: position,
    });
    const dataset = datasetOf(contract([keyed('a', 2), keyed('b', -1), keyed('c', 1)]));

    expect(dataset.key).toEqual(['c', 'a', 'b']);
    expect(dataset.partitionBy.map(({ column }) => column)).toEqual(['c', 'a', 'b']);
  });
});

describe('types', () => {
  const options = (logicalTypeOptions: SchemaProperty['logicalTypeOptions']) => ({ logicalTypeOptions });

  test.each<[Omit<SchemaProperty, 'name'>, Type]>([
    [{ logicalType: 'boolean' }, 'boolean'],
    [{ logicalType: 'string' }, 'string'],
    [{ logicalType: 'string', physicalType: 'VARCHAR(18)' }, 'string'],
    [{ logicalType: 'string', physicalType: 'varchar[18]' }, 'string'],
    [{ logicalType: 'string', physicalType: 'uuid' }, 'uuid'],
    [{ logicalType: 'string', physicalType: 'bytea' }, 'binary'],
    [{ logicalType: 'integer' }, 'int'],
    [{ logicalType: 'integer', ...options({ format: 'i64' }) }, 'long'],
    [{ logicalType: 'integer', ...options({ format: 'u32' }) }, 'long'],
    [{ logicalType: 'integer', ...options({ format: 'u64' }) }, 'decimal(20, 0)'],
    [{ logicalType: 'integer', physicalType: 'BIGINT' }, 'long'],
    [{ logicalType: 'integer', physicalType: 'number(12)' }, 'decimal(12, 0)'],
    [{ logicalType: 'integer', physicalType: 'bigint', ...options({ format: 'i32' }) }, 'long'],
    [{ logicalType: 'number' }, 'double'],
    [{ logicalType: 'number', ...options({ format: 'f32' }) }, 'float'],
    [{ logicalType: 'number', physicalType: 'DECIMAL(10,2)' }, 'decimal(10, 2)'],
    [{ logicalType: 'number', physicalType: 'double precision' }, 'double'],
    [{ logicalType: 'date' }, 'date'],
    [{ logicalType: 'date', physicalType: 'timestamp' }, 'timestamp'],
    [{ logicalType: 'time' }, 'time'],
    [{ logicalType: 'timestamp' }, 'timestamptz'],
    [{ logicalType: 'timestamp', ...options({ timezone: false }) }, 'timestamp'],
    [{ logicalType: 'timestamp', physicalType: 'timestamp(6) without time zone' }, 'timestamp'],
    [{ logicalType: 'timestamp', physicalType: 'timestamptz' }, 'timestamptz'],
    [{ physicalType: 'bigint' }, 'long'],
    [
      { physicalType: 'map<string, array<int>>' },
      { kind: 'map', key: 'string', value: { kind: 'list', element: 'int' } },
    ],
    [{ physicalType: 'INTEGER[][]' }, { kind: 'list', element: { kind: 'list', element: 'int' } }],
    [
      { logicalType: 'array', items: { logicalType: 'date' } },
      { kind: 'list', element: 'date' },
    ],
    [{ logicalType: 'object', physicalType: 'jsonb' }, 'string'],
    [
      {
        logicalType: 'object',
        logicalTypeOptions: { required: ['a'] },
        properties: [
          { name: 'a', logicalType: 'integer', description: 'first' },
          {
            name: 'b',
            logicalType: 'array',
            items: { logicalType: 'object', properties: [{ name: 'c', logicalType: 'string', required: true }] },
          },
        ],
      },
      {
        kind: 'struct',
        fields: [
          { name: 'a', type: 'int', required: true, description: 'first' },
          {
            name: 'b',
            required: false,
            type: {
              kind: 'list',
              element: { kind: 'struct', fields: [{ name: 'c', type: 'string', required: true }] },
            },
          },
        ],
      },
    ],
  ])('%j', (property, expected) => {
    expect(typeOf(property)).toEqual(expected);
  });

  test.each(['constructor', 'nonsense', 'decimal(50, 2)', 'map<string>', 'array', 'int)', 'struct<a>', ''])(
    '%j is no physical type',
    (text) => {
      expect(physicalType(text)).toBeUndefined();
    },
  );

  const nested: Type = {
    kind: 'struct',
    fields: [
      { name: 'a', type: 'timestamptz', required: true, description: 'when' },
      {
        name: 'b',
        type: { kind: 'list', element: { kind: 'map', key: 'string', value: 'decimal(10, 2)' } },
        required: false,
      },
    ],
  };

  test("are nested in Glue's words", () => {
    expect(glueType(nested)).toBe('struct<a:timestamp,b:array<map<string,decimal(10,2)>>>');
  });

  test("are nested in Iceberg's words, with an id for everything that is named or held", () => {
    let last = 0;
    const fields = icebergFields(
      [
        { name: 's', type: nested, required: false },
        { name: 't', type: 'uuid', required: true },
      ],
      () => ++last,
    );

    expect(fields).toEqual([
      {
        id: 1,
        name: 's',
        required: false,
        type: {
          type: 'struct',
          fields: [
            { id: 3, name: 'a', required: true, type: 'timestamptz', doc: 'when' },
            {
              id: 4,
              name: 'b',
              required: false,
              type: {
                type: 'list',
                'element-id': 5,
                'element-required': false,
                element: {
                  type: 'map',
                  'key-id': 6,
                  key: 'string',
                  'value-id': 7,
                  value: 'decimal(10, 2)',
                  'value-required': false,
                },
              },
            },
          ],
        },
      },
      { id: 2, name: 't', required: true, type: 'uuid' },
    ]);
  });

  test.each<[Type, Type, boolean]>([
    ['int', 'long', true],
    ['long', 'int', false],
    ['int', 'double', false],
    ['float', 'double', true],
    ['decimal(10, 2)', 'decimal(12, 2)', true],
    ['decimal(10, 2)', 'decimal(12, 3)', false],
    ['date', 'timestamp', false],
    [{ kind: 'list', element: 'int' }, { kind: 'list', element: 'long' }, true],
    [{ kind: 'list', element: 'int' }, 'int', false],
    [{ kind: 'map', key: 'int', value: 'int' }, { kind: 'map', key: 'long', value: 'int' }, false],
    [{ kind: 'struct', fields: [] }, { kind: 'struct', fields: [{ name: 'a', type: 'int', required: false }] }, true],
    [{ kind: 'struct', fields: [] }, { kind: 'struct', fields: [{ name: 'a', type: 'int', required: true }] }, false],
    [{ kind: 'struct', fields: [{ name: 'a', type: 'int', required: false }] }, { kind: 'struct', fields: [] }, false],
  ])('%j reads as %j: %s', (from, to, expected) => {
    expect(widens(from, to)).toBe(expected);
  });
});

describe('quality rules', () => {
  const base = { dimension: 'validity', severity: 'error' };

  test.each<[string, Partial<SchemaProperty>, object]>([
    [
      'required',
      { logicalType: 'string', required: true },
      { name: 'c.notNull', type: 'notNull', column: 'c', dimension: 'completeness' },
    ],
    [
      'unique',
      { logicalType: 'string', unique: true },
      { name: 'c.unique', type: 'unique', columns: ['c'], dimension: 'uniqueness' },
    ],
    [
      'minimum',
      { logicalType: 'integer', logicalTypeOptions: { minimum: 0 } },
      { ...base, name: 'c.range', type: 'range', column: 'c', min: 0 },
    ],
    [
      'both ends, the tighter of each',
      {
        logicalType: 'number',
        logicalTypeOptions: { minimum: 0, exclusiveMinimum: 0, maximum: 5, exclusiveMaximum: 9 },
      },
      { ...base, name: 'c.range', type: 'range', column: 'c', min: 0, exclusiveMin: true, max: 5 },
    ],
    [
      'an unsigned format',
      { logicalType: 'integer', logicalTypeOptions: { format: 'u8' } },
      { ...base, name: 'c.range', type: 'range', column: 'c', min: 0, max: 255 },
    ],
    [
      'dates',
      { logicalType: 'date', logicalTypeOptions: { minimum: '2001-01-01' } },
      { ...base, name: 'c.range', type: 'range', column: 'c', min: '2001-01-01' },
    ],
    [
      'pattern',
      { logicalType: 'string', logicalTypeOptions: { pattern: '^A$' } },
      { ...base, name: 'c.pattern', type: 'pattern', column: 'c', pattern: '^A$' },
    ],
    [
      'length',
      { logicalType: 'string', logicalTypeOptions: { minLength: 0, maxLength: 4 } },
      { ...base, name: 'c.length', type: 'length', column: 'c', min: 0, max: 4 },
    ],
    [
      'items',
      { logicalType: 'array', items: { logicalType: 'string' }, logicalTypeOptions: { minItems: 1 } },
      { ...base, name: 'c.length', type: 'length', column: 'c', min: 1 },
    ],
    [
      'uniqueItems',
      { logicalType: 'array', items: { logicalType: 'string' }, logicalTypeOptions: { uniqueItems: true } },
      { ...base, name: 'c.uniqueItems', type: 'expression', expression: 'list_unique("c") = list_count("c")' },
    ],
    [
      'multipleOf',
      { logicalType: 'integer', logicalTypeOptions: { multipleOf: 5 } },
      { ...base, name: 'c.multipleOf', type: 'expression', expression: '"c" % 5 = 0' },
    ],
    [
      'required fields inside',
      {
        logicalType: 'array',
        items: { logicalType: 'object', properties: [{ name: 'f', logicalType: 'string', required: true }] },
      },
      {
        name: 'c.fields',
        dimension: 'completeness',
        type: 'expression',
        expression:
          '("c" IS NULL OR len(list_filter("c", lambda item0: NOT (item0 IS NULL OR (item0."f" IS NOT NULL)))) = 0)',
      },
    ],
  ])('follow from %s', (_what, property, expected) => {
    expect(datasetOf(contract([{ name: 'c', ...property }])).rules).toMatchObject([expected]);
  });

  test.each<[DataQuality, object]>([
    [
      { metric: 'nullValues', mustBe: 0 },
      { name: 'c.nullValues', type: 'notNull', column: 'c', dimension: 'completeness', severity: 'error' },
    ],
    [
      { metric: 'nullValues', mustBeLessThan: 10 },
      { type: 'notNull', tolerance: { max: 9, unit: 'rows' } },
    ],
    [
      { metric: 'nullValues', mustBeLessOrEqualTo: 10, mustBeGreaterOrEqualTo: 0 },
      { type: 'notNull', tolerance: { max: 10, unit: 'rows' } },
    ],
    [
      { metric: 'nullValues', mustBeLessThan: 1, unit: 'percent' },
      { tolerance: { max: 1, unit: 'percent', exclusive: true } },
    ],
    [{ metric: 'nullValues', mustBeLessOrEqualTo: 1.5, unit: 'percent' }, { tolerance: { max: 1.5, unit: 'percent' } }],
    [
      { metric: 'missingValues', arguments: { missingValues: [null, '', 'N/A'] }, mustBe: 0 },
      { type: 'notNull', missingValues: ['', 'N/A'] },
    ],
    [
      { metric: 'invalidValues', arguments: { validValues: ['a', 'b'] }, mustBe: 0 },
      { type: 'acceptedValues', column: 'c', values: ['a', 'b'] },
    ],
    [
      { metric: 'invalidValues', arguments: { pattern: '^x' }, mustBe: 0 },
      { type: 'pattern', column: 'c', pattern: '^x' },
    ],
    [
      { metric: 'invalidValues', arguments: { validValues: ["o'", 'b'], pattern: '^x' }, mustBe: 0 },
      {
        type: 'expression',
        expression: `CAST("c" AS VARCHAR) IN ('o''', 'b') AND regexp_matches(CAST("c" AS VARCHAR), '^x')`,
      },
    ],
    [
      { metric: 'duplicateValues', mustBe: 0, severity: 'warning', name: 'once' },
      { name: 'once', type: 'unique', columns: ['c'], severity: 'warning' },
    ],
    [
      { rule: 'duplicateCount', mustBeLessThan: 10 },
      { type: 'unique', tolerance: { max: 9, unit: 'rows' } },
    ],
    // What no tolerance can say becomes a query that counts.
    [
      { metric: 'nullValues', mustBe: 5 },
      { type: 'sql', query: 'SELECT count(*) FILTER (WHERE "c" IS NULL) FROM "silver"."orders"', min: 5, max: 5 },
    ],
    [
      { metric: 'nullValues', mustBeBetween: [0, 10] },
      { type: 'sql', min: 1, max: 9 },
    ],
    [
      { metric: 'nullValues', mustNotBe: 3 },
      { type: 'sql', except: { min: 3, max: 3 } },
    ],
    [
      { metric: 'nullValues', mustNotBeBetween: [3, 5] },
      { type: 'sql', except: { min: 3, max: 5, exclusive: true } },
    ],
    [
      { metric: 'nullValues', mustBeGreaterThan: 5, unit: 'percent' },
      { type: 'sql', min: 5, exclusiveMin: true },
    ],
    [
      { type: 'sql', query: 'SELECT count({property}) FROM {object}', mustBeGreaterThan: 2.5 },
      {
        type: 'sql',
        query: 'SELECT count("c") FROM "silver"."orders"',
        min: 2.5,
        exclusiveMin: true,
        dimension: 'consistency',
      },
    ],
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the standard's JSON schema writes placeholders so.
      { type: 'sql', query: 'SELECT count(${column}) FROM ${table}', mustBe: true },
      { query: 'SELECT count("c") FROM "silver"."orders"', min: 1, max: 1 },
    ],
    [
      { type: 'custom', engine: 'ingot', implementation: 'c > 1', dimension: 'cf' },
      { type: 'expression', expression: 'c > 1', dimension: 'validity' },
    ],
    [
      { type: 'custom', engine: 'ingot', implementation: { expression: 'c > 1', where: 'd = 2' } },
      { type: 'expression', expression: 'c > 1', where: 'd = 2', name: 'c.custom' },
    ],
  ])('%j', (quality, expected) => {
    expect(rulesOf([quality])).toMatchObject([expected]);
  });

  test.each<[DataQuality, object]>([
    [
      { metric: 'rowCount', mustBeGreaterThan: 0 },
      { name: 'rowCount', type: 'rowCount', min: 1, dimension: 'completeness' },
    ],
    [
      { metric: 'rowCount', mustBeBetween: [100, 120] },
      { type: 'rowCount', min: 101, max: 119 },
    ],
    [
      { metric: 'rowCount', mustBe: 0 },
      { type: 'rowCount', max: 0 },
    ],
    [
      { metric: 'rowCount', mustNotBe: 7 },
      { type: 'sql', query: 'SELECT count(*) FROM "silver"."orders"', except: { min: 7, max: 7 } },
    ],
    [
      { metric: 'duplicateValues', arguments: { properties: ['c', 'd'] }, mustBe: 0 },
      { name: 'c_d.duplicateValues', type: 'unique', columns: ['c', 'd'] },
    ],
  ])('of the table: %j', (quality, expected) => {
    expect(rulesOf([quality], 'table')).toMatchObject([expected]);
  });

  test('without a name of their own are numbered', () => {
    const rules = rulesOf([
      { metric: 'nullValues', mustBe: 0 },
      { metric: 'nullValues', mustBeLessThan: 5, severity: 'warning' },
    ]);

    expect(rules.map(({ name }) => name)).toEqual(['c.nullValues', 'c.nullValues.2']);
  });
});

describe('what the standard allows and Ingot does not act on is kept, and said', () => {
  const at = (quality: DataQuality) => contract([{ name: 'c', logicalType: 'string', quality: [quality] }]);

  test.each<[string, DataContract, string[]]>([
    ['quality as text', at({ type: 'text', description: 'verified' }), []],
    [
      'another engine',
      at({ type: 'custom', engine: 'soda', implementation: 'type: duplicate_percent' }),
      [
        'c.yaml:16 schema[0].properties[0].quality[0].engine: is kept but not checked: Ingot runs engine ingot; given "soda"',
      ],
    ],
    [
      'a comparison with a text',
      at({ metric: 'nullValues', mustBe: 'none' }),
      [
        'c.yaml:15 schema[0].properties[0].quality[0]: is kept but not checked: Ingot compares with numbers and booleans only',
      ],
    ],
    [
      'a schedule',
      at({ metric: 'nullValues', mustBe: 0, scheduler: 'cron', schedule: '0 20 * * *' }),
      ['c.yaml:18 schema[0].properties[0].quality[0].schedule: is kept, but Ingot checks every rule in every run'],
    ],
    [
      'a severity',
      at({ metric: 'nullValues', mustBe: 0, severity: 'critical' }),
      [
        'c.yaml:17 schema[0].properties[0].quality[0].severity: is kept, but counts as error; given "critical"; allowed: error, warning, info',
      ],
    ],
    [
      'access',
      contract(undefined, { roles: [{ role: 'x', access: 'dance' }] }),
      ['c.yaml:16 roles[0].access: is kept, but not understood; given "dance"; allowed: read, write'],
    ],
    [
      'a physical type of another family',
      contract([{ name: 'c', logicalType: 'integer', physicalType: 'varchar(3)' }]),
      [
        'c.yaml:14 schema[0].properties[0].physicalType: is kept, but the logical type integer decides: the column is int; given "varchar(3)"',
      ],
    ],
    [
      'limits inside a column',
      contract([
        { name: 'c', logicalType: 'array', items: { logicalType: 'string', logicalTypeOptions: { maxLength: 3 } } },
      ]),
      [
        'c.yaml:17 schema[0].properties[0].items.logicalTypeOptions.maxLength: is kept but not checked: it stands inside a column',
      ],
    ],
    [
      'a custom property nearly one of ours',
      contract(undefined, { customProperties: [...contract().customProperties!, { property: 'retension', value: 1 }] }),
      ['c.yaml:9 customProperties[1].property: is kept as it is; given "retension"; did you mean retention?'],
    ],
    [
      'how long rows are kept, where nothing says how old they are',
      contract(undefined, { slaProperties: [{ property: 'retention', value: 1, unit: 'y' }] }),
      [
        'c.yaml:15 slaProperties[0]: is kept, but deletes nothing of orders: no column says how old a row is; name one in the SLA property retention, as element: orders.<column>',
      ],
    ],
    [
      'servers elsewhere, prices, support, relationships, definitions',
      contract([{ name: 'c', logicalType: 'string', relationships: [{ to: 'other.c' }], examples: [1, 'a', null] }], {
        servers: [{ server: 'x', type: 'postgres', host: 'h', port: 5432, database: 'd', schema: 's' }],
        price: { priceAmount: 9.95, priceCurrency: 'USD', priceUnit: 'megabyte' },
        support: [{ channel: 'data', tool: 'slack' }],
        authoritativeDefinitions: [{ url: 'https://x', type: 'tutorial' }],
        tenant: 't',
        contractCreatedTs: '2024-01-01T00:00:00Z',
      }),
      [],
    ],
  ])('%s', (_what, given, expected) => {
    const { problems, notices } = read(given);

    expect(problems.map(describeProblem)).toEqual([]);
    expect(notices.map(describeProblem)).toEqual(expected);
  });
});

describe('what is wrong with a contract is said in full sentences, with its line', () => {
  const valid = `apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
customProperties:
  - property: zone
    value: silver
schema:
  - name: orders
    properties:
      - name: id
        logicalType: integer
      - name: at
        logicalType: timestamp
`;

  test.each<[string, string | RegExp, string, string[]]>([
    [
      'an unknown field',
      'status: active',
      'status: active\nstatsu: active',
      [
        'c.yaml:6 statsu: is not a field here; given "statsu"; allowed: apiVersion, kind, id, version, status, name, tenant, domain, dataProduct, description, tags, servers, schema, support, price, team, roles, slaDefaultElement, slaProperties, authoritativeDefinitions, customProperties, contractCreatedTs; did you mean status?',
      ],
    ],
    [
      'a wrong word',
      'logicalType: integer',
      'logicalType: interger',
      [
        'c.yaml:13 schema[0].properties[0].logicalType: must be one of these words: given "interger"; allowed: string, date, timestamp, time, number, integer, object, array, boolean; did you mean integer?',
      ],
    ],
    [
      'a number for a text',
      'version: 1.0.0',
      'version: 1.0',
      ['c.yaml:4 version: must be a text; given 1; put it in quotes'],
    ],
    [
      'a version that is none',
      'version: 1.0.0',
      'version: v1',
      ['c.yaml:4 version: must be a semantic version such as 1.0.0; given "v1"'],
    ],
    [
      'a standard that is newer',
      'v3.1.0',
      'v4.0.0',
      [
        'c.yaml:1 apiVersion: must be a version of the standard that Ingot reads: given "v4.0.0"; allowed: v3.1.0, v3.0.2, v3.0.1, v3.0.0; did you mean v3.0.0?',
      ],
    ],
    [
      'a standard that is older',
      'v3.1.0',
      'v2.2.2',
      [
        'c.yaml:1 apiVersion: must be a version of the standard that Ingot reads: given "v2.2.2"; allowed: v3.1.0, v3.0.2, v3.0.1, v3.0.0; did you mean v3.0.2?',
      ],
    ],
    ['a field that is missing', 'id: orders\n', '', ['c.yaml:1 id: is missing; it must be a text']],
    [
      'a list that is none',
      /schema:\n[\s\S]*/,
      'schema: orders\n',
      ['c.yaml:9 schema: must be a list; given "orders"'],
    ],
    [
      'a name that AWS refuses',
      'name: orders',
      'name: OrderLines',
      [
        'c.yaml:10 schema[0].name: must be lower-case letters, digits and underscores, a letter first, as AWS Glue and Athena want it; given "OrderLines"; order_lines would do',
      ],
    ],
    [
      'a column that AWS refuses',
      'name: at',
      'name: 2nd-at',
      [
        'c.yaml:14 schema[0].properties[1].name: must be lower-case letters, digits and underscores, a letter first, as AWS Glue and Athena want it; given "2nd-at"; nd_at would do',
      ],
    ],
    [
      'a name that is too long',
      'name: orders',
      `name: ${'o'.repeat(245)}`,
      ['c.yaml:10 schema[0].name: must have at most 244 characters, as AWS Glue allows; given 245'],
    ],
    [
      "a quarantine's name",
      'name: orders',
      'name: orders_quarantine',
      ['c.yaml:10 schema[0].name: must not end in _quarantine: the quarantine of a table is named so'],
    ],
    [
      'a column twice',
      'name: at',
      'name: id',
      ['c.yaml:14 schema[0].properties[1].name: must be unique in its table; "id" is given twice'],
    ],
    [
      'no zone',
      /customProperties:\n.*\n.*\n/,
      '',
      ["c.yaml:1 customProperties: must name the table's zone: property zone with a value of silver, gold"],
    ],
    [
      'a zone that is none',
      'value: silver',
      'value: sliver',
      [
        'c.yaml:8 customProperties[0].value: of zone must be a zone that holds tables; given "sliver"; allowed: silver, gold; did you mean silver?',
      ],
    ],
    [
      'no type',
      '        logicalType: integer\n',
      '',
      ['c.yaml:12 schema[0].properties[0]: must have a logicalType or a physicalType'],
    ],
    ...(
      [
        ['number', 'decimal(50, 2)', 'decimal'],
        ['number', 'decimal(2, 12)', 'decimal'],
        ['integer', 'NUMERIC(39)', 'numeric'],
        ['array', 'array<decimal(0, 0)>', 'decimal'],
      ] as const
    ).map(([logical, physical, word]): [string, string, string, string[]] => [
      `digits that no table holds, ${physical}`,
      'logicalType: integer',
      `logicalType: ${logical}\n        physicalType: ${physical}`,
      [
        `c.yaml:14 schema[0].properties[0].physicalType: must be ${word}(p, s) with p from 1 to 38 and s from 0 to p; given "${physical}"`,
      ],
    ]),
    [
      'an option of another type',
      'logicalType: integer',
      'logicalType: integer\n        logicalTypeOptions: {maxLength: 3}',
      [
        'c.yaml:14 schema[0].properties[0].logicalTypeOptions.maxLength: is not an option of logical type integer; given "maxLength"; allowed: format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf',
      ],
    ],
    [
      'a bound of another type',
      'logicalType: integer',
      'logicalType: integer\n        logicalTypeOptions: {minimum: "0"}',
      [
        'c.yaml:14 schema[0].properties[0].logicalTypeOptions.minimum: must be a number for logical type integer; given "0"',
      ],
    ],
    [
      'a bound as v3.0 had it',
      'logicalType: integer',
      'logicalType: integer\n        logicalTypeOptions: {exclusiveMinimum: true}',
      ['c.yaml:14 schema[0].properties[0].logicalTypeOptions.exclusiveMinimum: must be a number or a text; given true'],
    ],
    [
      'a broken pattern',
      'logicalType: integer',
      'logicalType: string\n        logicalTypeOptions: {pattern: "["}',
      ['c.yaml:14 schema[0].properties[0].logicalTypeOptions.pattern: must be a regular expression; given "["'],
    ],
    [
      'history without a key',
      'value: silver\n',
      'value: silver\n  - property: history\n    value: scd2\n',
      [
        'c.yaml:10 customProperties[1].value: asks for a primary key: rows of a scd2 table are merged by it; mark a property with primaryKey: true',
      ],
    ],
    [
      'a column that history adds',
      /value: silver\n([\s\S]*)name: id\n/,
      'value: silver\n  - property: history\n    value: scd2\n$1name: is_current\n        primaryKey: true\n',
      ['c.yaml:14 schema[0].properties[0].name: must not be is_current: history of type 2 adds a column of that name'],
    ],
    [
      'a partition by a list',
      'logicalType: integer',
      'logicalType: array\n        items: {logicalType: string}\n        partitioned: true',
      [
        'c.yaml:15 schema[0].properties[0].partitioned: is identity, which a column of type list cannot be partitioned by',
      ],
    ],
    [
      'a transform that is none',
      'logicalType: timestamp',
      'logicalType: timestamp\n        partitioned: true\n        customProperties: [{property: partitionTransform, value: days}]',
      [
        'c.yaml:17 schema[0].properties[1].customProperties[0].value: must be a partition transform; given "days"; allowed: identity, year, month, day, hour, bucket[16], truncate[4]; did you mean day?',
      ],
    ],
    [
      'a transform that does not fit',
      'logicalType: integer',
      'logicalType: integer\n        partitioned: true\n        customProperties: [{property: partitionTransform, value: day}]',
      [
        'c.yaml:15 schema[0].properties[0].customProperties[0].value: is day, which a column of type int cannot be partitioned by',
      ],
    ],
    [
      'partitions that are missing',
      'value: silver\n',
      'value: silver\n  - property: materialization\n    value: partition\n',
      [
        'c.yaml:10 customProperties[1].value: of materialization is partition, but no property is marked with partitioned: true',
      ],
    ],
    [
      'an order by a column that is missing',
      'value: silver\n',
      'value: silver\n  - property: sortBy\n    value: att\n',
      [
        'c.yaml:10 customProperties[1].value: of sortBy must be a column of orders; given "att"; allowed: id, at; did you mean at?',
      ],
    ],
    [
      'a watermark that is missing',
      'value: silver\n',
      'value: silver\n  - property: watermark\n    value: att\n',
      [
        'c.yaml:10 customProperties[1].value: asks for a primary key: rows of a watermark table are merged by it; mark a property with primaryKey: true',
        'c.yaml:10 customProperties[1].value: of watermark must be a column of orders; given "att"; allowed: id, at; did you mean at?',
      ],
    ],
    [
      'a value that is none',
      'value: silver\n',
      'value: silver\n  - property: history\n    value: scd\n',
      ['c.yaml:10 customProperties[1].value: of history must be one of current, scd2; given "scd"; did you mean scd2?'],
    ],
    [
      'a quantity that is none',
      'value: silver\n',
      'value: silver\n  - property: retention\n    value: two years\n',
      ['c.yaml:10 customProperties[1].value: of retention must be a quantity such as 730 d; given "two years"'],
    ],
    [
      'freshness of a column that is missing',
      'status: active\n',
      'status: active\nslaProperties: [{property: latency, value: 1, unit: d, element: orders.att}]\n',
      ['c.yaml:6 slaProperties[0].element: must name a column of the table; given "att"; allowed: id, at'],
    ],
    [
      'a server without its fields',
      'status: active\n',
      'status: active\nservers: [{server: x, type: s3, host: h}]\n',
      [
        'c.yaml:6 servers[0].location: is missing; a server of type s3 needs it',
        'c.yaml:6 servers[0].host: is not a field of a server of type s3; given "host"; allowed: id, server, type, description, environment, roles, customProperties, location, endpointUrl, format, delimiter',
      ],
    ],
    [
      'a format that is none',
      'status: active\n',
      'status: active\nservers: [{server: x, type: s3, location: "s3://bronze/x/", format: parquett}]\n',
      [
        'c.yaml:6 servers[0].format: must be a format that Ingot reads: given "parquett"; allowed: csv, json, parquet; did you mean parquet?',
      ],
    ],
    [
      'a rule without a comparison',
      'logicalType: integer',
      'logicalType: integer\n        quality: [{metric: nullValues}]',
      [
        'c.yaml:14 schema[0].properties[0].quality[0].mustBe: is missing; the rule needs one of mustBe, mustNotBe, mustBeGreaterThan, mustBeGreaterOrEqualTo, mustBeLessThan, mustBeLessOrEqualTo, mustBeBetween, mustNotBeBetween',
      ],
    ],
    [
      'a rule that cannot hold',
      'logicalType: integer',
      'logicalType: integer\n        quality: [{metric: nullValues, mustBeLessThan: 0}]',
      ['c.yaml:14 schema[0].properties[0].quality[0]: can never hold: no number lies between its bounds'],
    ],
    [
      'duplicates of a column that is missing',
      '    properties:',
      '    quality: [{metric: duplicateValues, mustBe: 0, arguments: {properties: [idd]}}]\n    properties:',
      [
        'c.yaml:11 schema[0].quality[0].arguments.properties[0]: must be a property of the table; given "idd"; allowed: id, at',
      ],
    ],
    [
      'a row count of a column',
      'logicalType: integer',
      'logicalType: integer\n        quality: [{metric: rowCount, mustBe: 0}]',
      [
        'c.yaml:14 schema[0].properties[0].quality[0]: must stand at the table, not at a property: rowCount counts the rows of the table',
      ],
    ],
    [
      'a name of two rules',
      'logicalType: integer',
      'logicalType: integer\n        quality: [{name: q, metric: nullValues, mustBe: 0}, {name: q, metric: nullValues, mustBe: 1}]',
      ['c.yaml:14 schema[0].properties[0].quality[1].name: must be unique in its table; "q" is given twice'],
    ],
  ])('%s', (_what, from, to, expected) => {
    const text = valid.replace(from, to);
    expect(text).not.toBe(valid);

    expect(read(text).problems.map(describeProblem)).toEqual(expected);
  });

  test.each([
    ['a tab', 'a:\n\t- b\n', 'c.yaml:2: must be valid YAML: tabs are not allowed as indentation'],
    [
      'a bracket',
      'a: [1, 2\nb: 3\n',
      'c.yaml:2: must be valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a field twice', 'a: 1\nb: 2\na: 3\n', 'c.yaml:3: must not give a field twice in one place'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'c.yaml:2: must be one YAML document; a line of --- begins a second one'],
    ['nothing', '', 'c.yaml:1: must not be empty'],
    ['a comment alone', '# later\n', 'c.yaml:1: must not be empty'],
    ['a text', 'hello\n', 'c.yaml:1: must be a group of fields; given "hello"'],
  ])('YAML with %s', (_what, text, expected) => {
    expect(read(text).problems.map(describeProblem)).toContain(expected);
  });

  test('of all that is wrong at once', () => {
    const text = valid
      .replace('version: 1.0.0', 'version: 2')
      .replace('integer', 'int')
      .replace('name: at', 'nmae: at');

    expect(read(text).problems.map(({ line, path }) => [line, path])).toEqual([
      [4, 'version'],
      [13, 'schema[0].properties[0].logicalType'],
      [14, 'schema[0].properties[1].name'],
      [14, 'schema[0].properties[1].nmae'],
    ]);
  });

  test('a bomb of aliases is refused, not unfolded', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );

    expect(read(lines.join('\n')).problems.map(describeProblem)[0]).toMatch(
      /must be plain YAML: Excessive alias count/,
    );
  });
});

test('a column is named as it is in storage, where the contract says that', () => {
  expect(columnName({ name: 'Order Date', physicalName: 'order_date' })).toBe('order_date');
  const { datasets } = checkContract(
    readContract(
      'c.yaml',
      JSON.stringify(contract([{ name: 'Order Date', physicalName: 'order_date', logicalType: 'date' }])),
    ),
  );
  expect(datasets[0]?.columns[0]?.name).toBe('order_date');
});
