import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../free-port';
import { madeOnce } from '../made-once';

const run = promisify(execFile);
const version = '5.2.5';
const folder = join(process.env.INGOT_CACHE ?? join(homedir(), '.cache'), 'ingot-moto');

/** S3 and DynamoDB as moto answers for them. */
export interface Moto {
  readonly url: string;
  stop(): void;
}

/** Starts moto. Undefined, with a loud line, where this machine cannot have it. */
export async function startMoto(): Promise<Moto | undefined> {
  const complete = join(folder, `complete-${version}`);
  try {
    await madeOnce(complete, async () => {
      await mkdir(folder, { recursive: true });
      await run('python3', ['-m', 'venv', folder]);
      await run(join(folder, 'bin/python'), [
        '-m',
        'pip',
        'install',
        '--quiet',
        `moto[server,s3,dynamodb]==${version}`,
      ]);
    });
    const port = await freePort();
    const server = spawn(join(folder, 'bin/moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    const url = `http://127.0.0.1:${port}`;
    await answers(url, server);
    return { url, stop: () => void server.kill() };
  } catch (error) {
    process.stderr.write(`\nSKIPPED: S3 and DynamoDB of moto: ${String(error).split('\n')[0]}\n`);
    return undefined;
  }
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    if (server.exitCode !== null) throw new Error(`moto ended with ${server.exitCode}`);
    const there = await fetch(`${url}/moto-api/data.json`).then(
      () => true,
      () => false,
    );
    if (there) return;
    await sleep(200);
  }
  server.kill();
  throw new Error('moto does not answer');
}
