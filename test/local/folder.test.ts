import { spawn } from 'node:child_process';
import fs, { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../lib/contract/dataset';
import type { InvalidInputError } from '../../lib/errors';
import { landFiles } from '../../lib/local/land';
import { layoutOf } from '../../lib/local/layout';
import { acquireLock } from '../../lib/local/lock';
import { localTargets, localTasks } from '../../lib/local/tasks';
import type { Manifest } from '../../lib/platform/manifest';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot local-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('landing', () => {
  const dataset = (zone: string, name: string, prefix?: string) =>
    ({ zone, name, ...(prefix === undefined ? {} : { source: { zone: 'bronze', prefix, format: 'csv' } }) }) as Dataset;
  const manifest = {
    name: 'p',
    datasets: [dataset('silver', 'orders', 'shop/orders'), dataset('gold', 'sales')],
  } as unknown as Manifest;
  const land = (...landings: Parameters<typeof landFiles>[0]) => landFiles(landings, manifest, layoutOf(folder));
  const problems = (...landings: Parameters<typeof landFiles>[0]) =>
    land(...landings).then(
      () => [],
      (error: InvalidInputError) => error.problems.map(({ path, message }) => `${path}: ${message}`),
    );

  test('a file comes to where an upload would put it, and landing it twice is landing it once', async () => {
    const file = join(folder, 'a.csv');
    await writeFile(file, 'x\n1\n');
    const first = await land({ file, as: 'orders', source: 'shop', date: '2026-01-02' });
    const to = join(folder, '.ingot/lake/bronze/shop/orders/source=shop/date=2026-01-02/a.csv');
    expect(first).toEqual([{ to, table: 'silver.orders', isNew: true }]);
    expect(await readFile(to, 'utf8')).toBe('x\n1\n');
    expect(await land({ file, as: 'silver.orders', source: 'shop', date: '2026-01-02' })).toEqual([
      { ...first[0], isNew: false },
    ]);
    expect(await readdir(join(folder, '.ingot/temporary'))).toEqual([]);
  });

  test('by default the date is the day on which the file was last changed, in UTC', async () => {
    const file = join(folder, 'a.csv');
    await writeFile(file, '');
    await utimes(file, new Date('2026-03-04T23:59:00Z'), new Date('2026-03-04T23:59:00Z'));
    expect((await land({ file, as: 'orders' }))[0]!.to).toContain('/source=local/date=2026-03-04/');
  });

  test('bronze is never changed: another content under the same name is refused', async () => {
    const file = join(folder, 'a.csv');
    await writeFile(file, 'one');
    await land({ file, as: 'orders', date: '2026-01-02' });
    await writeFile(file, 'two');
    expect(await problems({ file, as: 'orders', date: '2026-01-02' })).toEqual([
      expect.stringContaining('bronze is never changed'),
    ]);
  });

  test('two files for one place are refused by name before anything is copied, and a folder is said to be one', async () => {
    const [a, b] = [join(folder, 'a', 'export.csv'), join(folder, 'b', 'export.csv')] as const;
    for (const file of [a, b]) {
      await mkdir(join(file, '..'));
      await writeFile(file, file);
    }
    const day = { as: 'orders', date: '2026-01-02' };
    const to = join(folder, '.ingot/lake/bronze/shop/orders/source=local/date=2026-01-02/export.csv');
    await expect(land({ file: a, ...day }, { file: b, ...day })).rejects.toThrow(
      `${b}: would land at ${to}, as ${a} would; give one of them another date, source or file name`,
    );
    expect(await problems({ file: join(folder, 'a'), ...day })).toEqual([': is a folder; give the files in it']);
    await expect(readdir(join(folder, '.ingot'))).rejects.toThrow('ENOENT');
    expect(await land({ file: a, ...day }, { file: a, ...day }, { file: b, ...day, source: 'b' })).toHaveLength(3);
  });

  test('a file of the platform that is gone after it has landed is no problem, and is said to be gone', async () => {
    const file = join(folder, 'passing.csv');
    await writeFile(file, 'a\n1\n');
    const [first] = await land({ file, as: 'orders', date: '2026-01-02' });
    await rm(file);
    const again = (date?: string) =>
      landFiles([{ file, as: 'orders', date }], manifest, layoutOf(folder), { landedIsEnough: true });
    for (const date of ['2026-01-02', undefined])
      expect(await again(date)).toEqual([{ ...first, isNew: false, isGone: true }]);
    await expect(again('2026-01-03')).rejects.toThrow('there is no such file');
    expect(await problems({ file, as: 'orders', date: '2026-01-02' })).toEqual([': there is no such file']);
  });

  test('every problem of every file is said at once, and nothing lands', async () => {
    const file = join(folder, 'a.csv');
    await writeFile(file, '');
    await writeFile(join(folder, '_a.csv'), '');
    expect(
      await problems(
        { file, as: 'orders' },
        { file: join(folder, 'no.csv'), as: 'orders' },
        { file, as: 'order' },
        { file, as: 'sales' },
        { file, as: 'orders', date: '2026-02-30' },
        { file, as: 'orders', source: '../up' },
        { file: join(folder, '_a.csv'), as: 'orders' },
      ),
    ).toEqual([
      ': there is no such file',
      'as: must be a table that files are loaded into; given "order"; allowed: silver.orders',
      expect.stringContaining('as: must be a table'),
      'date: must be a day, YYYY-MM-DD, given "2026-02-30"',
      expect.stringContaining('source: must be letters'),
      ': must not begin with a dot or underscore: such files are no data',
    ]);
    await expect(readdir(join(folder, '.ingot'))).rejects.toThrow('ENOENT');
  });
});

describe('the lock of a run', () => {
  test('is held by one, and the next gets it when it is released', async () => {
    const first = await acquireLock(folder);
    const order: string[] = [];
    let second: Promise<void> | undefined;
    await new Promise<void>((waits) => {
      second = acquireLock(folder, ({ pid }) => {
        order.push(`waits for ${pid}`);
        waits();
      }).then(async (lock) => {
        order.push('second');
        await lock.release();
      });
    });
    order.push('first ends');
    await first.release();
    await second;
    expect(order).toEqual([`waits for ${process.pid}`, 'first ends', 'second']);
    expect(await readdir(folder)).toEqual(['2']);
  });

  test('of a process that has died, or one that can not be read, is taken over at once', async () => {
    const dead = spawn(process.execPath, ['-e', '0']);
    await new Promise((go) => dead.on('exit', go));
    for (const [i, left] of [
      JSON.stringify({ pid: dead.pid, since: '2026-01-01T00:00:00Z' }),
      '',
      '{"pid": "x"}',
    ].entries()) {
      await writeFile(join(folder, String(10 * i + 1)), left);
      const lock = await acquireLock(folder, () => {
        throw new Error('it waits');
      });
      await lock.release();
    }
  });

  test('is not taken by who looked so long ago that the number above is free again', async () => {
    await writeFile(join(folder, '6'), JSON.stringify({ pid: process.pid, since: 'now' }));
    jest.spyOn(fs, 'readdir').mockResolvedValueOnce(['4'] as never);
    let lock: ReturnType<typeof acquireLock> | undefined;
    await new Promise<void>((waits) => {
      lock = acquireLock(folder, () => waits());
    });
    await writeFile(join(folder, '6'), '{}');
    await (await lock!).release();
    expect(await readdir(folder)).toEqual(['7']);
  });

  test('is never held twice, however many take over a dead one at once', async () => {
    for (let round = 0; round < 10; round++) {
      await writeFile(join(folder, String(1000 * (round + 1))), JSON.stringify({ pid: 999_999_999, since: '' }));
      let [inside, most] = [0, 0];
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          const lock = await acquireLock(folder);
          most = Math.max(most, ++inside);
          await new Promise((go) => setTimeout(go, 1));
          inside--;
          await lock.release();
        }),
      );
      expect(most).toBe(1);
    }
  });
});

