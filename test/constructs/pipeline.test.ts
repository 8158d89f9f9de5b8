import validateAsl from 'asl-validator';
import type { Node } from '../../constructs/core/nodes';
import { resolve } from '../../constructs/core/text';
import { lakeModel } from '../../constructs/lake/model';
import { pipelineModel } from '../../constructs/pipeline/model';
import type { PipelineDeclaration } from '../../constructs/pipeline/props';
import { stateMachine } from '../../constructs/pipeline/state-machine';
import { InvalidInputError } from '../../lib/errors';
import type { Asl } from '../../lib/local/states/asl';
import { execute } from '../../lib/local/states/execute';
import { validateStates } from '../../lib/local/states/validate';
import type { PlanResult } from '../../lib/pipeline/events';
import type { Group, Manifest } from '../../lib/platform/manifest';
import { type SparkSize, sparkSize } from '../../lib/sizing/spark-size';
import { manifest } from './manifest';

const lake = lakeModel('Lake', { name: 'aviation' }).facts;
const decide = (more: Partial<PipelineDeclaration> = {}) =>
  pipelineModel('Stack/Pipeline', { manifest, ...more }, lake, { nodes: new Set(), folder: '/work' }).nodes;
const find = <K extends Node['kind']>(nodes: readonly Node[], kind: K, id: string) => {
  const node = nodes.find((each) => each.id === id);
  if (node?.kind !== kind) throw new Error(`no ${kind} ${id}`);
  return node as Extract<Node, { kind: K }>;
};

const targets = {
  ingest: 'ingest',
  quality: 'quality',
  transform: 'transform',
  publish: 'publish',
  deadLetters: 'dead-letters',
  notices: 'notices',
};
const group = manifest.groups[0]!;
const machine = (of: Group = group, whole: Manifest = manifest) =>
  resolve(stateMachine(of, whole, targets), ({ attr }) => (attr === 'partition' ? 'aws' : attr)) as unknown as Asl;

const ownArn = 'arn:aws:states:local:000000000000:execution:aviation:run-1';
const planned: PlanResult = {
  empty: false,
  tables: [
    { table: 'silver.flights', batches: [1, 2].map((batch) => ({ batch, files: 1, bytes: 1 })) },
    { table: 'silver.airports', batches: [{ batch: 7, files: 1, bytes: 1 }] },
  ],
  staleModels: [],
  unpublished: [],
};

interface World {
  readonly plan?: PlanResult;
  readonly runs?: readonly string[];
  readonly fails?: (call: string) => Error | undefined;
  readonly passes?: (table: string) => boolean;
  readonly input?: unknown;
}

/** Runs the machine with handlers that only say that they were called. */
async function run({
  plan = planned,
  runs = [ownArn],
  fails = () => undefined,
  passes = () => true,
  input = {},
}: World = {}) {
  const calls: string[] = [];
  const end = await execute(
    machine(),
    { machine: 'aviation', name: 'run-1', input },
    {
      sleep: async () => {},
      task: async ({ resource, input: given }) => {
        const service = resource.split(':::')[1]!;
        if (service === 'aws-sdk:sfn:listExecutions')
          return { Executions: runs.map((ExecutionArn) => ({ ExecutionArn })) };
        const { FunctionName, Payload } = given as { FunctionName?: string; Payload?: Record<string, unknown> };
        const { run: _, group: __, action, startedAt: ___, ...rest } = Payload ?? {};
        const call = [FunctionName ?? service, action, ...Object.values(rest)].filter((word) => word != null).join(' ');
        calls.push(call);
        const error = fails(call);
        if (error !== undefined) throw error;
        if (action === 'plan') return { Payload: plan };
        return { Payload: FunctionName === 'quality' ? { passed: passes(String(rest.table)) } : {} };
      },
    },
  );
  return { end, calls };
}

