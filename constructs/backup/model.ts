import { type BackupManifest, backupProblems, resolveBackup, type Tier } from '../../lib/backup/declaration';
import { validateRole } from '../../lib/backup/roles';
import { assertValid, type Problem } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { networkProblems, regulate } from '../core/compliance';
import { type HandlerSetting, handlerNodes } from '../core/handler';
import { icebergCatalogProblems } from '../core/iceberg-catalog';
import { logRetentionOf, logRetentionProblems } from '../core/log-retention';
import { pascal } from '../core/names';
import type { BackupPlanNode, BackupRule, Node, RoleNode, Statement } from '../core/nodes';
import { operationsKeyId, useOperationsKey } from '../core/operations-key';
import { inThisAccount } from '../core/policy';
import { removalProblems } from '../core/removal';
import { scheduleNodes } from '../core/schedules';
import { aws, ref, type Text, text } from '../core/text';
import type { LakeFacts } from '../lake/model';
import { json, lakeEnvironment } from '../pipeline/functions';
import { deadLettersId, noticesId } from '../pipeline/ids';
import { emailProblems } from '../pipeline/notices';
import { connectStatements, type DatabaseFacts, inDatabaseNetwork, roleEnvironment } from '../postgres/facts';
import { backupAlarms, restoreTestIntervals } from './alarms';
import { dumpNodes } from './dump';
import { backupRoleId, bucketId, restoreRoleId, validateId, vaultId, vaultKeyId } from './ids';
import type { BackupPolicyDeclaration } from './props';
import { bucketNodes, notices, operationsKey, reportPlans } from './reports';
import { restoreTests } from './restore-tests';
import {
  answerTests,
  backUpDatabase,
  backUpLake,
  forgetChanges,
  lakeKeys,
  readCatalog,
  readRestored,
  readRestoredBuckets,
  restoreDatabase,
  restoreLake,
  useVaults,
} from './statements';
import { vault } from './vaults';

export interface BackupModel {
  readonly nodes: readonly Node[];
  readonly facts: BackupFacts;
}

/** What others need to know of backups. Once rendered, every text is the engine's token. */
export interface BackupFacts {
  readonly notices: Text;
  /** The vault of the tiers. */
  readonly vaultArn: Text;
  /** Where fingerprints, the catalog's word, results of tests, reports and dumps are. */
  readonly bucketName: Text;
}

/** What the user brought along. */
export interface BackupGiven {
  /** Ids of nodes that are not to be made: `VaultKey`. */
  readonly nodes: ReadonlySet<string>;
  /** The context's `ingot:allow-data-deletion`. */
  readonly deletionFlag?: unknown;
}

/**
 * Decides the backups of a lake and its database, and the restores that prove them.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function backupModel(
  path: string,
  declared: BackupPolicyDeclaration,
  lake: LakeFacts,
  database: DatabaseFacts | undefined,
  given: BackupGiven = { nodes: new Set() },
): BackupModel {
  const regulated = declared.compliance === 'regulated';
  const backup = resolveBackup(declared, regulated);
  const removal = declared.removal ?? 'retain';
  const architecture = declared.architecture ?? 'arm64';
  const logRetentionDays = logRetentionOf(declared);
  assertValid([
    ...backupProblems(path, declared),
    ...givenProblems(path, declared, backup, database),
    ...emailProblems(path, declared.emails),
    ...icebergCatalogProblems(path, declared.icebergCatalog),
    ...logRetentionProblems(path, logRetentionDays),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const { name } = lake;
  const keyArn = ref(operationsKeyId, 'arn');
  const setting: HandlerSetting = { architecture, logRetentionDays, keyArn, removal };
  const vaultName = `${name}-backups`;
  const ownVault = text`arn:${aws.partition}:backup:${aws.region}:${aws.account}:backup-vault:${vaultName}`;

  const role = (id: string, what: string, statements: readonly Statement[]): RoleNode => ({
    kind: 'role',
    id,
    description: `${name}: ${what}`,
    assumedBy: { service: 'backup.amazonaws.com' },
    assumeConditions: inThisAccount,
    statements: bySid(statements),
  });
  const nodes: Node[] = [
    ...vaultKey(name, removal, given),
    operationsKey(name, removal),
    ...notices(name, declared.emails ?? [], keyArn),
    role(backupRoleId, 'AWS Backup makes backups', [
      ...useVaults(
        [ownVault],
        backup.copies.map(({ vaultArn }) => vaultArn),
        ref(vaultKeyId, 'arn'),
      ),
      ...(database === undefined ? [] : backUpDatabase(database)),
      ...backUpLake(lake),
    ]),
    role(restoreRoleId, 'AWS Backup restores backups for tests', [
      ...useVaults([ownVault], [], ref(vaultKeyId, 'arn')),
      ...(database === undefined ? [] : restoreDatabase(database)),
      ...(backup.restoreTests.lake === false ? [] : restoreLake(lake)),
    ]),
    ...bucketNodes(lake, declared, backup, removal),
    ...validate(lake, database, backup, declared, setting),
    vault(backup, vaultName, removal),
    ...plans(name, backup, lake, database),
    ...reportPlans(name, backup),
    ...restoreTests(name, backup, lake, database, setting),
    ...schedules(name, database),
    ...(database === undefined || backup.dump === false ? [] : dumpNodes(database, backup.dump, setting)),
    ...backupAlarms(name, testedResources(backup, lake, database), backup, database),
  ];
  return deepFreeze({
    nodes: regulate(database === undefined ? nodes : inDatabaseNetwork(nodes, database), {
      compliance: declared.compliance,
      network: database === undefined ? declared.network : undefined,
      deadLetterArn: ref(deadLettersId, 'arn'),
      keyArn,
      // Buckets are restored side by side.
      concurrency: () => 5,
    }),
    facts: {
      notices: ref(noticesId, 'arn'),
      vaultArn: ref(vaultId, 'arn'),
      bucketName: ref(bucketId, 'name'),
    },
  });
}

/** What is restored to see whether it can be: its name in metrics, and how many hours may pass between two tests. */
function testedResources(
  { restoreTests }: BackupManifest,
  lake: LakeFacts,
  database: DatabaseFacts | undefined,
): { readonly resource: string; readonly hours: number }[] {
  const zones = restoreTests.lake === false ? [] : lake.zones.map(({ name }) => name);
  return [
    ...(database === undefined ? [] : [{ resource: 'database', hours: restoreTestIntervals(restoreTests.database) }]),
    ...zones.map((resource) => ({ resource, hours: restoreTestIntervals(restoreTests.lake as string) })),
  ];
}

