import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { releaseOf } from '../../lib/migrations/release';
import { atFirst } from '../core/alarm';
import { regulate } from '../core/compliance';
import { type HandlerSetting, handlerNodes } from '../core/handler';
import { logRetentionOf, logRetentionProblems } from '../core/log-retention';
import { failedExecutions, machineNodes } from '../core/machine';
import type { Node } from '../core/nodes';
import { operationsKey, operationsKeyId, useOperationsKey } from '../core/operations-key';
import { removalProblems } from '../core/removal';
import { scheduleNodes } from '../core/schedules';
import { aws, ref, type Text, text } from '../core/text';
import { idProblems } from '../core/unique';
import { deadLettersId, noticesId } from '../pipeline/ids';
import { emailProblems, failedCalls, notices, withoutGiven } from '../pipeline/notices';
import { type DatabaseFacts, inDatabaseNetwork, masterEnvironment, masterStatements } from '../postgres/facts';
import type { MigrationsDeclaration } from './props';
import { migrateMachine } from './state-machine';

/** What stands of migrations once they are decided. */
export interface MigrationsModel {
  readonly nodes: readonly Node[];
  readonly facts: MigrationsFacts;
}

/** What others need to know of migrations. Once rendered, every text is the engine's token. */
export interface MigrationsFacts {
  readonly functionArn: Text;
  /** The state machine for what is long or destructive. */
  readonly machineArn: Text;
}

