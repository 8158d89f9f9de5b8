import type { DataQuality, SchemaObject, SchemaProperty } from '../../lib/contract/odcs';
import { describeProblem } from '../../lib/errors';
import { loadPlatform } from '../../lib/platform/load';
import { contract, datasetOf, read } from '../contract/contracts';
import { check, contractFile, flights, inFolder, problemsOf } from '../platform/folder';

const columns: readonly SchemaProperty[] = [
  { name: 'id', logicalType: 'integer', required: true },
  { name: 'seen', logicalType: 'timestamp' },
  { name: 'note', logicalType: 'string' },
];
const server = { server: 'in', type: 's3', location: 's3://bronze/orders/', format: 'csv' };

/** Rules and problems of a table of files, where a quality rule stands at a column or, without one, at the table. */
function declared(quality: DataQuality, at?: string, servers: readonly (typeof server)[] = [server]) {
  const properties = columns.map((one) => (one.name === at ? { ...one, quality: [quality] } : one));
  const { datasets, problems, notices } = read(
    contract(properties, { servers, ...(at === undefined ? { quality: [quality] } : {}) }),
  );
  return {
    rules: datasets[0]?.rules ?? [],
    said: [...problems, ...notices].map(({ path, message }) => `${path}: ${message}`),
  };
}

const engine = (implementation: DataQuality['implementation'], more: Partial<DataQuality> = {}): DataQuality => ({
  type: 'custom',
  engine: 'ingot',
  implementation,
  ...more,
});

describe('rules that follow from what a contract says anyway', () => {
  test('files that are read as a type have a rule of that type, as tolerant as the gate; texts have none', () => {
    const { rules } = declared({ type: 'text' });
    expect(rules.filter(({ type }) => type === 'type')).toEqual([
      expect.objectContaining({ name: 'id.type', column: 'id', tolerance: { max: 10, unit: 'percent' } }),
      expect.objectContaining({ name: 'seen.type', column: 'seen' }),
    ]);
    expect(declared({ type: 'text' }, undefined, []).rules.some(({ type }) => type === 'type')).toBe(false);
  });

  test('a promise of freshness is a warning, as stopping would make rows older still', () => {
    const sla = (element: string) =>
      datasetOf(
        contract(columns, { slaProperties: [{ property: 'freshness', value: 2, unit: 'd', element }] }),
      ).rules.filter(({ type }) => type === 'freshness');
    const rule = { type: 'freshness', dimension: 'timeliness', severity: 'warning', max: 48 };
    expect(sla('orders.seen')).toEqual([{ name: 'seen.freshness', column: 'seen', ...rule }]);
    expect(sla('orders')).toEqual([{ name: 'freshness', ...rule }]);
  });
});

