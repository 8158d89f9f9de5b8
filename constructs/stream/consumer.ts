import { parkedKeysTable } from '../../lib/runtime/parked-keys-table';
import { streamRole } from '../../lib/stream/stream';
import { type HandlerSetting, handlerNodes } from '../core/handler';
import { catalogEnvironment, type IcebergCatalog } from '../core/iceberg-catalog';
import type { Node, Statement } from '../core/nodes';
import { ref, type Text, text } from '../core/text';
import { readStatements, writeStatements } from '../lake/grants';
import type { Replica } from '../lake/props';
import { json, writeOps } from '../pipeline/functions';
import { connectStatements, type DatabaseFacts, roleEnvironment } from '../postgres/facts';
import { deadLetterBucket, keepDeadLetters } from './dead-letters';
import { deadLettersId, fanOutId, parkedKeysId, sourceId, streamId } from './ids';
import { consumeSource } from './reading';
import type { Setting } from './setting';

const backupRules = ['HIPAA.Security-DynamoDBInBackupPlan', 'NIST.800.53.R5-DynamoDBInBackupPlan'];

/** Seconds that a call may take: enough for a full batch and a catalog that is slow. */
const timeoutSeconds = 300;

/** The functions that consume, release and replay, and what they need. */
export function consumer(
  setting: Setting,
  handler: HandlerSetting,
  around: {
    readonly catalog?: IcebergCatalog;
    readonly database?: DatabaseFacts;
    readonly replica?: Replica;
    readonly regulated: boolean;
  },
): Node[] {
  const { consumer, own, stream, source, keyArn } = setting;
  if (consumer === false) return [];
  const database = stream.windows.some(({ into }) => into.kind === 'postgres') ? around.database : undefined;
  const environment: Record<string, Text> = {
    ...catalogEnvironment(around.catalog),
    INGOT_ZONES: json(setting.lake.zones.map((zone) => [zone.name, text`s3://${zone.bucketName}`])),
    INGOT_STREAM: stream.name,
    INGOT_PARKED_KEYS: ref(parkedKeysId, 'name'),
    ...(database === undefined ? {} : roleEnvironment(database, streamRole)),
  };
  const shared = {
    memoryMb: consumer.memoryMb,
    diskMb: 1024,
    layers: [ref('RuntimeLayer', 'arn'), ref('ManifestLayer', 'arn')],
    environment,
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
    ...deadLetterBucket({
      name: `${own}-dead-letters`,
      own,
      days: consumer.deadLetterDays,
      keyArn,
      lake: setting.lake,
      removal: handler.removal,
      replica: around.replica,
      regulated: around.regulated,
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
    {
      kind: 'streamSource',
      id: sourceId,
      functionName: ref('ConsumeFunction', 'name'),
      sourceArn:
        source.kind === 'kafka' ? source.clusterArn : source.fanOut ? ref(fanOutId, 'arn') : ref(streamId, 'arn'),
      ...(source.kind === 'kafka' ? { kafka: { topic: source.topic, consumerGroup: source.consumerGroup } } : {}),
      batchSize: consumer.batchSize,
      batchSeconds: consumer.batchSeconds,
      // A batch that fails comes again until its records are too old: catalogs recover, and attempts are soon used up.
      ...(source.kind === 'kinesis'
        ? { retry: { bisect: true, maxAgeSeconds: consumer.maxAgeHours * 3600, attempts: -1, partial: true } }
        : {}),
      deadLettersArn: ref(deadLettersId, 'arn'),
    },
  ];
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
