import fc from 'fast-check';
import { applyChanges, changedTable } from '../../lib/cdc/apply';
import type { Change } from '../../lib/cdc/change';
import { markReload, placed } from '../../lib/cdc/reload';
import {
  type Dms,
  handleReplication,
  Refused,
  type ReplicationEvent,
  type ReplicationServices,
  type ReplicationState,
} from '../../lib/cdc/replication/control';
import { type FollowSecret, handleSource, type SourceServices } from '../../lib/cdc/replication/login';
import { scramVerifier } from '../../lib/cdc/replication/scram';
import { awsDms } from '../../lib/handlers/replication/dms';
import type { Postgres } from '../../lib/runtime/postgres';
import { quiet } from '../migrations/files';
import { people } from './histories';
import { memoryLake } from './memory';
import { changesManifest } from './platform';

/**
 * AWS DMS as it is documented: a replication that is started goes through its states, one a look, and refuses what its state
 * does not allow.
 */
class FakeDms implements Dms {
  readonly calls: string[] = [];
  readonly seen: string[] = [];
  private path: string[] = [];

  constructor(
    private state: Partial<ReplicationState> & { status: string },
    private readonly ways: Readonly<Record<string, readonly string[] | Error>> = {},
  ) {}

  async describe(): Promise<ReplicationState | undefined> {
    const next = this.path.shift();
    if (next !== undefined) this.state = { ...this.state, status: next };
    this.seen.push(this.state.status);
    if (this.state.status === 'none') return undefined;
    return { arn: 'arn:replication', hasRun: false, messages: [], tablesFailed: 0, ...this.state };
  }

  async start(_: string, type: string): Promise<void> {
    this.go(type, ['initializing', 'testing_connection', 'fetching_metadata', 'provisioning_capacity', 'running']);
  }

  async stop(): Promise<void> {
    if (this.state.status !== 'running') throw new Refused(`is ${this.state.status}`);
    this.go('stop', ['stopping', 'stopping', 'stopped']);
  }

  private go(call: string, way: readonly string[]): void {
    this.calls.push(call);
    const said = this.ways[call] ?? way;
    if (said instanceof Error) throw said;
    this.path = [...said];
  }
}

interface World {
  readonly services: ReplicationServices;
  readonly said: string[];
  readonly metrics: Record<string, number>;
  readonly answers: Record<string, unknown>[];
}

function around(dms: Dms, seconds?: number): World {
  const [said, metrics, answers]: [string[], Record<string, number>, Record<string, unknown>[]] = [[], {}, []];
  let now = 0;
  const services: ReplicationServices = {
    replication: 'shop-cdc-shop',
    source: 'shop',
    dms,
    log: quiet,
    now: () => now,
    ...(seconds === undefined ? {} : { deadline: seconds * 1_000 }),
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
    metrics: {
      put: (name, value) => {
        metrics[name] = value;
      },
    },
    position: async () => {
      said.push('position');
      return { lsn: '0/100', at: '2026-01-01T00:00:00.000Z' };
    },
    mark: async ({ lsn }) => {
      said.push(`mark ${lsn}`);
    },
    answer: async (_, body) => {
      answers.push(JSON.parse(body) as Record<string, unknown>);
    },
  };
  return { services, said, metrics, answers };
}

const run = (event: ReplicationEvent, dms: Dms, seconds?: number) =>
  handleReplication(event, around(dms, seconds).services);

