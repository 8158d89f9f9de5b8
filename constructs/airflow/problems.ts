import { givenAllowed, type Problem } from '../../lib/errors';
import { isToken } from '../../lib/token';
import { nameProblems, numberProblems } from '../core/names';
import type { VpcFacts } from '../network/model';
import { type AirflowEnvironmentDeclaration, airflowSizes } from './props';

export function airflowProblems(
  where: string,
  declared: AirflowEnvironmentDeclaration,
  workers: { readonly min: number; readonly max: number },
  network: VpcFacts,
): Problem[] {
  const problem = (path: string, message: string): Problem => ({ where, path, message });
  const { version, size, schedulers = 2, requirements, options = {}, readers = [], maintenance } = declared;
  const whole = (path: string, given: number, min: number, max: number) =>
    numberProblems(where, path, given, { min, max, whole: true });
  const counts = [...whole('workers.min', workers.min, 1, 25), ...whole('workers.max', workers.max, 1, 25)];
  return [
    ...nameProblems(where, 'name', declared.name),
    ...(version === undefined || isToken(version) || /^3\.\d+\.\d+$/.test(version)
      ? []
      : [problem('version', `must be a version of Airflow 3 such as 3.0.6; given ${JSON.stringify(version)}`)]),
    ...(size === undefined || airflowSizes.includes(size)
      ? []
      : [problem('size', `must be a class that MWAA has; ${givenAllowed(size, airflowSizes)}`)]),
    ...counts,
    ...(counts.length === 0 && workers.min > workers.max
      ? [problem('workers.max', `must not be less than min; given ${workers.min} to ${workers.max}`)]
      : []),
    ...whole('schedulers', schedulers, 2, 5),
    ...(requirements === undefined || /^[\w./-]+\.txt$/.test(requirements)
      ? []
      : [
          problem(
            'requirements',
            `must be the key of a .txt file in the bucket; given ${JSON.stringify(requirements)}`,
          ),
        ]),
    ...Object.keys(options)
      .filter((option) => !/^[a-z_]+\.[a-z0-9_]+$/.test(option))
      .map((option) =>
        problem('options', `must be options of Airflow as section.option; given ${JSON.stringify(option)}`),
      ),
    ...readers
      .filter((range) => !isToken(range) && !/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(range))
      .map((range) =>
        problem('readers', `must be ranges of addresses such as 10.0.0.0/16; given ${JSON.stringify(range)}`),
      ),
    ...(readers.includes('0.0.0.0/0') ? [problem('readers', 'must not let everybody in; given "0.0.0.0/0"')] : []),
    ...(maintenance === undefined || /^(MON|TUE|WED|THU|FRI|SAT|SUN):([01]\d|2[0-3]):[03]0$/.test(maintenance)
      ? []
      : [
          problem(
            'maintenance',
            `must be a day and a half hour such as SUN:03:00; given ${JSON.stringify(maintenance)}`,
          ),
        ]),
    ...(network.subnetIds.length < 2
      ? [problem('network.subnetIds', `must name two private subnets; given ${network.subnetIds.length}`)]
      : []),
  ];
}
