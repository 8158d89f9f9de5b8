import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { airflowDags } from '../../lib/airflow/dag';
import { callSeconds, itemsAtOnce, jobRetries, retries, runOf } from '../../lib/pipeline/run';
import { loadPlatform } from '../../lib/platform/load';
import type { Manifest } from '../../lib/platform/manifest';
import { sizeSettings, sizeValues, sparkSize } from '../../lib/sizing/spark-size';
import { manifest as small } from '../constructs/manifest';
import { hasAirflow, inAirflow, ruff } from './airflow';

interface Task {
  readonly next: readonly string[];
  readonly operator: string;
  readonly retries: number;
  readonly function: string | null;
  readonly payload: Readonly<Record<string, unknown>> | null;
  readonly seconds: number | null;
}
interface Found {
  readonly errors: object;
  readonly dags: Readonly<Record<string, { readonly tasks: Readonly<Record<string, Task>> }>>;
}
interface Ended {
  readonly state: string;
  readonly calls: readonly {
    readonly to: string;
    readonly event: Readonly<Record<string, unknown>>;
    readonly handled?: readonly unknown[];
  }[];
  readonly tasks: Readonly<Record<string, string>>;
}

let manifest: Manifest;
let folder: string;
let there: boolean;
beforeAll(async () => {
  there = await hasAirflow();
  ({ manifest } = await loadPlatform(join(__dirname, '..', '..', 'examples', 'aviation')));
  folder = await mkdtemp(join(tmpdir(), 'ingot-dags-'));
  await writeFile(join(folder, 'aviation.py'), airflowDags(manifest));
  const group = manifest.groups[0]!;
  // Two groups with other schedules, in one file.
  const more = {
    ...manifest,
    name: 'two-groups',
    groups: [
      { ...group, schedule: 'cron(0/15 6-8 ? * MON-FRI *)', timeZone: 'Europe/Berlin' },
      { ...group, name: 'once', schedule: 'at(2026-12-24T18:30:00)', ingests: [] },
    ],
  };
  await writeFile(join(folder, 'more.py'), airflowDags(more));
  await writeFile(join(folder, 'small.py'), airflowDags({ ...small, name: 'small' }));
  const engine = { tables: { 'silver.flights': 'spark', 'gold.fct_flights': 'spark' } } as const;
  await writeFile(join(folder, 'spark.py'), airflowDags({ ...small, name: 'spark', engine }));
  await writeFile(join(folder, 'disks.py'), airflowDags({ ...small, name: 'disks', engine }));
  await writeFile(join(folder, 'cluster.py'), airflowDags({ ...small, name: 'cluster', engine }, 'cluster'));
}, 600_000);

