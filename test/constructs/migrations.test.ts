import validateAsl from 'asl-validator';
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import * as cdk from '../../constructs/cdk';
import { resolve } from '../../constructs/core/text';
import { migrateMachine } from '../../constructs/migrations/state-machine';
import * as terraform from '../../constructs/terraform';
import type { Migrations } from '../../lib/migrations/migration';
import { checkMigrations } from '../../lib/migrations/read';
import { resolveDatabase } from '../../lib/postgres/resolve';
import { engineDifferences } from '../../lib/testing';
import { type Created, cdkStack, terraformStack } from './engines';
import { manifest } from './manifest';
import { findings } from './nag';
import { describeRows, type Row } from './rows';

const { defaultSecurityGroup, invocationLifecycle, retain } = engineDifferences;
const name = 'aviation';
const network = { vpcId: 'vpc-00000000000000001', subnetIds: ['subnet-00000000000000001', 'subnet-00000000000000002'] };

let migrations: Migrations;
beforeAll(async () => {
  const files = { '0001_a.sql': 'CREATE TABLE a (id int)', '0002_b.sql': '-- long\nCREATE INDEX b ON a (id)' };
  const read = await checkMigrations(
    'migrations',
    Object.entries(files).map(([file, text]) => ({ name: file, bytes: Buffer.from(text) })),
  );
  const model = { name: 'totals', query: 'SELECT 1 AS id', key: ['id'], every: '1 hour' };
  migrations = {
    files: read.migrations,
    uses: [{ recipe: 'readModel', name: 'totals', parameters: model, after: 'files' }],
  };
});

const existing = {
  name,
  identifier: 'theirs',
  resourceId: 'db-ABCDEFGHIJKL01234',
  host: 'theirs.abc.eu-west-1.rds.amazonaws.com',
  databaseName: 'flights',
  masterSecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:theirs-AbCdEf',
  network,
};

const rows: readonly Row[] = [
  {
    title: 'migrations of a database that is there, by default',
    cdk: (stack) => {
      const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-00000000000000001');
      const database = cdk.PostgresDatabase.fromExisting(stack, 'Database', { ...existing, securityGroup });
      new cdk.DatabaseMigrations(stack, 'Migrations', { database, migrations });
    },
    terraform: (stack) => {
      const securityGroupId = 'sg-00000000000000001';
      const database = terraform.PostgresDatabase.fromExisting(stack, 'Database', { ...existing, securityGroupId });
      new terraform.DatabaseMigrations(stack, 'Migrations', { database, migrations });
    },
    differences: [retain, invocationLifecycle],
    isReviewed: true,
  },
  {
    title: 'migrations of a cluster of Aurora, without what needs upkeep',
    cdk: (stack) => {
      const database = new cdk.PostgresDatabase(stack, 'Database', { name, network, engine: 'aurora' });
      const { topic } = database;
      new cdk.DatabaseMigrations(stack, 'Migrations', { database, topic, migrations: { ...migrations, uses: [] } });
    },
    terraform: (stack) => {
      const database = new terraform.PostgresDatabase(stack, 'Database', { name, network, engine: 'aurora' });
      const topic = { arn: database.topicArn };
      new terraform.DatabaseMigrations(stack, 'Migrations', {
        database,
        topic,
        migrations: { ...migrations, uses: [] },
      });
    },
    differences: [retain, invocationLifecycle],
    isReviewed: false,
  },
  {
    title: 'migrations of a platform',
    cdk: (stack) => new cdk.Platform(stack, 'Platform', { manifest: platform(), runtime: __filename }),
    terraform: (stack) => new terraform.Platform(stack, 'Platform', { manifest: platform(), runtime: __filename }),
    differences: [retain, defaultSecurityGroup, invocationLifecycle],
    isReviewed: false,
  },
];

const platform = () => ({
  ...manifest,
  network: { cidr: '10.42.0.0/16', zones: 2, endpoints: [] },
  database: resolveDatabase(name, {}),
  migrations,
});

describeRows(rows, (written) => {
  test('the call waits until all of the database is there, its instances and rules too', () => {
    const { template, config } = written();
    const { Resources } = template as { Resources: Record<string, { Type: string; DependsOn?: string[] }> };
    const after = Object.values(Resources).find(({ Type }) => Type === 'Custom::IngotMigrations')?.DependsOn ?? [];
    const ofDatabase = Object.entries(Resources).filter(([, { Type }]) =>
      /RDS::DBInstance|EC2::SecurityGroupIngress/.test(Type),
    );
    for (const [id] of ofDatabase.filter(([one]) => one.includes('Database'))) expect(after).toContain(id);
    const { resource } = JSON.parse(config) as { resource: Record<string, Record<string, { depends_on?: string[] }>> };
    const calls = Object.entries(resource.aws_lambda_invocation!).filter(([id]) => id.includes('Release'));
    expect(calls.flatMap(([, { depends_on }]) => depends_on ?? []).join()).toContain(
      'aws_vpc_security_group_ingress_rule',
    );
  });
});

