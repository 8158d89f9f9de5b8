import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { madeOnce } from '../made-once';

const run = promisify(execFile);
const version = '0.12.0';
const folder = join(process.env.INGOT_CACHE ?? join(homedir(), '.cache'), 'ingot-pyiceberg');
const python = join(folder, 'bin', 'python');

/**
 * The Python that has pyiceberg, made on first use. Undefined where this machine cannot have one: the line that says
 * so is loud, as a skipped proof looks like a proof.
 */
export async function findPyiceberg(): Promise<string | undefined> {
  const complete = join(folder, `complete-${version}`);
  try {
    await madeOnce(complete, async () => {
      await mkdir(folder, { recursive: true });
      await run('python3', ['-m', 'venv', folder]);
      await run(python, ['-m', 'pip', 'install', '--quiet', `pyiceberg[pyarrow,pyiceberg-core]==${version}`]);
    });
    return python;
  } catch (error) {
    process.stderr.write(`\nSKIPPED: pyiceberg as an independent client: ${String(error).split('\n')[0]}\n`);
    return undefined;
  }
}

/** Runs one step of `pyiceberg_client.py` and gives what it printed. */
export async function pyiceberg<T>(uri: string, root: string, step: string): Promise<T> {
  const { stdout } = await run(python, [join(__dirname, 'pyiceberg_client.py'), uri, root, step]);
  return JSON.parse(stdout) as T;
}