function vaultKey(name: string, removal: 'retain' | 'delete', given: BackupGiven): Node[] {
  if (given.nodes.has(vaultKeyId)) return [];
  return [
    {
      kind: 'key',
      id: vaultKeyId,
      alias: `alias/${name}-backups`,
      description: `${name}: backups`,
      policy: [
        {
          sid: 'AccountAdministers',
          effect: 'Allow',
          principal: { aws: text`arn:${aws.partition}:iam::${aws.account}:root` },
          actions: ['kms:*'],
          resources: ['*'],
        },
      ],
      removal,
    },
  ];
}

/** One plan for what has the same tiers: a plan's rules are those of all that it backs up. */
function plans(
  name: string,
  { tiers, copies }: BackupManifest,
  lake: LakeFacts,
  database: DatabaseFacts | undefined,
): Node[] {
  const rule = (tier: Tier): BackupRule => ({
    name: tier.name,
    vaultName: ref(vaultId, 'name'),
    schedule: tier.schedule,
    continuous: tier.continuous,
    startWindowMinutes: 60,
    completionWindowMinutes: tier.name === 'incremental' ? 180 : 1440,
    keepDays: tier.keepDays,
    copies: tier.name === 'full' ? copies : [],
  });
  const plan = (what: 'database' | 'lake', resources: readonly Text[]): Node[] => {
    const node: BackupPlanNode = {
      kind: 'backupPlan',
      id: `${pascal(what)}Plan`,
      name: `${name}-${what}`,
      rules: tiers.filter(({ covers }) => covers.includes(what)).map(rule),
    };
    return [
      node,
      {
        kind: 'backupSelection',
        id: `${pascal(what)}Selection`,
        name: `${name}-${what}`,
        planId: ref(node.id, 'id'),
        roleArn: ref(backupRoleId, 'arn'),
        resources,
      },
    ];
  };
  return [
    ...(database === undefined ? [] : plan('database', [database.arn])),
    ...plan(
      'lake',
      lake.zones.map(({ bucketArn }) => bucketArn),
    ),
  ];
}

