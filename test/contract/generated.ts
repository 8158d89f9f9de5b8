import fc from 'fast-check';
import type {
  DataContract,
  DataQuality,
  ItemProperty,
  LogicalTypeOptions,
  SchemaProperty,
} from '../../lib/contract/odcs';
import { contract } from './contracts';

/** Names that AWS takes and no history adds. */
export const name: fc.Arbitrary<string> = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,12}$/)
  .filter((text) => !/^(valid_from|valid_to|is_current)$|^(stg|int)_|_quarantine$/.test(text));

type Kind = Pick<SchemaProperty, 'logicalType' | 'logicalTypeOptions' | 'physicalType' | 'items' | 'properties'>;

const options = <T extends LogicalTypeOptions>(values: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(values, { requiredKeys: [] });

const scalar: fc.Arbitrary<Kind> = fc.oneof(
  fc.record({ logicalType: fc.constantFrom('boolean', 'date', 'time') }),
  fc.record({
    logicalType: fc.constant('string' as const),
    logicalTypeOptions: options({
      minLength: fc.nat(5),
      maxLength: fc.integer({ min: 5, max: 50 }),
      pattern: fc.constantFrom('^[A-Z]+$', 'a|b', '\\d{3}'),
      format: fc.constantFrom('email', 'uuid'),
    }),
  }),
  fc.record({
    logicalType: fc.constant('integer' as const),
    logicalTypeOptions: options({
      format: fc.constantFrom('i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64'),
      minimum: fc.integer({ min: -100, max: 0 }),
      exclusiveMaximum: fc.integer({ min: 1, max: 100 }),
      multipleOf: fc.integer({ min: 1, max: 5 }),
    }),
  }),
  fc.record({
    logicalType: fc.constant('number' as const),
    logicalTypeOptions: options({ format: fc.constantFrom('f32', 'f64'), minimum: fc.integer() }),
  }),
  fc
    .tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38))
    .map(([p, s]) => ({ logicalType: 'number' as const, physicalType: `decimal(${p}, ${Math.min(p, s)})` })),
  fc.record({
    logicalType: fc.constant('timestamp' as const),
    logicalTypeOptions: options({ timezone: fc.boolean(), minimum: fc.constant('2001-01-01T00:00:00Z') }),
  }),
);

const { kind } = fc.letrec<{ kind: Kind; field: SchemaProperty; item: ItemProperty }>((tie) => ({
  kind: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 5, arbitrary: scalar },
    fc.record({
      logicalType: fc.constant('array' as const),
      items: tie('item'),
      logicalTypeOptions: options({ minItems: fc.nat(3), uniqueItems: fc.boolean() }),
    }),
    fc.record({
      logicalType: fc.constant('object' as const),
      properties: fc.uniqueArray(tie('field'), { minLength: 1, maxLength: 3, selector: (field) => field.name }),
    }),
  ),
  field: fc
    .tuple(name, tie('kind'), fc.boolean())
    .map(([field, type, required]): SchemaProperty => ({ name: field, ...type, required })),
  item: tie('kind'),
}));

const quality: fc.Arbitrary<DataQuality> = fc.oneof(
  fc.record({ metric: fc.constant('nullValues' as const), mustBeLessThan: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    metric: fc.constant('nullValues' as const),
    mustBe: fc.nat(5),
    unit: fc.constantFrom('rows', 'percent'),
  }),
  fc.record({ type: fc.constant('text' as const), description: fc.string() }),
  fc.record({
    type: fc.constant('sql' as const),
    query: fc.constant('SELECT count(*) FROM {object}'),
    mustBeBetween: fc.constant([0, 10]),
    severity: fc.constantFrom('error', 'warning', 'info'),
  }),
  fc.record({
    type: fc.constant('custom' as const),
    engine: fc.constantFrom('soda', 'greatExpectations'),
    implementation: fc.string(),
  }),
);

export const property: fc.Arbitrary<SchemaProperty> = fc
  .record(
    {
      name,
      kind,
      required: fc.boolean(),
      unique: fc.boolean(),
      description: fc.string(),
      classification: fc.constantFrom('public', 'restricted'),
      tags: fc.array(fc.string(), { maxLength: 2 }),
      quality: fc.array(quality, { maxLength: 2 }),
      examples: fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxLength: 2 }),
      criticalDataElement: fc.boolean(),
      relationships: fc.constantFrom([{ to: 'other.id' }], [{ type: 'foreignKey' as const, to: ['a.b', 'c.d'] }]),
      businessName: fc.string(),
      encryptedName: fc.string(),
      transformDescription: fc.string(),
      authoritativeDefinitions: fc.constant([{ url: 'https://example.com', type: 'implementation' }]),
    },
    { requiredKeys: ['name', 'kind'] },
  )
  .map(({ kind: type, ...rest }) => ({ ...rest, ...type }));

/** Columns of one table, with names of their own. */
export const properties: fc.Arbitrary<SchemaProperty[]> = fc.uniqueArray(property, {
  minLength: 1,
  maxLength: 6,
  selector: ({ name: column }) => column,
});

/** A contract without a problem. */
export const validContract: fc.Arbitrary<DataContract> = fc
  .record({
    properties,
    keyed: fc.boolean(),
    history: fc.boolean(),
    more: fc.record(
      {
        description: fc.record({ purpose: fc.string(), limitations: fc.string() }),
        tags: fc.array(fc.string(), { maxLength: 2 }),
        support: fc.array(fc.record({ channel: fc.string(), url: fc.webUrl() }), { maxLength: 2 }),
        price: fc.record({ priceAmount: fc.integer(), priceCurrency: fc.constant('USD') }),
        roles: fc.array(fc.record({ role: fc.string(), access: fc.constantFrom('read', 'write', 'other') }), {
          maxLength: 2,
        }),
        servers: fc.subarray([
          { server: 'a', type: 'glue', account: '1', database: 'd', environment: 'dev' },
          { server: 'b', type: 'postgres', host: 'h', port: 5432, database: 'd', schema: 's' },
          { server: 'c', type: 'kafka', host: 'h', format: 'json', roles: [{ role: 'r', access: 'read' }] },
          { server: 'd', type: 'snowflake', account: '1', database: 'd', schema: 's', warehouse: 'w' },
          { server: 'e', type: 'custom', path: 'p', stream: 's', customProperties: [{ property: 'x', value: [1] }] },
        ]),
        team: fc.constantFrom(
          { name: 't', members: [{ username: 'u', role: 'owner', dateIn: '2024-01-01' }], tags: ['x'] },
          [{ username: 'u', name: 'n', replacedByUsername: 'v' }],
        ),
        authoritativeDefinitions: fc.constant([{ id: 'a-1', url: 'https://example.com', type: 'tutorial' }]),
        slaProperties: fc.constant([{ property: 'latency', value: 4, unit: 'd' }]),
        domain: fc.string(),
        tenant: fc.string(),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ properties: columns, keyed, history, more }) => {
    const [first, ...others] = columns;
    const key = keyed ? [{ ...first!, primaryKey: true, primaryKeyPosition: 1 }, ...others] : columns;
    const given = contract(key, more);
    const scd2 = { property: 'history', value: 'scd2' };
    return keyed && history ? { ...given, customProperties: [...given.customProperties!, scd2] } : given;
  });
