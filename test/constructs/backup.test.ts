import type { Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import * as cdkBackup from '../../constructs/backup/cdk';
import type { BackupPolicyDeclaration } from '../../constructs/backup/props';
import * as terraformBackup from '../../constructs/backup/terraform';
import * as cdk from '../../constructs/cdk';
import type * as aws from '../../constructs/core/terraform/aws';
import type { Resolved } from '../../constructs/core/text';
import * as cdkLake from '../../constructs/lake/cdk';
import * as terraformLake from '../../constructs/lake/terraform';
import * as cdkPostgres from '../../constructs/postgres/cdk';
import type { DatabaseFacts } from '../../constructs/postgres/facts';
import * as terraformEngine from '../../constructs/terraform';
import { resolveNetwork } from '../../lib/network/declaration';
import { resolveDatabase } from '../../lib/postgres/resolve';
import { engineDifferences, expectParity, inventory, inventorySnapshot } from '../../lib/testing';
import { type Context, type Created, cdkStack, terraformStack } from './engines';
import { manifest } from './manifest';
import { findings } from './nag';
import { describedProblemsOf } from './problems';
import { regulated, replica } from './regulated';

const name = 'aviation';
const vault = 'arn:aws:backup:eu-central-1:444455556666:backup-vault:elsewhere';

const facts = (engine: 'instance' | 'aurora'): Resolved<DatabaseFacts> => ({
  name,
  engine,
  identifier: name,
  arn: `arn:aws:rds:eu-west-1:111122223333:${engine === 'aurora' ? 'cluster' : 'db'}:aviation`,
  resourceId: 'db-ABCDEFGHIJKL',
  host: 'aviation.abc.eu-west-1.rds.amazonaws.com',
  port: 5432,
  database: name,
  masterUser: 'ingot',
  keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/database',
  securityGroupId: 'sg-0000000000000000a',
  clientSecurityGroupId: 'sg-0000000000000000b',
  vpcId: 'vpc-00000000000000001',
  subnetIds: ['subnet-00000000000000001', 'subnet-00000000000000002'],
});

type Props = Partial<BackupPolicyDeclaration> & { readonly of?: 'instance' | 'aurora' | 'lake' };

const database = ({ of = 'instance' }: Props) => (of === 'lake' ? {} : { database: { facts: facts(of) } });

const inCdk = (stack: Stack, { of, ...props }: Props = {}) =>
  new cdkBackup.BackupPolicy(stack, 'Backup', {
    lake: new cdkLake.Lake(stack, 'Lake', { name }),
    ...database({ of }),
    ...props,
  });

const inTerraform = (stack: aws.TerraformStack, { of, ...props }: Props = {}) =>
  new terraformBackup.BackupPolicy(stack, 'Backup', {
    lake: new terraformLake.Lake(stack, 'Lake', { name }),
    ...database({ of }),
    ...props,
  });

const engines = [
  {
    engine: 'CloudFormation',
    backup: (props?: Props, context?: Context) => cdkStack((stack) => void inCdk(stack, props), context),
  },
  {
    engine: 'Terraform',
    backup: (props?: Props, context?: Context) => terraformStack((stack) => void inTerraform(stack, props), context),
  },
];

const everything: Props = {
  tiers: {
    full: { schedule: 'cron(30 1 * * ? *)', keepDays: 90 },
    incremental: { schedule: 'cron(15 */2 * * ? *)', keepDays: 14 },
    log: { keepDays: 35 },
  },
  lock: { coolingOffDays: 7 },
  copies: [{ vaultArn: vault, keepDays: 365 }],
  restoreTests: { database: 'cron(0 4 * * ? *)', lake: 'cron(0 4 15 * ? *)' },
  volatile: ['public.sessions'],
  dump: { keepDays: 30 },
  emails: ['ops@example.com'],
  replica: replica('backups'),
  architecture: 'x86_64',
  logRetentionDays: 30,
};

describe.each([
  ['by default', {}],
  ['of the lake alone', { of: 'lake' }],
  ['of Aurora, with everything that may be said', { of: 'aurora', ...everything }],
  ['for regulated data', { compliance: 'regulated', replica: replica('backups'), dump: {} }],
] as [string, Props][])('backups %s', (title, props) => {
  const [cloudformation, terraform] = engines.map(({ backup }) => backup(props)) as [Created, Created];

  test('are the same in both engines', () => {
    expectParity(cloudformation.text, terraform.text, { differences: [engineDifferences.retain] });
  });

  test(`decide what the snapshot says (${title})`, () => {
    const { resources, ...rest } = inventory(cloudformation.text);
    const own = resources.filter(({ id }) => id.startsWith('Backup'));
    expect(inventorySnapshot({ ...rest, resources: own })).toMatchSnapshot();
  });
});

describe.each(engines)('$engine', ({ backup }) => {
  const rules = (created: Created, plan: string) =>
    (
      created.find('backup.plan', plan).properties.rules as { name: string; lifecycle: { deleteAfterDays: number } }[]
    ).map(({ name: rule, lifecycle }) => `${rule} ${lifecycle.deleteAfterDays}`);

  test('the tiers are full, incremental and log; the lake has no hourly one, since its log has every change', () => {
    const made = backup();
    expect(rules(made, 'BackupDatabasePlan')).toEqual(['full 30', 'incremental 7', 'log 7']);
    expect(rules(made, 'BackupLakePlan')).toEqual(['full 30', 'log 7']);
    expect(rules(backup({ tiers: { incremental: false } }), 'BackupDatabasePlan')).toEqual(['full 30', 'log 7']);
  });

  test('a tier that is left out is none; false is not what is left out', () => {
    const alarms = backup({ restoreTests: { lake: false } })
      .all('cloudwatch.alarm')
      .map(({ id }) => id);
    expect(alarms).toEqual([
      'BackupCompareFailedAlarm',
      'BackupDatabaseTestFailedAlarm',
      'BackupDatabaseTestMissingAlarm',
      'BackupDeadLettersAlarm',
    ]);
    expect(backup({ lock: false }).find('backup.vault', 'BackupVault').properties).not.toHaveProperty(
      'minRetentionDays',
    );
  });

  test('nobody deletes from the vault', () => {
    const { properties, statements } = backup().find('backup.vault', 'BackupVault');
    expect(properties).toMatchObject({ minRetentionDays: 7, maxRetentionDays: 30 });
    expect(properties).not.toHaveProperty('coolingOffDays');
    const denied = statements.find(({ effect }) => effect === 'Deny');
    expect(denied).toMatchObject({ principals: ['*'] });
    expect(denied!.actions).toContain('backup:DeleteRecoveryPoint');
    expect(denied).not.toHaveProperty('conditions');
  });

  test('vaults go with their stack only where both keys are turned, and are then neither locked nor guarded', () => {
    expect(() => backup({ removal: 'delete' })).toThrow('removal: must be retain unless the context says');
    const { properties, statements } = backup({ removal: 'delete' }, { 'ingot:allow-data-deletion': true }).find(
      'backup.vault',
      'BackupVault',
    );
    expect(properties).not.toHaveProperty('minRetentionDays');
    expect(statements).toEqual([]);
  });

  test('a restored database is reached by IAM as a role that reads, in the subnets and the security group of its source', () => {
    const made = backup();
    expect(made.find('backup.restoreTestingSelection', 'BackupDatabaseTestingSelection').properties).toMatchObject({
      resourceType: 'RDS',
      overrides: { enableIamDatabaseAuthentication: 'true' },
    });
    const logIns = made
      .find('iam.role', 'BackupValidateRestoreRole')
      .statements.filter(({ actions = [] }) => actions.includes('rds-db:connect'))
      .flatMap(({ resources = [] }) => resources);
    expect(logIns.map((arn) => arn.replace(/^.*:/, ''))).toEqual([
      '*/ingot_validate',
      'db-ABCDEFGHIJKL/ingot_validate',
    ]);
  });

  test('everything that is wrong is said at once, and nothing is made', () => {
    const wrong: Props = {
      of: 'lake',
      tiers: {
        full: { keepDays: 0, schedule: 'rate(1 day)' },
        incremental: { schedule: 'cron(*/5 * * * ? *)' },
        log: { keepDays: 36 },
      },
      lock: { coolingOffDays: 2 },
      copies: [{ vaultArn: 'elsewhere', keepDays: 0 }],
      restoreTests: { database: 'weekly' },
      volatile: ['sessions'],
      dump: { keepDays: 0, schedule: 'daily' },
      compliance: 'regulated',
      logRetentionDays: 2,
    };
    expect(
      describedProblemsOf(() => backup(wrong)).map((problem) => problem.replace('Stack/Backup ', '')),
    ).toMatchSnapshot();
  });
});

test('an existing key is used for recovery points in both engines, and none is made', () => {
  const key = 'arn:aws:kms:eu-west-1:111122223333:key/mine';
  const made = [
    cdkStack((stack) => {
      const lake = new cdkLake.Lake(stack, 'Lake', { name });
      new cdkBackup.BackupPolicy(stack, 'Backup', { lake, vaultKey: kms.Key.fromKeyArn(stack, 'Key', key) });
    }),
    terraformStack((stack) => {
      const lake = new terraformLake.Lake(stack, 'Lake', { name });
      new terraformBackup.BackupPolicy(stack, 'Backup', { lake, vaultKey: { arn: key, keyId: 'mine' } });
    }),
  ];
  for (const created of made) {
    expect(created.find('backup.vault', 'BackupVault').properties.key).toBe(key);
    expect(created.all('kms.key').map(({ id }) => id)).not.toContain('BackupVaultKey');
  }
});

describe('cdk-nag', () => {
  test('AwsSolutions finds nothing by default, nor in a dump of Aurora', () => {
    expect(findings(AwsSolutionsChecks, (stack) => void inCdk(stack))).toEqual([]);
    expect(findings(AwsSolutionsChecks, (stack) => void inCdk(stack, { of: 'aurora', ...everything }))).toEqual([]);
  });

  test.each([
    ['NIST 800-53 r5', NIST80053R5Checks],
    ['HIPAA', HIPAASecurityChecks],
    ['PCI DSS', PCIDSS321Checks],
    ['AwsSolutions', AwsSolutionsChecks],
  ])('%s finds nothing in backups for regulated data, with their database', (_, Checks) => {
    const { compliance, replicas } = regulated;
    const made = findings(Checks, (stack) => {
      const lake = new cdkLake.Lake(stack, 'Lake', { name, compliance, replicas });
      const postgres = new cdkPostgres.PostgresDatabase(stack, 'Database', {
        name,
        network: { vpcId: 'vpc-00000000000000001', subnetIds: ['subnet-1', 'subnet-2'] },
        compliance,
      });
      new cdkBackup.BackupPolicy(stack, 'Backup', {
        lake,
        database: postgres,
        compliance,
        replica: replica('backups'),
        dump: {},
      });
    });
    expect(made).toEqual([]);
  });
});

test('a platform that declares backups has them in both engines, beside its database', () => {
  const platform = {
    manifest: {
      ...manifest,
      network: resolveNetwork({ cidr: '10.42.0.0/16' }),
      database: resolveDatabase(name, {}),
      backup: { volatile: ['public.sessions'], dump: {} },
    },
    runtime: __filename,
  };
  const [cloudformation, terraform] = [
    cdkStack((stack) => {
      const { idleCost } = new cdk.Platform(stack, 'Platform', platform);
      const count = (what: string) => idleCost.parts.find((part) => part.what === what)?.count ?? 0;
      expect(count('calls of functions on schedule')).toBeGreaterThanOrEqual(3 * 720);
      expect([count('dumps of an empty database'), count('runs that find nothing new')]).toEqual([30 / 7, 720]);
    }),
    terraformStack((stack) => new terraformEngine.Platform(stack, 'Platform', platform)),
  ];
  const { retain, invocationLifecycle, defaultSecurityGroup } = engineDifferences;
  expectParity(cloudformation.text, terraform.text, {
    differences: [retain, invocationLifecycle, defaultSecurityGroup],
  });
  const selection = cloudformation.find('backup.selection', 'PlatformBackupsDatabaseSelection').properties.resources;
  expect(JSON.stringify(selection)).toContain('PlatformDatabaseInstance');
  const endpoints = cloudformation.all('ec2.endpoint').map(({ id }) => id.replace('PlatformNetwork', ''));
  expect(endpoints).toEqual(expect.arrayContaining(['BackupEndpoint', 'RdsEndpoint', 'GlueEndpoint']));
});
