import { givenAllowed, type Problem } from '../../lib/errors';
import { readyProblem, workerProblem } from '../../lib/sizing/worker-size';
import { isToken } from '../../lib/token';
import { icebergCatalogProblems } from '../core/iceberg-catalog';
import { logRetentionProblems } from '../core/log-retention';
import { nameProblems, numberProblems } from '../core/names';
import type { WorkerSize } from '../core/nodes';
import { diskKeyProblems } from './disk-key';
import type { SparkApplicationGiven } from './model';
import type { SparkApplicationDeclaration } from './props';

/** What a declaration is once its defaults are applied. */
export interface SparkSizes {
  readonly worker: WorkerSize;
  readonly maxWorkers: number;
  readonly drivers: number;
  readonly executors: number;
  readonly idleMinutes: number | 'never';
  readonly logRetentionDays: number;
}

/** Of a release of EMR, wherever it runs. */
export const releaseProblems = (where: string, release: string | undefined): Problem[] =>
  release === undefined || isToken(release) || /^emr-(spark-)?\d+\.\d+\.\d+$/.test(release)
    ? []
    : [
        {
          where,
          path: 'release',
          message: `must be a release of EMR such as emr-spark-8.0.0; given ${JSON.stringify(release)}`,
        },
      ];

/** Of what is said of Spark's settings. */
export const settingProblems = (where: string, settings: Readonly<Record<string, unknown>> = {}): Problem[] =>
  Object.keys(settings)
    .filter((setting) => !setting.startsWith('spark.'))
    .map((setting) => ({
      where,
      path: 'settings',
      message: `must be settings of Spark, whose names begin with spark.; given ${JSON.stringify(setting)}`,
    }));

export function sparkProblems(
  where: string,
  declared: SparkApplicationDeclaration,
  sizes: SparkSizes,
  { network, diskKeyArn }: SparkApplicationGiven,
): Problem[] {
  const { name, release, architecture, settings, compliance } = declared;
  const { maxWorkers, drivers, executors, idleMinutes } = sizes;
  const problem = (path: string, message: string): Problem => ({ where, path, message });
  const counts = [
    ...numberProblems(where, 'maxWorkers', maxWorkers, { min: 2, whole: true }),
    ...numberProblems(where, 'ready.drivers', drivers, { min: 0, whole: true }),
    ...numberProblems(where, 'ready.executors', executors, { min: 0, whole: true }),
  ];
  const ready = counts.length === 0 ? readyProblem(drivers + executors, maxWorkers) : undefined;
  return [
    ...nameProblems(where, 'name', name),
    ...releaseProblems(where, release),
    ...(architecture === undefined || architecture === 'arm64' || architecture === 'x86_64'
      ? []
      : [problem('architecture', `must be one that EMR has; ${givenAllowed(architecture, ['arm64', 'x86_64'])}`)]),
    ...workerProblems(where, sizes.worker),
    ...counts,
    ...(ready === undefined ? [] : [problem('ready', ready)]),
    ...(idleMinutes === 'never'
      ? []
      : numberProblems(where, 'idleMinutes', idleMinutes, { min: 1, max: 10_080, whole: true })),
    ...settingProblems(where, settings),
    ...(declared.letsOut ?? []).flatMap((port) =>
      numberProblems(where, 'letsOut', port, { min: 1, max: 65_535, whole: true }),
    ),
    ...(network === undefined && declared.letsOut !== undefined
      ? [problem('letsOut', 'must not be given without a network: its workers are in none of yours')]
      : []),
    ...(network === undefined && compliance === 'regulated'
      ? [problem('network', 'must give a VPC for the workers, since compliance is "regulated"; given nothing')]
      : []),
    ...(network !== undefined && network.subnetIds.length === 0
      ? [problem('network.subnetIds', 'must name at least one private subnet; given none')]
      : []),
    ...diskKeyProblems(where, diskKeyArn),
    ...icebergCatalogProblems(where, declared.icebergCatalog),
    ...logRetentionProblems(where, sizes.logRetentionDays),
  ];
}

function workerProblems(where: string, worker: WorkerSize): Problem[] {
  const wrong = workerProblem(worker);
  return [
    ...(wrong === undefined ? [] : [{ where, path: `worker.${wrong.path}`, message: wrong.message }]),
    ...numberProblems(where, 'worker.diskGb', worker.diskGb, { min: 20, max: 200, whole: true }),
  ];
}
