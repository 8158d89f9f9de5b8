import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { givenAllowed, InvalidInputError } from '../errors';
import { packageFolder } from './package-folder';
import { SparkStartError } from './start-error';

const run = promisify(execFile);

/** PySpark of each version of Spark that can be had on this machine, by what `INGOT_SPARK_VERSION` may say. */
const pysparks = { '4.0': '4.0.5', '4.1': '4.1.4' } as const;

const asked = process.env.INGOT_SPARK_VERSION ?? '4.0';
const isKnown = (version: string): version is keyof typeof pysparks => Object.hasOwn(pysparks, version);
const spark = isKnown(asked) ? asked : '4.0';

/** The versions that are tested together. */
export const sparkVersions = { pyspark: pysparks[spark], iceberg: '1.11.0', scala: '2.13' } as const;

/** Maven's name of what Spark needs to read and write Iceberg. */
export const icebergPackage = `org.apache.iceberg:iceberg-spark-runtime-${spark}_${sparkVersions.scala}:${sparkVersions.iceberg}`;

const venv = (): string =>
  join(process.env.INGOT_CACHE ?? join(homedir(), '.cache'), 'ingot', `spark-${sparkVersions.pyspark}`);

/** The Python of the virtual environment in the cache; undefined where it was not made yet. */
export const sparkPython = (): string | undefined =>
  existsSync(join(venv(), 'complete')) ? join(venv(), 'bin', 'python') : undefined;

/**
 * The Python that has Spark: the one that `INGOT_SPARK_PYTHON` names, or a virtual environment in the cache, which is
 * made on first use. `told` hears of what takes long.
 *
 * @throws InvalidInputError where `INGOT_SPARK_VERSION` is none that is known
 * @throws Error that says what is missing where this machine has no Python or Java, or cannot have Spark
 */
export async function findSparkPython(told: (note: string) => void = () => {}): Promise<string> {
  if (!isKnown(asked))
    throw new InvalidInputError([
      {
        where: 'INGOT_SPARK_VERSION',
        path: '',
        message: `must be a version of Spark; ${givenAllowed(asked, Object.keys(pysparks))}`,
      },
    ]);
  await demandJava();
  const named = process.env.INGOT_SPARK_PYTHON;
  if (named !== undefined) return named;
  const folder = venv();
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return python;
  await demand('python3', ['--version'], 'Spark needs Python 3.10 or newer');
  told(`Spark ${sparkVersions.pyspark} is fetched once, about 450 MB, into ${folder}`);
  try {
    await mkdir(folder, { recursive: true });
    await run('python3', ['-m', 'venv', folder]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(python, [...install, `pyspark==${sparkVersions.pyspark}`]);
    await run(python, [...install, '--requirement', join(packageFolder(), 'requirements.txt')]);
    await writeFile(complete, '');
    return python;
  } catch (error) {
    await rm(complete, { force: true });
    const { stderr, message } = error as Error & { stderr?: string };
    const why = (stderr ?? message).trim().split('\n').at(-1);
    throw new Error(
      `Spark could not be fetched: ${why}. Name a Python that has pyspark and sqlglot in INGOT_SPARK_PYTHON`,
    );
  }
}

/** Spark's own scripts take the Java of `JAVA_HOME` where that is set, and no other. */
async function demandJava(): Promise<void> {
  const home = process.env.JAVA_HOME;
  const java = home ? join(home, 'bin', 'java') : 'java';
  const { stderr } = await run(java, ['-version']).catch((error: NodeJS.ErrnoException) => {
    throw new SparkStartError(error.code === 'ENOENT' ? `there is no ${java}` : error.message.trim(), ['java']);
  });
  const version = /version "(\d+)/.exec(stderr)?.[1];
  if (version !== undefined && Number(version) < 17)
    throw new SparkStartError(`${java} is of version ${version}`, ['java']);
}

async function demand(command: string, args: readonly string[], otherwise: string): Promise<void> {
  try {
    await run(command, args);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(`${otherwise}; there is no ${command}`);
    throw error;
  }
}
