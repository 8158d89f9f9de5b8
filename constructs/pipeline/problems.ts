import { givenAllowed, type Problem } from '../../lib/errors';
import type { Manifest } from '../../lib/platform/manifest';
import { planPlatform } from '../../lib/sizing/plan';
import { icebergCatalogProblems } from '../core/iceberg-catalog';
import { logRetentionProblems } from '../core/log-retention';
import { numberProblems } from '../core/names';
import { manifestProblems } from '../lake/manifest';
import type { LakeFacts } from '../lake/model';
import { emailProblems } from './notices';
import type { AlarmThresholds, PipelineDeclaration } from './props';
import type { SparkPlace } from './spark';

export function pipelineProblems(
  where: string,
  pipeline: PipelineDeclaration,
  lake: LakeFacts,
  numbers: { memoryMb: number; diskMb: number; logRetentionDays: number; thresholds: Required<AlarmThresholds> },
): Problem[] {
  const { successPercent, rowCountPercent, durationRatio, inputGb } = numbers.thresholds;
  return [
    ...(pipeline.startedBy === undefined || pipeline.startedBy === 'schedules' || pipeline.startedBy === 'airflow'
      ? []
      : [
          {
            where,
            path: 'startedBy',
            message: `must say what starts runs; ${givenAllowed(pipeline.startedBy, ['schedules', 'airflow'])}`,
          },
        ]),
    ...manifestProblems(where, pipeline.manifest, lake),
    ...numberProblems(where, 'memoryMb', numbers.memoryMb, { min: 512, max: 10_240, whole: true }),
    ...numberProblems(where, 'diskMb', numbers.diskMb, { min: 512, max: 10_240, whole: true }),
    ...icebergCatalogProblems(where, pipeline.icebergCatalog),
    ...logRetentionProblems(where, numbers.logRetentionDays),
    ...(successPercent === false
      ? []
      : numberProblems(where, 'alarms.successPercent', successPercent, { min: 0, max: 100, whole: false })),
    ...(rowCountPercent === false
      ? []
      : numberProblems(where, 'alarms.rowCountPercent', rowCountPercent, { min: 0, whole: false })),
    ...(durationRatio === false
      ? []
      : numberProblems(where, 'alarms.durationRatio', durationRatio, { min: 1, whole: false })),
    ...(inputGb === false ? [] : numberProblems(where, 'alarms.inputGb', inputGb, { min: 0, whole: false })),
    ...emailProblems(where, pipeline.emails),
  ];
}

/** Tables that are Spark's need a place for it. */
export function sparkProblems(
  where: string,
  manifest: Manifest,
  onSpark: ReadonlyMap<string, unknown>,
  spark: SparkPlace | undefined,
): Problem[] {
  const [first] = onSpark.keys();
  if (first === undefined || spark !== undefined) return [];
  const more = onSpark.size === 1 ? '' : ` and ${onSpark.size - 1} more`;
  const tables = planPlatform(manifest).groups.flatMap((group) => group.tables);
  const why = tables.find(({ table }) => table === first)!.why;
  const message = `must give a SparkApplication or an EmrCluster, since Spark is the engine of ${first}${more} (${why}); given nothing`;
  return [{ where, path: 'spark', message }];
}
