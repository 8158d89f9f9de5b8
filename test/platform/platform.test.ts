import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { datasetsOf, readContract } from '../../lib/contract/read';
import { describeProblem, InvalidInputError } from '../../lib/errors';
import { checkPlatform, definePlatform, loadPlatform } from '../../lib/platform/load';
import { cycles, inOrder, levels } from '../../lib/platform/order';
import { platformFile, platformJsonSchema } from '../../lib/platform/schema';
import { openDuckdb } from '../../lib/runtime/duckdb';
import { validContract } from '../contract/generated';
import { check, contractFile, type Files, flights, inFolder, problemsOf } from './folder';

const aviation = join(__dirname, '../../examples/aviation');

describe('a platform becomes a manifest', () => {
  test('with every default applied', async () => {
    const { manifest, deployment, local, notices } = await inFolder(flights, loadPlatform);

    expect(manifest).toMatchObject({
      name: 'aviation',
      zones: [
        { name: 'bronze', holds: 'files', database: 'aviation_bronze', archiveAfterDays: 90 },
        { name: 'silver', holds: 'iceberg', database: 'aviation_silver', retentionDays: 730 },
        { name: 'gold', holds: 'iceberg', database: 'aviation_gold', retentionDays: 365 },
      ],
      groups: [
        {
          name: 'aviation',
          ingests: ['silver.flights'],
          levels: [['fct_flights']],
          schedule: 'rate(5 minutes)',
          timeZone: 'UTC',
        },
      ],
      ops: { database: 'aviation_ops', zone: 'silver' },
    });
    expect(manifest.datasets.map(({ zone, name }) => `${zone}.${name}`)).toEqual([
      'silver.flights',
      'gold.fct_flights',
    ]);
    expect(manifest.datasets[0]?.contract.file).toBe('contracts/flights.odcs.yaml');
    expect({ deployment, local, notices }).toEqual({ deployment: {}, local: {}, notices: [] });
  });

  test('whose models are in the order of what they read, through the views that they use', async () => {
    const { manifest } = await inFolder(flights, loadPlatform);

    expect(manifest.models).toEqual([
      {
        name: 'stg_flights',
        file: 'models/stg_flights.sql',
        sql: flights['models/stg_flights.sql'],
        reads: ['silver.flights'],
        uses: [],
      },
      {
        name: 'fct_flights',
        file: 'models/fct_flights.sql',
        sql: flights['models/fct_flights.sql'],
        reads: ['silver.flights'],
        uses: ['stg_flights'],
        writes: 'gold.fct_flights',
      },
    ]);
  });

  test('that is frozen, and plain JSON', async () => {
    const { manifest } = await inFolder(flights, loadPlatform);

    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
    for (const part of [manifest, manifest.models, manifest.groups[0]]) expect(Object.isFrozen(part)).toBe(true);
  });

  test('the same, to the byte, however often it is read', async () => {
    const [one, two] = [await loadPlatform(aviation), await loadPlatform(join(aviation, 'platform.yaml'))];

    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
    expect(JSON.stringify(one)).not.toContain(aviation);
  });

  test('the same in TypeScript as in YAML, but for the files', async () => {
    const text = (name: string) => flights[`contracts/${name}.odcs.yaml`]!;
    const { manifest } = await definePlatform({
      name: 'aviation',
      contracts: ['fct_flights', 'flights'].map((name) => readContract(name, text(name)).contract!),
      models: { stg_flights: flights['models/stg_flights.sql']!, fct_flights: flights['models/fct_flights.sql']! },
    });
    const withoutFiles = (value: unknown) =>
      JSON.parse(JSON.stringify(value, (key, held) => (key === 'file' ? undefined : held)));

    expect(withoutFiles(manifest)).toEqual(withoutFiles((await inFolder(flights, loadPlatform)).manifest));
  });

  test('from files in TypeScript too', async () => {
    const { manifest } = await inFolder(flights, (folder) => definePlatform({ name: 'aviation' }, folder));

    expect(manifest).toEqual((await inFolder(flights, loadPlatform)).manifest);
  });

  test('the example platform has no problem and no notice', async () => {
    const { problems, notices } = await checkPlatform(aviation);

    expect({ problems, notices }).toEqual({ problems: [], notices: [] });
  });

  test('files are found by patterns, zones by name or in full', async () => {
    const { 'models/fct_flights.sql': model, 'models/stg_flights.sql': staging, ...rest } = flights;
    const files: Files = {
      ...rest,
      'sql/gold/fct_flights.sql': model!,
      'sql/stg_flights.sql': staging!,
      'platform.yaml': [
        'name: aviation',
        'zones: [{name: bronze, retentionDays: 30, archiveAfterDays: false}, silver, {name: gold, retentionDays: false}]',
        'models: [sql/**/*.sql]',
        'contracts: contracts/*.odcs.yaml',
      ].join('\n'),
    };
    const { manifest } = await inFolder(files, loadPlatform);

    expect(manifest.models.map(({ file }) => file)).toEqual(['sql/stg_flights.sql', 'sql/gold/fct_flights.sql']);
    expect(manifest.zones).toEqual([
      { name: 'bronze', holds: 'files', database: 'aviation_bronze', retentionDays: 30 },
      { name: 'silver', holds: 'iceberg', database: 'aviation_silver', retentionDays: 730 },
      { name: 'gold', holds: 'iceberg', database: 'aviation_gold' },
    ]);
  });

  test('groups share the tables; the one that names none gets the rest', async () => {
    const groups =
      'groups:\n  nightly: {models: [fct_flights], schedule: cron(0 6 * * ? *), timeZone: Europe/Berlin}\n  rest: {}\n';
    const { manifest } = await inFolder({ ...flights, 'platform.yaml': `name: aviation\n${groups}` }, loadPlatform);

    expect(manifest.groups).toEqual([
      {
        name: 'nightly',
        ingests: [],
        levels: [['fct_flights']],
        schedule: 'cron(0 6 * * ? *)',
        timeZone: 'Europe/Berlin',
      },
      { name: 'rest', ingests: ['silver.flights'], levels: [], schedule: 'rate(5 minutes)', timeZone: 'UTC' },
    ]);
  });

  test('what concerns the deployment is what was said, false and all', async () => {
    const said =
      'notifications: {emails: [ops@example.com]}\ndeploy: {architecture: x86_64, scheduled: false, tableStacks: 4, removal: delete}\n';
    const { deployment } = await inFolder({ ...flights, 'platform.yaml': `name: aviation\n${said}` }, loadPlatform);

    expect(deployment).toEqual({
      emails: ['ops@example.com'],
      architecture: 'x86_64',
      scheduled: false,
      tableStacks: 4,
      removal: 'delete',
    });
  });

  test('its notices stand beside it', async () => {
    const files = {
      ...flights,
      'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace(
        'logicalType: integer',
        'logicalType: integer, physicalType: text',
      ),
    };

    expect((await inFolder(files, loadPlatform)).notices).toMatchObject([
      { where: 'contracts/flights.odcs.yaml', line: 12 },
    ]);
  });
});

