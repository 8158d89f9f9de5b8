import { dirname, join } from 'node:path';
import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { itemsAtOnce } from '../../lib/pipeline/run';
import type { Group, Manifest } from '../../lib/platform/manifest';
import { duckdbUpToGb } from '../../lib/sizing/engine-choice';
import { sparkSizes } from '../../lib/sizing/loads';
import { networkProblems, regulate } from '../core/compliance';
import { type HandlerSetting, handlerNodes } from '../core/handler';
import { manifestLayer, runtimeFile, runtimeLayer } from '../core/layers';
import { logRetentionOf } from '../core/log-retention';
import type { Node, Statement } from '../core/nodes';
import { operationsKey, operationsKeyId } from '../core/operations-key';
import { removalProblems } from '../core/removal';
import { ref, type Text } from '../core/text';
import { idProblems } from '../core/unique';
import type { LakeFacts } from '../lake/model';
import { type AirflowVariables, airflowVariables, dagStatements } from './airflow';
import { groupAlarms } from './alarms';
import { arrivals } from './arrivals';
import { handlers } from './functions';
import { deadLettersId, machineId, noticesId } from './ids';
import { deadLetterAlarm, deadLetterQueue, notices } from './notices';
import { pipelineProblems, sparkProblems } from './problems';
import type { AlarmThresholds, PipelineDeclaration } from './props';
import { type Jobs, runs } from './runs';
import { schedules } from './schedules';
import { followStatements, jobFiles, jobStatements, type SparkPlace, sparkTarget } from './spark';

export interface PipelineModel {
  readonly nodes: readonly Node[];
  readonly facts: PipelineFacts;
  /** What jobs of Spark may do, beside what their application gives them; absent where no table is Spark's. */
  readonly jobStatements?: readonly Statement[];
  /** What Airflow may do, to run its DAGs. */
  readonly dagStatements: readonly Statement[];
}

/** What others need to know of a pipeline. Once rendered, every text is the engine's token. */
export interface PipelineFacts {
  readonly notices: Text;
  readonly deadLetters: Text;
  /** ARNs of the state machines, by group. */
  readonly machines: Readonly<Record<string, Text>>;
  /** What its DAGs must know of where it is deployed. */
  readonly airflow: AirflowVariables;
}

