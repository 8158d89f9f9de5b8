import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { networkProblems, regulate } from '../core/compliance';
import type { HandlerSetting } from '../core/handler';
import { manifestLayer, runtimeFile, runtimeLayer } from '../core/layers';
import { logRetentionOf } from '../core/log-retention';
import type { Node, Statement } from '../core/nodes';
import { operationsKey, operationsKeyId } from '../core/operations-key';
import { accountAdministersKey } from '../core/policy';
import { removalProblems } from '../core/removal';
import { ref, type Text } from '../core/text';
import { idProblems } from '../core/unique';
import { jobMachineId } from '../emr/ids';
import type { SparkApplicationFacts } from '../emr/model';
import { sparkPackageFile } from '../emr/streaming-job';
import type { LakeFacts } from '../lake/model';
import { deadLettersId as callsId, noticesId } from '../pipeline/ids';
import { failedCalls, notices, withoutGiven } from '../pipeline/notices';
import { type DatabaseFacts, inDatabaseNetwork } from '../postgres/facts';
import { streamAlarms } from './alarms';
import { bronzeDelivery } from './bronze';
import { consumer } from './consumer';
import { deadLettersId, keyId, parkedKeysId, streamId } from './ids';
import { jobProblems, settingProblems, streamProblems } from './problems';
import type { EventStreamDeclaration } from './props';
import { putToStream, readStream } from './reading';
import { settingOf } from './setting';

export interface EventStreamModel {
  readonly nodes: readonly Node[];
  readonly facts: EventStreamFacts;
}

/** What others need to know of an event stream. Once rendered, every text is the engine's token. */
export interface EventStreamFacts {
  /** The stream of Kinesis; absent where events come from Kafka. */
  readonly stream?: { readonly arn: Text; readonly name: Text; readonly keyArn: Text };
  /** Absent where nothing consumes it. */
  readonly consumer?: {
    /** Absent where a job of Spark consumes it. */
    readonly functionArn?: Text;
    /** The state machine that keeps its job of Spark at work; absent where a function consumes it. Takes `{"action":"stop"}`. */
    readonly jobMachineArn?: Text;
    /** Takes a `ReleaseEvent`. */
    readonly releaseArn: Text;
    /** Takes a `ReplayEvent`. */
    readonly replayArn: Text;
    readonly parkedKeys: Text;
    /** Bucket of what the function has given up on; a job gives up on nothing. */
    readonly deadLetters?: Text;
  };
  readonly notices: Text;
}