describe('the state machine', () => {
  const shapes: [string, Group][] = [
    ['of a group with files and models', group],
    ['of a group with files only', { ...group, levels: [] }],
    ['of a group with models only', { ...group, ingests: [] }],
  ];
  test.each(shapes)('%s is valid Amazon States Language and within what runs on this machine', (_, of) => {
    expect(validateStates(machine(of))).toEqual([]);
    expect(validateAsl(machine(of)).isValid).toBe(true);
  });

  test('plans, loads, checks, models, checks and publishes, in this order', async () => {
    const { end, calls } = await run();
    expect(end.status).toBe('SUCCEEDED');
    expect(calls.filter((call) => !call.startsWith('ingest load'))).toEqual([
      'ingest plan',
      'quality silver.flights',
      'transform fct_flights',
      'quality gold.fct_flights',
      'publish',
    ]);
  });

  test('loads the batches of one table in their order', async () => {
    const { calls } = await run();
    expect(calls.filter((call) => call.startsWith('ingest load silver.flights'))).toEqual([
      'ingest load silver.flights 1',
      'ingest load silver.flights 2',
    ]);
  });

  test('ends after the plan where nothing is new', async () => {
    const { end, calls } = await run({ plan: { empty: true, tables: [], staleModels: [], unpublished: [] } });
    expect([end.status, calls]).toEqual(['SUCCEEDED', ['ingest plan']]);
  });

  test.each([
    ['an older run is still at work', [ownArn, 'older'], []],
    ['only another run is listed yet', ['older'], []],
    ['it is the oldest of two', ['newer', ownArn], ['ingest plan']],
    ['no run is listed yet', [], ['ingest plan']],
  ])('where %s, calls %j of the list', async (_, runs, first) => {
    const { end, calls } = await run({ runs: runs as string[] });
    expect([end.status, calls.slice(0, 1)]).toEqual(['SUCCEEDED', first]);
  });

  test('keeps a batch that cannot be loaded in the dead-letter queue, loads the others, and stops before models', async () => {
    const { end, calls } = await run({
      fails: (call) => (call === 'ingest load silver.flights 1' ? new Error('truncated') : undefined),
    });
    expect(end).toMatchObject({ status: 'FAILED', error: 'IngestFailed' });
    expect(calls).toContain('sqs:sendMessage');
    expect(calls).toContain('sns:publish');
    expect(calls).toContain('ingest load silver.airports 7');
    expect(calls.filter((call) => /^(quality|transform|publish)/.test(call))).toEqual([]);
  });

  test.each([
    ['silver.flights', 'CheckIngestedFailed', 'transform'],
    ['gold.fct_flights', 'CheckModelledFailed', 'publish'],
  ])('stops where a rule of %s fails, with %s and before %s', async (table, error, notCalled) => {
    const { end, calls } = await run({ passes: (each) => each !== table });
    expect(end).toMatchObject({ status: 'FAILED', error });
    expect(calls.filter((call) => call.startsWith(notCalled))).toEqual([]);
  });

  test('runs a step again for a TransientError and for no other error', async () => {
    const named = (name: string) => Object.assign(new Error(name), { name });
    const tries = async (error: Error) => {
      const { calls } = await run({ fails: (call) => (call === 'publish' ? error : undefined) });
      return calls.filter((call) => call === 'publish').length;
    };
    expect(await tries(named('TransientError'))).toBe(6);
    expect(await tries(named('Error'))).toBe(1);
  });

  test('hands the range of a backfill to the plan and to models', async () => {
    const ranges: unknown[] = [];
    await execute(
      machine(),
      { machine: 'aviation', name: 'run-1', input: { range: { from: '2001-01-01', to: '2001-01-31' } } },
      {
        task: async ({ resource, input }) => {
          if (resource.endsWith('listExecutions')) return { Executions: [] };
          const { Payload } = input as { Payload: { range?: unknown; action?: string } };
          if (Payload.range !== undefined) ranges.push(Payload.range);
          return { Payload: Payload.action === 'plan' ? planned : { passed: true } };
        },
      },
    );
    expect(ranges).toEqual(Array(2).fill({ from: '2001-01-01', to: '2001-01-31' }));
  });
});