test('a file in another encoding than UTF-8 is a problem, with its line', async () => {
  const contract = flights['contracts/flights.odcs.yaml']!.replace('status: active', 'status: active\nname: Flüge');
  const file = 'contracts/flights.odcs.yaml';
  const { problems } = await inFolder({ ...flights, [file]: contract }, async (folder) => {
    writeFileSync(join(folder, file), Buffer.from(contract, 'latin1'));
    return checkPlatform(folder);
  });
  expect(problems.map(describeProblem)).toEqual([
    `${file}:6: must be text in UTF-8; this line has bytes of another encoding, such as Latin-1 or UTF-16`,
  ]);
});

test('what is said of the deployment reaches the construct as it is', async () => {
  const said = {
    compliance: 'regulated',
    icebergCatalog: { uri: 'https://catalog.example.com/iceberg', warehouse: 'lake', auth: 'none' },
    replicas: { silver: { bucketArn: 'arn:aws:s3:::copy', keyArn: 'arn:aws:kms:eu-west-1:1:key/k' } },
  };
  const { platform } = await check({
    ...flights,
    'platform.yaml': `name: aviation\ndeploy: ${JSON.stringify(said)}\n`,
  });
  expect(platform?.deployment).toEqual(said);
});

describe('what is wrong with a platform is said in full sentences', () => {
  const scd2 = contractFile(
    'dim_origins',
    'gold',
    { origin: 'logicalType: string, primaryKey: true' },
    { top: 'customProperties: [{property: zone, value: gold}, {property: history, value: scd2}]' },
  );

  test.each<[string, Files, string[]]>([
    [
      'an unknown field',
      { 'platform.yaml': 'name: aviation\nzoness: []\n' },
      [
        `platform.yaml:2 zoness: is not a field here; given "zoness"; allowed: ${Object.keys(platformFile.shape).join(', ')}; did you mean zones?`,
      ],
    ],
    [
      'a name that AWS refuses',
      { 'platform.yaml': 'name: My_Platform\n' },
      [
        'platform.yaml:1 name: must be lower-case letters, digits and single hyphens, a letter first; given "My_Platform"',
      ],
    ],
    [
      'no name',
      { 'platform.yaml': 'zones: [bronze, silver, gold]\n' },
      ['platform.yaml:1 name: is missing; it must be a text'],
    ],
    [
      'no YAML',
      { 'platform.yaml': 'name: [aviation\n' },
      [
        'platform.yaml:2: must be valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    ],
    ['an empty file', { 'platform.yaml': '' }, ['platform.yaml:1: must not be empty']],
    [
      'a zone twice',
      { 'platform.yaml': 'name: aviation\nzones: [bronze, silver, gold, silver]\n' },
      ['platform.yaml:2 zones[3].name: must be unique, underscores aside; "silver" is given twice'],
    ],
    [
      'a server whose zone is misspelt',
      {
        'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace('s3://bronze/', 's3://bronz/'),
      },
      [
        'contracts/flights.odcs.yaml:6 servers[0].location: names no zone that holds files; given "bronz"; did you mean bronze?',
        'contracts/flights.odcs.yaml:9 schema[0].name: must be filled by files, from a server of type s3 at s3://<zone>/<prefix>/, or by a model models/flights.sql',
      ],
    ],
    [
      'a server whose location begins with a bucket',
      {
        'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace(
          's3://bronze/',
          's3://our-own-bucket/',
        ),
      },
      [
        'contracts/flights.odcs.yaml:6 servers[0].location: must be s3://<zone>/<prefix>/, as neither files nor a model models/flights.sql fill flights; given "s3://our-own-bucket/flights/"; allowed zones: bronze',
      ],
    ],
    [
      'a file to land on a day that no month has',
      {
        'platform.yaml': 'name: aviation\nlocal: {land: [{file: x.csv, as: flights, date: 2026-02-30}]}\n',
      },
      ['platform.yaml:2 local.land[0].date: must be a day of the calendar, YYYY-MM-DD; given "2026-02-30"'],
    ],
    [
      'a file to land in a table that no file fills',
      { 'platform.yaml': 'name: aviation\nlocal: {land: [{file: x.csv, as: flight}]}\n' },
      [
        'platform.yaml:2 local.land[0].as: must be a table that files are loaded into; given "flight"; allowed: silver.flights',
      ],
    ],
    [
      "zones named as something of the platform's or of DuckDB's",
      { 'platform.yaml': 'name: aviation\nzones: [bronze, silver, gold, lake, main, ops]\n' },
      [
        "platform.yaml:2 zones[3].name: must not be lake: in SQL that word means something of DuckDB's",
        "platform.yaml:2 zones[4].name: must not be main: in SQL that word means something of DuckDB's",
        'platform.yaml:2 zones[5].name: must not be ops: the platform has something else of that name',
      ],
    ],
    [
      'days that are none',
      { 'platform.yaml': 'name: aviation\nzones: [bronze, silver, {name: gold, retentionDays: year}]\n' },
      ['platform.yaml:2 zones[2].retentionDays: must be a whole number of days from 1, or false; given "year"'],
    ],
    [
      'a schedule that is none',
      { 'platform.yaml': 'name: aviation\ngroups: {a: {schedule: hourly}}\n' },
      [
        'platform.yaml:2 groups.a.schedule: must be a schedule such as rate(1 hour) or cron(0 6 * * ? *); given "hourly"',
      ],
    ],
    [
      'a schedule that EventBridge does not take',
      { 'platform.yaml': 'name: aviation\ngroups: {a: {schedule: rate(1 days)}}\n' },
      ['platform.yaml:2 groups.a.schedule: must be rate(1 day): EventBridge takes nothing else; given "rate(1 days)"'],
    ],
    [
      'a time zone that is none',
      { 'platform.yaml': 'name: aviation\ngroups: {a: {timeZone: Europe/Berlim}}\n' },
      ['platform.yaml:2 groups.a.timeZone: must be a time zone such as UTC or Europe/Berlin; given "Europe/Berlim"'],
    ],
    [
      'an address that is none',
      { 'platform.yaml': 'name: aviation\nnotifications: {emails: [ops]}\n' },
      ['platform.yaml:2 notifications.emails[0]: must be an e-mail address; given "ops"'],
    ],
    [
      'a word for the engine that is none, beside others of its group',
      { 'platform.yaml': 'name: aviation\nengine: {default: duckdbb}\n' },
      [
        'platform.yaml:2 engine.default: must be one of these words: given "duckdbb"; allowed: auto, duckdb, spark; did you mean duckdb?',
      ],
    ],
    [
      'an alias as the key of disks',
      {
        'platform.yaml':
          'name: aviation\nengine: {spark: {diskKeyArn: "arn:aws:kms:eu-west-1:111111111111:alias/disks"}}\n',
      },
      [
        'platform.yaml:2 engine.spark.diskKeyArn: must be the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>, and not of an alias; given "arn:aws:kms:eu-west-1:111111111111:alias/disks"',
      ],
    ],
    [
      'workers of Spark of a size that EMR Serverless does not have',
      { 'platform.yaml': 'name: aviation\nengine: {spark: {worker: {vcpu: 3, memoryGb: 5}}}\n' },
      ['platform.yaml:2 engine.spark.worker.vcpu: must be 1, 2, 4, 8 or 16; given 3'],
    ],
    [
      'workers of Spark with more memory than goes with their processors',
      { 'platform.yaml': 'name: aviation\nengine: {spark: {worker: {vcpu: 8, memoryGb: 18}}}\n' },
      [
        'platform.yaml:2 engine.spark.worker.memoryGb: must be a whole number from 16 to 60 in steps of 4 for 8 vcpu; given 18',
      ],
    ],
    [
      'more workers of Spark kept ready than there may be',
      { 'platform.yaml': 'name: aviation\nengine: {spark: {maxWorkers: 3, ready: {executors: 4}}}\n' },
      ['platform.yaml:2 engine.spark.ready: must not be more than maxWorkers, 3, together; given 4'],
    ],
    [
      'a source of changes where no contract has a server that is a database',
      { 'platform.yaml': 'name: aviation\ncdc: {crm: {}}\n' },
      [
        'platform.yaml:2 cdc.crm: must be the name of a server of type postgres in a contract; given "crm"; there is none',
      ],
    ],
    [
      'a zone that is none, of a table that a model reads',
      {
        'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace(
          'value: silver',
          'value: silber',
        ),
      },
      [
        'contracts/flights.odcs.yaml:7 customProperties[0].value: of zone must be a zone that holds tables; given "silber"; allowed: silver, gold; did you mean silver?',
      ],
    ],
    [
      'files that are not there',
      { 'platform.yaml': 'name: aviation\nmodels: sql/*.sql\n' },
      [
        'contracts/fct_flights.odcs.yaml:8 schema[0].name: must be filled by files, from a server of type s3 at s3://<zone>/<prefix>/, or by a model models/fct_flights.sql',
        'platform.yaml:2 models: must name files that are there; none is like sql/*.sql',
      ],
    ],
    [
      'a table of a group that is none',
      { 'platform.yaml': 'name: aviation\ngroups: {a: {tables: [silver.flight]}, b: {}}\n' },
      [
        'platform.yaml:2 groups.a.tables[0]: must be a table of the platform; given "silver.flight"; allowed: silver.flights, gold.fct_flights; did you mean silver.flights?',
      ],
    ],
    [
      'a table in two groups',
      {
        'platform.yaml':
          'name: aviation\ngroups: {a: {tables: [silver.flights]}, b: {tables: [silver.flights, gold.fct_flights]}}\n',
      },
      ['platform.yaml:2 groups.b.tables[0]: must be in one group; silver.flights is in a too'],
    ],
    [
      'a table in no group',
      { 'platform.yaml': 'name: aviation\ngroups: {a: {tables: [silver.flights]}}\n' },
      ['platform.yaml:2 groups: must hold every table; in no group: gold.fct_flights'],
    ],
    [
      'two groups that name no table',
      { 'platform.yaml': 'name: aviation\ngroups: {a: {}, b: {}}\n' },
      ['platform.yaml:2 groups.b: must name its tables: only one group, here a, gets those that are left'],
    ],
    [
      'a broken SQL',
      { 'models/stg_flights.sql': 'select origin\nfrom silver.flights\nwhere where\n' },
      ['models/stg_flights.sql:3: must be valid SQL: syntax error at or near "where"'],
    ],
    [
      'an empty SQL',
      { 'models/stg_flights.sql': '-- later\n' },
      ['models/stg_flights.sql:1: must hold a SELECT; it is empty'],
    ],
    [
      'no SELECT',
      { 'models/stg_flights.sql': 'drop table silver.flights' },
      ['models/stg_flights.sql:1: must be a SELECT; other statements are not models'],
    ],
    [
      'two statements',
      { 'models/stg_flights.sql': 'select 1; select 2' },
      ['models/stg_flights.sql:1: must hold one SELECT; given 2 statements'],
    ],
    [
      'an unknown table',
      { 'models/stg_flights.sql': 'select *\nfrom silver.flight' },
      [
        'models/stg_flights.sql:2: reads an unknown table; given "silver.flight"; allowed: silver.flights, gold.fct_flights; did you mean silver.flights?',
      ],
    ],
    [
      'an unknown table in a subquery',
      {
        'models/stg_flights.sql':
          'select origin, 1 as km from silver.flights\nwhere origin in (\n  select o from silver.planes)',
      },
      [
        'models/stg_flights.sql:3: reads an unknown table; given "silver.planes"; allowed: silver.flights, gold.fct_flights',
      ],
    ],
    [
      'a table without its zone',
      { 'models/stg_flights.sql': 'select * from flights' },
      ['models/stg_flights.sql:1: must name tables with their zone; given flights; did you mean silver.flights?'],
    ],
    [
      'a file',
      { 'models/stg_flights.sql': "select * from read_csv('x.csv')" },
      ['models/stg_flights.sql:1: must read tables that have a contract; given the function read_csv'],
    ],
    [
      'a file as a table',
      { 'models/stg_flights.sql': "select * from 'x.parquet'" },
      [
        'models/stg_flights.sql:1: reads an unknown table; given "x.parquet"; allowed: silver.flights, gold.fct_flights, stg_flights',
      ],
    ],
    [
      'a model whose name AWS refuses',
      { 'models/stg-more.sql': 'select 1 as a' },
      [
        'models/stg-more.sql: its name must be lower-case letters, digits and underscores, a letter first, as AWS Glue and Athena want it; given "stg-more"; stg_more would do',
      ],
    ],
    [
      'a model without a contract',
      { 'models/fct_flight.sql': 'select 1 as a' },
      [
        'models/fct_flight.sql: must have a contract with a table named fct_flight, or a name that begins with stg_ or int_; did you mean fct_flights?',
      ],
    ],
    [
      'a model that fills a table of files',
      { 'models/flights.sql': 'select 1 as a' },
      ['models/flights.sql: must not fill silver.flights: files fill it, from bronze/flights'],
    ],
    [
      'a model that reads itself',
      { 'models/fct_flights.sql': 'select * from gold.fct_flights' },
      ['models/fct_flights.sql: must not read what it fills itself'],
    ],
    [
      'a cycle',
      { 'models/stg_flights.sql': 'select origin, km from gold.fct_flights' },
      [
        'models/fct_flights.sql: must not be part of a cycle; models read each other: fct_flights -> stg_flights -> fct_flights',
      ],
    ],
    [
      'a table that nothing fills',
      { 'contracts/fct_days.odcs.yaml': contractFile('fct_days', 'gold', { day: 'date' }) },
      [
        'contracts/fct_days.odcs.yaml:8 schema[0].name: must be filled by files, from a server of type s3 at s3://<zone>/<prefix>/, or by a model models/fct_days.sql',
      ],
    ],
    [
      'a table twice',
      {
        'contracts/again.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace('id: silver-flights', 'id: other'),
      },
      [
        'contracts/flights.odcs.yaml:6 servers: must name files of its own; silver.flights is filled from s3://bronze/flights/ too',
        'contracts/flights.odcs.yaml:9 schema[0].name: must be unique; contracts/again.odcs.yaml declares silver.flights too',
      ],
    ],
    [
      'an id twice',
      {
        'contracts/again.odcs.yaml': contractFile('flights', 'silver', { a: 'date' }, { source: true })
          .replace('name: flights', 'name: others')
          .replace('bronze/flights', 'bronze/others'),
      },
      ['contracts/flights.odcs.yaml:3 id: must be unique; contracts/again.odcs.yaml has the id silver-flights too'],
    ],
    [
      'a column that is missing',
      { 'models/fct_flights.sql': 'select origin from stg_flights' },
      ['models/fct_flights.sql: must give the column km (DOUBLE) that the contract of gold.fct_flights promises'],
    ],
    [
      'a column too many',
      { 'models/fct_flights.sql': 'select origin, km::double as km, 1 as kms from stg_flights' },
      [
        'models/fct_flights.sql: must give no other columns than the contract of gold.fct_flights promises; given kms; did you mean km?',
      ],
    ],
    [
      'a column twice',
      { 'models/fct_flights.sql': 'select origin, km, 1.0 as km from stg_flights' },
      ['models/fct_flights.sql: must give each column once; km is given twice'],
    ],
    [
      'a column of another type',
      { 'models/fct_flights.sql': "select origin, 'far' as km from stg_flights" },
      [
        'models/fct_flights.sql: must give km as DOUBLE, as the contract of gold.fct_flights says; given VARCHAR; cast it',
      ],
    ],
    [
      'a column that is not there',
      { 'models/stg_flights.sql': 'select origin,\n distanse as km\nfrom silver.flights' },
      [
        'models/stg_flights.sql:2: must fit the tables that it reads: Referenced column "distanse" not found in FROM clause (candidate bindings: "distance", "departed_at", "origin")',
      ],
    ],
    [
      'a history column that the contract does not have',
      {
        'contracts/dim_origins.odcs.yaml': scd2,
        'models/dim_origins.sql': 'select distinct origin, true as is_current from silver.flights',
      },
      [
        'models/dim_origins.sql: must give no other columns than the contract of gold.dim_origins promises; given is_current',
      ],
    ],
    [
      'an expression over a column that is not there',
      {
        'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace(
          '    properties:',
          '    quality: [{type: custom, engine: ingot, implementation: distanse > 0}]\n    properties:',
        ),
      },
      [
        'contracts/flights.odcs.yaml:10 schema[0].quality[0]: must hold a condition that fits the table: Referenced column "distanse" not found in FROM clause (candidate bindings: "distance", "departed_at", "origin")',
      ],
    ],
    [
      'a query that gives no number',
      {
        'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace(
          '    properties:',
          "    quality: [{type: sql, query: 'select origin, distance from {object}', mustBe: 0}]\n    properties:",
        ),
      },
      [
        'contracts/flights.odcs.yaml:10 schema[0].quality[0]: must hold a query that gives one number or boolean; it gives origin VARCHAR, distance INTEGER',
      ],
    ],
    [
      'a value of another type',
      {
        'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace(
          'logicalType: integer',
          'logicalType: integer, quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [1, far]}}]',
        ),
      },
      [
        'contracts/flights.odcs.yaml:12 schema[0].properties[1].quality[0]: must name values of type INTEGER; given "far"',
      ],
    ],
    [
      'a pattern that DuckDB cannot match',
      {
        'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace(
          'logicalType: string',
          "logicalType: string, logicalTypeOptions: {pattern: '(?=A)B'}",
        ),
      },
      [
        'contracts/flights.odcs.yaml:11 schema[0].properties[0]: must hold a condition that fits the table: invalid perl operator: (?=',
      ],
    ],
    [
      'a transform that is no expression',
      {
        'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace(
          'logicalType: integer',
          "logicalType: integer, transformLogic: 'dist *'",
        ),
      },
      [
        'contracts/flights.odcs.yaml:12 schema[0].properties[1].transformLogic: must be one SQL expression over the columns of the source: syntax error at or near ")"',
      ],
    ],
    [
      'a transform of columns that it does not name',
      {
        'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace(
          'logicalType: integer',
          "logicalType: integer, transformLogic: 'list_sum(list_transform(legs, lambda x: x + 1))'",
        ),
      },
      [
        'contracts/flights.odcs.yaml:12 schema[0].properties[1].transformSourceObjects: must name every column of the source that transformLogic uses; missing: legs',
      ],
    ],
  ])('%s', async (_what, changed, expected) => {
    expect(await problemsOf({ ...flights, ...changed })).toEqual(expected);
  });

  test('all of it at once: the file, contracts and models', async () => {
    const problems = await problemsOf({
      ...flights,
      'platform.yaml': 'name: aviation\nschedule: hourly\n',
      'contracts/flights.odcs.yaml': flights['contracts/flights.odcs.yaml']!.replace('version: 1.0.0', 'version: 1'),
      'contracts/fct_flights.odcs.yaml': flights['contracts/fct_flights.odcs.yaml']!.replace('name: km', 'name: KM'),
      'models/stg_flights.sql': 'selec origin from silver.flights',
    });

    expect(problems).toEqual([
      'contracts/fct_flights.odcs.yaml:11 schema[0].properties[1].name: must be lower-case letters, digits and underscores, a letter first, as AWS Glue and Athena want it; given "KM"; km would do',
      'contracts/flights.odcs.yaml:4 version: must be a text; given 1; put it in quotes',
      'models/stg_flights.sql:1: must be valid SQL: syntax error at or near "selec"',
      expect.stringMatching(/^platform.yaml:2 schedule: is not a field here; given "schedule"; allowed: /),
    ]);
  });

  test('a broken contract is told once, not by all that read its table', async () => {
    const problems = await problemsOf({ ...flights, 'contracts/flights.odcs.yaml': 'apiVersion: [\n' });

    expect(problems).toHaveLength(1);
  });

  test('a folder without a platform', async () => {
    await expect(inFolder({}, loadPlatform)).rejects.toThrow(
      /^platform.yaml: is not there: a platform is declared in platform.yaml; given the path /,
    );
  });

  test('loading throws every problem, and gives nothing', async () => {
    const loading = inFolder({ ...flights, 'models/stg_flights.sql': '', 'platform.yaml': 'nam: x\n' }, loadPlatform);

    await expect(loading).rejects.toBeInstanceOf(InvalidInputError);
    await expect(loading).rejects.toMatchObject({ problems: { length: 3 } });
  });

  test('in TypeScript, with what it stands in', async () => {
    await expect(
      definePlatform({ name: 'aviation', contracts: [{ id: 'x' } as never], models: { stg_a: 'select' } }),
    ).rejects.toThrow(/contract x apiVersion: is missing; it must be one of [\s\S]*stg_a.sql:1: must be valid SQL/);
  });
});

