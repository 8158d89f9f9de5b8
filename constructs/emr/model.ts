import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { logRetentionOf } from '../core/log-retention';
import type { Architecture, Node, ReadyWorkers, RoleNode, Statement } from '../core/nodes';
import { operationsKey, operationsKeyId } from '../core/operations-key';
import { inThisAccount } from '../core/policy';
import { removalProblems } from '../core/removal';
import { aws, ref, type Text, text } from '../core/text';
import type { VpcFacts } from '../network/model';
import { giveDiskKey, useDiskKey } from './disk-key';
import { type SparkSizes, sparkProblems } from './problems';
import type { SparkApplicationDeclaration } from './props';
import { beginningWithin, sparkSettings } from './settings';

/** What stands of a Spark application once it is decided. */
export interface SparkApplicationModel {
  readonly nodes: readonly Node[];
  readonly facts: SparkApplicationFacts;
}

/** What others need to know of a Spark application. Once rendered, every text is the engine's token. */
export interface SparkApplicationFacts {
  readonly applicationId: Text;
  readonly applicationArn: Text;
  /** Release of EMR: `emr-spark-8.0.0`. */
  readonly release: string;
  /** Processor of its workers: the package of jobs is made for one. */
  readonly architecture: Architecture;
  /** Of the log group that its jobs write to. */
  readonly logsArn: Text;
  /** Of the role that jobs act as. */
  readonly jobRoleArn: Text;
  readonly jobRoleName: Text;
  /** Of the security group of its workers; absent outside of a VPC. */
  readonly securityGroupId?: Text;
  /** Of the key of its workers' disks, which every job must name; absent where AWS's own encrypts them. */
  readonly diskKeyArn?: Text;
  /** Ports of others that its workers may connect to, beside 443. */
  readonly letsOut: readonly number[];
  /** Workers that all jobs together may have. */
  readonly maxWorkers: number;
  /** Processors of a worker. */
  readonly vcpu: number;
  /** Files that every job has on its path, separated by commas: a job that names its own must name these too. */
  readonly jars: Text;
  /** Names of settings of Spark that its owner has given. */
  readonly settings: readonly string[];
}