describe('a state machine with jobs of Spark', () => {
  const spark = {
    applicationId: 'application',
    jobRoleArn: 'job-role',
    main: 's3://b/main.py',
    package: 's3://b/package.zip',
    platform: 's3://b/platform.zip',
    bucketName: 'answers',
    settings: { environment: { INGOT_WAREHOUSE: 'w' }, scratch: 's3://answers/spark/scratch' },
    given: [],
  };
  const withJobs = (...tables: string[]) => withSizes(new Map(tables.map((table) => [table, sparkSize()])));
  const withSizes = (tables: ReadonlyMap<string, SparkSize>, of = group, whole = manifest, given: string[] = []) =>
    resolve(stateMachine(of, whole, { ...targets, spark: { ...spark, given, tables } }), ({ attr }) =>
      attr === 'partition' ? 'aws' : attr,
    ) as unknown as Asl;

  test.each([[['silver.flights']], [['gold.fct_flights']], [['silver.flights', 'gold.fct_flights']]])(
    'for %p is valid Amazon States Language and within what runs on this machine',
    (tables) => {
      expect(validateStates(withJobs(...tables))).toEqual([]);
      expect(validateAsl(withJobs(...tables)).isValid).toBe(true);
    },
  );

  /** Runs it with jobs that answer as `answers` says. */
  async function runJobs(
    answers: (handler: string, event: Record<string, unknown>) => object | Error,
    ...tables: string[]
  ) {
    const [calls, objects, letters]: [string[], Map<string, string>, unknown[]] = [[], new Map(), []];
    const end = await execute(
      withJobs(...tables),
      { machine: 'aviation', name: 'run-1', input: {} },
      {
        sleep: async () => {},
        task: async ({ resource, input }) => {
          const given = input as Record<string, unknown>;
          const service = resource.split(':states:::')[1]!;
          if (service === 'aws-sdk:sfn:listExecutions') return { Executions: [{ ExecutionArn: ownArn }] };
          if (service === 'aws-sdk:s3:getObject') return { Body: objects.get(`s3://${given.Bucket}/${given.Key}`) };
          if (service === 'sqs:sendMessage') return void letters.push(given.MessageBody);
          if (service === 'emr-serverless:startJobRun.sync') {
            const { EntryPointArguments: said } = (
              given.JobDriver as { SparkSubmit: { EntryPointArguments: string[] } }
            ).SparkSubmit;
            const [settings, handler, event, answer] = said as [string, string, string, string];
            expect(JSON.parse(settings)).toEqual(spark.settings);
            calls.push(`job ${handler} ${event}`);
            const answered = answers(handler, JSON.parse(event));
            if (answered instanceof Error) throw answered;
            objects.set(answer, JSON.stringify(answered));
            return {};
          }
          const { FunctionName, Payload } = given as { FunctionName?: string; Payload?: { action?: string } };
          calls.push([FunctionName ?? service, Payload?.action].join(' ').trim());
          if (Payload?.action === 'plan') return { Payload: { ...planned, tables: planned.tables.slice(0, 1) } };
          return { Payload: FunctionName === 'quality' ? { passed: true } : {} };
        },
      },
    );
    return { end, calls, letters };
  }
  const ofTheirs = (calls: readonly string[]) => calls.filter((call) => call.startsWith('job'));

  test('gives them the events that functions get, and goes on as after functions', async () => {
    const { end, calls } = await runJobs(
      (handler) => (handler === 'quality' ? { passed: true } : {}),
      'silver.flights',
      'gold.fct_flights',
    );
    expect(end.status).toBe('SUCCEEDED');
    expect(ofTheirs(calls)).toEqual([
      'job ingest {"action":"load","table":"silver.flights","batch":1,"run":"run-1"}',
      'job ingest {"action":"load","table":"silver.flights","batch":2,"run":"run-1"}',
      'job quality {"group":"aviation","table":"silver.flights","run":"run-1"}',
      'job transform {"model":"fct_flights","run":"run-1","range":null}',
      'job quality {"group":"aviation","table":"gold.fct_flights","run":"run-1"}',
    ]);
  });

  test('tells each job how large its table is, in settings that the owner of the application has not given', async () => {
    const tables = ['silver.small', 'silver.large', 'silver.flights'];
    const whole = { ...group, ingests: tables, levels: [] };
    const sizes = new Map(tables.map((table, i) => [table, sparkSize([1, 400, 1][i])]));
    const submitted = async (given: string[]) => {
      const asl = withSizes(sizes, whole, { ...manifest, groups: [whole], models: [] }, given);
      expect(validateStates(asl)).toEqual([]);
      expect(validateAsl(asl).isValid).toBe(true);
      const jobs: Record<string, string> = {};
      await execute(
        asl,
        { machine: 'aviation', name: 'run-1', input: {} },
        {
          sleep: async () => {},
          task: async ({ resource, input }) => {
            const { JobDriver } = input as { JobDriver?: { SparkSubmit: Record<string, string> } };
            if (resource.endsWith('listExecutions')) return { Executions: [{ ExecutionArn: ownArn }] };
            if (resource.endsWith('getObject')) return { Body: '{"passed":true}' };
            if (JobDriver === undefined)
              return {
                Payload: {
                  empty: false,
                  tables: tables.map((table) => ({ table, batches: [{ batch: 1, files: 1 }] })),
                },
              };
            const { EntryPointArguments: said, SparkSubmitParameters } = JobDriver.SparkSubmit;
            jobs[`${said![1]} ${(JSON.parse(said![2]!) as { table: string }).table}`] = SparkSubmitParameters!;
            return {};
          },
        },
      );
      return jobs;
    };
    const archives = '--archives s3://b/package.zip#ingot,s3://b/platform.zip#platform';
    const conf = (...settings: string[]) => [archives, ...settings.map((one) => `--conf spark.sql.${one}`)].join(' ');
    const small = conf(
      'shuffle.partitions=64',
      'adaptive.advisoryPartitionSizeInBytes=134217728',
      'iceberg.advisory-partition-size=134217728',
    );
    const large = conf(
      'shuffle.partitions=4096',
      'adaptive.advisoryPartitionSizeInBytes=536870912',
      'iceberg.advisory-partition-size=536870912',
    );
    const told = (values: string[]) =>
      Object.fromEntries(['ingest', 'quality'].flatMap((step) => tables.map((t, i) => [`${step} ${t}`, values[i]])));
    expect(await submitted([])).toEqual(told([small, large, small]));
    const rest = await submitted(['spark.sql.shuffle.partitions', 'spark.sql.iceberg.advisory-partition-size']);
    expect(rest['ingest silver.large']).toBe(conf('adaptive.advisoryPartitionSizeInBytes=536870912'));
  });

  test('has every job name the key of its disks where there is one, and none otherwise', async () => {
    const tables = new Map(['silver.flights', 'gold.fct_flights'].map((table) => [table, sparkSize()]));
    const diskKeyArn = 'arn:aws:kms:eu-west-1:111111111111:key/1';
    const asl = resolve(
      stateMachine(group, manifest, { ...targets, spark: { ...spark, diskKeyArn, tables } }),
      ({ attr }) => (attr === 'partition' ? 'aws' : attr),
    ) as unknown as Asl;
    expect(validateStates(asl)).toEqual([]);
    expect(validateAsl(asl).isValid).toBe(true);
    const started: unknown[] = [];
    const end = await execute(
      asl,
      { machine: 'aviation', name: 'run-1', input: {} },
      {
        sleep: async () => {},
        task: async ({ resource, input }) => {
          if (resource.endsWith('listExecutions')) return { Executions: [{ ExecutionArn: ownArn }] };
          if (resource.endsWith('getObject')) return { Body: '{"passed":true}' };
          if (resource.endsWith('startJobRun.sync'))
            started.push((input as Record<string, unknown>).ConfigurationOverrides);
          return { Payload: { ...planned, tables: planned.tables.slice(0, 1) } };
        },
      },
    );
    expect(end.status).toBe('SUCCEEDED');
    expect(started).toEqual(Array(5).fill({ DiskEncryptionConfiguration: { EncryptionKeyArn: diskKeyArn } }));
    expect(JSON.stringify(withSizes(tables))).not.toContain('Overrides');
  });

  test("takes no job for what is not Spark's", async () => {
    const { calls } = await runJobs(() => ({ passed: true }), 'gold.fct_flights');
    expect(ofTheirs(calls).every((call) => /fct_flights/.test(call))).toBe(true);
    expect(calls).toContain('ingest load');
    expect(calls).toContain('quality');
  });

  test('stops where a rule fails, as after a function', async () => {
    const { end, calls } = await runJobs(() => ({ passed: false }), 'silver.flights');
    expect(end).toMatchObject({ status: 'FAILED', error: 'CheckIngestedFailed' });
    expect(calls).not.toContain('transform');
  });

  test('keeps what a handler refused in the dead-letter queue, in its words, and asks no second job', async () => {
    const error = { Error: 'BadBatch', Cause: '{"errorMessage":"no such batch"}' };
    const { end, calls, letters } = await runJobs(
      (handler) => (handler === 'ingest' ? { error } : {}),
      'silver.flights',
    );
    expect(end).toMatchObject({ status: 'FAILED', error: 'IngestFailed' });
    expect(ofTheirs(calls)).toHaveLength(2);
    expect(letters).toMatchObject([{ step: 'Load', item: { error, table: 'silver.flights' } }, {}]);
  });

  test('starts a job that failed twice more and no more, and then says what to do', async () => {
    const { end, calls, letters } = await runJobs(() => new Error('driver lost'), 'gold.fct_flights');
    expect(end).toMatchObject({ status: 'FAILED', error: 'Level1Failed' });
    expect(ofTheirs(calls)).toHaveLength(3);
    expect(letters).toMatchObject([
      {
        step: 'Level1Model',
        item: {
          error: {
            Error: 'Error',
            Cause: expect.stringContaining('driver lost'),
            Remedy: expect.stringMatching(
              /^No answer came from the job: .*or took more than 370 minutes\. The table is as it was, or complete.*platform\.yaml/,
            ),
          },
        },
      },
    ]);
  });
});