describe('starting', () => {
  test.each<[string, Partial<ReplicationState> & { status: string }, string[], string]>([
    ['one that was made', { status: 'created' }, ['start-replication'], 'provisioning_capacity'],
    ['one that was stopped', { status: 'stopped', hasRun: true }, ['resume-processing'], 'provisioning_capacity'],
    ['one that failed', { status: 'failed', hasRun: true }, ['resume-processing'], 'provisioning_capacity'],
    ['one that failed before it read anything', { status: 'failed' }, ['start-replication'], 'provisioning_capacity'],
    ['one that runs', { status: 'running', hasRun: true }, [], 'running'],
    ['one on its way', { status: 'provisioning_capacity' }, [], 'provisioning_capacity'],
  ])('%s', async (_, state, calls, status) => {
    const dms = new FakeDms(state);
    expect(await run({ action: 'start' }, dms)).toMatchObject({ status });
    expect(dms.calls).toEqual(calls);
  });

  test('waits for one that is stopping, and takes no old state for a failure', async () => {
    const dms = new FakeDms(
      { status: 'running', hasRun: true },
      { 'resume-processing': ['stopped', 'stopped', 'initializing', 'running'] },
    );
    await dms.stop();
    expect(await run({ action: 'start' }, dms)).toMatchObject({ status: 'running' });
    expect(dms.calls).toEqual(['stop', 'resume-processing']);
  });

  test('says why it cannot run, and what to do', async () => {
    const lost = new FakeDms(
      { status: 'failed', hasRun: true, messages: ['replication slot "x" does not exist'] },
      { 'resume-processing': new Refused('cannot be resumed') },
    );
    await expect(run({ action: 'start' }, lost)).rejects.toThrow(
      /^Replication shop-cdc-shop is failed and does not run: cannot be resumed; replication slot "x" does not exist\. .*\{"action":"reload"\}/,
    );
    const unreached = new FakeDms(
      { status: 'created', messages: ['Test connection failed'] },
      { 'start-replication': ['testing_connection', 'failed'] },
    );
    await expect(run({ action: 'start' }, unreached)).rejects.toThrow(
      /is failed .*Test connection failed.*must answer/,
    );
    await expect(run({ action: 'start' }, new FakeDms({ status: 'none' }))).rejects.toThrow(
      'There is no replication shop-cdc-shop of AWS DMS',
    );
    await expect(run({ action: 'start' }, new FakeDms({ status: 'deleting' }))).rejects.toThrow(/is being deleted/);
  });

  test('is left to itself where it takes longer than the function has', async () => {
    const dms = new FakeDms(
      { status: 'created' },
      { 'start-replication': Array<string>(200).fill('preparing_metadata_resources') },
    );
    expect(await run({ action: 'start' }, dms, 300)).toMatchObject({ status: 'preparing_metadata_resources' });
  });
});

describe('stopping', () => {
  test.each<[string, string, string[], string]>([
    ['one that runs', 'running', ['stop'], 'stopped'],
    ['one that is stopped', 'stopped', [], 'stopped'],
    ['one that failed', 'failed', [], 'failed'],
    ['one that nothing has started', 'created', [], 'created'],
    ['one that is not there', 'none', [], 'none'],
  ])('%s', async (_, status, calls, left) => {
    const dms = new FakeDms({ status, hasRun: true });
    expect(await run({ action: 'stop' }, dms)).toMatchObject({ status: left });
    expect(dms.calls).toEqual(calls);
  });

  test('waits until one that starts can be stopped', async () => {
    const dms = new FakeDms({ status: 'created' });
    await dms.start('', 'start-replication');
    expect(await run({ action: 'stop' }, dms)).toMatchObject({ status: 'stopped' });
    expect(dms.calls).toEqual(['start-replication', 'stop']);
  });

  test('says so where it does not stop in time', async () => {
    const dms = new FakeDms({ status: 'running' }, { stop: Array<string>(200).fill('stopping') });
    await expect(run({ action: 'stop' }, dms, 300)).rejects.toThrow(
      'Replication shop-cdc-shop has not stopped in time, and is stopping: deploy again',
    );
  });
});

