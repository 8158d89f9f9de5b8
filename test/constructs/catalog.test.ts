import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avsc from 'avsc';
import fc from 'fast-check';
import { avroSchema } from '../../constructs/catalog/avro';
import { catalogModel } from '../../constructs/catalog/model';
import type { CatalogDeclaration } from '../../constructs/catalog/props';
import type { SourceColumn } from '../../constructs/catalog/source';
import type { GlueTableNode, Node } from '../../constructs/core/nodes';
import { App, GlueCatalogTable, TerraformStack } from '../../constructs/core/terraform/aws';
import { GlueTable } from '../../constructs/core/terraform/glue-table';
import { resolve } from '../../constructs/core/text';
import { lakeModel } from '../../constructs/lake/model';
import type { Column, Dataset, Source, Type } from '../../lib/contract/dataset';
import { parseSpec } from '../../lib/tables/parse';
import { platformSpecs } from '../../lib/tables/specs';
import { column } from '../ingest/datasets';
import { engines } from './engines';
import { dataset, manifest } from './manifest';
import { describedProblemsOf } from './problems';

const lake = lakeModel('Stack/Lake', { name: 'aviation' }).facts;
const decide = (more: Partial<CatalogDeclaration> = {}, deletionFlag?: unknown) =>
  catalogModel('Stack/Catalog', { manifest, ...more }, lake, { nodes: new Set(), deletionFlag });
const arrives = (format: Source['format'], columns: readonly Column[], more: Partial<Source> = {}): Dataset =>
  dataset('silver', 'flights', columns, { source: { zone: 'bronze', prefix: 'flights', format, ...more } });
const bronzeOf = (...datasets: Dataset[]): GlueTableNode => {
  const node = decide({ manifest: { datasets } }).nodes.find((each) => each.kind === 'glueTable');
  if (node?.kind !== 'glueTable') throw new Error('no bronze table');
  return node;
};
const problemsOf = (more: Partial<CatalogDeclaration>): string[] => describedProblemsOf(() => decide(more));

