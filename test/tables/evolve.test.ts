import fc from 'fast-check';
import type { Type } from '../../lib/contract/dataset';
import { newMetadata } from '../../lib/local/catalog/create';
import { assertRequirements } from '../../lib/local/catalog/requirements';
import { applyUpdates } from '../../lib/local/catalog/updates';
import { fieldIds } from '../../lib/tables/fields';
import type { TableMetadata } from '../../lib/tables/metadata';
import { creation, evolution, type Plan, recorded } from '../../lib/tables/plan';
import type { ColumnSpec, TableSpec } from '../../lib/tables/spec';
import { column, required, specOf } from './fixture';

const created = (spec: TableSpec): TableMetadata => {
  const { location, schema, properties, ...request } = creation(spec);
  const table = { location, schema, properties, spec: request['partition-spec'], order: request['write-order'] };
  return newMetadata(table, 'uuid', 0);
};
const written = (table: TableMetadata): TableMetadata => {
  const snapshot = {
    'snapshot-id': 7n ** 20n,
    'sequence-number': 1,
    'timestamp-ms': 1,
    'manifest-list': 'x',
    summary: { operation: 'append' },
  };
  const main = { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 7n ** 20n };
  return applyUpdates(table, [{ action: 'add-snapshot', snapshot }, main], 1);
};
const changed = (table: TableMetadata, plan: Plan): TableMetadata => {
  if (plan.kind !== 'change') throw new Error(`The plan is ${JSON.stringify(plan)}`);
  assertRequirements(plan.commit.requirements, table);
  return applyUpdates(table, plan.commit.updates, 2);
};
const current = (table: TableMetadata) => table.schemas.find((s) => s['schema-id'] === table['current-schema-id'])!;
const columnsOf = (table: TableMetadata) => current(table).fields.map(({ id, name, type }) => [id, name, type]);
const struct = (...fields: ColumnSpec[]): Type => ({ kind: 'struct', fields });
const one = (type: Type, more: Partial<ColumnSpec> = {}) => [column('a', type, more)];

describe('columns with rows behind them', () => {
  const kept: [string, ColumnSpec[], ColumnSpec[], string[]][] = [
    ['a column is added', one('int'), [...one('int'), column('b', 'string')], ['b string added']],
    ['int becomes long', one('int'), one('long'), ['a widened from int to long']],
    ['float becomes double', one('float'), one('double'), ['a widened from float to double']],
    [
      'a decimal gets digits',
      one('decimal(9, 2)'),
      one('decimal(12, 2)'),
      ['a widened from decimal(9, 2) to decimal(12, 2)'],
    ],
    ['a decimal is written with other blanks', one('decimal(9,2)' as Type), one('decimal(9, 2)'), []],
    ['a column may be null', one('int', required), one('int'), ['a made optional']],
    ['a column is renamed by its id', one('int', { id: 'x' }), [column('b', 'int', { id: 'x' })], ['a renamed to b']],
    [
      'two columns swap names by their ids',
      [column('a', 'int', { id: 'x' }), column('b', 'int', { id: 'y' })],
      [column('b', 'int', { id: 'x' }), column('a', 'int', { id: 'y' })],
      ['a renamed to b', 'b renamed to a'],
    ],
    ['a column gets an id and keeps its name', one('int'), one('int', { id: 'x' }), []],
    [
      'columns change places',
      [column('a', 'int'), column('b', 'int')],
      [column('b', 'int'), column('a', 'int')],
      ['columns in another order'],
    ],
    ['a column is described', one('int'), one('int', { description: 'The a' }), ['a described anew']],
    ['a description goes', one('int', { description: 'The a' }), one('int'), ['a described anew']],
    [
      'a field of a struct is added and another widened',
      one(struct(column('x', 'int'))),
      one(struct(column('y', 'date'), column('x', 'long'))),
      ['a.y date added', 'a.x widened from int to long'],
    ],
    [
      'elements of a list grow',
      one({ kind: 'list', element: struct(column('x', 'int')) }),
      one({ kind: 'list', element: struct(column('x', 'int'), column('y', 'int')) }),
      ['a.element.y int added'],
    ],
    [
      'values of a map widen',
      one({ kind: 'map', key: 'string', value: 'int' }),
      one({ kind: 'map', key: 'string', value: 'long' }),
      ['a.value widened from int to long'],
    ],
  ];
  test.each(kept)('%s', (_, before, after, changes) => {
    const table = written(created(specOf('1.0.0', before)));
    const plan = evolution(specOf('1.1.0', after), table);
    if (plan.kind !== 'change') throw new Error(JSON.stringify(plan));
    expect(plan.changes.filter((change) => !change.startsWith('properties'))).toEqual(changes);
    expect(evolution(specOf('1.1.0', after), changed(table, plan))).toEqual({ kind: 'none' });
  });

  const broken: [string, ColumnSpec[], ColumnSpec[], RegExp][] = [
    ['a column is dropped', [...one('int'), column('b', 'int')], one('int'), /^b would be dropped$/],
    ['a column is renamed without an id', one('int'), [column('b', 'int')], /^a would be dropped$/],
    ['long becomes int', one('long'), one('int'), /^a would change from long to int/],
    ['int becomes string', one('int'), one('string'), /^a would change from int to string/],
    ['a decimal loses digits', one('decimal(9, 2)'), one('decimal(8, 2)'), /decimal\(9, 2\) to decimal\(8, 2\)/],
    ['a decimal gets another scale', one('decimal(9, 2)'), one('decimal(12, 3)'), /decimal\(12, 3\)/],
    [
      'a struct becomes a string',
      one(struct(column('x', 'int'))),
      one('string'),
      /^a would change from struct to string/,
    ],
    [
      'a required column is added',
      one('int'),
      [...one('int'), column('b', 'int', required)],
      /^b would be added as required/,
    ],
    ['a column becomes required', one('int'), one('int', required), /^a would become required/],
    [
      'a field of a struct is dropped',
      one(struct(column('x', 'int'), column('y', 'int'))),
      one(struct(column('x', 'int'))),
      /^a\.y would be dropped/,
    ],
    [
      'keys of a map widen',
      one({ kind: 'map', key: 'int', value: 'int' }),
      one({ kind: 'map', key: 'long', value: 'int' }),
      /^a\.key would change/,
    ],
  ];
  test.each(broken)('refused: %s', (_, before, after, message) => {
    const plan = evolution(specOf('2.0.0', after), written(created(specOf('1.0.0', before))));
    expect(plan).toEqual({ kind: 'breaking', breaking: [expect.stringMatching(message)] });
  });

  test('all that is breaking is told at once, and key and location are', () => {
    const before = specOf('1.0.0', [column('a', 'int', required), column('b', 'int')], { identifier: ['a'] });
    const after = specOf('2.0.0', [column('a', 'string', required)], { location: 'file:///else' });
    const plan = evolution(after, written(created(before)));
    expect(plan).toEqual({
      kind: 'breaking',
      breaking: [
        'b would be dropped',
        'a would change from int to string, as which values cannot be read',
        'its key would change from a to none, by which its rows were merged',
        'its location would change from file:///lake/silver/flights',
      ],
    });
  });
});

