import { followRole, reconcileRole } from '../../lib/cdc/migrations';
import type { Manifest } from '../../lib/platform/manifest';
import { changedGb } from '../../lib/sizing/consumers';
import { type HandlerSetting, handlerNodes } from '../core/handler';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Node, Statement } from '../core/nodes';
import { aws, ref, type Text, text } from '../core/text';
import { checkpointOf, keepCheckpoint, kinesisConnector, streamingJob } from '../emr/streaming-job';
import type { ConsumingJob } from '../emr/streaming-problems';
import { readStatements, writeStatements } from '../lake/grants';
import { lakeEnvironment } from '../pipeline/functions';
import { connectStatements, roleEnvironment, secretEnvironment } from '../postgres/facts';
import { keepDeadLetters } from '../stream/dead-letters';
import { untilTooOld } from '../stream/function-consumer';
import { deadLettersId, sourceId, streamId } from '../stream/ids';
import { readStream } from '../stream/reading';
import { secretId } from './ids';
import { secretOf } from './replication';
import type { Setting } from './setting';

/** Seconds that a batch may take: enough for a full one and a catalog that is slow. */
const timeoutSeconds = 300;

const layers = [ref('RuntimeLayer', 'arn'), ref('ManifestLayer', 'arn')];

/** The function that applies changes to tables, and what it reads them from. */
export function applyNodes(setting: Setting, handler: HandlerSetting, catalog: IcebergCatalog | undefined): Node[] {
  const { own, source, consumer, keyArn, job } = setting;
  return [
    ...handlerNodes(
      {
        id: 'Apply',
        bundle: 'apply',
        functionName: `${own}-apply`,
        description: `Applies changes of ${source.name} to tables`,
        memoryMb: consumer.memoryMb,
        timeoutSeconds,
        diskMb: 1024,
        layers,
        environment: environmentOf(setting, catalog),
        statements: [
          ...applyStatements(setting),
          ...(job === undefined ? [...readStream(ref(streamId, 'arn'), keyArn), ...keepDeadLetters(keyArn)] : []),
        ],
      },
      handler,
    ),
    ...(job === undefined ? [deliveries(setting)] : []),
  ];
}

/** What calls the function with changes: batches of each shard. */
const deliveries = ({ consumer }: Setting): Node => ({
  kind: 'streamSource',
  id: sourceId,
  functionName: ref('ApplyFunction', 'name'),
  sourceArn: ref(streamId, 'arn'),
  batchSize: consumer.batchSize,
  batchSeconds: consumer.batchSeconds,
  // What will not pass is kept, and is no failure.
  retry: untilTooOld(consumer),
  deadLettersArn: ref(deadLettersId, 'arn'),
});

/** The job of Spark that applies changes in its place. */
export function applyJob(
  setting: Setting,
  job: ConsumingJob,
  handler: HandlerSetting,
  {
    manifest,
    catalog,
    sparkPackage,
  }: { manifest: Manifest; catalog: IcebergCatalog | undefined; sparkPackage: string },
): Node[] {
  const { own, source, lake, keyArn, platform } = setting;
  const pace = {
    checkpoint: checkpointOf(own, lake, 'kinesis'),
    seconds: job.batchSeconds,
    records: job.batchRecords,
  };
  return streamingJob(
    {
      own,
      of: `Platform ${platform}, source ${source.name}.`,
      spark: job.spark,
      manifest,
      lake,
      catalog,
      handler: 'apply',
      event: {
        source: source.name,
        from: { kind: 'kinesis', stream: ref(streamId, 'name'), region: aws.region },
        pace,
      },
      environment: {},
      connector: [kinesisConnector],
      executors: job.executors,
      scheduled: job.scheduled,
      paused: job.paused,
      gbPerBatch: (changedGb(source.tables, manifest) * job.batchSeconds) / 86_400,
      statements: [
        ...applyStatements(setting),
        ...keepCheckpoint(own, lake),
        ...readStream(ref(streamId, 'arn'), keyArn),
      ],
      sparkPackage,
    },
    handler,
  );
}