describe('a deployment', () => {
  const custom = (RequestType: string, action: 'stop' | 'start', change: string, before?: string) =>
    ({
      RequestType,
      ResponseURL: 'https://answer',
      StackId: 's',
      RequestId: 'r',
      LogicalResourceId: action,
      ...(RequestType === 'Create' ? {} : { PhysicalResourceId: action }),
      ResourceProperties: { action, change },
      ...(before === undefined ? {} : { OldResourceProperties: { action, change: before } }),
    }) as ReplicationEvent;
  const terraform = (tf: 'create' | 'update' | 'delete', action: 'stop' | 'start') =>
    ({ tf: { action: tf }, action, change: 'x' }) as ReplicationEvent;

  test.each<[string, ReplicationEvent, string, string[]]>([
    ['makes: there is nothing to stop', custom('Create', 'stop', 'a'), 'none', []],
    ['makes: it is started', custom('Create', 'start', 'a'), 'created', ['start-replication']],
    ['changes: it is stopped before', custom('Update', 'stop', 'b', 'a'), 'running', ['stop']],
    ['sends the same again: it runs on', custom('Update', 'stop', 'a', 'a'), 'running', []],
    ['changes: it is resumed afterwards', custom('Update', 'start', 'b', 'a'), 'stopped', ['resume-processing']],
    ['deletes: it is stopped first', custom('Delete', 'start', 'a'), 'running', ['stop']],
    ['deletes: nothing is left to do', custom('Delete', 'stop', 'a'), 'none', []],
    ['of Terraform makes', terraform('create', 'start'), 'created', ['start-replication']],
    ['of Terraform changes', terraform('update', 'stop'), 'running', ['stop']],
    ['of Terraform deletes', terraform('delete', 'start'), 'running', ['stop']],
  ])('that %s', async (_, event, status, calls) => {
    const dms = new FakeDms({ status, hasRun: status !== 'created' });
    const { services, answers } = around(dms);
    await handleReplication(event, services);
    expect(dms.calls).toEqual(calls);
    if ('ResponseURL' in event) expect(answers).toMatchObject([{ Status: 'SUCCESS' }]);
  });

  test('fails with the reason where the replication cannot run', async () => {
    const dms = new FakeDms({ status: 'stopped', hasRun: true }, { 'resume-processing': new Refused('no') });
    const { services, answers } = around(dms);
    await handleReplication(custom('Create', 'start', 'a'), services);
    expect(answers).toMatchObject([{ Status: 'FAILED', Reason: expect.stringMatching(/does not run: no/) }]);
  });
});

test('tables are read anew only once the lake knows from where on their rows stand, and nothing runs meanwhile', async () => {
  const dms = new FakeDms({ status: 'running', hasRun: true });
  const { services, said } = around(dms);
  const start = dms.start.bind(dms);
  dms.start = (arn, type) => {
    said.push(type);
    return start(arn, type);
  };
  expect(await handleReplication({ action: 'reload' }, services)).toMatchObject({ status: 'provisioning_capacity' });
  expect(dms.calls).toEqual(['stop', 'reload-target']);
  expect(said).toEqual(['position', 'mark 0/100', 'reload-target']);
});

test.each([
  ['running', 0],
  ['provisioning_capacity', 0],
  ['stopping', 0],
  ['stopped', 1],
  ['failed', 1],
  ['created', 1],
  ['none', 1],
])('a replication that is %s is measured as %i', async (status, value) => {
  const { services, metrics } = around(new FakeDms({ status, tablesFailed: 2 }));
  await handleReplication({ action: 'watch' }, services);
  expect(metrics).toEqual({ ReplicationStopped: value, ReplicationTablesFailed: status === 'none' ? 0 : 2 });
});