describe('a table that was never written', () => {
  test('takes required columns and another key, but only as long as nobody writes', () => {
    const table = created(specOf('1.0.0', one('int')));
    const plan = evolution(
      specOf('1.1.0', [column('a', 'int', required), column('b', 'long', required)], { identifier: ['b'] }),
      table,
    );
    expect(plan).toMatchObject({
      kind: 'change',
      changes: ['a made required', 'b long added', 'another key', expect.any(String)],
    });
    expect(() => changed(written(table), plan)).toThrow('main has changed');
    expect(current(changed(table, plan))['identifier-field-ids']).toEqual([2]);
  });
});

describe('versions', () => {
  const [v1, v2] = [specOf('1.2.0', one('int')), specOf('1.10.0', [...one('int'), column('b', 'int')])];

  test('an older one changes nothing, whatever it says', () => {
    const table = written(created(v2));
    expect(evolution(v1, table)).toEqual({
      kind: 'older',
      reason: expect.stringContaining('1.2.0 is older than 1.10.0'),
    });
    expect(evolution(specOf('0.1.0', one('string')), table)).toMatchObject({ kind: 'older' });
  });

  test('a contract that was changed under its old version can be rolled back as well', () => {
    const same = { ...v2, contract: v1.contract };
    const table = written(changed(created(v1), evolution(same, created(v1))));
    expect(evolution(v1, table)).toEqual({
      kind: 'older',
      reason: expect.stringContaining('has had this very schema'),
    });
    expect(evolution(specOf('1.2.0', [column('b', 'int')]), table)).toMatchObject({ kind: 'breaking' });
  });

  test('the spec that was applied before stays known through many others', () => {
    let table = created(v1);
    for (const n of [1, 2, 3]) table = changed(table, evolution({ ...v1, comment: `no. ${n}` }, table));
    expect(table.properties[recorded.applied]!.split(' ')).toHaveLength(4);
    expect(table.properties.comment).toBe('no. 3');
  });
});

