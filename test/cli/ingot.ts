import { spawn } from 'node:child_process';
import { join } from 'node:path';
import pc from 'picocolors';
import { main } from '../../lib/cli/main';

const root = join(__dirname, '../..');

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let before: Promise<unknown> = Promise.resolve();

/**
 * Runs the command `ingot` in this process, which has loaded it already: one command after another, as if in the folder
 * `cwd`; without colours, as in a pipe.
 */
export function ingot(args: readonly string[], options: { readonly cwd?: string } = {}): Promise<Answer> {
  const answer = before.then(() => inFolder(options.cwd ?? process.cwd(), () => captured(args)));
  before = answer.catch(() => {});
  return answer;
}

async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const back = process.cwd();
  process.chdir(folder);
  try {
    return await work();
  } finally {
    process.chdir(back);
  }
}

async function captured(args: readonly string[]): Promise<Answer> {
  const said = { out: '', err: '' };
  const output = (to: 'out' | 'err') => ({
    write: (text: string) => {
      said[to] += text;
    },
    colors: pc.createColors(false),
    isLive: false,
    columns: 80,
  });
  // Handlers log to the process's own stream.
  const log = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += String(text);
    return true;
  });
  try {
    return { code: await main(args, { out: output('out'), err: output('err') }), ...said };
  } finally {
    log.mockRestore();
  }
}

/** Runs the command as a process of its own, from its sources. `killAfter`: it is killed when it has said that. */
export function ingotProcess(
  args: readonly string[],
  options: { readonly cwd?: string; readonly killAfter?: string } = {},
): Promise<Answer> {
  const { killAfter } = options;
  const first = ['test/register.js', ...(killAfter === undefined ? [] : ['test/cli/killed.js'])];
  const required = first.flatMap((file) => ['-r', join(root, file)]);
  const child = spawn(process.execPath, [...required, join(root, 'bin/ingot.ts'), ...args], {
    cwd: options.cwd,
    env: { ...process.env, FORCE_COLOR: undefined, INGOT_TEST_KILL_AFTER: killAfter },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done({ code, out, err }));
  });
}
