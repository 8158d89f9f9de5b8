import type { Manifest } from '../../lib/platform/manifest';
import { parkedKeysTable } from '../../lib/runtime/parked-keys-table';
import { streamRole } from '../../lib/stream/stream';
import { type HandlerDecision, type HandlerSetting, handlerNodes } from '../core/handler';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Node, Statement } from '../core/nodes';
import { aws, ref, type Text, text } from '../core/text';
import { checkpointOf, kinesisConnector, streamingJob } from '../emr/streaming-job';
import type { ConsumingJob } from '../emr/streaming-problems';
import { readStatements, writeStatements } from '../lake/grants';
import type { Replica } from '../lake/props';
import { lakeEnvironment, writeOps } from '../pipeline/functions';
import { connectStatements, type DatabaseFacts, roleEnvironment } from '../postgres/facts';
import { deadLetterBucket, keepDeadLetters } from './dead-letters';
import { untilTooOld } from './function-consumer';
import { deadLettersId, fanOutId, parkedKeysId, sourceId, streamId } from './ids';
import type { FunctionConsumer } from './props';
import { consumeSource, followSource } from './reading';
import type { Setting } from './setting';

const backupRules = ['HIPAA.Security-DynamoDBInBackupPlan', 'NIST.800.53.R5-DynamoDBInBackupPlan'];

/** Seconds that a call may take: enough for a full batch and a catalog that is slow. */
const timeoutSeconds = 300;

/** What consumes, releases and replays, and what that needs. */
export function consumer(setting: Setting, handler: HandlerSetting, around: Around): Node[] {
  const { consumer, own, stream, keyArn, job } = setting;
  if (consumer === false) return [];
  const database = stream.windows.some(({ into }) => into.kind === 'postgres') ? around.database : undefined;
  const shared = {
    memoryMb: consumer.memoryMb,
    diskMb: 1024,
    layers: [ref('RuntimeLayer', 'arn'), ref('ManifestLayer', 'arn')],
    environment: {
      ...lakeEnvironment(setting.lake, around.catalog),
      INGOT_STREAM: stream.name,
      ...ofParked,
      ...(database === undefined ? {} : roleEnvironment(database, streamRole)),
    },
  };
  const statements = [
    ...tableStatements(setting),
    ...parkedStatements(setting),
    ...(database === undefined ? [] : connectStatements(database, streamRole)),
  ];
  return [
    {
      kind: 'dynamoTable',
      id: parkedKeysId,
      name: `${own}-parked-keys`,
      partitionKey: parkedKeysTable.partition,
      sortKey: parkedKeysTable.sort,
      keyArn,
      exceptions: backupRules.map((rule) => ({
        rule,
        reason: 'It has point-in-time recovery; what waits for its keys is in the lake, which has backups of its own.',
      })),
      removal: handler.removal,
    },
    ...(job === undefined ? consumingFunction(setting, consumer, shared, statements, handler, around) : []),
    ...handlerNodes(
      {
        id: 'Release',
        bundle: 'release',
        functionName: `${own}-release`,
        description: `Applies records of a key of ${stream.name} that has stopped, and lets it go on`,
        timeoutSeconds: 900,
        ...shared,
        statements,
      },
      handler,
    ),
    ...handlerNodes(
      {
        id: 'Replay',
        bundle: 'replay',
        functionName: `${own}-replay`,
        description: `Reads events of ${stream.name} again from ${setting.files.name}`,
        timeoutSeconds: 900,
        ...shared,
        statements,
      },
      handler,
    ),
    ...(job === undefined
      ? [functionSource(setting, consumer)]
      : consumingJob(setting, job, statements, handler, around)),
  ];
}

interface Around {
  readonly manifest: Manifest;
  readonly catalog?: IcebergCatalog;
  readonly database?: DatabaseFacts;
  readonly replica?: Replica;
  readonly regulated: boolean;
  /** Zip of the package of Spark's jobs. */
  readonly sparkPackage: string;
}

const ofParked = { INGOT_PARKED_KEYS: ref(parkedKeysId, 'name') };

/** The function that Lambda calls with records, and where it keeps what was given up on. */
function consumingFunction(
  setting: Setting,
  consumer: Required<FunctionConsumer>,
  shared: Pick<HandlerDecision, 'memoryMb' | 'diskMb' | 'layers' | 'environment'>,
  statements: readonly Statement[],
  handler: HandlerSetting,
  { replica, regulated }: Around,
): Node[] {
  const { own, stream, source, keyArn, lake } = setting;
  return [
    ...deadLetterBucket({
      name: `${own}-dead-letters`,
      own,
      days: consumer.deadLetterDays,
      keyArn,
      lake,
      removal: handler.removal,
      replica,
      regulated,
    }),
    ...(source.kind === 'kinesis' && source.fanOut
      ? [{ kind: 'streamConsumer', id: fanOutId, name: `${own}-consume`, streamArn: ref(streamId, 'arn') } as const]
      : []),
    ...handlerNodes(
      {
        id: 'Consume',
        bundle: 'consume',
        functionName: `${own}-consume`,
        description: `Validates events of ${stream.name} and writes them to tables and windows`,
        timeoutSeconds,
        ...shared,
        statements: [...statements, ...consumeSource(setting), ...keepDeadLetters(keyArn)],
      },
      handler,
    ),
  ];
}