/** What the user brought along, beside the declaration. */
export interface SparkApplicationGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`. */
  readonly nodes: ReadonlySet<string>;
  readonly network?: VpcFacts;
  /** Of the key of workers' disks. */
  readonly diskKeyArn?: string;
  readonly deletionFlag?: unknown;
}

export const jobRoleId = 'JobRole';
const applicationId = 'Application';
const securityGroupId = 'SecurityGroup';

/**
 * Decides an EMR Serverless application for the tables of a lake: its capacity, its network, the log of its jobs, the role
 * that they act as.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function sparkApplicationModel(
  path: string,
  declared: SparkApplicationDeclaration,
  given: SparkApplicationGiven = { nodes: new Set() },
): SparkApplicationModel {
  const { name, compliance } = declared;
  const removal = declared.removal ?? 'retain';
  const sizes = sizesOf(declared);
  assertValid([...sparkProblems(path, declared, sizes, given), ...removalProblems(path, removal, given.deletionFlag)]);

  const architecture = declared.architecture ?? 'arm64';
  const release = declared.release ?? 'emr-spark-8.0.0';
  const own = `${name}-spark`;
  const { worker, maxWorkers, drivers, executors } = sizes;
  const { letsOut = [] } = declared;
  const { diskKeyArn } = given;
  const settings = beginningWithin({
    ...sparkSettings(worker, maxWorkers, declared.icebergCatalog),
    ...declared.settings,
  });
  const ready: readonly ReadyWorkers[] = [
    { role: 'Driver', count: drivers, size: worker },
    { role: 'Executor', count: executors, size: worker },
  ];
  const nodes: Node[] = [
    ...(given.nodes.has(operationsKeyId) ? [] : [operationsKey(own, 'operations', removal)]),
    {
      kind: 'logGroup',
      id: 'Logs',
      name: `/aws/emr-serverless/${own}`,
      retentionDays: sizes.logRetentionDays,
      keyArn: ref(operationsKeyId, 'arn'),
      removal,
    },
    ...(given.network === undefined ? [] : securityGroup(own, given.network, letsOut)),
    {
      kind: 'sparkApplication',
      id: applicationId,
      name: own,
      release,
      architecture,
      maximum: {
        vcpu: maxWorkers * worker.vcpu,
        memoryGb: maxWorkers * worker.memoryGb,
        diskGb: maxWorkers * worker.diskGb,
      },
      worker,
      ready: ready.filter(({ count }) => count > 0),
      autoStart: declared.autoStart ?? true,
      idleMinutes: sizes.idleMinutes,
      ...(given.network === undefined
        ? {}
        : { network: { subnetIds: given.network.subnetIds, securityGroupIds: [ref(securityGroupId, 'id')] } }),
      logs: {
        // The group has its key already: EMR needs no right to give it one.
        groupName: ref('Logs', 'name'),
        streamPrefix: 'jobs',
        types: [
          { worker: 'SPARK_DRIVER', outputs: ['STDERR', 'STDOUT'] },
          { worker: 'SPARK_EXECUTOR', outputs: ['STDERR'] },
        ],
      },
      settings,
    },
    {
      ...jobRole({
        id: jobRoleId,
        description: `${own}: what jobs of Spark act as`,
        applicationArn: ref(applicationId, 'arn'),
        logsArn: ref('Logs', 'arn'),
        diskKeyArn,
      }),
      ...(compliance === 'regulated' ? { permissions: 'managed' } : {}),
    },
  ];
  return deepFreeze({
    nodes,
    facts: {
      applicationId: ref(applicationId, 'id'),
      applicationArn: ref(applicationId, 'arn'),
      release,
      architecture,
      logsArn: ref('Logs', 'arn'),
      jobRoleArn: ref(jobRoleId, 'arn'),
      jobRoleName: ref(jobRoleId, 'name'),
      ...(given.network === undefined ? {} : { securityGroupId: ref(securityGroupId, 'id') }),
      ...(diskKeyArn === undefined ? {} : { diskKeyArn }),
      letsOut,
      maxWorkers,
      vcpu: worker.vcpu,
      jars: settings['spark.jars'] ?? '',
      settings: Object.keys(declared.settings ?? {}),
    },
  });
}

function sizesOf(declared: SparkApplicationDeclaration): SparkSizes {
  const { worker = { vcpu: 4, memoryGb: 16 }, idleMinutes = 15 } = declared;
  return {
    worker: { vcpu: worker.vcpu, memoryGb: worker.memoryGb, diskGb: worker.diskGb ?? 20 },
    maxWorkers: declared.maxWorkers ?? 11,
    drivers: declared.ready?.drivers ?? 0,
    executors: declared.ready?.executors ?? 0,
    idleMinutes: idleMinutes === false ? 'never' : idleMinutes,
    logRetentionDays: logRetentionOf(declared),
  };
}

/** What jobs act as: they may write their logs, and what else is said. */
export function jobRole(role: {
  readonly id: string;
  readonly description: string;
  readonly applicationArn: Text;
  readonly logsArn: Text;
  /** @default none: AWS's own key encrypts disks */
  readonly diskKeyArn?: Text;
  /** @default none: it is for grants to say */
  readonly statements?: readonly Statement[];
}): RoleNode {
  const { id, description, applicationArn, logsArn, diskKeyArn, statements = [] } = role;
  return {
    kind: 'role',
    id,
    description,
    assumedBy: { service: 'emr-serverless.amazonaws.com' },
    assumeConditions: {
      ...inThisAccount,
      ArnLike: { 'aws:SourceArn': [applicationArn, text`${applicationArn}/jobruns/*`] },
    },
    statements: [
      {
        sid: 'WriteLogs',
        because: 'Each job has log streams of its own.',
        effect: 'Allow',
        actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: [logsArn],
      },
      {
        sid: 'FindLogs',
        because: 'EMR looks for the log group by its name, among all.',
        effect: 'Allow',
        actions: ['logs:DescribeLogGroups'],
        resources: [text`arn:${aws.partition}:logs:${aws.region}:${aws.account}:log-group:*`],
      },
      ...useDiskKey(diskKeyArn),
      ...statements,
    ],
  };
}

/** Workers call services of AWS, and are called by nobody: among themselves they speak in a network of EMR's. */
function securityGroup(own: string, { vpcId }: VpcFacts, letsOut: readonly number[]): Node[] {
  return [
    {
      kind: 'securityGroup',
      id: securityGroupId,
      name: own,
      description: `${own}: workers of Spark, which call services of AWS and are called by nobody`,
      vpcId,
    },
    {
      kind: 'securityGroupRule',
      id: 'HttpsOut',
      direction: 'out',
      securityGroupId: ref(securityGroupId, 'id'),
      description: 'HTTPS to services of AWS',
      port: 443,
      peer: { cidr: '0.0.0.0/0' },
    },
    ...letsOut.map(
      (port): Node => ({
        kind: 'securityGroupRule',
        id: `Port${port}Out`,
        direction: 'out',
        securityGroupId: ref(securityGroupId, 'id'),
        description: `Port ${port}, as far as the subnets route it`,
        port,
        peer: { cidr: '0.0.0.0/0' },
      }),
    ),
  ];
}

/** What a principal must be allowed to run jobs, to ask how they are, and to cancel them. */
export const runStatements = ({ applicationArn, jobRoleArn, diskKeyArn }: SparkApplicationFacts): Statement[] => [
  {
    sid: 'StartJobs',
    effect: 'Allow',
    actions: ['emr-serverless:StartJobRun'],
    resources: [applicationArn],
  },
  {
    sid: 'FollowJobs',
    because: 'Each job has an ARN of its own, below that of its application.',
    effect: 'Allow',
    actions: ['emr-serverless:CancelJobRun', 'emr-serverless:GetJobRun'],
    resources: [text`${applicationArn}/jobruns/*`],
  },
  {
    sid: 'JobsActAsJobRole',
    effect: 'Allow',
    actions: ['iam:PassRole'],
    resources: [jobRoleArn],
    conditions: { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } },
  },
  ...giveDiskKey(diskKeyArn),
];