/** The function that takes fingerprints, writes down the catalog, and compares what was restored. */
function validate(
  lake: LakeFacts,
  database: DatabaseFacts | undefined,
  backup: BackupManifest,
  declared: BackupPolicyDeclaration,
  setting: HandlerSetting,
): Node[] {
  const bucket = ref(bucketId, 'arn');
  const nodes = handlerNodes(
    {
      id: validateId,
      bundle: 'validate-restore',
      functionName: `${lake.name}-validate-restore`,
      description: 'Takes fingerprints of the database, writes down the catalog, and compares what was restored',
      memoryMb: 1769,
      timeoutSeconds: 900,
      diskMb: 512,
      layers: [],
      environment: {
        ...lakeEnvironment(lake, declared.icebergCatalog),
        ...(database === undefined ? {} : roleEnvironment(database, validateRole, 'itself')),
        INGOT_PLATFORM: lake.name,
        INGOT_BACKUPS: text`s3://${ref(bucketId, 'name')}`,
        INGOT_NAMESPACES: json([
          ...lake.zones.filter(({ holds }) => holds === 'iceberg').map((zone) => [zone.name, zone.database] as const),
          ['ops', lake.ops.database],
        ]),
        INGOT_TESTED: testedResources(backup, lake, database)
          .map(({ resource }) => resource)
          .join(','),
        INGOT_VOLATILE: backup.volatile.join(','),
      },
      statements: bySid([
        ...(database === undefined ? [] : connectStatements(database, validateRole)),
        ...(database === undefined ? [] : readRestored(database, validateRole)),
        answerTests,
        ...(database === undefined ? [] : forgetChanges(database)),
        ...readCatalog(lake),
        ...readRestoredBuckets(lake),
        ...(lakeKeys(lake).length === 0
          ? []
          : [
              { sid: 'DecryptMetadata', effect: 'Allow' as const, actions: ['kms:Decrypt'], resources: lakeKeys(lake) },
            ]),
        {
          sid: 'ReadAndWriteBackups',
          because: 'Fingerprints and results come with time; the bucket is named.',
          effect: 'Allow',
          actions: ['s3:GetObject', 's3:PutObject'],
          resources: [text`${bucket}/*`],
        },
        { sid: 'ListBackups', effect: 'Allow', actions: ['s3:ListBucket'], resources: [bucket] },
        {
          sid: 'KeepDeadLetters',
          effect: 'Allow',
          actions: ['sqs:SendMessage'],
          resources: [ref(deadLettersId, 'arn')],
        },
        useOperationsKey,
      ]),
    },
    setting,
  );
  return nodes.map((node) => (node.kind === 'function' ? { ...node, deadLetterArn: ref(deadLettersId, 'arn') } : node));
}

/** Fingerprints every hour, and the catalog's word with them: a backup lies between two. */
function schedules(name: string, database: DatabaseFacts | undefined): Node[] {
  const targetArn = ref(`${validateId}Function`, 'arn');
  const actions = [...(database === undefined ? [] : ['fingerprint']), 'catalog', 'age'];
  return scheduleNodes(
    {
      id: 'SchedulesRole',
      description: `${name}: takes fingerprints on schedule`,
      statements: [
        { sid: 'CallFunction', effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: [targetArn] },
      ],
      deadLetterArn: ref(deadLettersId, 'arn'),
    },
    actions.map((action) => ({
      id: `${pascal(action)}Schedule`,
      name: `${name}-backup-${action}`,
      description: scheduleDescriptions[action]!,
      expression: 'rate(1 hour)',
      targetArn,
      input: { action },
    })),
  );
}

const scheduleDescriptions: Readonly<Record<string, string>> = {
  fingerprint: 'Takes the fingerprint of the database',
  catalog: 'Writes down where every Iceberg table stands',
  age: 'Measures how long ago backups were restored and found whole',
};

/** Two parts of a role may need the same, each under its name: it is said once, of all resources. */
function bySid(statements: readonly Statement[]): Statement[] {
  const merged = new Map<string, Statement>();
  for (const statement of statements) {
    const before = merged.get(statement.sid!);
    const resources = [...new Set([...(before?.resources ?? []), ...statement.resources])];
    merged.set(statement.sid!, { ...statement, resources });
  }
  return [...merged.values()];
}

function givenProblems(
  where: string,
  declared: BackupPolicyDeclaration,
  backup: BackupManifest,
  database: DatabaseFacts | undefined,
): Problem[] {
  const regulated = declared.compliance === 'regulated';
  return [
    ...(database === undefined ? networkProblems(where, declared) : []),
    ...(database !== undefined && declared.network !== undefined
      ? [{ where, path: 'network', message: 'must not be given beside a database, whose network the function is in' }]
      : []),
    ...(database === undefined && backup.dump !== false
      ? [{ where, path: 'dump', message: 'must be false where no database is given; given a schedule' }]
      : []),
    ...(regulated && declared.replica === undefined
      ? [
          {
            where,
            path: 'replica',
            message: 'must be given (to a Platform as backupReplica), since compliance is "regulated"; given nothing',
          },
        ]
      : []),
    ...(regulated && backup.lock === false
      ? [{ where, path: 'lock', message: 'must not be false, since compliance is "regulated"; given false' }]
      : []),
  ];
}