/** What CloudFormation makes of a custom resource's properties. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, asText(held)]));
  return String(value);
}

describe('a bronze table shows files as they arrived', () => {
  test('Parquet by the names and types of its own columns, whatever the contract makes of them', () => {
    const table = bronzeOf(
      arrives('parquet', [
        column('departed_at', 'timestamptz', { transform: 'Date', sourceColumns: ['Date'], sourceType: 'timestamp' }),
        column('delay_minutes', 'int', { transform: 'delay', sourceColumns: ['delay'] }),
        column('legs', {
          kind: 'list',
          element: { kind: 'struct', fields: [{ name: 'to', type: 'string', required: false }] },
        }),
      ]),
    );
    expect(table.columns).toEqual([
      { name: 'date', type: 'timestamp' },
      { name: 'delay', type: 'int' },
      { name: 'legs', type: 'array<struct<to:string>>' },
    ]);
    expect(table.serde.library).toBe('org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe');
  });

  test('CSV as text, so that a row that breaks its contract can still be read', () => {
    const table = bronzeOf(
      arrives('csv', [column('iata', 'string'), column('latitude', 'double')], { delimiter: ';' }),
    );
    expect(table.columns.map(({ type }) => type)).toEqual(['string', 'string']);
    expect(table.serde).toEqual({
      library: 'org.apache.hadoop.hive.serde2.OpenCSVSerde',
      parameters: { separatorChar: ';', quoteChar: '"', escapeChar: '\\' },
    });
    expect(table.parameters).toMatchObject({ classification: 'csv', 'skip.header.line.count': '1' });
    expect(table.description).toContain('CSV is read by position');
  });

  test('header: false of CSV skips no line', () => {
    const table = bronzeOf(arrives('csv', [column('iata', 'string')], { header: false }));
    expect(table.parameters).not.toHaveProperty('skip.header.line.count');
  });

  test('JSON with its own names, and as text what JSON has no type for', () => {
    const table = bronzeOf(
      arrives('json', [
        column('delay', 'int'),
        column('day', 'date'),
        column('minutes', 'int', { transform: 'cast("Air Time" as int)', sourceColumns: ['Air Time'] }),
      ]),
    );
    expect(table.columns).toEqual([
      { name: 'delay', type: 'int' },
      { name: 'day', type: 'string' },
      { name: 'air_time', type: 'string' },
    ]);
    expect(table.serde).toEqual({
      library: 'org.openx.data.jsonserde.JsonSerDe',
      parameters: { 'ignore.malformed.json': 'true', 'mapping.air_time': 'Air Time' },
    });
  });

  test('with what the contract says of it: comments, classification, tags, owners, cut to what Glue takes', () => {
    const said = {
      ...arrives('parquet', [
        column('name', 'string', { description: 'x'.repeat(300), classification: 'restricted', tags: ['pii', 'eu'] }),
      ]),
      owners: ['a@example.com', 'b'],
      tags: ['travel'],
    };
    const table = bronzeOf(said);
    expect(table.columns[0]?.comment).toHaveLength(255);
    expect(table.parameters).toMatchObject({
      'ingot.contract': 'flights@1.0.0',
      'ingot.owners': 'a@example.com, b',
      'ingot.tags': 'travel',
      'ingot.classification.name': 'restricted',
      'ingot.tags.name': 'pii, eu',
    });
  });

  test('once, where two contracts read the same files', () => {
    const flights = arrives('parquet', [column('origin', 'string', { required: true }), column('delay', 'int')]);
    const carriers = {
      ...arrives('parquet', [column('origin', 'string'), column('carrier', 'string')]),
      name: 'carriers',
    };
    const { nodes } = decide({ manifest: { datasets: [flights, carriers] } });
    const tables = nodes.filter((node) => node.kind === 'glueTable');
    expect(tables.map(({ columns }) => columns.map(({ name }) => name))).toEqual([['origin', 'delay', 'carrier']]);
    expect(nodes.filter((node) => node.kind === 'schema')).toHaveLength(1);
  });
});

describe('partitions are projected', () => {
  test('by source and day; a query must name its sources where nobody said which there are', () => {
    const table = bronzeOf(arrives('parquet', [column('origin', 'string')]));
    expect(table.partitionKeys.map(({ name, type }) => `${name} ${type}`)).toEqual(['source string', 'date string']);
    expect(table.parameters).toMatchObject({
      'projection.enabled': 'true',
      'projection.source.type': 'injected',
      'projection.date.type': 'date',
      'projection.date.format': 'yyyy-MM-dd',
      'projection.date.range': '2000-01-01,NOW+1DAYS',
    });
    expect(table.parameters).not.toHaveProperty('projection.source.values');
  });

  test('by the sources that are named, which a query need not name then', () => {
    const { parameters } = bronzeOf(arrives('parquet', [column('origin', 'string')], { sources: ['bts', 'faa'] }));
    expect(parameters).toMatchObject({ 'projection.source.type': 'enum', 'projection.source.values': 'bts,faa' });
  });

  test('under another name where a column of the files has it: Glue takes no name twice', () => {
    const table = bronzeOf(
      arrives('parquet', [column('departed_at', 'timestamp', { transform: 'date', sourceColumns: ['date'] })]),
    );
    expect(table.partitionKeys.map(({ name }) => name)).toEqual(['source', 'arrival_date']);
    const template = resolve(table.parameters['storage.location.template'], () => 'bucket');
    expect(template).toBe(['s3://bucket/flights/source=', '{source}/date=', '{arrival_date}/'].join('$'));
  });

  test.each(engines)('$name writes the place of partitions so that only Athena reads the braces', (engine) => {
    const created = engine.catalog({ manifest });
    const template = ['s3://{s3.bucket:LakeBronzeBucket}.name/flights/source=', '{source}/date=', '{date}/'].join('$');
    expect(created.find('glue.table', 'CatalogBronzeFlightsTable').properties.parameters).toMatchObject({
      'storage.location.template': template,
    });
    if (engine.name === 'Terraform') expect(created.text).toContain(['source=', '', '{source}/date='].join('$'));
  });
});

describe('everything that is wrong is said at once', () => {
  test('with the path of the dataset, what was given and what is allowed', () => {
    const flights = arrives('csv', [column('A b', 'string'), column('a-B', 'string')], { sources: ['a,b'] });
    const carriers = { ...arrives('json', [column('carrier', 'string')]), name: 'carriers' };
    const elsewhere = dataset('sliver', 'x', [column('a', 'string')], {
      source: { zone: 'silver', prefix: 'x', format: 'json' },
    });
    expect(
      problemsOf({
        manifest: { datasets: [flights, carriers, elsewhere] },
        arrivalsSince: '2020-13-01',
        logRetentionDays: 0,
        removal: 'delete',
      }),
    ).toEqual([
      'Stack/Catalog manifest.datasets.sliver.x: must be in a zone that holds Iceberg tables; given "sliver"; allowed: silver, gold; did you mean silver?',
      'Stack/Catalog manifest.datasets.sliver.x.source: must be a zone that holds files; given "silver"; allowed: bronze',
      'Stack/Catalog manifest.datasets.silver.carriers.source: must say the same of s3://bronze/flights/ as silver.flights does, since they read the same files; given json and csv, delimiter ",", header true',
      'Stack/Catalog manifest.datasets.silver.flights.source.sources: must be names without spaces, commas, slashes and equals signs, at least one; given ["a,b"]',
      'Stack/Catalog manifest.datasets.silver.flights.columns: must read source columns that differ in more than capitals and signs; given "A b" and "a-B"',
      'Stack/Catalog arrivalsSince: must be a date such as 2000-01-01; given "2020-13-01"',
      'Stack/Catalog logRetentionDays: must be a number of days that CloudWatch Logs knows; given 0; allowed: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653',
      'Stack/Catalog removal: must be retain unless the context says ingot:allow-data-deletion=true as well; given "delete" and no such context',
    ]);
  });

  test('two columns that read one source column as two types are a problem', () => {
    const flights = arrives('parquet', [
      column('a', 'int', { sourceColumns: ['x'], sourceType: 'int' }),
      column('b', 'string', { sourceColumns: ['x'], sourceType: 'string' }),
    ]);
    expect(problemsOf({ manifest: { datasets: [flights] } })).toEqual([
      'Stack/Catalog manifest.datasets.silver.flights.columns.b: must read its source column "x" as the type that another column reads it as; given string and int',
    ]);
  });
});

describe('Avro schemas of what arrives', () => {
  const sourceColumn = (name: string, type: Type, required = false): SourceColumn => ({
    name,
    type,
    required,
    tags: [],
  });
  const read = (columns: readonly SourceColumn[]) =>
    avsc.Type.forSchema(JSON.parse(avroSchema('flights', 'aviation.bronze', columns)) as avsc.Schema);

  const primitive = fc.constantFrom<Type>(
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'date',
    'time',
    'timestamp',
    'timestamptz',
    'string',
    'uuid',
    'binary',
    'decimal(10, 2)',
  );
  const { type } = fc.letrec<{ type: Type }>((tie) => ({
    type: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      primitive,
      fc.record({ kind: fc.constant('list' as const), element: tie('type') }),
      fc.record({ kind: fc.constant('map' as const), key: primitive, value: tie('type') }),
      fc.record({
        kind: fc.constant('struct' as const),
        fields: fc.uniqueArray(
          fc.record({
            name: fc.constantFrom('a', 'a_b', 'b', 'c d', 'c-d', '1st', 'item'),
            type: tie('type'),
            required: fc.boolean(),
          }),
          { selector: ({ name }) => name, minLength: 1, maxLength: 4 },
        ),
      }),
    ),
  }));
  const columns = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'a_b', 'b_c', 'Air Time', 'air-time', '2nd', 'flights', 'ünïcode'),
      type,
      required: fc.boolean(),
      tags: fc.constant([]),
    }),
    { selector: ({ name }) => name, minLength: 1, maxLength: 5 },
  );

  test('whatever the columns, an Avro reader takes them, names each field once and writes rows with them', () => {
    fc.assert(
      fc.property(columns, (given) => {
        const schema = read(given) as avsc.types.RecordType;
        expect(schema.fields).toHaveLength(given.length);
        const row = schema.toBuffer(schema.random());
        expect(schema.toBuffer(schema.fromBuffer(row))).toEqual(row);
      }),
    );
  });

  test('a new optional column and a wider type are read from rows of before; a new required one is not', () => {
    const before = [sourceColumn('origin', 'string', true), sourceColumn('delay', 'int', true)];
    const old = read(before);
    const row = old.toBuffer({ origin: 'SFO', delay: 5 });
    const readAs = (after: readonly SourceColumn[]) => {
      const now = read(after) as avsc.types.RecordType;
      return now.fromBuffer(row, now.createResolver(old)) as Record<string, unknown>;
    };
    const wider = [sourceColumn('origin', 'string', true), sourceColumn('delay', 'long', true)];
    expect({ ...readAs([...wider, sourceColumn('gate', 'string')]) }).toEqual({ origin: 'SFO', delay: 5, gate: null });
    expect({ ...readAs(before.slice(0, 1)) }).toEqual({ origin: 'SFO' });
    expect(() => readAs([...before, sourceColumn('gate', 'string', true)])).toThrow('no matching field');
  });

  test('a name that Avro does not take is kept beside one that it takes', () => {
    expect(JSON.parse(avroSchema('flights', 'my-lake.bronze', [sourceColumn('Air Time', 'int')]))).toEqual({
      type: 'record',
      name: 'flights',
      namespace: 'my_lake.bronze',
      fields: [{ name: 'Air_Time', type: ['null', 'int'], default: null, sourceName: 'Air Time' }],
    });
  });
});

describe('Iceberg tables', () => {
  const tables = (nodes: readonly Node[]) => nodes.filter((node) => node.kind === 'icebergTable');

  test('are those of datasets, with their quarantines, and the platform itself, as the specs say, in places of the lake', () => {
    const literal = (ref: { node: string; attr: string }) =>
      /Database$/.test(ref.node) ? `aviation_${ref.node.replace('Database', '').toLowerCase()}` : ref.node;
    const roots = { bronze: 's3://BronzeBucket', silver: 's3://SilverBucket', gold: 's3://GoldBucket' };
    const specs = tables(decide().nodes).map(({ spec }) => resolve(spec, literal));
    expect(specs).toEqual(platformSpecs(manifest, roots));
    expect(specs).toHaveLength(5);
  });

  test.each(engines)('$name makes them after their databases, through the tables function', (engine) => {
    const created = engine.catalog({ manifest });
    const { edges, properties } = created.find('lambda.invocation', 'CatalogSilverFlightsTable');
    expect(edges.map(({ to }) => to)).toEqual(
      expect.arrayContaining([
        'glue.database:LakeSilverDatabase',
        'lambda.function:CatalogTablesFunction',
        's3.bucket:LakeSilverBucket',
      ]),
    );
    expect(properties.input).toMatchObject({ spec: { table: 'flights', partitionBy: [{ column: 'departed_at' }] } });
  });

  test.each(engines)('$name sends specs that the tables function reads as they were meant', (engine) => {
    const sent = engine.catalog({ manifest }).all('lambda.invocation');
    expect(sent).toHaveLength(5);
    for (const { properties } of sent) {
      const { spec } = properties.input as { spec: { database: string; location: string } };
      // A name and a place as they are once deployed; CloudFormation makes text of all else that is none.
      const deployed = { ...spec, database: 'aviation_silver', location: 's3://bucket/x' };
      expect(parseSpec(engine.name === 'CloudFormation' ? asText(deployed) : deployed, 'x')).toEqual(deployed);
    }
  });
});

describe('a contract that changes', () => {
  const flights = (version: string, columns: readonly Column[], more: Partial<Dataset> = {}): Dataset => ({
    ...dataset('silver', 'flights', columns, more),
    contract: { id: 'flights', version },
  });
  const deployed = [flights('1.0.0', [column('origin', 'string'), column('delay', 'int', { id: 'd' })])];
  const after = (...datasets: Dataset[]) => problemsOf({ manifest: { datasets }, deployed });

  test('in a way that its table can follow passes: a column added, widened, renamed by its id', () => {
    const columns = [
      column('origin', 'string'),
      column('delay_minutes', 'long', { id: 'd' }),
      column('gate', 'string'),
    ];
    expect(after(flights('2.0.0', columns))).toEqual([]);
  });

  test('in a way that its table cannot follow is refused at synth, each change in a sentence', () => {
    const columns = [column('origin', 'string', { required: true }), column('gate', 'string', { required: true })];
    const problems = after(flights('2.0.0', columns, { key: ['origin'] }));
    expect(problems.map((problem) => /of (silver\.\S+),/.exec(problem)?.[1])).toEqual([
      'silver.flights.delay',
      'silver.flights.origin',
      'silver.flights.gate',
      'silver.flights',
    ]);
    expect(problems[0]).toBe(
      'Stack/Catalog manifest.datasets.silver.flights: must be a table that flights 1.0.0, as deployed, can be changed into: of silver.flights.delay, the column is removed; it was int; allowed are new optional columns, wider types, columns made optional or renamed by id; else declare a table of another name and fill it from this one',
    );
  });

  test('back to an older version passes, as the table stays as it is; so does one whose table leaves', () => {
    expect(after(flights('0.9.0', [column('origin', 'string')]))).toEqual([]);
    expect(after()).toEqual([]);
  });
});

describe('the tables function', () => {
  const actions = (more: Partial<CatalogDeclaration> = {}, flag?: unknown) => {
    const role = decide(more, flag).nodes.find(({ id }) => id === 'TablesRole');
    if (role?.kind !== 'role') throw new Error('no role');
    return role.statements.flatMap((statement) => statement.actions);
  };

  test('can drop nothing, delete no object and read no row', () => {
    expect(actions().filter((action) => /Delete|:Put.*Policy|\*/.test(action))).toEqual([]);
    const { nodes } = decide();
    const role = nodes.find(({ id }) => id === 'TablesRole');
    const objects = role?.kind === 'role' && role.statements.filter((each) => each.actions.includes('s3:GetObject'));
    expect(JSON.stringify(objects)).toContain('/*/metadata/*');
    expect(JSON.stringify(objects)).not.toContain('"/*"');
  });

  test('can drop tables where both keys of the deletion guard are turned', () => {
    expect(actions({ removal: 'delete' }, true)).toEqual(expect.arrayContaining(['glue:DeleteTable']));
  });

  test.each(engines)('$name: passes one role, to Glue alone, which only this account may have assumed', (engine) => {
    const created = engine.catalog({ manifest });
    const passes = created
      .all('iam.role')
      .flatMap(({ statements }) => statements.filter((s) => s.actions?.includes('iam:PassRole')));
    expect(passes).toEqual([
      {
        policy: 'identity',
        effect: 'Allow',
        actions: ['iam:PassRole'],
        resources: ['{iam.role:CatalogOptimizerRole}.arn'],
        conditions: { StringEquals: { 'iam:PassedToService': ['glue.amazonaws.com'] } },
      },
    ]);
    const trust = created
      .find('iam.role', 'CatalogOptimizerRole')
      .statements.filter(({ policy }) => policy === 'trust');
    expect(trust).toEqual([
      {
        policy: 'trust',
        effect: 'Allow',
        actions: ['sts:AssumeRole'],
        principals: ['Service glue.amazonaws.com'],
        conditions: { StringEquals: { 'aws:SourceAccount': ['{aws.account}'] } },
      },
    ]);
  });
});

