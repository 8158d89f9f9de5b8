import { givenAllowed, type Problem } from '../../lib/errors';
import { numberProblems } from '../core/names';
import type { LakeFacts } from '../lake/model';
import type { AlarmThresholds, PipelineDeclaration } from './props';

/** The days that CloudWatch Logs can keep logs for. */
const logRetentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export function pipelineProblems(
  where: string,
  pipeline: PipelineDeclaration,
  lake: LakeFacts,
  numbers: { memoryMb: number; diskMb: number; logRetentionDays: number; thresholds: Required<AlarmThresholds> },
): Problem[] {
  const { manifest } = pipeline;
  const lakeZones = lake.zones.map((zone) => zone.name);
  const { successPercent, rowCountPercent, durationRatio } = numbers.thresholds;
  return [
    ...(manifest.name === lake.name
      ? []
      : [
          {
            where,
            path: 'manifest.name',
            message: `must be the lake's name, ${JSON.stringify(lake.name)}; given ${JSON.stringify(manifest.name)}`,
          },
        ]),
    ...manifest.zones
      .filter((zone) => !lakeZones.includes(zone.name))
      .map((zone) => ({
        where,
        path: 'manifest.zones',
        message: `must be zones of the lake; ${givenAllowed(zone.name, lakeZones)}`,
      })),
    ...numberProblems(where, 'memoryMb', numbers.memoryMb, { min: 512, max: 10_240, whole: true }),
    ...numberProblems(where, 'diskMb', numbers.diskMb, { min: 512, max: 10_240, whole: true }),
    ...(logRetentions.includes(numbers.logRetentionDays)
      ? []
      : [
          {
            where,
            path: 'logRetentionDays',
            message: `must be a number of days that CloudWatch Logs knows; given ${numbers.logRetentionDays}; allowed: ${logRetentions.join(', ')}`,
          },
        ]),
    ...(successPercent === false
      ? []
      : numberProblems(where, 'alarms.successPercent', successPercent, { min: 0, max: 100, whole: false })),
    ...(rowCountPercent === false
      ? []
      : numberProblems(where, 'alarms.rowCountPercent', rowCountPercent, { min: 0, whole: false })),
    ...(durationRatio === false
      ? []
      : numberProblems(where, 'alarms.durationRatio', durationRatio, { min: 1, whole: false })),
    ...(pipeline.emails ?? [])
      .filter((email) => !/^[^@\s]+@[^@\s]+$/.test(email))
      .map((email) => ({ where, path: 'emails', message: `must be e-mail addresses; given ${JSON.stringify(email)}` })),
  ];
}