const spark = {
  applicationId: '00f1',
  jobRoleArn: 'arn:aws:iam::111111111111:role/jobs',
  main: 's3://files/main.py',
  package: 's3://files/package.zip',
  platform: 's3://files/platform.zip',
  bucket: 'answers',
  settings: { environment: { INGOT_ZONES: '{"silver":"s3://silver"}' }, scratch: 's3://answers/spark/scratch' },
  given: [sizeSettings.writeBytes],
};
/** What a job of a table whose volume nobody declares is told, where `writeBytes` is given by the owner. */
const { partitions, partitionBytes } = sizeValues(sparkSize());
const sizes = [
  ...['--conf', `${sizeSettings.partitions}=${partitions}`],
  ...['--conf', `${sizeSettings.partitionBytes}=${partitionBytes}`],
];
const { applicationId, jobRoleArn, ...files } = spark;
const diskKeyArn = 'arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000';
const onCluster = { clusterId: 'j-1', ...files };
const variables = {
  // A platform's DAGs do not hang on what an Airflow does by default.
  AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE: 'True',
  AIRFLOW_VAR_INGOT_CLUSTER_NOTICES: 'arn:aws:sns:eu-west-1:111111111111:cluster-notices',
  AIRFLOW_VAR_INGOT_CLUSTER_DEAD_LETTERS: 'https://sqs.eu-west-1.amazonaws.com/111111111111/cluster-dead-letters',
  AIRFLOW_VAR_INGOT_CLUSTER_SPARK: JSON.stringify(onCluster),
  AIRFLOW_VAR_INGOT_DISKS_NOTICES: 'arn:aws:sns:eu-west-1:111111111111:disks-notices',
  AIRFLOW_VAR_INGOT_DISKS_DEAD_LETTERS: 'https://sqs.eu-west-1.amazonaws.com/111111111111/disks-dead-letters',
  AIRFLOW_VAR_INGOT_DISKS_SPARK: JSON.stringify({ ...spark, diskKeyArn }),
  AIRFLOW_VAR_INGOT_SMALL_NOTICES: 'arn:aws:sns:eu-west-1:111111111111:small-notices',
  AIRFLOW_VAR_INGOT_SMALL_DEAD_LETTERS: 'https://sqs.eu-west-1.amazonaws.com/111111111111/small-dead-letters',
  AIRFLOW_VAR_INGOT_SPARK_NOTICES: 'arn:aws:sns:eu-west-1:111111111111:spark-notices',
  AIRFLOW_VAR_INGOT_SPARK_DEAD_LETTERS: 'https://sqs.eu-west-1.amazonaws.com/111111111111/spark-dead-letters',
  AIRFLOW_VAR_INGOT_SPARK_SPARK: JSON.stringify(spark),
};
const planned = {
  empty: false,
  tables: [{ table: 'silver.flights', batches: [{ batch: 3 }, { batch: 4 }] }],
};
const allGood = { 'small-ingest:plan': planned, 'small-quality': { table: 'x', passed: true, failed: [] } };
const range = { from: '2001-01-01', to: '2001-01-31' };
const scenarios = {
  good: { dag: 'small-aviation', answers: allGood },
  nothingNew: { dag: 'small-aviation', answers: { 'small-ingest:plan': { ...planned, empty: true } }, conf: { range } },
  gate: {
    dag: 'small-aviation',
    answers: {
      ...allGood,
      'small-quality:silver.flights': { table: 'silver.flights', passed: false, failed: ['delay_range'] },
    },
  },
  refused: {
    dag: 'small-aviation',
    answers: { ...allGood, 'small-ingest:load': { errorType: 'Error', errorMessage: 'no such batch' } },
  },
  jobs: {
    dag: 'spark-aviation',
    answers: { 'spark-ingest:plan': planned, 'job:quality': { table: 'x', passed: true, failed: [] } },
  },
  refusedJob: {
    dag: 'spark-aviation',
    answers: { 'spark-ingest:plan': planned, 'job:ingest': { error: { Error: 'BadBatch', Cause: 'no such batch' } } },
  },
  keyOfDisks: {
    dag: 'disks-aviation',
    answers: { 'disks-ingest:plan': planned, 'job:ingest': { error: { Error: 'BadBatch', Cause: 'no such batch' } } },
  },
  steps: {
    dag: 'cluster-aviation',
    answers: { 'cluster-ingest:plan': planned, 'job:quality': { table: 'x', passed: true, failed: [] } },
  },
  refusedStep: {
    dag: 'cluster-aviation',
    answers: { 'cluster-ingest:plan': planned, 'job:ingest': { error: { Error: 'BadBatch', Cause: 'no such batch' } } },
  },
  failedStep: { dag: 'cluster-aviation', answers: { 'cluster-ingest:plan': planned, step: 'FAILED' } },
  unheardStep: { dag: 'cluster-aviation', answers: { 'cluster-ingest:plan': planned, step: 'ExpiredTokenException' } },
  lateStep: { dag: 'cluster-aviation', answers: { 'cluster-ingest:plan': planned, step: 'RUNNING' } },
  lateJob: { dag: 'spark-aviation', answers: { 'spark-ingest:plan': planned, job: 'RUNNING' } },
};