describe('models are bound as they will run', () => {
  test.each([
    ['integers of any size to an integer', 'count(*)', 'integer'],
    ['a sum of integers to a long', 'sum(distance)', 'logicalType: integer, physicalType: bigint'],
    ['an integer to a double', 'distance', 'number'],
    ['a decimal to a double', 'sum(distance * 1.5)', 'number'],
    ['a uuid to a text', 'uuid()', 'string'],
    ['equal lists', 'list(distance)', 'logicalType: array, items: {logicalType: integer}'],
    [
      'equal structs',
      "{'a': 1, 'b': 'x'}",
      'logicalType: object, properties: [{name: a, logicalType: integer}, {name: b, logicalType: string}]',
    ],
  ])('%s', async (_what, expression, type) => {
    const problems = await problemsOf({
      ...flights,
      'contracts/fct_flights.odcs.yaml': contractFile('fct_flights', 'gold', { c: type }),
      'models/fct_flights.sql': `\uFEFFselect ${expression} as c from silver.flights${/^(count|sum|list)\(/.test(expression) ? '' : ' limit 1'};\n-- end`,
    });

    expect(problems).toEqual([]);
  });

  test.each([
    ['a double to an integer', 'avg(distance)', 'integer'],
    ['a number to a text', 'distance', 'string'],
    ['a text to a date', "'2001-01-01'", 'date'],
    ['a moment to local time', 'departed_at', 'logicalType: timestamp, logicalTypeOptions: {timezone: false}'],
    ['another list', "list('x')", 'logicalType: array, items: {logicalType: integer}'],
  ])('%s asks for a cast', async (_what, expression, type) => {
    const problems = await problemsOf({
      ...flights,
      'contracts/fct_flights.odcs.yaml': contractFile('fct_flights', 'gold', { c: type }),
      'models/fct_flights.sql': `select ${expression} as c from silver.flights`,
    });

    expect(problems).toEqual([expect.stringMatching(/must give c as .*; given .*; cast it$/)]);
  });

  test('CTEs are no tables, in their own scope only', async () => {
    const sql = [
      'with flights as (select origin, distance from silver.flights),',
      'recursive_days as (with recursive n as (select 1 as i union all select i + 1 from n where i < 3) select i from n)',
      'select origin, cast(distance as double) as km from flights, recursive_days',
    ].join('\n');

    expect(await problemsOf({ ...flights, 'models/fct_flights.sql': sql })).toEqual([]);
    expect(await problemsOf({ ...flights, 'models/fct_flights.sql': `${sql}, n` })).toEqual([
      'models/fct_flights.sql:3: reads an unknown table; given "n"; allowed: silver.flights, gold.fct_flights, stg_flights',
    ]);
  });

  test('lateral joins, unnest, windows and generated series are read', async () => {
    const sql = `select f.origin, cast(s.i as double) as km
from silver.flights as f, unnest([f.distance, 1]) as u(d), generate_series(1, 3) as s(i), lateral (select f.distance as x)
qualify row_number() over (partition by f.origin order by f.distance) = 1`;

    expect(await problemsOf({ ...flights, 'models/fct_flights.sql': sql })).toEqual([]);
  });
});