export interface MigrationsGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`, `NoticesTopic`. */
  readonly nodes: ReadonlySet<string>;
  readonly deletionFlag?: unknown;
}

export const invocationId = 'Release';

/**
 * Ids of what of a database must be there before anything can be applied to it: the address of a cluster is known before
 * its instances are there, and a security group before its rules.
 */
export const neededBefore = (database: readonly Node[]): string[] =>
  database
    .filter(({ kind }) => kind === 'dbInstance' || kind === 'dbClusterInstance' || kind === 'securityGroupRule')
    .map(({ id }) => id);

/**
 * Decides the migrations of a database: a function that applies the short ones at each deploy, a state machine that
 * applies the others, its alarm, and a schedule for what ready-made ones want done regularly.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function migrationsModel(
  path: string,
  declared: MigrationsDeclaration,
  database: DatabaseFacts,
  given: MigrationsGiven,
): MigrationsModel {
  const { migrations, compliance } = declared;
  const { name } = database;
  const removal = declared.removal ?? 'retain';
  const architecture = declared.architecture ?? 'arm64';
  const logRetentionDays = logRetentionOf(declared);
  assertValid([
    ...emailProblems(path, declared.emails),
    ...(database.masterSecretArn === undefined
      ? [
          {
            where: path,
            path: 'database',
            message:
              'must have the secret of its master, as whom migrations log in: give masterSecretArn to fromExisting',
          },
        ]
      : []),
    ...logRetentionProblems(path, logRetentionDays),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const own = `${name}-migrate`;
  const keyArn = ref(operationsKeyId, 'arn');
  const setting: HandlerSetting = { architecture, logRetentionDays, keyArn, removal };
  // By its name: the machine calls the function, which starts the machine.
  const machineArn = text`arn:${aws.partition}:states:${aws.region}:${aws.account}:stateMachine:${own}`;
  const regular = migrations.uses.some(({ recipe }) => recipe === 'readModel' || recipe === 'timeSeries');
  const all: Node[] = [
    operationsKey(own, 'operations', removal),
    ...notices(own, declared.emails ?? [], keyArn),
    ...(regular || compliance === 'regulated' ? failedCalls(own, keyArn, 'a schedule and a function') : []),
    {
      kind: 'layer',
      id: 'FilesLayer',
      name: `${own}-files`,
      description: `Migrations of ${name}`,
      zip: { entries: { 'ingot/migrations.json': JSON.stringify(migrations) } },
      architecture,
    },
    ...handlerNodes(
      {
        id: 'Migrate',
        bundle: 'migrate',
        functionName: own,
        description: 'Applies migrations to the database, as its master',
        memoryMb: 512,
        timeoutSeconds: 900,
        diskMb: 512,
        layers: [ref('FilesLayer', 'arn')],
        environment: {
          ...masterEnvironment(database),
          INGOT_PLATFORM: name,
          INGOT_MIGRATE_MACHINE: machineArn,
        },
        statements: [
          ...masterStatements(database),
          {
            sid: 'StartMachine',
            effect: 'Allow',
            actions: ['states:ListExecutions', 'states:StartExecution'],
            resources: [machineArn],
          },
        ],
      },
      setting,
    ),
    ...machine(database, setting),
    alarm(name),
    ...(regular ? schedule(own) : []),
    {
      kind: 'invocation',
      id: invocationId,
      resourceType: 'Custom::IngotMigrations',
      functionArn: ref('MigrateFunction', 'arn'),
      functionName: ref('MigrateFunction', 'name'),
      timeoutSeconds: 900,
      input: { release: releaseOf(migrations) },
    },
  ];
  const nodes = withoutGiven(all, given.nodes);
  assertValid(idProblems(path, nodes));
  const regulated = regulate(nodes, {
    compliance,
    network: undefined,
    deadLetterArn: ref(deadLettersId, 'arn'),
    keyArn,
    // A deploy, the state machine, the schedule and who asks for the status.
    concurrency: () => 4,
  });
  return deepFreeze({
    nodes: inDatabaseNetwork(regulated, database),
    facts: { functionArn: ref('MigrateFunction', 'arn'), machineArn: ref(machineId, 'arn') },
  });
}

const machineId = 'MigrateMachine';

function machine(database: DatabaseFacts, setting: HandlerSetting): Node[] {
  const { name, engine, arn } = database;
  const aurora = engine === 'aurora';
  const snapshots = text`arn:${aws.partition}:rds:${aws.region}:${aws.account}:${aurora ? 'cluster-snapshot' : 'snapshot'}:${name}-before-*`;
  return machineNodes(
    {
      id: machineId,
      roleId: 'MachineRole',
      logGroupId: 'MachineLogGroup',
      name: `${name}-migrate`,
      description: `${name}: migrations that are long or destructive`,
      definition: migrateMachine(name, ref('MigrateFunction', 'arn'), database),
      statements: [
        {
          sid: 'CallMigrate',
          effect: 'Allow',
          actions: ['lambda:InvokeFunction'],
          resources: [ref('MigrateFunction', 'arn')],
        },
        {
          sid: 'TakeSnapshots',
          because: 'Each snapshot has a name of its own, which begins with that of the platform.',
          effect: 'Allow',
          actions: aurora
            ? ['rds:AddTagsToResource', 'rds:CreateDBClusterSnapshot', 'rds:DescribeDBClusterSnapshots']
            : ['rds:AddTagsToResource', 'rds:CreateDBSnapshot', 'rds:DescribeDBSnapshots'],
          resources: [arn, snapshots],
        },
        useOperationsKey,
      ],
    },
    setting,
  );
}

const alarm = (name: string): Node => ({
  kind: 'alarm',
  id: 'FailedAlarm',
  name: `${name}-migrate-failed`,
  description: `A migration that is long or destructive failed, was stopped or timed out. Platform ${name}.`,
  metrics: failedExecutions(machineId, 'Migrations that failed'),
  ...atFirst,
  actions: [ref(noticesId, 'arn')],
});

/** What is due is decided by the database: read models say how often, and time series get partitions ahead. */
function schedule(own: string): Node[] {
  const targetArn = ref('MigrateFunction', 'arn');
  return scheduleNodes(
    {
      id: 'ScheduleRole',
      description: `${own}: upkeep of read models and time series`,
      statements: [{ sid: 'CallMigrate', effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: [targetArn] }],
      deadLetterArn: ref(deadLettersId, 'arn'),
    },
    [
      {
        id: 'UpkeepSchedule',
        name: `${own}-upkeep`,
        description: 'Refreshes read models and makes and drops partitions that are due',
        expression: 'rate(5 minutes)',
        targetArn,
        input: { action: 'upkeep' },
      },
    ],
  );
}