test("Airflow's own DagBag reads what is written: no import error, the tasks of the model in their order", async () => {
  if (!there) return;
  const { errors, dags } = await inAirflow<Found>('dagbag.py', [folder]);
  expect(errors).toEqual({});
  expect(Object.keys(dags).sort()).toEqual([
    'aviation-aviation',
    'cluster-aviation',
    'disks-aviation',
    'small-aviation',
    'spark-aviation',
    'two-groups-aviation',
    'two-groups-once',
  ]);
  const group = manifest.groups[0]!;
  const { steps, timeoutSeconds } = runOf(group, manifest);
  const { tasks, ...dag } = dags['aviation-aviation']!;
  expect(dag).toEqual({
    schedule: '1:00:00',
    start: '2025-01-01T00:00:00+00:00',
    timeZone: 'UTC',
    seconds: timeoutSeconds,
    catchup: false,
    runs: 1,
    atOnce: itemsAtOnce,
  });
  const id = (name: string) => name.replace(/([a-z])([A-Z0-9])/g, '$1_$2').toLowerCase();
  const expected: Record<string, string[]> = { notify: [], succeeded: [] };
  const firstOf = (i: number) =>
    i < steps.length ? steps[i]!.items.map((item) => `${id(steps[i]!.name)}.${item}`).sort() : ['publish'];
  expected.plan = firstOf(0);
  steps.forEach((step, i) => {
    for (const item of step.items) expected[`${id(step.name)}.${item}`] = [`${id(step.name)}.done`];
    expected[`${id(step.name)}.done`] = firstOf(i + 1);
  });
  expected.publish = ['notify', 'succeeded'];
  expect(Object.fromEntries(Object.entries(tasks).map(([name, { next }]) => [name, next]))).toEqual(expected);
  for (const [name, task] of Object.entries(tasks)) {
    expect(task.retries).toBe(retries.attempts);
    if (task.function !== null && !name.startsWith('ingest.')) expect(task.seconds).toBe(callSeconds + 60);
  }
  expect(dags['two-groups-aviation']).toMatchObject({
    schedule: '0,15,30,45 6,7,8 * * 1,2,3,4,5',
    timeZone: 'Europe/Berlin',
  });
  expect(dags['two-groups-once']).toMatchObject({ schedule: '@once', start: '2026-12-24T18:30:00+00:00' });
  expect(dags['two-groups-once']!.tasks).not.toHaveProperty(['ingest.done']);
});

test('ruff finds nothing in it, and would write it the same', async () => {
  if (!there) return;
  expect(await ruff('check', '--quiet', '--select', 'E4,E7,E9,F,I,UP,B', folder)).toBe('');
  expect(await ruff('format', '--diff', '--quiet', folder)).toBe('');
});