export interface PipelineGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`. */
  readonly nodes: ReadonlySet<string>;
  /** Where synth runs, for the runtime's default place. */
  readonly folder: string;
  /** The application, or the cluster, that runs jobs of Spark. */
  readonly spark?: SparkPlace;
  readonly deletionFlag?: unknown;
}

/**
 * Decides a pipeline over a lake: functions, and for each dataset group a queue of arrivals, a state machine, its
 * schedule and its alarms.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function pipelineModel(
  path: string,
  pipeline: PipelineDeclaration,
  lake: LakeFacts,
  given: PipelineGiven,
): PipelineModel {
  const { manifest } = pipeline;
  const removal = pipeline.removal ?? 'retain';
  const architecture = pipeline.architecture ?? 'arm64';
  const memoryMb = pipeline.memoryMb ?? 3008;
  const diskMb = pipeline.diskMb ?? 4096;
  const logRetentionDays = logRetentionOf(pipeline);
  const runtime = pipeline.runtime ?? runtimeFile(given.folder, architecture);
  const byAirflow = pipeline.startedBy === 'airflow';
  const thresholds: Required<AlarmThresholds> = {
    // Airflow's runs are none of the state machines'.
    successPercent: byAirflow ? false : (pipeline.alarms?.successPercent ?? 95),
    rowCountPercent: pipeline.alarms?.rowCountPercent ?? 20,
    durationRatio: pipeline.alarms?.durationRatio ?? 1.5,
    inputGb: pipeline.alarms?.inputGb ?? duckdbUpToGb,
  };
  const scheduled = pipeline.scheduled ?? true;
  const onSpark = sparkSizes(manifest);
  assertValid([
    ...pipelineProblems(path, pipeline, lake, { memoryMb, diskMb, logRetentionDays, thresholds }),
    ...sparkProblems(path, manifest, onSpark, given.spark),
    ...networkProblems(path, pipeline),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const { name } = manifest;
  const keyArn = ref(operationsKeyId, 'arn');
  const setting: HandlerSetting = { architecture, logRetentionDays, keyArn, removal };

  const jobs: Jobs | undefined =
    onSpark.size === 0 || given.spark === undefined
      ? undefined
      : {
          target: sparkTarget(given.spark, lake, onSpark, pipeline.icebergCatalog),
          statements: followStatements(given.spark, lake),
        };
  const ofJobs = given.spark !== undefined && 'architecture' in given.spark ? given.spark.architecture : architecture;
  const sparkPackage = pipeline.sparkPackage ?? join(dirname(runtime), `spark-${ofJobs}.zip`);
  const remedy = `write it with: npx ingot runtime --spark --arch ${ofJobs}`;

  const nodes: Node[] = [
    ...(given.nodes.has(operationsKeyId) ? [] : [operationsKey(name, 'pipeline', removal)]),
    ...notices(name, pipeline.emails ?? [], keyArn),
    deadLetterQueue(name, keyArn),
    ...manifest.groups.flatMap((group) => arrivals(manifest, lake, group, keyArn)),
    runtimeLayer(name, runtime, architecture),
    manifestLayer(name, `Contracts and models of ${name}`, manifest, architecture),
    ...handlers(manifest, lake, { memoryMb, diskMb }, pipeline.icebergCatalog).flatMap((handler) =>
      handlerNodes(handler, setting),
    ),
    ...(jobs === undefined ? [] : jobFiles(manifest, lake, sparkPackage, remedy)),
    ...manifest.groups.flatMap((group) => runs(manifest, group, setting, jobs)),
    ...(scheduled ? schedules(manifest, !byAirflow) : []),
    ...(scheduled
      ? manifest.groups.flatMap((group) => {
          const own = tablesOf(manifest, group);
          const datasets = manifest.datasets.filter(({ zone, name }) => own.has(`${zone}.${name}`));
          return groupAlarms(
            manifest,
            group,
            datasets,
            ref(machineId(group), 'arn'),
            thresholds,
            ref(noticesId, 'arn'),
            group.ingests.some((table) => !onSpark.has(table)),
          );
        })
      : []),
    deadLetterAlarm(name),
  ];
  assertValid(idProblems(path, nodes));
  return deepFreeze({
    nodes: regulate(nodes, {
      compliance: pipeline.compliance,
      network: pipeline.network,
      deadLetterArn: ref(deadLettersId, 'arn'),
      keyArn,
      // As many as the state machines of all groups call at once; the others are called once a run or a probe.
      concurrency: (id) => manifest.groups.length * (/^(Ingest|Quality|Transform)Function$/.test(id) ? itemsAtOnce : 2),
    }),
    ...(jobs === undefined || given.spark === undefined ? {} : { jobStatements: jobStatements(lake, given.spark) }),
    dagStatements: dagStatements(jobs === undefined ? undefined : given.spark, lake),
    facts: {
      notices: ref(noticesId, 'arn'),
      deadLetters: ref(deadLettersId, 'arn'),
      machines: Object.fromEntries(manifest.groups.map((group) => [group.name, ref(machineId(group), 'arn')])),
      airflow: airflowVariables(name, jobs),
    },
  });
}

/** Tables that a group writes, as `zone.table`. */
function tablesOf(manifest: Manifest, group: Group): ReadonlySet<string> {
  const models = new Set(group.levels.flat());
  return new Set([
    ...group.ingests,
    ...manifest.models.flatMap((m) => (models.has(m.name) && m.writes !== undefined ? [m.writes] : [])),
  ]);
}