describe('partitions, order and properties', () => {
  const columns = [column('at', 'timestamp', { id: 'x' }), column('code', 'string')];
  const day = { column: 'at', transform: 'day' };

  test('partitions change for new rows, and one that comes back keeps its id', () => {
    let table = created(specOf('1.0.0', columns, { partitionBy: [day] }));
    const specs = [
      [day, { column: 'code', transform: 'bucket[4]' }],
      [],
      [day],
      [{ column: 'code', transform: 'identity' }],
    ];
    const ids = specs.map((partitionBy) => {
      table = changed(table, evolution(specOf('1.0.0', columns, { partitionBy }), table));
      const now = table['partition-specs'].find((s) => s['spec-id'] === table['default-spec-id'])!;
      return now.fields.map((field) => [field['field-id'], field.name]);
    });
    expect(ids).toEqual([
      [
        [1000, 'at_day'],
        [1001, 'code_bucket'],
      ],
      [],
      [[1000, 'at_day']],
      [[1002, 'code']],
    ]);
    expect(table['partition-specs']).toHaveLength(4);
  });

  test('a renamed column stays what rows are partitioned and sorted by', () => {
    const before = specOf('1.0.0', columns, { partitionBy: [day], sortBy: [{ column: 'at', direction: 'desc' }] });
    const after = specOf('1.1.0', [column('departed', 'timestamp', { id: 'x' }), columns[1]!], {
      partitionBy: [{ ...day, column: 'departed' }],
      sortBy: [{ column: 'departed', direction: 'desc' }],
    });
    const plan = evolution(after, created(before));
    expect(plan).toMatchObject({
      kind: 'change',
      changes: ['at renamed to departed', expect.stringMatching(/^properties/)],
    });
  });

  test('the order of rows comes, turns and goes', () => {
    let table = created(specOf('1.0.0', columns));
    const orders = (['asc', 'desc'] as const).map((direction) => [{ column: 'code', direction }]);
    for (const [sortBy, id] of [
      [orders[0]!, 1],
      [orders[1]!, 2],
      [[], 0],
    ] as const) {
      table = changed(table, evolution(specOf('1.0.0', columns, { sortBy }), table));
      expect(table['default-sort-order-id']).toBe(id);
    }
  });

  test('properties come and go, but those of others stay', () => {
    const before = specOf('1.0.0', columns, { properties: { a: '1', b: '1' }, comment: 'Flights' });
    const theirs = applyUpdates(created(before), [{ action: 'set-properties', updates: { 'ingot.position': '4' } }], 1);
    const table = changed(theirs, evolution(specOf('1.0.0', columns, { properties: { b: '2' } }), theirs));
    expect(table.properties).toMatchObject({
      b: '2',
      'ingot.position': '4',
      'history.expire.max-snapshot-age-ms': '604800000',
    });
    expect(Object.keys(table.properties)).not.toEqual(expect.arrayContaining(['a']));
    expect(table.properties.comment).toBeUndefined();
  });
});

test('law: through any compatible versions, columns keep their ids, no id is given twice, and applied again nothing changes', () => {
  const types: readonly Type[] = [
    'int',
    'float',
    'string',
    'decimal(9, 2)',
    struct(column('x', 'int')),
    { kind: 'list', element: 'int' },
  ];
  const wide = (type: Type): Type =>
    type === 'int' ? 'long' : type === 'float' ? 'double' : type === 'decimal(9, 2)' ? 'decimal(18, 2)' : type;
  const step = fc.record({
    add: fc.nat(2),
    rename: fc.boolean(),
    widen: fc.boolean(),
    turn: fc.nat(5),
    partition: fc.boolean(),
    order: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...types), { minLength: 1, maxLength: 4 }),
      fc.array(step, { maxLength: 5 }),
      (first, steps) => {
        let counter = 0;
        const fresh = (type: Type): ColumnSpec => column(`c${counter}`, type, { id: `id${counter++}` });
        let columns = first.map(fresh);
        let table = written(created(specOf('1.0.0', columns)));
        const ids = new Map<string, number>();
        steps.forEach(({ add, rename, widen, turn, partition, order }, n) => {
          columns = [...columns, ...types.slice(0, add).map(fresh)];
          if (rename) columns = columns.map((c, i) => (i === 0 ? { ...c, name: `r${n}` } : c));
          if (widen) columns = columns.map((c) => ({ ...c, type: wide(c.type) }));
          columns = [...columns.slice(turn % columns.length), ...columns.slice(0, turn % columns.length)];
          const flat = columns.find((c) => typeof c.type === 'string')?.name;
          const spec = specOf(`1.${n + 1}.0`, columns, {
            partitionBy: partition && flat !== undefined ? [{ column: flat, transform: 'identity' }] : [],
            sortBy: order && flat !== undefined ? [{ column: flat, direction: 'asc' }] : [],
          });
          table = changed(table, evolution(spec, table));
          expect(evolution(spec, table)).toEqual({ kind: 'none' });
          expect(columnsOf(table).map(([, name]) => name)).toEqual(columns.map(({ name }) => name));
          current(table).fields.forEach((field, i) => {
            const id = columns[i]!.id!;
            expect(ids.get(id) ?? field.id).toBe(field.id);
            ids.set(id, field.id);
          });
        });
        for (const schema of table.schemas)
          expect(new Set(fieldIds(schema.fields)).size).toBe(fieldIds(schema.fields).length);
        expect(new Set(ids.values()).size).toBe(ids.size);
      },
    ),
    { numRuns: 200 },
  );
});