test('datasets that no file fills need no registry and no bronze table', () => {
  const { nodes, facts } = decide({ manifest: { datasets: [dataset('gold', 'x', [column('a', 'string')])] } });
  expect(nodes.filter(({ kind }) => /schema|glueTable/.test(kind))).toEqual([]);
  expect(facts.registry).toBeUndefined();
});

test('a table over files is written as the class of the provider writes it, as JSON and as HCL', () => {
  const config = {
    catalogId: '123456789012',
    databaseName: 'shop_bronze',
    name: 'orders',
    description: 'As it arrived',
    tableType: 'EXTERNAL_TABLE',
    parameters: { EXTERNAL: 'TRUE' },
    partitionKeys: [{ name: 'date', type: 'string', comment: 'The day' }],
    storageDescriptor: {
      columns: [{ name: 'id', type: 'bigint' }],
      location: 's3://bucket/orders/',
      serDeInfo: { serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe', parameters: { a: 'b' } },
    },
    lifecycle: { preventDestroy: true },
  };
  const stackOf = (Class: typeof GlueTable | typeof GlueCatalogTable) => {
    const stack = new TerraformStack(new App({ outdir: mkdtempSync(join(tmpdir(), 'ingot-hcl-')) }), 'stack');
    new Class(stack, 'Table', config);
    return stack;
  };
  const [own, provider] = [stackOf(GlueTable), stackOf(GlueCatalogTable)];
  expect(own.toTerraform()).toEqual(provider.toTerraform());
  // In whichever order.
  const lines = (stack: TerraformStack) => stack.toHclTerraform().hcl.split('\n').sort();
  expect(lines(own)).toEqual(lines(provider));
});