test('what AWS DMS answers is read as it is documented', async () => {
  const fault = (name: string) => Object.assign(new Error(name), { name });
  const client = (answers: Record<string, unknown>) => ({
    send: async (command: object) => {
      const found = answers[command.constructor.name];
      if (found instanceof Error) throw found;
      return found ?? {};
    },
  });
  const dms = (answers: Record<string, unknown>) => awsDms(client(answers) as never);
  const config = { ReplicationConfigs: [{ ReplicationConfigArn: 'arn' }] };
  const none = fault('ResourceNotFoundFault');
  expect(await dms({ DescribeReplicationConfigsCommand: none }).describe('x')).toBeUndefined();
  expect(
    await dms({ DescribeReplicationConfigsCommand: config, DescribeReplicationsCommand: none }).describe('x'),
  ).toEqual({ arn: 'arn', status: 'created', hasRun: false, messages: [], tablesFailed: 0 });
  const failed = {
    Status: 'failed',
    FailureMessages: ['slot is gone'],
    StopReason: 'FATAL',
    RecoveryCheckpoint: 'checkpoint:V1#1',
    ReplicationStats: { TablesErrored: 1 },
  };
  expect(
    await dms({
      DescribeReplicationConfigsCommand: config,
      DescribeReplicationsCommand: { Replications: [failed] },
    }).describe('x'),
  ).toEqual({ arn: 'arn', status: 'failed', hasRun: true, messages: ['slot is gone', 'FATAL'], tablesFailed: 1 });
  const refused = dms({ StartReplicationCommand: fault('InvalidResourceStateFault') });
  await expect(refused.start('arn', 'resume-processing')).rejects.toBeInstanceOf(Refused);
  const broken = dms({ StopReplicationCommand: fault('KMSKeyNotAccessibleFault') });
  await expect(broken.stop('arn')).rejects.toThrow('KMSKeyNotAccessibleFault');
});

describe('the password of AWS DMS', () => {
  /** A database that knows no more than the last verifier. */
  function source(over: Partial<SourceServices> = {}, failure?: Error) {
    const world = { secret: undefined as FollowSecret | undefined, verifier: '', made: 0, wrote: 0 };
    const postgres = {
      query: async (sql: string, [verifier]: readonly unknown[] = []) => {
        if (failure !== undefined) throw failure;
        if (sql.includes('cdc_password')) world.verifier = String(verifier);
        return [{ lsn: '0/2A' }];
      },
      close: async () => {},
    } as unknown as Postgres;
    const services: SourceServices = {
      open: async () => postgres,
      host: 'db',
      port: 5432,
      secret: {
        read: async () => world.secret,
        write: async (value) => {
          world.secret = value;
          world.wrote += 1;
        },
      },
      password: () => `password-${++world.made}`,
      now: () => Date.UTC(2026, 0, 1),
      log: quiet,
      answer: async () => {},
      ...over,
    };
    return { world, services };
  }
  const verifies = (verifier: string, password: string) => {
    const [, iterations, salt] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier)!;
    return scramVerifier(password, Buffer.from(salt!, 'base64'), Number(iterations)) === verifier;
  };

  test('is made once, stands in the secret, and the database knows its verifier alone', async () => {
    const { world, services } = source();
    await handleSource({ tf: { action: 'create' } }, services);
    expect(world.secret).toEqual({ username: 'ingot_cdc', password: 'password-1', host: 'db', port: 5432 });
    expect(verifies(world.verifier, 'password-1')).toBe(true);
    await handleSource({ action: 'login' }, services);
    await handleSource({ tf: { action: 'delete' } }, services);
    expect([world.made, world.wrote]).toEqual([1, 1]);
    expect(verifies(world.verifier, 'password-1')).toBe(true);
    await handleSource({ action: 'login' }, { ...services, host: 'other' });
    expect(world.secret).toMatchObject({ password: 'password-1', host: 'other' });
  });

  test('is not kept where the database does not take it, and says what is missing', async () => {
    const { world, services } = source({}, Object.assign(new Error('no such function'), { code: '42883' }));
    await expect(handleSource({ action: 'login' }, services)).rejects.toThrow(
      /the migration changeSource is not applied yet/,
    );
    expect(world.secret).toBeUndefined();
  });

  test("is somebody else's where the database is", async () => {
    const { services } = source({ secret: undefined });
    await expect(handleSource({ action: 'login' }, services)).rejects.toThrow(/kept by somebody else/);
    expect(await handleSource({ action: 'position' }, services)).toEqual({
      lsn: '0/2A',
      at: '2026-01-01T00:00:00.000Z',
    });
  });

  test('is verified as RFC 7677 says', () => {
    // The example of the RFC: user `user`, password `pencil`.
    const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
    expect(verifier).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });
});

