import validateAsl from 'asl-validator';
import { validateStates } from '../../lib/local/states/validate';
import { FakeEmr, keep, machineOf } from './kept-job';

/** An application on which a job was started as it is to be, by its state machine. */
async function started(pageSize?: number): Promise<FakeEmr> {
  const emr = new FakeEmr(pageSize);
  expect(await keep(emr)).toMatchObject({ status: 'SUCCEEDED' });
  emr.pass();
  emr.calls.length = 0;
  return emr;
}
const live = ({ runs }: FakeEmr) =>
  runs.filter(({ Name, State }) => Name?.startsWith('shop-clicks/') && /RUNNING|SUBMITTED|CANCELLING/.test(State));

test('is valid Amazon States Language and within what runs on this machine', () => {
  expect(validateStates(machineOf())).toEqual([]);
  // The validator takes a parameter of that name for states.
  const judged = JSON.stringify(machineOf()).replaceAll('"States":[', '"Among":[');
  expect(validateAsl(JSON.parse(judged)).isValid).toBe(true);
});

test('where nothing runs, one run is started, which never times out', async () => {
  const emr = new FakeEmr();
  expect(await keep(emr)).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual(['start run-1']);
  expect(live(emr)).toMatchObject([
    { Mode: 'STREAMING', Name: expect.stringMatching(/^shop-clicks\/[0-9a-f]{64}$/), minutes: 0 },
  ]);
});

test('where it runs, nothing is done', async () => {
  const emr = await started();
  expect(await keep(emr)).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual([]);
});

test('another version takes the place of the one that runs, once that has ended', async () => {
  const emr = await started();
  expect(await keep(emr, { seconds: 60 })).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual(['cancel run-1', 'start run-2']);
  expect(emr.runs.map(({ State }) => State)).toEqual(['CANCELLED', 'SUBMITTED']);
});

test('one that has ended by itself is started again, and the execution fails, so that an alarm rings; then all is well', async () => {
  const emr = await started();
  emr.runs[0]!.State = 'FAILED';
  const end = await keep(emr, { name: 'e-2' });
  expect(end).toMatchObject({ status: 'FAILED', error: 'JobEnded' });
  expect(emr.calls).toEqual(['start run-2']);
  emr.pass();
  expect(await keep(emr, { name: 'e-3' })).toMatchObject({ status: 'SUCCEEDED' });
});

test('one that somebody has cancelled is started again without an alarm', async () => {
  const emr = await started();
  emr.runs[0]!.State = 'CANCELLED';
  expect(await keep(emr, { name: 'e-2' })).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual(['start run-2']);
});

test('a version that had ended by itself once, and takes the place of another again, is no alarm; nor is one that somebody has cancelled since', async () => {
  const emr = await started();
  emr.runs[0]!.State = 'FAILED';
  expect(await keep(emr, { name: 'e-2', seconds: 60 })).toMatchObject({ status: 'SUCCEEDED' });
  emr.pass();
  expect(await keep(emr, { name: 'e-3' })).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual(['start run-2', 'cancel run-2', 'start run-3']);
  emr.pass();
  emr.runs[2]!.State = 'FAILED';
  // The service says of no order in which it lists them.
  emr.runs.reverse();
  expect(await keep(emr, { name: 'e-4' })).toMatchObject({ status: 'FAILED', error: 'JobEnded' });
  emr.runs.find(({ Id }) => Id === 'run-4')!.State = 'CANCELLED';
  expect(await keep(emr, { name: 'e-5' })).toMatchObject({ status: 'SUCCEEDED' });
});

test('all that a run is started with makes its version: another role takes its place', async () => {
  const emr = await started();
  expect(await keep(emr, { as: { jobRoleArn: 'others' } })).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual(['cancel run-1', 'start run-2']);
});

test('it names the key of its disks where there is one, and another key takes its place', async () => {
  const emr = await started();
  expect(emr.runs[0]).not.toHaveProperty('overrides');
  expect(JSON.stringify(machineOf())).not.toContain('Overrides');
  for (const diskKeyArn of ['arn:aws:kms:eu-west-1:111111111111:key/1', 'arn:aws:kms:eu-west-1:111111111111:key/2']) {
    expect(validateStates(machineOf(30, { diskKeyArn }))).toEqual([]);
    expect(await keep(emr, { as: { diskKeyArn } })).toMatchObject({ status: 'SUCCEEDED' });
    emr.pass();
    expect(emr.runs.at(-1)).toMatchObject({
      State: 'RUNNING',
      overrides: { DiskEncryptionConfiguration: { EncryptionKeyArn: diskKeyArn } },
    });
  }
  expect(emr.calls).toEqual(['cancel run-1', 'start run-2', 'cancel run-2', 'start run-3']);
});