describe('alarms', () => {
  const ids = (more: Partial<PipelineDeclaration>) =>
    decide(more)
      .filter((node) => node.kind === 'alarm')
      .map(({ id }) => id);

  test('ring by default for failed runs, success, duration, quality, input, freshness, row counts and dead letters', () => {
    expect(ids({})).toEqual([
      'AviationRunFailedAlarm',
      'AviationSuccessAlarm',
      'AviationDurationAlarm',
      'AviationQualityAlarm',
      'AviationOutgrownAlarm',
      'SilverFlightsFreshnessAlarm',
      'SilverFlightsRowCountAlarm',
      'GoldFctFlightsRowCountAlarm',
      'DeadLettersAlarm',
    ]);
  });

  test.each([
    ['successPercent', 'AviationSuccessAlarm'],
    ['rowCountPercent', 'SilverFlightsRowCountAlarm'],
    ['durationRatio', 'AviationDurationAlarm'],
    ['inputGb', 'AviationOutgrownAlarm'],
  ])('%s: false leaves %s out', (prop, id) => {
    expect(ids({ alarms: { [prop]: false } })).not.toContain(id);
  });

  test('a threshold of 0 is a threshold', () => {
    const nodes = decide({ alarms: { rowCountPercent: 0, successPercent: 0, inputGb: 0 } });
    expect(find(nodes, 'alarm', 'AviationOutgrownAlarm').threshold).toBe(0);
    expect(find(nodes, 'alarm', 'SilverFlightsRowCountAlarm').threshold).toBe(0);
    expect(find(nodes, 'alarm', 'AviationSuccessAlarm').threshold).toBe(0);
  });

  test("freshness is the contract's, and silence breaches", () => {
    expect(find(decide(), 'alarm', 'SilverFlightsFreshnessAlarm')).toMatchObject({
      threshold: 24,
      missingData: 'breaching',
    });
  });

  test('without schedules only the dead letters ring', () => {
    expect(ids({ scheduled: false })).toEqual(['DeadLettersAlarm']);
    expect(decide({ scheduled: false }).filter((node) => node.kind === 'schedule')).toEqual([]);
  });
});