export interface EventStreamGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`, `NoticesTopic`, `RuntimeLayer`, `ManifestLayer`. */
  readonly nodes: ReadonlySet<string>;
  /** Where synth runs, for the runtime's default place. */
  readonly folder: string;
  readonly deletionFlag?: unknown;
  /** Where results of windows go that go to PostgreSQL. */
  readonly database?: DatabaseFacts;
  /** Where a job of Spark consumes it, in the place of a function. */
  readonly spark?: SparkApplicationFacts;
}

/**
 * Decides an event stream over a lake: the stream, its way to bronze, and its consumer.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function eventStreamModel(
  path: string,
  declared: EventStreamDeclaration,
  lake: LakeFacts,
  given: EventStreamGiven,
): EventStreamModel {
  const { manifest, architecture = 'arm64', removal = 'retain', compliance } = declared;
  const logRetentionDays = logRetentionOf(declared);
  const { database } = given;
  assertValid(streamProblems(path, declared, lake));
  const setting = settingOf(declared, lake, ref(keyId, 'arn'), given.spark);
  const insideDatabase = database !== undefined && setting.stream.windows.some(({ into }) => into.kind === 'postgres');
  assertValid([
    ...settingProblems(path, declared, setting, database !== undefined),
    ...jobProblems(path, declared, setting, given.spark),
    ...networkProblems(path, insideDatabase ? { network: declared.network } : declared),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);
  const { own, source, job } = setting;
  const operations = ref(operationsKeyId, 'arn');
  const handler: HandlerSetting = { architecture, logRetentionDays, keyArn: operations, removal };
  const runtime = declared.runtime ?? runtimeFile(given.folder, architecture);
  const consumed = setting.consumer !== false;
  const all: Node[] = [
    operationsKey(own, 'operations', removal),
    {
      kind: 'key',
      id: keyId,
      alias: `alias/${own}`,
      description: `${own}: records of the stream, keys that have stopped, dead letters`,
      policy: [accountAdministersKey],
      removal,
    },
    ...notices(own, declared.emails ?? [], operations),
    ...(consumed && (compliance === 'regulated' || job !== undefined) ? callsThatFailed(own, operations) : []),
    ...(source.kind === 'kinesis'
      ? [
          {
            kind: 'kinesisStream',
            id: streamId,
            name: own,
            capacity: source.capacity,
            retentionHours: source.retentionHours,
            keyArn: setting.keyArn,
            exceptions: [
              {
                rule: 'AwsSolutions-KDS3',
                reason: 'A key of its own decides who may read events, and is worth what its calls cost.',
              },
            ],
            removal,
          } as const,
        ]
      : []),
    ...bronzeDelivery(setting, handler),
    ...(consumed
      ? [
          runtimeLayer(own, runtime, architecture),
          manifestLayer(own, `Contracts and streams of ${manifest.name}`, manifest, architecture),
        ]
      : []),
    ...consumer(setting, handler, {
      manifest,
      catalog: declared.icebergCatalog,
      database,
      replica: declared.deadLetterReplica,
      regulated: compliance === 'regulated',
      sparkPackage: job === undefined ? '' : sparkPackageFile(declared.sparkPackage, runtime, job.spark),
    }),
    ...streamAlarms(setting, manifest.name),
  ];
  const nodes = withoutGiven(all, given.nodes);
  assertValid(idProblems(path, nodes));
  const placed = regulate(nodes, {
    compliance,
    network: insideDatabase ? undefined : declared.network,
    deadLetterArn: ref(callsId, 'arn'),
    keyArn: operations,
    // Of the consumer, one for each shard.
    concurrency: (id) => (id === 'ConsumeFunction' ? 10 : 2),
  });
  return deepFreeze({
    nodes: insideDatabase ? inDatabaseNetwork(placed, database) : placed,
    facts: {
      ...(source.kind === 'kinesis'
        ? { stream: { arn: ref(streamId, 'arn'), name: ref(streamId, 'name'), keyArn: setting.keyArn } }
        : {}),
      ...(consumed
        ? {
            consumer: {
              ...(job === undefined
                ? { functionArn: ref('ConsumeFunction', 'arn'), deadLetters: ref(deadLettersId, 'name') }
                : { jobMachineArn: ref(jobMachineId, 'arn') }),
              releaseArn: ref('ReleaseFunction', 'arn'),
              replayArn: ref('ReplayFunction', 'arn'),
              parkedKeys: ref(parkedKeysId, 'name'),
            },
          }
        : {}),
      notices: ref(noticesId, 'arn'),
    },
  });
}

/** Calls of functions and starts by a schedule that nobody waits for and that failed. */
function callsThatFailed(own: string, keyArn: Text): Node[] {
  const [queue, alarm] = failedCalls(`${own}-calls`, keyArn, 'functions');
  return [queue, { ...alarm, id: `Calls${alarm.id}` }];
}

/** What a principal must be allowed to put events into the stream. */
export const putStatements = (facts: EventStreamFacts): Statement[] => {
  const { arn, keyArn } = streamOf(facts);
  return putToStream(arn, keyArn);
};

/** What a principal must be allowed to read the stream. */
export const readEventStatements = (facts: EventStreamFacts): Statement[] => {
  const { arn, keyArn } = streamOf(facts);
  return readStream(arn, keyArn);
};

function streamOf({ stream }: EventStreamFacts) {
  if (stream === undefined)
    throw new Error(
      'events of Kafka are put and read by who is allowed to in the cluster: there is no stream to grant',
    );
  return stream;
}