test('where it is paused it is stopped, and stays so, until it is no more', async () => {
  const emr = await started();
  const as = { paused: true };
  const input = { at: '2026-01-01T00:00:00Z' };
  expect(await keep(emr, { as, input })).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.runs).toMatchObject([{ State: 'CANCELLED' }]);
  expect(await keep(emr, { as, input, name: 'e-2' })).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual(['cancel run-1']);
  expect(await keep(emr, { input, name: 'e-3' })).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual(['cancel run-1', 'start run-2']);
});

test('of several pages of runs every one is looked at, those that ended too', async () => {
  const emr = await started(2);
  const late = '2026-02-01T00:00:00Z';
  for (let i = 0; i < 5; i++)
    emr.runs.unshift({
      Id: `other-${i}`,
      Name: `shop-orders/${i}`,
      Mode: 'STREAMING',
      State: 'RUNNING',
      CreatedAt: late,
    });
  expect(await keep(emr)).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual([]);
  emr.runs.at(-1)!.State = 'FAILED';
  for (let i = 0; i < 3; i++)
    emr.runs.unshift({
      Id: `dead-${i}`,
      Name: `shop-orders/${i}`,
      Mode: 'STREAMING',
      State: 'FAILED',
      CreatedAt: late,
    });
  expect(await keep(emr, { name: 'e-2' })).toMatchObject({ status: 'FAILED', error: 'JobEnded' });
  expect(live(emr)).toHaveLength(1);
});

test('runs of others are left alone: batch jobs, other streams, runs without a name', async () => {
  const emr = new FakeEmr();
  emr.add('shop-clicks-more/1', 'RUNNING');
  emr.add('shop-clicks/batch', 'RUNNING', 'BATCH');
  emr.add(undefined, 'RUNNING');
  expect(await keep(emr)).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual(['start run-4']);
});

test('a schedule that starts it twice starts one run; of two that are there one stays', async () => {
  const emr = new FakeEmr();
  const input = { at: '2026-01-01T00:00:00Z' };
  // Neither sees the other, nor the run that the other has started.
  const late = new FakeEmr();
  await keep(emr, { input, name: 'e-1' });
  Object.assign(late, { runs: [] });
  late.ask = (operation, given) => (operation === 'listJobRuns' ? { JobRuns: [] } : emr.ask(operation, given));
  await keep(late, { input, name: 'e-2' });
  expect(emr.calls).toEqual(['start run-1', 'start run-1 again']);
  emr.pass();
  emr.runs.push({ ...emr.runs[0]!, Id: 'twin' });
  expect(await keep(emr, { name: 'e-3' })).toMatchObject({ status: 'SUCCEEDED' });
  expect(live(emr)).toHaveLength(1);
});

test('one execution at a time is at work; one that stops waits for its turn', async () => {
  const emr = await started();
  emr.runs[0]!.State = 'CANCELLED';
  expect(await keep(emr, { running: ['older'], name: 'e-2' })).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual([]);
  emr.runs[0]!.State = 'RUNNING';
  const input = { action: 'stop' };
  expect(await keep(emr, { running: ['older'], name: 'e-3', input })).toMatchObject({ status: 'SUCCEEDED' });
  expect(emr.calls).toEqual(['cancel run-1']);
  expect(live(emr)).toEqual([]);
});

test('a run that ends while it is being cancelled is no failure', async () => {
  const emr = await started();
  const ask = emr.ask.bind(emr);
  emr.ask = (operation, given) => {
    if (operation === 'cancelJobRun') emr.runs[0]!.State = 'FAILED';
    return ask(operation, given);
  };
  expect(await keep(emr, { seconds: 60 })).toMatchObject({ status: 'SUCCEEDED' });
  expect(live(emr)).toMatchObject([{ Id: 'run-2' }]);
});
