import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { airflowDags } from '../../lib/airflow/dag';
import { callSeconds, itemsAtOnce, retries, runOf } from '../../lib/pipeline/run';
import { loadPlatform } from '../../lib/platform/load';
import type { Manifest } from '../../lib/platform/manifest';
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
  readonly calls: readonly { readonly to: string; readonly event: Readonly<Record<string, unknown>> }[];
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
}, 600_000);

const variables = {
  AIRFLOW_VAR_INGOT_AVIATION_NOTICES: 'arn:aws:sns:eu-west-1:111111111111:aviation-notices',
  AIRFLOW_VAR_INGOT_AVIATION_DEAD_LETTERS: 'https://sqs.eu-west-1.amazonaws.com/111111111111/aviation-dead-letters',
};
const run = (answers: object, conf: object | null = null) =>
  inAirflow<Ended>('run.py', [folder, 'aviation-aviation', JSON.stringify(answers), JSON.stringify(conf)], variables);

const planned = {
  empty: false,
  tables: [{ table: 'silver.flights', batches: [{ batch: 3 }, { batch: 4 }] }],
};
const allGood = { 'aviation-ingest:plan': planned, 'aviation-quality': { table: 'x', passed: true, failed: [] } };

test("Airflow's own DagBag reads what is written: no import error, the tasks of the model in their order", async () => {
  if (!there) return;
  const { errors, dags } = await inAirflow<Found>('dagbag.py', [folder]);
  expect(errors).toEqual({});
  expect(Object.keys(dags).sort()).toEqual(['aviation-aviation', 'two-groups-aviation', 'two-groups-once']);
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
}, 120_000);

test('ruff finds nothing in it, and would write it the same', async () => {
  if (!there) return;
  expect(await ruff('check', '--quiet', '--select', 'E4,E7,E9,F,I,UP,B', folder)).toBe('');
  expect(await ruff('format', '--diff', '--quiet', folder)).toBe('');
}, 60_000);

test('run by Airflow, it calls the functions as the state machine does: each batch in its order, each step after the one before', async () => {
  if (!there) return;
  const { state, calls, tasks } = await run(allGood);
  expect(state).toBe('success');
  expect(tasks).toMatchObject({ publish: 'success', succeeded: 'success', notify: 'skipped' });
  const first = calls[0]!.event;
  const name = first.run as string;
  expect(name).toMatch(/^manual__[\w.-]+$/);
  expect(first).toEqual({ action: 'plan', group: 'aviation', run: name, range: null });
  const loads = calls.filter(({ event }) => event.action === 'load').map(({ event }) => event);
  expect(loads).toEqual([3, 4].map((batch) => ({ action: 'load', table: 'silver.flights', run: name, batch })));
  const order = calls.map(({ to }) => to);
  expect(order.lastIndexOf('aviation-ingest')).toBeLessThan(order.indexOf('aviation-quality'));
  expect(order.indexOf('aviation-transform')).toBeGreaterThan(order.indexOf('aviation-quality'));
  expect(order.lastIndexOf('aviation-transform')).toBeLessThan(order.lastIndexOf('aviation-quality'));
  expect(order.at(-1)).toBe('aviation-publish');
  expect(Date.parse(calls.at(-1)!.event.startedAt as string)).not.toBeNaN();
}, 180_000);

test('where nothing is new, everything after the plan is skipped and the run has succeeded; a backfill gives its range on', async () => {
  if (!there) return;
  const range = { from: '2001-01-01', to: '2001-01-31' };
  const { state, calls, tasks } = await run({ 'aviation-ingest:plan': { ...planned, empty: true } }, { range });
  expect(calls.map(({ event }) => event.range)).toEqual([range]);
  expect(state).toBe('success');
  expect(tasks).toMatchObject({ plan: 'skipped', publish: 'skipped', succeeded: 'skipped', notify: 'skipped' });
}, 180_000);

test('a gate that is not passed ends the run before the next step: it is no success, people are told, the step is in the dead-letter queue', async () => {
  if (!there) return;
  const { state, calls, tasks } = await run({
    ...allGood,
    'aviation-quality:silver.flights': { table: 'silver.flights', passed: false, failed: ['delay_range'] },
  });
  expect(state).toBe('failed');
  expect(tasks).toMatchObject({
    'check_ingested.silver.flights': 'failed',
    'check_ingested.silver.airports': 'success',
    publish: 'upstream_failed',
    notify: 'success',
  });
  expect(calls.filter(({ to }) => to === 'aviation-transform')).toEqual([]);
  const told = calls.find(({ to }) => to === 'topic')!.event;
  expect(told).toMatchObject({
    target_arn: variables.AIRFLOW_VAR_INGOT_AVIATION_NOTICES,
    subject: 'aviation: run of aviation failed',
  });
  const kept = calls.filter(({ to }) => to === 'queue').map(({ event }) => event);
  expect(kept).toHaveLength(1);
  expect(kept[0]).toMatchObject({ queue_url: variables.AIRFLOW_VAR_INGOT_AVIATION_DEAD_LETTERS });
  expect(JSON.parse(kept[0]!.message_body as string)).toMatchObject({ step: 'check_ingested.silver.flights' });
}, 180_000);