describe('run by Airflow', () => {
  let ended: Record<keyof typeof scenarios, Ended>;
  beforeAll(async () => {
    if (!there) return;
    const args = [folder, JSON.stringify(Object.values(scenarios))];
    const all = await inAirflow<Ended[]>('run.py', args, variables);
    ended = Object.fromEntries(Object.keys(scenarios).map((name, i) => [name, all[i]!])) as typeof ended;
  }, 600_000);

  test('it calls the functions as the state machine does: each batch in its order, each step after the one before', () => {
    if (!there) return;
    const { state, calls, tasks } = ended.good;
    expect(state).toBe('success');
    expect(tasks).toMatchObject({ publish: 'success', succeeded: 'success', notify: 'skipped' });
    const name = calls[0]!.event.run as string;
    expect(name).toMatch(/^manual__[\w.-]+$/);
    expect(calls.map(({ to, event }) => [to, { ...event, startedAt: undefined }])).toEqual([
      ['small-ingest', { action: 'plan', group: 'aviation', run: name, range: null }],
      ['small-ingest', { action: 'load', table: 'silver.flights', run: name, batch: 3 }],
      ['small-ingest', { action: 'load', table: 'silver.flights', run: name, batch: 4 }],
      ['small-quality', { group: 'aviation', table: 'silver.flights', run: name }],
      ['small-transform', { model: 'fct_flights', run: name, range: null }],
      ['small-quality', { group: 'aviation', table: 'gold.fct_flights', run: name }],
      ['small-publish', { group: 'aviation', run: name }],
    ]);
    expect(Date.parse(calls.at(-1)!.event.startedAt as string)).not.toBeNaN();
  });

  test('where nothing is new, what comes after the plan is skipped, and the run has succeeded; a backfill gives its range on', () => {
    if (!there) return;
    const { state, calls, tasks } = ended.nothingNew;
    expect(calls.map(({ event }) => event.range)).toEqual([range]);
    expect(state).toBe('success');
    expect(tasks).toMatchObject({ plan: 'skipped', publish: 'skipped', succeeded: 'skipped', notify: 'skipped' });
  });

  test('a gate that is not passed ends the run before the next step: no success, people are told, the step is a dead letter', () => {
    if (!there) return;
    const { state, calls, tasks } = ended.gate;
    expect(state).toBe('failed');
    expect(tasks).toMatchObject({
      'check_ingested.silver.flights': 'failed',
      publish: 'upstream_failed',
      notify: 'success',
    });
    expect(calls.filter(({ to }) => to === 'small-transform')).toEqual([]);
    expect(calls.find(({ to }) => to === 'topic')!.event).toMatchObject({
      target_arn: variables.AIRFLOW_VAR_INGOT_SMALL_NOTICES,
      subject: 'small: run of aviation failed',
    });
    const kept = calls.filter(({ to }) => to === 'queue').map(({ event }) => event);
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ queue_url: variables.AIRFLOW_VAR_INGOT_SMALL_DEAD_LETTERS });
    expect(JSON.parse(kept[0]!.message_body as string)).toMatchObject({ step: 'check_ingested.silver.flights' });
  });

  test('what a function refuses is not tried again, and later batches are left to the next run', () => {
    if (!there) return;
    const { state, calls, tasks } = ended.refused;
    expect(state).toBe('failed');
    expect(calls.filter(({ event }) => event.action === 'load')).toHaveLength(1);
    expect(tasks).toMatchObject({
      'ingest.silver.flights': 'failed',
      'check_ingested.silver.flights': 'upstream_failed',
    });
  });

  test('tables whose engine is Spark are done by jobs, with the events that functions get, and what a job refuses is not tried again', () => {
    if (!there) return;
    const { state, calls } = ended.jobs;
    expect(state).toBe('success');
    const run = calls[0]!.event.run;
    const jobs = calls.filter(({ to }) => to === 'emr');
    expect(jobs.map(({ handled }) => handled)).toEqual([
      ['ingest', { action: 'load', table: 'silver.flights', run, batch: 3 }],
      ['ingest', { action: 'load', table: 'silver.flights', run, batch: 4 }],
      ['quality', { group: 'aviation', table: 'silver.flights', run }],
      ['transform', { model: 'fct_flights', run, range: null }],
      ['quality', { group: 'aviation', table: 'gold.fct_flights', run }],
    ]);
    expect(calls.map(({ to }) => to).filter((to) => to !== 'emr')).toEqual(['spark-ingest', 'spark-publish']);
    const { entryPointArguments, ...submit } = (
      jobs[0]!.event.jobDriver as { sparkSubmit: { entryPointArguments: string[] } }
    ).sparkSubmit;
    expect(submit).toEqual({
      entryPoint: spark.main,
      sparkSubmitParameters: `--archives ${spark.package}#ingot,${spark.platform}#platform ${sizes.join(' ')}`,
    });
    expect(JSON.parse(entryPointArguments[0]!)).toEqual(spark.settings);
    expect(entryPointArguments[3]).toBe(`s3://answers/spark/answers/${run}/ingest-silver.flights-3.json`);
    expect(jobs[0]!.event).toMatchObject({ applicationId: '00f1', executionRoleArn: spark.jobRoleArn });
    const refused = ended.refusedJob;
    expect(refused.state).toBe('failed');
    expect(refused.calls.filter(({ to }) => to === 'emr')).toHaveLength(1);
  });

  test('each job names the key of the disks where there is one, in words that the API takes', () => {
    if (!there) return;
    const overrides = ({ calls }: Ended) =>
      calls.filter(({ to }) => to === 'emr').map(({ event }) => event.configurationOverrides);
    expect(overrides(ended.keyOfDisks)).toEqual([{ diskEncryptionConfiguration: { encryptionKeyArn: diskKeyArn } }]);
    expect(overrides(ended.jobs)).toEqual(Array(5).fill(undefined));
  });

  test('on an EMR cluster they are steps with the arguments of the state machine, sizes included, and a step that fails is tried again', () => {
    if (!there) return;
    const { state, calls } = ended.steps;
    expect(state).toBe('success');
    const run = calls[0]!.event.run;
    const steps = calls.filter(({ to }) => to === 'emr');
    expect(steps.map(({ handled }) => handled)).toEqual(
      ended.jobs.calls
        .filter(({ to }) => to === 'emr')
        .map(({ handled }) => [handled![0], { ...(handled![1] as object), run }]),
    );
    const { Steps, ...to } = steps[0]!.event as {
      Steps: [{ Name: string; HadoopJarStep: { Jar: string; Args: string[] } }];
    };
    const [{ HadoopJarStep: jar, ...step }] = Steps;
    expect({ ...to, ...step }).toEqual({
      JobFlowId: 'j-1',
      Name: 'cluster-ingest',
      ActionOnFailure: 'CONTINUE',
    });
    expect(jar).toEqual({
      Jar: 'command-runner.jar',
      Args: [
        ...['spark-submit', '--deploy-mode', 'cluster'],
        ...['--archives', `${files.package}#ingot,${files.platform}#platform`],
        ...[...sizes, files.main],
        expect.stringMatching(/^base64:/),
        'ingest',
        expect.stringMatching(/^base64:/),
        `s3://answers/spark/answers/${run}/ingest-silver.flights-3.json`,
      ],
    });
    expect(JSON.parse(atob(jar.Args[10]!.replace('base64:', '')))).toEqual(files.settings);
    expect(calls.find(({ to }) => to === 'waiter')!.event).toMatchObject({ ClusterId: 'j-1', StepId: 's-1' });
    expect(calls.filter(({ to }) => to === 'cancel')).toEqual([]);
    expect(ended.refusedStep.state).toBe('failed');
    expect(ended.refusedStep.calls.filter(({ to }) => to === 'emr')).toHaveLength(1);
    expect(ended.failedStep.state).toBe('failed');
    expect(ended.failedStep.calls.filter(({ to }) => to === 'emr')).toHaveLength(1 + jobRetries.attempts);
    const kept = ended.failedStep.calls.filter(({ to }) => to === 'queue');
    expect(JSON.parse(kept[0]!.event.message_body as string)).toMatchObject({ step: 'ingest.silver.flights' });
  });

  test.each([
    ['failedStep', 1 + jobRetries.attempts, []],
    ['unheardStep', 1 + jobRetries.attempts, []],
    ['lateStep', 1, [{ ClusterId: 'j-1', StepIds: ['s-1'] }]],
    ['lateJob', 1, [{ applicationId: '00f1', jobRunId: '1' }]],
  ] as const)(
    '%s: only what is over its time is cancelled, and not tried again; not what failed, nor where Airflow could not ask',
    (name, tries, cancelled) => {
      if (!there) return;
      const { state, calls } = ended[name];
      expect(state).toBe('failed');
      expect(calls.filter(({ to }) => to === 'emr')).toHaveLength(tries);
      expect(calls.filter(({ to }) => to === 'cancel').map(({ event }) => event)).toEqual(cancelled);
    },
  );
});