describe("metrics of Ingot's engine", () => {
  test.each<[string, DataQuality, string | undefined, object]>([
    [
      'a condition with a tolerance',
      engine({ expression: 'id > 0', where: "note = 'x'", mustBeLessThan: 5 }, { unit: 'percent' }),
      'id',
      {
        name: 'id.custom',
        type: 'expression',
        expression: 'id > 0',
        where: "note = 'x'",
        tolerance: { max: 5, unit: 'percent', exclusive: true },
      },
    ],
    [
      'freshness in days, of some rows',
      engine({ metric: 'freshness', mustBeLessOrEqualTo: 2, where: 'id > 0' }, { unit: 'd' }),
      'seen',
      { name: 'seen.freshness', type: 'freshness', column: 'seen', max: 48, where: 'id > 0', severity: 'error' },
    ],
    [
      'freshness of when rows were written',
      engine({ metric: 'freshness', mustBeLessThan: 1 }, { name: 'loaded' }),
      undefined,
      { name: 'loaded', type: 'freshness', max: 1, exclusiveMax: true },
    ],
    [
      'a change of volume, in percent where nothing is said',
      engine({ metric: 'rowCountChange', mustBeBetween: [-20, 50] }),
      undefined,
      {
        name: 'rowCountChange',
        type: 'rowCountChange',
        unit: 'percent',
        min: -20,
        max: 50,
        exclusiveMin: true,
        exclusiveMax: true,
        dimension: 'completeness',
      },
    ],
    [
      'a change of volume, in rows',
      engine({ metric: 'rowCountChange', mustBeGreaterOrEqualTo: 0 }, { unit: 'rows', severity: 'warning' }),
      undefined,
      { type: 'rowCountChange', unit: 'rows', min: 0, severity: 'warning' },
    ],
    [
      'values that cannot be read, in rows',
      engine({ metric: 'unreadableValues', mustBeLessThan: 3 }),
      'id',
      { name: 'id.type', type: 'type', column: 'id', tolerance: { max: 2, unit: 'rows' } },
    ],
  ])('%s', (_title, quality, at, expected) => {
    const { rules, said } = declared(quality, at);
    expect(said).toEqual([]);
    expect(rules).toContainEqual(expect.objectContaining(expected));
  });

  test('what is declared takes the place of what would follow', () => {
    const { rules } = declared(engine({ metric: 'unreadableValues', mustBe: 0 }), 'id');
    expect(rules.filter(({ type }) => type === 'type').map(({ name, tolerance }) => [name, tolerance])).toEqual([
      ['id.type', undefined],
      ['seen.type', { max: 10, unit: 'percent' }],
    ]);
  });

  test.each<[DataQuality, string | undefined, string]>([
    [engine(' '), 'id', 'implementation: must be a SQL condition that each row meets'],
    [engine({ where: 'id > 1' }), 'id', 'is missing; a rule of engine ingot needs an expression, or a metric'],
    [engine({ metric: 'freshnes' }), 'id', 'implementation.metric: must be one of these words'],
    [engine({ expression: 'id > 1', metric: 'freshness' }), 'id', 'must not stand beside an expression'],
    [engine({ expression: 'id > 1', were: 'x' }), 'id', 'implementation.were: is not a field here; given "were"'],
    [engine({ metric: 'freshness', mustBeLessThan: 'x' }), 'seen', 'mustBeLessThan: must be a number; given "x"'],
    [engine({ metric: 'freshness' }), 'seen', 'must say which numbers are right'],
    [engine({ metric: 'freshness', mustBeLessThan: 1 }), 'id', 'must be of a column of dates or times; id is none'],
    [engine({ metric: 'freshness', mustBeLessThan: 1 }, { unit: 'rows' }), 'seen', 'must be h or d for freshness'],
    [engine({ metric: 'rowCountChange', mustBeLessThan: 1 }), 'id', 'must stand at the table'],
    [engine({ metric: 'unreadableValues', mustBe: 0 }), undefined, 'must stand at a property'],
    [engine({ metric: 'unreadableValues', mustBe: 0, where: 'id > 1' }), 'id', 'must not hold where'],
    [engine({ metric: 'unreadableValues', mustBeGreaterThan: 3 }), 'id', 'must say how many rows may fail'],
  ])('%j is refused', (quality, at, expected) => {
    expect(declared(quality, at).said).toEqual([expect.stringContaining(expected)]);
  });

  test('unreadable values of a table that a model fills are refused: there is nothing to read', () => {
    const { said } = declared(engine({ metric: 'unreadableValues', mustBe: 0 }), 'id', []);
    expect(said).toEqual([expect.stringContaining('must be of a table that files fill')]);
  });
});

describe('where, of any rule', () => {
  const where = [{ property: 'where', value: 'id > 1 -- only' }];

  test('is a custom property of the rule', () => {
    const { rules, said } = declared({ metric: 'nullValues', mustBe: 0, customProperties: where }, 'note');
    expect(said).toEqual([]);
    expect(rules).toContainEqual(expect.objectContaining({ type: 'notNull', column: 'note', where: 'id > 1 -- only' }));
    const count = declared({ metric: 'rowCount', mustBeGreaterThan: 0, customProperties: where }).rules;
    expect(count).toContainEqual(expect.objectContaining({ type: 'rowCount', where: 'id > 1 -- only' }));
  });

  test('goes into the query of a rule that becomes one', () => {
    const { rules } = declared({ metric: 'nullValues', mustBe: 5, customProperties: where }, 'note');
    expect(rules).toContainEqual(
      expect.objectContaining({
        type: 'sql',
        query: 'SELECT count(*) FILTER (WHERE "note" IS NULL) FROM "silver"."orders" WHERE (id > 1 -- only\n)',
      }),
    );
  });

  test('is refused beside a query, which has its own', () => {
    const rule: DataQuality = { type: 'sql', query: 'SELECT 1', mustBe: 1, customProperties: where };
    expect(declared(rule).said).toEqual([expect.stringContaining('must not hold where')]);
  });
});

