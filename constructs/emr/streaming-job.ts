import { dirname, join } from 'node:path';
import type { Manifest } from '../../lib/platform/manifest';
import { sizeSettings, sizeValues, sparkSize } from '../../lib/sizing/spark-size';
import { atFirst } from '../core/alarm';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import { failedExecutions, machineNodes } from '../core/machine';
import type { AlarmNode, Node, Removal, Statement } from '../core/nodes';
import { useOperationsKey } from '../core/operations-key';
import { scheduleNodes } from '../core/schedules';
import { aws, ref, type Text, text } from '../core/text';
import type { LakeFacts } from '../lake/model';
import { lakeEnvironment } from '../pipeline/functions';
import { deadLettersId, noticesId } from '../pipeline/ids';
import { jobFiles, jobOwnStatements, mainId, packageId, platformId } from '../pipeline/spark';
import { jobMachineId } from './ids';
import { jobRole, runStatements, type SparkApplicationFacts } from './model';
import { executorSettings } from './settings';
import { keepJob } from './streaming-states';

const [jobRoleId, machineRoleId] = ['JobRole', 'JobMachineRole'];

/** A job of Spark that never ends, in the place of a function that gets records. */
export interface StreamingJob {
  /** Begins the names of its resources. */
  readonly own: string;
  /** Ends descriptions: `Platform shop, stream clicks.` */
  readonly of: string;
  readonly spark: SparkApplicationFacts;
  readonly manifest: Manifest;
  readonly lake: LakeFacts;
  readonly catalog: IcebergCatalog | undefined;
  readonly handler: 'consume' | 'apply';
  readonly event: object;
  /** Beside what every handler is told. */
  readonly environment: Readonly<Record<string, Text>>;
  /** Files with Spark's connector to the stream: `s3://…`, or a path of EMR's image. */
  readonly connector: readonly string[];
  /** Most executors that it has at once. */
  readonly executors: number;
  /** Whether a schedule sees that it is at work. */
  readonly scheduled: boolean;
  /** Whether the state machine stops it, and starts none. */
  readonly paused: boolean;
  /** GB of a batch, as far as it is known. */
  readonly gbPerBatch: number;
  /** What it may do in the place of the function, its checkpoint included, beside reading its files and putting metrics. */
  readonly statements: readonly Statement[];
  /** Zip of the package of jobs. */
  readonly sparkPackage: string;
}

/** EMR's own connector of Spark to Kinesis, as its images have it. */
export const kinesisConnector =
  '/usr/share/aws/kinesis/spark-sql-kinesis/lib/spark-streaming-sql-kinesis-connector.jar';

/** Where `ingot runtime --spark` writes the package of jobs, beside the runtime of functions. */
export const sparkPackageFile = (
  declared: string | undefined,
  runtime: string,
  { architecture }: SparkApplicationFacts,
): string => declared ?? join(dirname(runtime), `spark-${architecture}.zip`);

/** Where Spark keeps how far it has read: results of queries pass away, and this must not. */
export const checkpointOf = (own: string, lake: LakeFacts, what: string): Text =>
  text`s3://${opsZone(lake).bucketName}/_ops/checkpoints/${own}/${what}`;

const opsZone = (lake: LakeFacts) => lake.zones.find((zone) => zone.name === lake.ops.zone)!;

/** Lets a job keep its checkpoint, which a right to the platform's own tables includes. */
export function keepCheckpoint(own: string, lake: LakeFacts): Statement[] {
  const { bucketArn, keyArn } = opsZone(lake);
  return [
    {
      sid: 'KeepCheckpoint',
      because: 'Spark names files of its checkpoint itself; the prefix is that of this job.',
      effect: 'Allow',
      actions: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      resources: [text`${bucketArn}/_ops/checkpoints/${own}/*`],
    },
    {
      sid: 'ListCheckpoint',
      effect: 'Allow',
      actions: ['s3:GetBucketLocation', 's3:ListBucket'],
      resources: [bucketArn],
    },
    ...(keyArn === undefined
      ? []
      : [
          {
            sid: 'CheckpointKey',
            effect: 'Allow' as const,
            actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
            resources: [keyArn],
          },
        ]),
  ];
}

