import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { madeOnce } from '../made-once';

const run = promisify(execFile);

/** What Amazon MWAA offers of Airflow 3, with all that it needs at one version each: others of its time do not fit it. */
const requirements = join(__dirname, 'requirements.txt');
const cache = process.env.INGOT_CACHE ?? join(homedir(), '.cache');
const folder = join(cache, 'ingot-airflow');
const bin = (name: string) => join(folder, 'bin', name);
const environment = {
  ...process.env,
  AIRFLOW_HOME: join(folder, 'home'),
  AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
  AIRFLOW__LOGGING__LOGGING_LEVEL: 'ERROR',
};

/**
 * Airflow in a virtual environment with a database of its own, made on first use. False where this machine cannot have
 * one: the line that says so is loud, as a skipped proof looks like a proof.
 */
export async function hasAirflow(): Promise<boolean> {
  const complete = join(folder, 'complete-3.0.6-1');
  try {
    await madeOnce(complete, async () => {
      await mkdir(folder, { recursive: true });
      await run('python3', ['-m', 'venv', folder]);
      await run(bin('python'), ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
      await run(bin('airflow'), ['db', 'migrate'], { env: environment });
    });
    return true;
  } catch (error) {
    process.stderr.write(`\nSKIPPED: Airflow's own reading of DAGs: ${String(error).split('\n')[0]}\n`);
    return false;
  }
}

/** Runs a script beside this file in Airflow's Python; the last line that it prints is its answer. */
export async function inAirflow<T>(script: string, args: readonly string[], variables = {}): Promise<T> {
  const { stdout } = await run(bin('python'), [join(__dirname, script), ...args], {
    env: { ...environment, ...variables },
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as T;
}

/** What ruff says of a file; empty where it has nothing to say. */
export async function ruff(...args: string[]): Promise<string> {
  const { stdout } = await run(bin('ruff'), ['--isolated', ...args]).catch((error: { stdout: string }) => error);
  return stdout;
}