describe('relationships', () => {
  const key: SchemaProperty = { name: 'id', id: 'cust_id', physicalName: 'customer_id', logicalType: 'integer' };
  const customers: SchemaObject = { name: 'customers', id: 'cust', physicalName: 'dim_customers', properties: [key] };
  const tables = (relationship: object, at: 'table' | 'column' = 'column') =>
    read(
      contract([], {
        schema: [
          customers,
          {
            name: 'orders',
            ...(at === 'table' ? { relationships: [relationship as never] } : {}),
            properties: [
              {
                name: 'customer',
                logicalType: 'integer',
                ...(at === 'column' ? { relationships: [relationship as never] } : {}),
              },
            ],
          },
        ],
      }),
    );
  const references = { table: 'silver.dim_customers', columns: ['customer_id'] };

  test.each([
    [{ to: 'customers.id' }, 'column'],
    [{ to: 'dim_customers.customer_id', type: 'foreignKey' }, 'column'],
    [{ to: 'schema/cust/properties/cust_id' }, 'column'],
    [{ to: '/schema/customers/properties/id' }, 'column'],
    [{ from: 'orders.customer', to: 'customers.id' }, 'table'],
    [{ from: ['schema/orders/properties/customer'], to: ['customers.id'] }, 'table'],
  ] as const)('%j at the %s is a rule', (relationship, at) => {
    const { datasets, problems, notices } = tables(relationship, at);
    expect([...problems, ...notices].map(describeProblem)).toEqual([]);
    expect(datasets[1]!.rules).toEqual([
      {
        name: 'customer.referential',
        type: 'referential',
        dimension: 'consistency',
        severity: 'error',
        columns: ['customer'],
        references,
      },
    ]);
  });

  test('has its condition, tolerance, severity and name as custom properties', () => {
    const properties = {
      name: 'known',
      where: 'customer > 0',
      severity: 'warning',
      mustBeLessThan: 1,
      unit: 'percent',
    };
    const customProperties = Object.entries(properties).map(([property, value]) => ({ property, value }));
    expect(tables({ to: 'customers.id', customProperties }).datasets[1]!.rules[0]).toMatchObject({
      name: 'known',
      where: 'customer > 0',
      severity: 'warning',
      tolerance: { max: 1, unit: 'percent', exclusive: true },
    });
  });

  test('to a column that its table does not have is a problem', () => {
    expect(tables({ to: 'customers.idd' }).problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'schema[1].properties[0].relationships[0].to: must name columns of silver.dim_customers; given "idd"; allowed: cust_id, customer_id, id; did you mean id?',
    ]);
  });

  test('from a column that there is not is a problem, and what is no reference is said', () => {
    expect(tables({ from: 'orders.custmer', to: 'customers.id' }, 'table').problems).toHaveLength(1);
    expect(tables({ to: 'customers' }).notices).toHaveLength(1);
    expect(tables({ to: ['customers.id', 'other.id'] }).notices).toHaveLength(1);
  });

  const origin = '{name: origin, logicalType: string, relationships: [{to: TO}]}';
  const platform = (to: string, type = 'string') => ({
    ...flights,
    'contracts/flights.odcs.yaml': contractFile(
      'flights',
      'silver',
      { distance: 'integer', departed_at: 'timestamp' },
      { source: true },
    ).replace(/$/, `      - ${origin.replace('TO', `"${to}"`)}\n`),
    'contracts/airports.odcs.yaml': contractFile('airports', 'silver', { iata: type }, { source: true }),
  });
  const ruleOf = (to: string) =>
    inFolder(platform(to), async (folder) => {
      const { manifest, notices } = await loadPlatform(folder);
      const dataset = manifest.datasets.find(({ name }) => name === 'flights');
      return { notices: notices.map(describeProblem), rule: dataset?.rules.find(({ type }) => type === 'referential') };
    });

  test.each(['airports.iata', 'airports.odcs.yaml#/schema/airports/properties/iata'])(
    'to another contract of the platform, as %s',
    async (to) => {
      expect(await ruleOf(to)).toEqual({
        notices: [],
        rule: expect.objectContaining({ references: { table: 'silver.airports', columns: ['iata'] } }),
      });
    },
  );

  test('to a table that the platform does not have is said, and not checked', async () => {
    const { notices, rule } = await ruleOf('airport.iata');
    expect(rule).toBeUndefined();
    expect(notices).toEqual([expect.stringMatching(/no such table; given "airport"; .*did you mean airports\?/)]);
    expect((await ruleOf('https://example.com/a.yaml#airports.iata')).notices).toHaveLength(1);
  });

  test('to a column of another type is a problem', async () => {
    expect(await problemsOf(platform('airports.iata', 'integer'))).toEqual([
      expect.stringContaining(
        'must refer to a column of its own type; origin is VARCHAR, silver.airports.iata is INTEGER',
      ),
    ]);
  });

  test('and every other rule is bound before there is any data', async () => {
    const files = {
      ...flights,
      'contracts/flights.odcs.yaml': `${flights['contracts/flights.odcs.yaml']}    quality:\n      - type: custom\n        engine: ingot\n        implementation: {metric: rowCountChange, mustBeLessThan: 5, where: "distanc > 1"}\n`,
    };
    expect((await check(files)).problems.map(describeProblem)).toEqual([expect.stringContaining('distanc')]);
  });
});