/** What Lambda calls that function with. */
function functionSource({ source }: Setting, consumer: Required<FunctionConsumer>): Node {
  return {
    kind: 'streamSource',
    id: sourceId,
    functionName: ref('ConsumeFunction', 'name'),
    sourceArn:
      source.kind === 'kafka' ? source.clusterArn : source.fanOut ? ref(fanOutId, 'arn') : ref(streamId, 'arn'),
    ...(source.kind === 'kafka' ? { kafka: { topic: source.topic, consumerGroup: source.consumerGroup } } : {}),
    batchSize: consumer.batchSize,
    batchSeconds: consumer.batchSeconds,
    ...(source.kind === 'kinesis' ? { retry: untilTooOld(consumer) } : {}),
    deadLettersArn: ref(deadLettersId, 'arn'),
  };
}

/** The job of Spark that consumes in its place. */
function consumingJob(
  setting: Setting,
  job: ConsumingJob,
  statements: readonly Statement[],
  handler: HandlerSetting,
  { manifest, catalog, sparkPackage }: Around,
): Node[] {
  const { own, stream, source, lake, place } = setting;
  const from: Record<string, Text> =
    source.kind === 'kinesis'
      ? { kind: 'kinesis', stream: ref(streamId, 'name'), region: aws.region }
      : { kind: 'kafka', topic: source.topic, brokers: source.brokers!, authentication: 'iam' };
  const event = {
    stream: stream.name,
    source: from,
    pace: {
      // What Spark has noted of one source means nothing in another.
      checkpoint: checkpointOf(own, lake, source.kind === 'kinesis' ? 'kinesis' : `kafka-${source.topic}`),
      seconds: job.batchSeconds,
      records: job.batchRecords,
    },
  };
  return streamingJob(
    {
      own,
      of: `Platform ${manifest.name}, stream ${stream.name}.`,
      spark: job.spark,
      manifest,
      lake,
      catalog,
      handler: 'consume',
      event,
      environment: ofParked,
      connector: [...(source.kind === 'kinesis' ? [kinesisConnector] : []), ...job.jars],
      executors: job.executors,
      scheduled: job.scheduled,
      paused: job.paused,
      gbPerBatch: ((place.dataset.dailyVolumeGb ?? 0) * job.batchSeconds) / 86_400,
      statements: [...statements, ...followSource(setting), ...fetchJars(job.jars)],
      sparkPackage,
    },
    handler,
  );
}

/** Lets a job fetch files that somebody else has put into S3. */
function fetchJars(jars: readonly string[]): Statement[] {
  if (jars.length === 0) return [];
  const resources = jars.map((jar) => text`arn:${aws.partition}:s3:::${jar.slice('s3://'.length)}`);
  return [{ sid: 'FetchJars', effect: 'Allow', actions: ['s3:GetObject'], resources }];
}

/** Zones of the stream's table and of its windows' results; bronze to read again, and the platform's own tables. */
function tableStatements({ lake, stream, place, files }: Setting): Statement[] {
  const names = new Set([
    place.zone.name,
    ...stream.windows.flatMap(({ into }) => (into.kind === 'iceberg' ? [into.table.split('.')[0]!] : [])),
  ]);
  const written = lake.zones.filter((zone) => names.has(zone.name));
  const reading = new Set(readStatements(lake, written).map(({ sid }) => sid));
  return [
    ...readStatements(lake, [...written, files]),
    ...writeStatements(lake, written).filter(({ sid }) => !reading.has(sid)),
    ...writeOps(lake),
  ];
}

/** Records that wait, beside the files of bronze, and the table that says whose they are. */
function parkedStatements({ files, stream, keyArn }: Setting): Statement[] {
  return [
    {
      sid: 'ParkRecords',
      because: 'Records that wait come with keys; the prefix is that of this stream.',
      effect: 'Allow',
      actions: ['s3:PutObject'],
      resources: [text`${files.bucketArn}/_parked/${stream.name}/*`],
    },
    ...(files.keyArn === undefined
      ? []
      : [
          {
            sid: 'EncryptParked',
            effect: 'Allow' as const,
            actions: ['kms:GenerateDataKey'],
            resources: [files.keyArn],
          },
        ]),
    {
      sid: 'ParkKeys',
      effect: 'Allow',
      actions: ['dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      resources: [ref(parkedKeysId, 'arn')],
    },
    { sid: 'ParkedKeysKey', effect: 'Allow', actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [keyArn] },
  ];
}