/** The job's files, what it acts as, and the state machine that keeps it at work, with its schedule. */
export function streamingJob(
  job: StreamingJob,
  setting: { readonly keyArn: Text; readonly logRetentionDays: number; readonly removal: Removal },
): Node[] {
  const { own, of, spark, lake, catalog } = job;
  const { bucketName } = lake.queryResults;
  const remedy = `write it with: npx ingot runtime --spark --arch ${spark.architecture}`;
  const definition = keepJob({
    own,
    paused: job.paused,
    applicationId: spark.applicationId,
    jobRoleArn: ref(jobRoleId, 'arn'),
    diskKeyArn: spark.diskKeyArn,
    main: ref(mainId, 'uri'),
    handler: job.handler,
    settings: {
      environment: { ...lakeEnvironment(lake, catalog), AWS_REGION: aws.region, ...job.environment },
      scratch: text`s3://${bucketName}/spark/scratch`,
    },
    event: job.event,
    parameters: parametersOf(job),
    answer: text`s3://${bucketName}/spark/answers/${own}.json`,
  });
  return [
    ...jobFiles(job.manifest, lake, job.sparkPackage, remedy, `_ops/spark/${own}/`),
    jobRole({
      id: jobRoleId,
      description: `${own}: what its job of Spark acts as`,
      applicationArn: spark.applicationArn,
      logsArn: spark.logsArn,
      diskKeyArn: spark.diskKeyArn,
      statements: together([...jobOwnStatements(lake), ...job.statements]),
    }),
    ...machineNodes(
      {
        id: jobMachineId,
        roleId: machineRoleId,
        logGroupId: 'JobMachineLogGroup',
        name: `${own}-job`,
        description: `${own}: keeps its job of Spark at work`,
        definition,
        statements: [
          ...runStatements({ ...spark, jobRoleArn: ref(jobRoleId, 'arn') }),
          {
            sid: 'ListJobs',
            effect: 'Allow',
            actions: ['emr-serverless:ListJobRuns'],
            resources: [spark.applicationArn],
          },
          {
            sid: 'ListOwnRuns',
            effect: 'Allow',
            actions: ['states:ListExecutions'],
            // By its name: the machine itself needs its role first.
            resources: [text`arn:${aws.partition}:states:${aws.region}:${aws.account}:stateMachine:${own}-job`],
          },
          useOperationsKey,
        ],
      },
      setting,
    ),
    ...(job.scheduled ? looks(own) : []),
    jobAlarm(own, of),
  ];
}

/** Sees every five minutes that a job is at work. */
const looks = (own: string): Node[] =>
  scheduleNodes(
    {
      id: 'JobScheduleRole',
      description: `${own}: sees that its job of Spark is at work`,
      statements: [
        {
          sid: 'SeeToJob',
          effect: 'Allow',
          actions: ['states:StartExecution'],
          resources: [ref(jobMachineId, 'arn')],
        },
      ],
      deadLetterArn: ref(deadLettersId, 'arn'),
    },
    [
      {
        id: 'JobSchedule',
        name: `${own}-job`,
        description: 'Sees that its job of Spark is at work',
        expression: 'rate(5 minutes)',
        targetArn: ref(jobMachineId, 'arn'),
        input: { at: '<aws.scheduler.scheduled-time>' },
      },
    ],
  );

/** Statements that allow the same of several resources, as one, without names: a managed policy has 6,144 characters at most. */
export function together(statements: readonly Statement[]): Statement[] {
  const merged = new Map<string, Statement>();
  for (const { sid: _, ...statement } of statements) {
    const { effect, actions, resources, conditions, because } = statement;
    const same = JSON.stringify([effect, [...actions].sort(), conditions ?? null]);
    const before = merged.get(same);
    if (before === undefined) merged.set(same, statement);
    else
      merged.set(same, {
        ...before,
        ...(before.because === undefined && because !== undefined ? { because } : {}),
        resources: unique([...before.resources, ...resources]),
      });
  }
  return [...merged.values()];
}

const unique = (texts: readonly Text[]): Text[] => [
  ...new Map(texts.map((one) => [JSON.stringify(one), one])).values(),
];

/** Rings where a job had to be started again, and where nobody can see to it. */
const jobAlarm = (own: string, of: string): AlarmNode => ({
  kind: 'alarm',
  id: 'JobAlarm',
  name: `${own}-job`,
  description: `The job of Spark had ended by itself and was started again, or could not be: executions of the state machine say which. ${of}`,
  metrics: failedExecutions(jobMachineId, 'Jobs that ended'),
  ...atFirst,
  actions: [ref(noticesId, 'arn')],
});

/** What `spark-submit` is told: all that a job names takes the place of what its application names. */
function parametersOf({ spark, connector, executors, gbPerBatch }: StreamingJob): Text {
  const size = sizeValues(sparkSize(gbPerBatch));
  const settings = [
    ...Object.entries(sizeSettings)
      .filter(([, setting]) => !spark.settings.includes(setting))
      .map(([key, setting]) => `${setting}=${size[key as keyof typeof size]}`),
    ...Object.entries(executorSettings(executors)).map(([key, value]) => `${key}=${value}`),
  ];
  const jars = connector.reduce<Text>((all, jar) => (all === '' ? jar : text`${all},${jar}`), spark.jars);
  const conf = settings.map((setting) => ` --conf ${setting}`).join('');
  return text`--archives ${ref(packageId, 'uri')}#ingot,${ref(platformId, 'uri')}#platform --jars ${jars}${conf}`;
}
