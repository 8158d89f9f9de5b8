import { findTable, type TablePlace } from '../../lib/platform/lookup';
import { gbOfShard, jobExecutors } from '../../lib/sizing/consumers';
import { findStream, type Stream } from '../../lib/stream/stream';
import type { Text } from '../core/text';
import type { SparkApplicationFacts } from '../emr/model';
import { type ConsumingJob, consumingJob } from '../emr/streaming-problems';
import type { LakeFacts, ZoneFacts } from '../lake/model';
import { usualConsumer } from './function-consumer';
import type {
  BronzeDelivery,
  EventStreamDeclaration,
  FunctionConsumer,
  KafkaSource,
  KinesisSource,
  StreamAlarmThresholds,
} from './props';

/** An event stream with every default applied. */
export interface Setting {
  readonly stream: Stream;
  /** Begins the names of its resources: `<platform>-<stream>`. */
  readonly own: string;
  readonly place: TablePlace;
  readonly source: Required<KinesisSource> | (Required<Omit<KafkaSource, 'brokers'>> & Pick<KafkaSource, 'brokers'>);
  readonly bronze: (BronzeDelivery & Required<Omit<BronzeDelivery, 'sourceField'>>) | false;
  readonly consumer: Required<FunctionConsumer> | false;
  /** Where a job consumes it, and no function does. */
  readonly job?: ConsumingJob;
  readonly alarms: Required<StreamAlarmThresholds>;
  readonly lake: LakeFacts;
  /** The zone that its events are kept in as they are. */
  readonly files: ZoneFacts;
  /** Key of its stream, its stopped keys and its dead letters. */
  readonly keyArn: Text;
}

/** Throws where the manifest has no such stream; everything else is judged by `settingProblems`. */
export function settingOf(
  declared: EventStreamDeclaration,
  lake: LakeFacts,
  keyArn: Text,
  spark?: SparkApplicationFacts,
): Setting {
  const stream = findStream(declared.stream, declared.manifest);
  const place = findTable(stream.table, declared.manifest);
  const own = `${declared.manifest.name}-${stream.name}`;
  const { source = { kind: 'kinesis' }, bronze = {}, consumer = {} } = declared;
  const { spark: ofJob, ...ofFunction } = consumer === false ? {} : consumer;
  const gbPerDay = Math.max(place.dataset.dailyVolumeGb ?? 0, shardsOf(source) * gbOfShard);
  const executors = jobExecutors(gbPerDay, spark?.vcpu);
  return {
    stream,
    own,
    place,
    source:
      source.kind === 'kinesis'
        ? { capacity: 'onDemand', retentionHours: 168, fanOut: false, ...source }
        : { consumerGroup: own, connectivity: 'PRIVATE', ...source },
    bronze: bronze === false ? false : { bufferMb: 128, bufferSeconds: 300, ...bronze },
    consumer: consumer === false ? false : { ...usualConsumer, maxAgeHours: 6, ...ofFunction },
    ...(consumer === false || spark === undefined ? {} : { job: consumingJob(ofJob, executors, spark) }),
    alarms: { behindMinutes: 15, latePercent: 5, ...declared.alarms },
    lake,
    files: lake.zones.find((zone) => zone.name === place.dataset.source?.zone)!,
    keyArn,
  };
}

/** Shards that were said; on demand, nobody knows how many. */
const shardsOf = (source: KinesisSource | KafkaSource): number =>
  source.kind === 'kinesis' && typeof source.capacity === 'object' ? source.capacity.shards : 0;
