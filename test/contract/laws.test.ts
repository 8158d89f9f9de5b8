import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { tableChanges } from '../../lib/contract/changes';
import type { Column, Dataset, StructField, Type } from '../../lib/contract/dataset';
import { diffContracts } from '../../lib/contract/diff';
import type { DataContract, SchemaProperty } from '../../lib/contract/odcs';
import { type ContractCheck, datasetsOf, readContract } from '../../lib/contract/read';
import { widens } from '../../lib/contract/types';
import { describeProblem } from '../../lib/errors';
import { openDuckdb } from '../../lib/runtime/duckdb';
import { duckdbType } from '../../lib/sql/types';
import { contract, read } from './contracts';
import { name, properties, validContract } from './generated';

describe('laws of contracts', () => {
  test('a valid contract resolves, and nothing that it says is lost', () => {
    fc.assert(
      fc.property(validContract, (given) => {
        const { contract: kept, problems } = readContract('c.yaml', stringify(given));
        expect(problems.map(describeProblem)).toEqual([]);
        expect(kept).toEqual(given);
        expect(read(given).problems.map(describeProblem)).toEqual([]);
        expect(datasetsOf(given)[0]!.columns.map((column) => column.name)).toEqual(
          given.schema![0]!.properties!.map((property) => property.name),
        );
      }),
    );
  });

  test('it does not matter in which order its fields stand', () => {
    fc.assert(
      fc.property(validContract, fc.infiniteStream(fc.nat()), (given, choices) => {
        const withoutLines = ({ datasets, problems, notices }: ContractCheck) => ({
          datasets,
          problems,
          notices: notices.map(({ path, message }) => `${path} ${message}`).sort(),
        });
        expect(withoutLines(read(stringify(shuffled(given, choices))))).toEqual(withoutLines(read(stringify(given))));
      }),
    );
  });

  test('its version compared with itself has no change', () => {
    fc.assert(
      fc.property(validContract, (given) => {
        expect(diffContracts(given, given)).toMatchObject({ changes: [], demands: 'none', versionFits: true });
      }),
    );
  });

  test('rules have names of their own', () => {
    fc.assert(
      fc.property(validContract, (given) => {
        const names = datasetsOf(given)[0]!.rules.map((rule) => rule.name);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });

  test('no text makes the reader throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => stringify(value)),
        ),
        (text) => {
          expect(read(text).problems.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a contract with one field of any value still only has problems', () => {
    const mutated = fc.tuple(validContract, fc.nat(), fc.jsonValue({ maxDepth: 1 })).map(([given, at, value]) => {
      const copy = parse(stringify(given)) as Record<string, unknown>;
      const places = everyPlace(copy);
      const [holder, key] = places[at % places.length]!;
      (holder as Record<string, unknown>)[key] = value;
      return copy;
    });
    fc.assert(
      fc.property(mutated, (given) => {
        expect(() => read(given)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

describe('laws of changes', () => {
  test('a table is changed in place if and only if its old rows can be read by the new schema', () => {
    fc.assert(
      fc.property(columnsPair, ([before, after]) => {
        const inPlace = tableChanges(table(before), table(after)).every((change) => change.inPlace);
        expect(inPlace).toBe(isReadable(before, after));
      }),
      { numRuns: 1000 },
    );
  });

  test('types widen if and only if a reader of the wider one reads the narrower one', () => {
    fc.assert(
      fc.property(type, type, (from, to) => {
        expect(widens(from, to)).toBe(readsAs(from, to));
      }),
      { numRuns: 2000 },
    );
  });

  test('DuckDB reads every value of a type by each that it widens to', async () => {
    const duckdb = await openDuckdb();
    try {
      const samples: [Type, Type, string][] = [
        ['int', 'long', '-2147483648'],
        ['float', 'double', '0.1::FLOAT'],
        ['decimal(4, 2)', 'decimal(38, 2)', '99.99'],
        [{ kind: 'list', element: 'int' }, { kind: 'list', element: 'long' }, '[1, NULL]'],
      ];
      for (const [from, to, value] of samples) {
        const [row] = await duckdb.query<{ same: boolean }>(
          `SELECT CAST(v AS ${duckdbType(to)}) = v AS same FROM (SELECT CAST(${value} AS ${duckdbType(from)}) AS v)`,
        );
        expect(row).toEqual({ same: true });
      }
    } finally {
      duckdb.close();
    }
  });

  test('the version that a diff asks for is the least that fits', () => {
    const version = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(properties, properties, version, version, (before, after, from, to) => {
        const diff = diffContracts(contract(before, { version: from }), contract(after, { version: to }));
        expect(diff.versionFits).toBe(compare(to, diff.leastVersion) >= 0);
        expect(
          diffContracts(contract(before, { version: from }), contract(after, { version: diff.leastVersion })),
        ).toMatchObject({
          versionFits: true,
        });
        expect(diff.breaking).toBe(diff.changes.some(({ kind }) => kind === 'breaking'));
      }),
    );
  });
});

function compare(a: string, b: string): number {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)];
  return x[0]! - y[0]! || x[1]! - y[1]! || x[2]! - y[2]!;
}

const [orders] = datasetsOf(contract());
const table = (columns: readonly Column[]): Dataset => ({ ...orders!, columns });

const primitive = fc.constantFrom<Type>(
  'int',
  'long',
  'float',
  'double',
  'string',
  'decimal(4, 2)',
  'decimal(9, 2)',
  'decimal(9, 3)',
);
const type: fc.Arbitrary<Type> = fc.oneof(
  primitive,
  primitive.map((element) => ({ kind: 'list' as const, element })),
  fc
    .uniqueArray(fc.record({ name: fc.constantFrom('x', 'y'), type: primitive, required: fc.boolean() }), {
      selector: (field) => field.name,
      minLength: 1,
    })
    .map((fields) => ({ kind: 'struct' as const, fields })),
);
const columns: fc.Arbitrary<Column[]> = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    type,
    required: fc.boolean(),
    tags: fc.constant([]),
    sourceColumns: fc.constant([]),
  }),
  { selector: (column) => column.name, minLength: 1 },
);
/** A column of the old version becomes one of the new: mostly the same, else without one of its marks, or gone. */
const evolved = (column: Column): fc.Arbitrary<Column | undefined> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(column) },
    { weight: 3, arbitrary: type.map((other) => ({ ...column, type: other })) },
    { weight: 1, arbitrary: fc.constant({ ...column, required: !column.required }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
const columnsPair = columns.chain((before) =>
  fc.tuple(
    fc.constant(before),
    fc
      .tuple(fc.tuple(...before.map(evolved)), fc.option(fc.boolean()))
      .map(([kept, added]) => [
        ...kept.filter((column) => column !== undefined),
        ...(added === null ? [] : [{ ...before[0]!, name: 'new', required: added }]),
      ]),
  ),
);

/**
 * Written a second time, from the side of a reader: every column that was is there and holds each of its values, and a
 * column that is new can be null.
 */
function isReadable(before: readonly StructField[], after: readonly StructField[]): boolean {
  const hadIt = (field: StructField) => before.some((one) => one.name === field.name);
  return (
    before.every((was) => after.some((is) => is.name === was.name && holds(is, was))) &&
    after.every((is) => hadIt(is) || !is.required)
  );
}

const holds = (is: StructField, was: StructField): boolean =>
  (was.required || !is.required) && readsAs(was.type, is.type);

const ranks: Readonly<Record<string, readonly [string, number]>> = {
  int: ['integer', 32],
  long: ['integer', 64],
  float: ['floating', 32],
  double: ['floating', 64],
  string: ['text', 0],
  'decimal(4, 2)': ['hundredths', 4],
  'decimal(9, 2)': ['hundredths', 9],
  'decimal(9, 3)': ['thousandths', 9],
};

function readsAs(was: Type, is: Type): boolean {
  if (typeof was === 'string' && typeof is === 'string')
    return ranks[was]![0] === ranks[is]![0] && ranks[was]![1] <= ranks[is]![1];
  if (typeof was === 'string' || typeof is === 'string') return false;
  if (was.kind === 'list' && is.kind === 'list') return readsAs(was.element, is.element);
  return was.kind === 'struct' && is.kind === 'struct' && isReadable(was.fields, is.fields);
}

/** The same content with the fields of every group in another order. */
function shuffled<T>(value: T, choices: fc.Stream<number>): T {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, choices)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const left = Object.entries(value);
  const result: Record<string, unknown> = {};
  while (left.length > 0) {
    const [[key, held]] = left.splice(choices.next().value! % left.length, 1) as [[string, unknown]];
    result[key] = shuffled(held, choices);
  }
  return result as T;
}

/** Every place inside a value that another value can be put in. */
function everyPlace(value: unknown): [object, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, held]): [object, string][] => [[value, key], ...everyPlace(held)]);
}

describe('changes between two versions', () => {
  const base: readonly SchemaProperty[] = [
    { id: 'p1', name: 'id', logicalType: 'integer', primaryKey: true },
    { name: 'amount', logicalType: 'number', physicalType: 'decimal(10, 2)', required: true },
    { name: 'note', logicalType: 'string' },
  ];
  const [id, amount, note] = base as [SchemaProperty, SchemaProperty, SchemaProperty];
  const old = contract(base, { roles: [{ role: 'analyst', access: 'read' }] });
  const on = (columns: readonly SchemaProperty[], more: Partial<DataContract> = {}) => ({
    ...old,
    ...contract(columns),
    roles: old.roles,
    ...more,
  });
  const custom = (...given: [string, unknown][]) => [
    ...old.customProperties!,
    ...given.map(([property, value]) => ({ property, value })),
  ];

  test.each<[string, DataContract, 'major' | 'minor' | 'patch' | 'none', string[]]>([
    ['nothing', on(base), 'none', []],
    [
      'a new optional column',
      on([...base, { name: 'new', logicalType: 'date' }]),
      'minor',
      ['compatible silver.orders.new: a column date is added'],
    ],
    [
      'a new required column',
      on([...base, { name: 'new', logicalType: 'date', required: true }]),
      'major',
      ['breaking silver.orders.new: a required column date is added: rows that are there have no value for it'],
    ],
    ['a column less', on([id, amount]), 'major', ['breaking silver.orders.note: the column is removed; it was string']],
    [
      'a wider type',
      on([{ ...id, logicalTypeOptions: { format: 'i64' } }, amount, note]),
      'minor',
      ['compatible silver.orders.id: the type changes from int to long, which holds every value'],
    ],
    [
      'a narrower type',
      on([id, { ...amount, physicalType: 'decimal(8, 2)' }, note]),
      'major',
      [
        'breaking silver.orders.amount: the type changes from decimal(10, 2) to decimal(8, 2): values that are there cannot be read so',
      ],
    ],
    [
      'another type',
      on([id, amount, { ...note, logicalType: 'date' }]),
      'major',
      ['breaking silver.orders.note: the type changes from string to date: values that are there cannot be read so'],
    ],
    [
      'another name, the same id',
      on([{ ...id, name: 'order_id' }, amount, note]),
      'major',
      [
        'breaking silver.orders.order_id: the column is renamed from id: queries that name it fail, its values stay',
        'compatible silver.orders.order_id: how it is made from its source changes, for new data',
        'compatible silver.orders: the rule key.unique changes, for new data',
      ],
    ],
    ['another order', on([id, note, amount]), 'minor', ['compatible silver.orders: the order of columns changes']],
    [
      'null allowed',
      on([id, { ...amount, required: false }, note]),
      'minor',
      ['compatible silver.orders.amount: the column may be null'],
    ],
    [
      'null forbidden',
      on([id, amount, { ...note, required: true }]),
      'major',
      ['breaking silver.orders.note: the column must not be null: rows that are there may have no value'],
    ],
    [
      'another key',
      on([id, { ...amount, primaryKey: true }, note]),
      'major',
      [
        'breaking silver.orders: the key changes from id to id, amount: rows are merged by it',
        'compatible silver.orders: the rule key.unique changes, for new data',
      ],
    ],
    [
      'partitions',
      on([id, amount, { ...note, partitioned: true }]),
      'minor',
      ['compatible silver.orders: partitions change from none to note, for new data'],
    ],
    [
      'a rule more',
      on([id, amount, { ...note, logicalTypeOptions: { maxLength: 3 } }]),
      'minor',
      ['compatible silver.orders: the rule note.length is added, for new data'],
    ],
    [
      'a classification',
      on([id, amount, { ...note, classification: 'restricted' }]),
      'minor',
      ['compatible silver.orders.note: its classification changes from none to restricted'],
    ],
    [
      'words',
      on([id, amount, { ...note, description: 'free text' }]),
      'patch',
      ['text silver.orders.note: its description changes'],
    ],
    [
      'history',
      on(base, { customProperties: custom(['history', 'scd2']) }),
      'major',
      [
        'breaking silver.orders: history changes from current to scd2: its columns, and its rows of a key, are others',
        'compatible silver.orders: the rule key.unique changes, for new data',
        'compatible silver.orders: how a model fills it changes from full to scd2',
      ],
    ],
    [
      'a zone',
      on(base, { customProperties: [{ property: 'zone', value: 'gold' }] }),
      'major',
      ['breaking silver.orders: the table is removed', 'compatible gold.orders: the table is added'],
    ],
    [
      'retention said',
      on(base, { customProperties: custom(['retention', '90 d']) }),
      'minor',
      ["compatible silver.orders: rows are kept 90 days, before as long as the zone's default says"],
    ],
    [
      'access taken',
      on(base, { roles: [] }),
      'major',
      ['breaking silver.orders: the role analyst (read) loses its access'],
    ],
    [
      'access given',
      on(base, { roles: [...old.roles!, { role: 'etl', access: 'write' }] }),
      'minor',
      ['compatible silver.orders: the role etl (write) gets access'],
    ],
    [
      'a promise',
      on(base, { slaProperties: [{ property: 'latency', value: 1, unit: 'd' }] }),
      'minor',
      ['compatible silver.orders: freshness changes from no promise to 24 hours'],
    ],
    [
      'owners',
      on(base, { team: { members: [{ username: 'x' }] } }),
      'patch',
      ['text silver.orders: its owners change from none to x'],
    ],
  ])('%s', (_what, now, demands, expected) => {
    const diff = diffContracts(old, now);

    expect(diff.changes.map(({ on: what, kind, message }) => `${kind} ${what}: ${message}`)).toEqual(expected);
    expect(diff.demands).toBe(demands);
  });

  test('a breaking change under a minor version is told what it asks for', () => {
    expect(diffContracts(old, { ...on([id, amount]), version: '1.1.0' })).toMatchObject({
      breaking: true,
      leastVersion: '2.0.0',
      versionFits: false,
      problem: 'must be at least 2.0.0: a breaking change asks for a new major version; given 1.1.0, before 1.0.0',
    });
  });

  test('a version does not go back', () => {
    expect(diffContracts(old, { ...old, version: '0.9.0' })).toMatchObject({
      versionFits: false,
      problem: 'must not go back; given version 0.9.0, before 1.0.0',
    });
  });

  test('the zones of a platform need not be known', () => {
    const zoned = { ...old, customProperties: [{ property: 'zone', value: 'core' }] };

    expect(diffContracts(zoned, zoned).changes).toEqual([]);
  });

  test('versions of two contracts are not compared', () => {
    expect(() => diffContracts(old, { ...old, id: 'other' })).toThrow(
      'new contract id: must be the id of the old contract, or they are no versions of one; given "other", before "orders"',
    );
  });

  test('columns of one id may trade their names', () => {
    const ab = [
      { id: 'a', name: 'a', logicalType: 'integer' },
      { id: 'b', name: 'b', logicalType: 'string' },
    ] as const;
    const ba = [
      { id: 'a', name: 'b', logicalType: 'integer' },
      { id: 'b', name: 'a', logicalType: 'string' },
    ] as const;

    const { changes } = diffContracts(contract(ab), contract(ba));

    expect(changes.map(({ message }) => message)).toEqual([
      'the column is renamed from a: queries that name it fail, its values stay',
      'the column is renamed from b: queries that name it fail, its values stay',
      'how it is made from its source changes, for new data',
      'how it is made from its source changes, for new data',
    ]);
    expect(changes.every(({ inPlace }) => inPlace)).toBe(true);
  });
});

test('names that AWS takes are taken', () => {
  fc.assert(
    fc.property(name, (column) => {
      expect(read(contract([{ name: column, logicalType: 'string' }])).problems).toEqual([]);
    }),
  );
});