describe('tasks of the state machine on this machine', () => {
  const execution = { id: 'arn:execution:r1', name: 'r1', machine: 'arn:machine', startedAt: '2026-01-01T00:00:00Z' };
  const tasks = () =>
    localTasks({
      layout: layoutOf(folder),
      execution,
      handlers: {
        ingest: async (event) => ({ got: event, at: new Date(0), lost: undefined }),
        quality: async () => undefined,
        transform: async () => {
          throw new TypeError('no');
        },
        publish: async () => 1,
      },
    });
  const ask = (service: string, input: unknown) =>
    tasks()({ resource: `arn:aws:states:::${service}`, input, state: 'S', signal: new AbortController().signal });

  test('a function is called with its payload', async () => {
    expect(await ask('lambda:invoke', { FunctionName: localTargets.ingest, Payload: { a: 1 } })).toMatchObject({
      StatusCode: 200,
      Payload: { got: { a: 1 } },
    });
    expect(await ask('lambda:invoke', { FunctionName: 'quality' })).toMatchObject({ Payload: null });
    await expect(ask('lambda:invoke', { FunctionName: 'transform' })).rejects.toThrow(TypeError);
    await expect(ask('lambda:invoke', { FunctionName: 'toString' })).rejects.toThrow('no function toString');
  });

  test('a message to the dead-letter queue is a file, a notice a line', async () => {
    await ask('sqs:sendMessage', { QueueUrl: 'dead-letters', MessageBody: { table: 'silver.orders' } });
    const [file] = await readdir(join(folder, '.ingot/dead-letters'));
    expect(JSON.parse(await readFile(join(folder, '.ingot/dead-letters', file!), 'utf8'))).toEqual({
      table: 'silver.orders',
    });
    await ask('sns:publish', { Subject: 'failed', Message: 'it' });
    expect(JSON.parse(await readFile(join(folder, '.ingot/notices.jsonl'), 'utf8'))).toEqual({
      run: 'r1',
      subject: 'failed',
      message: 'it',
    });
    await ask('events:putEvents', { Entries: [{ Detail: 1 }, { Detail: 2 }] });
    expect((await readFile(join(folder, '.ingot/events.jsonl'), 'utf8')).split('\n')).toHaveLength(3);
  });

  test('the running executions are this one, and what is unknown is an error that names it', async () => {
    expect(await ask('aws-sdk:sfn:listExecutions', {})).toMatchObject({ Executions: [{ ExecutionArn: execution.id }] });
    await expect(ask('dynamodb:getItem', {})).rejects.toThrow('dynamodb:getItem');
  });
});
