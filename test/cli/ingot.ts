import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command `ingot` as a process of its own, from its sources; without colours, as in a pipe. `killAfter`: killed when it has said that. */
export function ingot(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly killAfter?: string } = {},
): Promise<Answer> {
  const child = spawn(process.execPath, ['-r', join(root, 'test/register.js'), join(root, 'bin/ingot.ts'), ...args], {
    cwd: options.cwd,
    env: { ...process.env, FORCE_COLOR: undefined, ...options.env },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
    if (options.killAfter !== undefined && err.includes(options.killAfter)) child.kill('SIGKILL');
  });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done({ code, out, err }));
  });
}