describe('each function may do what it does and no more', () => {
  const actions = (role: string) =>
    find(decide(), 'role', role).statements.flatMap((statement) =>
      statement.actions.flatMap((action) =>
        statement.resources.map((resource) => `${action} ${JSON.stringify(resource)}`),
      ),
    );

  test.each(['QualityRole', 'PublishRole'])('%s writes objects of the platform itself only', (role) => {
    const writes = actions(role).filter((each) => each.startsWith('s3:PutObject'));
    expect(writes).toHaveLength(1);
    expect(writes[0]).toContain('/_ops/*');
  });

  test('only the function that ingests takes from queues and reads bronze', () => {
    for (const role of ['QualityRole', 'TransformRole', 'PublishRole']) {
      expect(actions(role).filter((each) => each.startsWith('sqs:') || each.includes('BronzeBucket'))).toEqual([]);
    }
  });

  test('schedules may start every target that they have, and nothing else', () => {
    const { statements } = find(decide(), 'role', 'SchedulesRole');
    const started = statements
      .filter(({ actions: all }) =>
        all.some((action) => /^(lambda:InvokeFunction|states:StartExecution)$/.test(action)),
      )
      .flatMap(({ resources }) => resources.map((resource) => JSON.stringify(resource)));
    const targets = decide().flatMap((node) => (node.kind === 'schedule' ? [JSON.stringify(node.targetArn)] : []));
    expect([...new Set(started)].sort()).toEqual([...new Set(targets)].sort());
  });

  test('no role may do everything, or anything to everything but what knows no resource', () => {
    for (const node of decide()) {
      if (node.kind !== 'role') continue;
      for (const { actions: all, resources, sid } of node.statements) {
        expect(all.filter((action) => action.endsWith('*'))).toEqual([]);
        if (resources.includes('*')) expect(['WriteTraces', 'DeliverLogs']).toContain(sid);
      }
    }
  });
});

test('every problem of a declaration is reported at once', () => {
  const given = { memoryMb: 1, diskMb: 0, logRetentionDays: 4, emails: ['nobody'], removal: 'delete' as const };
  const attempt = () => decide({ ...given, alarms: { durationRatio: 0.5 } });
  expect(attempt).toThrow(InvalidInputError);
  try {
    attempt();
  } catch (error) {
    expect((error as InvalidInputError).problems.map(({ path }) => path)).toEqual([
      'memoryMb',
      'diskMb',
      'logRetentionDays',
      'alarms.durationRatio',
      'emails',
      'removal',
    ]);
  }
});