test('every rule that follows from a valid contract binds', async () => {
  await fc.assert(
    fc.asyncProperty(validContract, async (contract) => {
      const servers = [{ server: 'in', type: 's3', location: 's3://bronze/orders/', format: 'json' }];
      await definePlatform({ name: 'shop', contracts: [{ ...contract, servers }], models: {} });
    }),
    { numRuns: 40 },
  );
});

test('required fields inside a column are required of every item', async () => {
  const contract = readContract(
    'c.yaml',
    contractFile('orders', 'silver', {
      c: 'logicalType: array, items: {logicalType: object, properties: [{name: f, logicalType: integer, required: true}]}',
    }),
  ).contract!;
  const rule = datasetsOf(contract)[0]!.rules[0] as { readonly expression: string };
  const duckdb = await openDuckdb();
  try {
    const rows = await duckdb.query(`SELECT ${rule.expression} AS holds FROM (VALUES
      ([{'f': 1}, NULL]), (NULL), ([]), ([{'f': 1}, {'f': NULL}])) AS t(c)`);
    expect(rows).toEqual([{ holds: true }, { holds: true }, { holds: true }, { holds: false }]);
  } finally {
    duckdb.close();
  }
});

describe('the order of models', () => {
  /** Needs without a cycle: each name needs names before it only. */
  const acyclic = fc
    .array(fc.array(fc.nat()), { minLength: 1, maxLength: 12 })
    .map((rows) => new Map(rows.map((needs, i) => [`m${i}`, i === 0 ? [] : needs.map((need) => `m${need % i}`)])));

  test('puts each after all that it needs, and loses none', () => {
    fc.assert(
      fc.property(acyclic, (needs) => {
        const order = inOrder(needs);
        expect([...order].sort()).toEqual([...needs.keys()].sort());
        for (const [name, needed] of needs)
          for (const need of needed) expect(order.indexOf(need)).toBeLessThan(order.indexOf(name));
        expect(cycles(needs)).toEqual([]);
      }),
    );
  });

  test('a model is on the first level that it can be on', () => {
    fc.assert(
      fc.property(acyclic, (needs) => {
        const level = new Map(levels(needs).flatMap((names, i) => names.map((name) => [name, i])));
        for (const [name, needed] of needs)
          expect(level.get(name)).toBe(Math.max(-1, ...needed.map((need) => level.get(need)!)) + 1);
      }),
    );
  });

  test('every graph either has a cycle or an order', () => {
    const any = fc
      .array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8 })
      .map((rows) => new Map(rows.map((needs, i) => [`m${i}`, needs.map((need) => `m${need % rows.length}`)])));
    fc.assert(
      fc.property(any, (needs) => {
        const found = cycles(needs);
        for (const cycle of found)
          cycle.forEach((name, i) => {
            expect(needs.get(name)).toContain(cycle[(i + 1) % cycle.length]);
          });
        if (found.length === 0) expect(inOrder(needs)).toHaveLength(needs.size);
        else expect(() => inOrder(needs)).toThrow();
      }),
    );
  });
});