const both: readonly { readonly engine: string; readonly make: (change?: Partial<Migrations>) => Created }[] = [
  {
    engine: 'CloudFormation',
    make: (change) =>
      cdkStack((stack) => {
        const database = new cdk.PostgresDatabase(stack, 'Database', { name, network });
        new cdk.DatabaseMigrations(stack, 'Migrations', { database, migrations: { ...migrations, ...change } });
      }),
  },
  {
    engine: 'Terraform',
    make: (change) =>
      terraformStack((stack) => {
        const database = new terraform.PostgresDatabase(stack, 'Database', { name, network });
        new terraform.DatabaseMigrations(stack, 'Migrations', { database, migrations: { ...migrations, ...change } });
      }),
  },
];

describe.each(both)('$engine', ({ make }) => {
  test('a deploy calls the function again for every migration that is new or other, and says which', () => {
    const input = (made: Created) => made.find('lambda.invocation', 'MigrationsRelease').properties.input;
    expect(input(make())).toEqual({
      release: {
        files: { '0001_a': migrations.files[0]!.checksum, '0002_b': migrations.files[1]!.checksum },
        uses: { 'readModel/totals': expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
    expect(input(make({ files: migrations.files.slice(1) }))).not.toEqual(input(make()));
  });

  test('the function alone reads the master secret, goes to the database itself, and runs beside it', () => {
    const made = make();
    const fn = made.find('lambda.function', 'MigrationsMigrateFunction').properties;
    expect(fn).toMatchObject({
      environment: { INGOT_DATABASE: { auth: 'secret', user: 'postgres' }, INGOT_PLATFORM: name },
      subnets: network.subnetIds,
    });
    const readers = made
      .all('iam.role')
      .filter((role) => JSON.stringify(role).includes('secretsmanager:GetSecretValue'));
    expect(readers.map(({ id }) => id)).toEqual(['MigrationsMigrateRole']);
  });

  test('a machine that fails, is stopped or times out raises an alarm, which goes to the topic', () => {
    const { properties } = make().find('cloudwatch.alarm', 'MigrationsFailedAlarm');
    const said = JSON.stringify(properties);
    for (const word of [
      'ExecutionsFailed',
      'ExecutionsAborted',
      'ExecutionsTimedOut',
      'MigrateMachine',
      'NoticesTopic',
    ])
      expect(said).toContain(word);
  });

  test('the schedule is there only where something needs upkeep', () => {
    expect(
      make()
        .all('scheduler.schedule')
        .map(({ id }) => id),
    ).toEqual(['MigrationsUpkeepSchedule']);
    expect(make({ uses: [] }).all('scheduler.schedule')).toEqual([]);
  });
});

test.each(['instance', 'aurora'] as const)('the state machine of an %s is valid Amazon States Language', (engine) => {
  const machine = migrateMachine(name, 'arn:aws:lambda:eu-west-1:111122223333:function:f', {
    engine,
    identifier: 'db',
  });
  const definition = resolve(machine, ({ attr }) => (attr === 'partition' ? 'aws' : attr));
  expect(validateAsl(definition as never)).toMatchObject({ isValid: true, errors: [] });
});

test('a database without the secret of its master is refused', () => {
  const stack = new Stack(new App(), 'Stack');
  const { masterSecretArn: _, ...rest } = existing;
  const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-00000000000000001');
  const database = cdk.PostgresDatabase.fromExisting(stack, 'Database', { ...rest, securityGroup });
  expect(() => new cdk.DatabaseMigrations(stack, 'Migrations', { database, migrations })).toThrow(
    'Stack/Migrations database: must have the secret of its master, as whom migrations log in: give masterSecretArn to fromExisting',
  );
});

test.each([AwsSolutionsChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks])(
  'cdk-nag finds nothing in migrations',
  (Checks) => {
    const compliance = Checks === AwsSolutionsChecks ? undefined : 'regulated';
    const found = findings(Checks, (stack) => {
      const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-00000000000000001');
      const database = cdk.PostgresDatabase.fromExisting(stack, 'Database', { ...existing, securityGroup });
      new cdk.DatabaseMigrations(stack, 'Migrations', { database, migrations, compliance });
    });
    expect(found).toEqual([]);
  },
);