/** Functions that reach the source: one gives AWS DMS its password and says how far the log is, one compares tables. */
export function sourceNodes(setting: Setting, handler: HandlerSetting, catalog: IcebergCatalog | undefined): Node[] {
  const { own, source, deployed, database } = setting;
  const { environment, statements } = connection(setting);
  return [
    ...handlerNodes(
      {
        id: 'Source',
        bundle: 'replication-source',
        functionName: `${own}-source`,
        description: `Says how far the log of ${source.name} is${database === undefined ? '' : `, and gives ${followRole} its password`}`,
        memoryMb: 256,
        timeoutSeconds: 120,
        diskMb: 512,
        layers: [],
        environment: {
          ...environment,
          ...(database === undefined ? {} : { INGOT_FOLLOW_SECRET: ref(secretId, 'arn') }),
        },
        statements: [...statements, ...(database === undefined ? [] : writeSecret(setting))],
      },
      handler,
    ),
    ...(deployed.reconcile === false
      ? []
      : handlerNodes(
          {
            id: 'Compare',
            bundle: 'reconcile',
            functionName: `${own}-compare`,
            description: `Compares tables with ${source.name}`,
            memoryMb: setting.consumer.memoryMb,
            timeoutSeconds: 900,
            diskMb: 1024,
            layers,
            environment: { ...environmentOf(setting, catalog), ...environment },
            statements: [...readStatements(setting.lake, setting.zones), ...statements],
          },
          handler,
        )),
  ];
}

/** The function that starts, stops and watches the replication. */
export function controlNodes({ own, source, platform }: Setting, handler: HandlerSetting): Node[] {
  return handlerNodes(
    {
      id: 'Control',
      bundle: 'replication',
      functionName: `${own}-control`,
      description: `Starts, stops and watches the replication of ${source.name}`,
      memoryMb: 256,
      timeoutSeconds: 900,
      diskMb: 512,
      layers: [],
      environment: {
        INGOT_PLATFORM: platform,
        INGOT_SOURCE: source.name,
        INGOT_REPLICATION: own,
        INGOT_SOURCE_FUNCTION: ref('SourceFunction', 'name'),
        INGOT_APPLY_FUNCTION: ref('ApplyFunction', 'name'),
      },
      statements: [
        {
          sid: 'FindReplication',
          because: 'AWS DMS asks for all resources where replications are looked for.',
          effect: 'Allow',
          actions: ['dms:DescribeReplicationConfigs', 'dms:DescribeReplications'],
          resources: ['*'],
        },
        {
          sid: 'RunReplication',
          because: 'AWS DMS makes up the end of the ARN of a replication, which is made after this function.',
          effect: 'Allow',
          actions: ['dms:StartReplication', 'dms:StopReplication'],
          resources: [text`arn:${aws.partition}:dms:${aws.region}:${aws.account}:replication-config:*`],
        },
        {
          sid: 'TellFunctions',
          effect: 'Allow',
          actions: ['lambda:InvokeFunction'],
          resources: [ref('ApplyFunction', 'arn'), ref('SourceFunction', 'arn')],
        },
      ],
    },
    handler,
  );
}

const environmentOf = ({ lake, source }: Setting, catalog: IcebergCatalog | undefined): Record<string, Text> => ({
  ...lakeEnvironment(lake, catalog),
  INGOT_SOURCE: source.name,
});

/** How functions log into the source: with a token of IAM's into the platform's own, else as AWS DMS does. */
function connection(setting: Setting): { environment: Record<string, Text>; statements: Statement[] } {
  const { database, deployed } = setting;
  if (database !== undefined)
    return {
      environment: roleEnvironment(database, reconcileRole, 'itself'),
      statements: connectStatements(database, reconcileRole),
    };
  if (deployed.from === 'own') throw new Error('a source of its own has a database');
  const { host, port, database: name, user, secretArn, keyArn } = deployed.from;
  return {
    environment: secretEnvironment({ host, port, database: name, user, secretArn }),
    statements: [
      {
        sid: 'ReadSecret',
        effect: 'Allow',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [secretOf(setting)],
      },
      ...(keyArn === undefined
        ? []
        : [{ sid: 'DecryptSecret', effect: 'Allow' as const, actions: ['kms:Decrypt'], resources: [keyArn] }]),
    ],
  };
}

const writeSecret = ({ keyArn }: Setting): Statement[] => [
  {
    sid: 'KeepPassword',
    effect: 'Allow',
    actions: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
    resources: [ref(secretId, 'arn')],
  },
  { sid: 'EncryptPassword', effect: 'Allow', actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [keyArn] },
];

/** Zones of its tables, and the place for what could not be read. */
function applyStatements({ lake, zones, files, source }: Setting): Statement[] {
  return [
    ...writeStatements(lake, zones),
    {
      sid: 'KeepUnreadable',
      because: 'Records that cannot be read come at any time; the prefix is that of this source.',
      effect: 'Allow',
      actions: ['s3:PutObject'],
      resources: [text`${files.bucketArn}/_refused/cdc/source=${source.name}/*`],
    },
    ...(files.keyArn === undefined
      ? []
      : [
          {
            sid: 'EncryptUnreadable',
            effect: 'Allow' as const,
            actions: ['kms:GenerateDataKey'],
            resources: [files.keyArn],
          },
        ]),
  ];
}