describe('the JSON Schema of platform.yaml', () => {
  const schema = platformJsonSchema() as {
    properties: Record<string, { description?: string }>;
    additionalProperties: boolean;
  };

  test('describes every field and allows no other', () => {
    expect(schema.additionalProperties).toBe(false);
    expect(undescribed(schema)).toEqual([]);
  });

  test('knows every field that the platform file knows', () => {
    expect(Object.keys(schema.properties)).toEqual(Object.keys(platformFile.shape));
  });

  test('takes the example', () => {
    expect(platformFile.safeParse(parse(readFileSync(join(aviation, 'platform.yaml'), 'utf8'))).success).toBe(true);
  });
});

/** Fields of a JSON Schema without a description. */
function undescribed(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, ...rest } = schema as { properties?: Record<string, { description?: string }> };
  return [
    ...Object.entries(properties ?? {}).flatMap(([field, inner]) => [
      ...(inner.description === undefined ? [`${path}.${field}`] : []),
      ...undescribed(inner, `${path}.${field}`),
    ]),
    ...Object.values(rest).flatMap((inner) => undescribed(inner, path)),
  ];
}

test('a check never throws, whatever the platform file holds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 2 }), async (value) => {
      const { problems } = await check({ 'platform.yaml': JSON.stringify(value) });
      expect(problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 30 },
  );
});
