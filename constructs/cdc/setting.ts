import type { CdcSource } from '../../lib/cdc/declaration';
import type { DeployedCdc } from '../../lib/cdc/deployed';
import { findSource } from '../../lib/cdc/feed';
import { changedGb, jobExecutors } from '../../lib/sizing/consumers';
import type { Text } from '../core/text';
import type { SparkApplicationFacts } from '../emr/model';
import { type ConsumingJob, consumingJob } from '../emr/streaming-problems';
import type { LakeFacts, ZoneFacts } from '../lake/model';
import type { VpcFacts } from '../network/model';
import type { DatabaseFacts } from '../postgres/facts';
import { usualConsumer } from '../stream/function-consumer';
import type { FunctionConsumer, KinesisSource } from '../stream/props';
import type { ChangeAlarmThresholds, ChangeDataCaptureDeclaration } from './props';

/** Change data capture with every default applied. */
export interface Setting {
  readonly platform: string;
  readonly source: CdcSource;
  readonly deployed: DeployedCdc;
  /** Begins the names of its resources: `<platform>-cdc-<source>`. */
  readonly own: string;
  readonly stream: Required<Pick<KinesisSource, 'capacity' | 'retentionHours'>>;
  readonly consumer: Required<FunctionConsumer>;
  /** Where a job applies changes; the function takes commands alone then. */
  readonly job?: ConsumingJob;
  readonly alarms: Required<ChangeAlarmThresholds>;
  readonly lake: LakeFacts;
  /** Zones of its tables. */
  readonly zones: readonly ZoneFacts[];
  /** The zone that keeps what could not be read, beside what arrived. */
  readonly files: ZoneFacts;
  /** Key of its stream, its secret, its replication and its dead letters. */
  readonly keyArn: Text;
  /** The platform's own database, where that is the source. */
  readonly database?: DatabaseFacts;
  /** Where the source is reached from. */
  readonly vpc: VpcFacts;
}

/** Throws where the manifest has no such source; everything else is judged by `problems.ts`. */
export function settingOf(
  declared: ChangeDataCaptureDeclaration,
  lake: LakeFacts,
  keyArn: Text,
  around: { readonly database?: DatabaseFacts; readonly vpc?: VpcFacts; readonly spark?: SparkApplicationFacts },
): Setting {
  const { manifest } = declared;
  const { spark: ofJob, ...ofFunction } = declared.consumer ?? {};
  const { spark } = around;
  const source = findSource(declared.source, manifest);
  const executors = jobExecutors(changedGb(source.tables, manifest), spark?.vcpu);
  const deployed = source.deployed!;
  const database = deployed.from === 'own' ? around.database! : undefined;
  const names = new Set(source.tables.map(({ table }) => table.split('.')[0]!));
  return {
    platform: manifest.name,
    source,
    deployed,
    own: ownName(declared),
    stream: { capacity: 'onDemand', retentionHours: 168, ...declared.stream },
    consumer: { ...usualConsumer, maxAgeHours: 72, ...ofFunction },
    ...(spark === undefined ? {} : { job: consumingJob(ofJob, executors, spark) }),
    alarms: { behindMinutes: 15, driftKeys: 0, refusedChanges: 0, ...declared.alarms },
    lake,
    zones: lake.zones.filter(({ name }) => names.has(name)),
    files: lake.zones.find(({ holds }) => holds === 'files') ?? lake.zones[0]!,
    keyArn,
    ...(database === undefined ? {} : { database }),
    vpc: database ?? around.vpc!,
  };
}

export const ownName = ({ manifest, source }: ChangeDataCaptureDeclaration): string =>
  `${manifest.name}-cdc-${source.replaceAll('_', '-')}`;