describe.each(['mirror', 'history'] as const)('tables that are read anew, kept as %s', (mode) => {
  /** One key of the source: what it was at each place in its log; a value, or gone. */
  const key = fc.record({
    /** Whether it was there when the first load read it. */
    loaded: fc.boolean(),
    /** Places in the log (1 to 99) at which it was written or deleted. */
    steps: fc.uniqueArray(fc.record({ lsn: fc.integer({ min: 1, max: 99 }), gone: fc.boolean() }), {
      selector: ({ lsn }) => lsn,
      maxLength: 5,
    }),
    /** When the second load read it, from 60 on. */
    read: fc.integer({ min: 60, max: 99 }),
    /** In which of five batches each of its records comes, and comes again. */
    batches: fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })), {
      minLength: 7,
      maxLength: 7,
    }),
  });
  /** What was followed first ends here; how far the log was at the reload; from where on it is followed again. */
  const [stopped, reloaded, followed] = [40, 50, 60];
  const [first, second] = ['2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z'];

  test('are as the source is, in whatever order records of before and after come, and what nobody followed is not lost', async () => {
    const memory = await memoryLake();
    try {
      const fed = await memory.make(people, mode);
      const manifest = changesManifest([[people, mode]]);
      const services = { manifest, lake: memory.lake, clock: { now: () => 0 }, log: quiet };
      const keys = fc.sample(key, { numRuns: 400, seed: Number(process.env.INGOT_SEED ?? 20_261_121) });
      const batches: Change[][] = [[], [], [], [], []];
      const expected: object[] = [];
      for (const [id, { loaded, steps, read, batches: when }] of keys.entries()) {
        const row = (name: string) => ({ h: '0', id: String(id), name, bio: null, score: null });
        const told = [...steps].sort((a, b) => a.lsn - b.lsn);
        const at = (lsn: number): string | undefined => {
          const last = told.findLast((step) => step.lsn <= lsn);
          return last === undefined ? (loaded ? 'loaded' : undefined) : last.gone ? undefined : `at ${last.lsn}`;
        };
        const change = (operation: Change['operation'], lsn: number, name: string, time = first): Change => ({
          operation,
          position: { lsn: BigInt(lsn), sequence: 0 },
          at: time,
          row: operation === 'delete' ? { h: '0', id: String(id) } : row(name),
          origin: { id: `${id}/${operation}/${lsn}/${time}`, arrivedAt: first, raw: '' },
        });
        const changes = told
          .filter(({ lsn }) => lsn <= stopped || lsn > followed)
          .map(({ lsn, gone }) =>
            change(gone ? 'delete' : at(lsn - 1) === undefined ? 'insert' : 'update', lsn, `at ${lsn}`),
          );
        const again = at(read);
        const all = [
          ...(loaded ? [change('load', 0, 'loaded')] : []),
          ...changes,
          ...(again === undefined ? [] : [change('load', 0, again, second)]),
        ];
        for (const [i, one] of all.entries()) {
          // Nothing of the second load, or after it, comes before the lake is told.
          const isNew = one.at === second || one.position.lsn > followed;
          for (const batch of when[i]!) batches[isNew ? Math.max(2, batch) : batch]!.push(one);
        }
        const left = at(99);
        if (left !== undefined) expected.push({ id, name: left });
      }
      const { kept } = changedTable(fed, memory.lake);
      for (const [i, batch] of batches.entries()) {
        if (i === 2)
          await markReload(
            { lsn: `0/${reloaded.toString(16)}`, at: '2026-01-02T00:00:00Z' },
            manifest.cdc![0]!,
            services,
          );
        await applyChanges(fed, await placed(batch, kept, memory.lake), services);
      }
      const { name } = changedTable(fed, memory.lake);
      const shown = mode === 'history' ? `(SELECT * FROM ${name} WHERE is_current)` : name;
      expect(await memory.lake.query(`SELECT id, name FROM ${shown} ORDER BY id`)).toEqual(expected);
      // The first load alone would not have been enough.
      expect(keys.some(({ steps }) => steps.some(({ lsn }) => lsn > stopped && lsn <= followed))).toBe(true);
    } finally {
      await memory.lake.close();
    }
  });
});
