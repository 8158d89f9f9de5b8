import { airflowDags } from '../../lib/airflow/dag';
import { airflowSchedule } from '../../lib/airflow/schedule';
import { runOf } from '../../lib/pipeline/run';
import { manifest } from '../constructs/manifest';

describe('a schedule of EventBridge is the same in Airflow', () => {
  test.each([
    ['rate(1 hour)', 'timedelta(hours=1)'],
    ['rate(5 minutes)', 'timedelta(minutes=5)'],
    ['rate(2 days)', 'timedelta(days=2)'],
    ['cron(0 6 * * ? *)', '"0 6 * * *"'],
    ['cron(0/15 * ? * * *)', '"0,15,30,45 * * * *"'],
    ['cron(30 22-1 ? * MON-FRI *)', '"30 0,1,22,23 * * 1,2,3,4,5"'],
    ['cron(0 8 ? * 1 *)', '"0 8 * * 0"'],
    ['cron(0 8 ? JAN,7 FRI#2 *)', '"0 8 * 1,7 5#2"'],
    ['cron(0 8 ? * 6L *)', '"0 8 * * L5"'],
    ['cron(0 8 L * ? *)', '"0 8 L * *"'],
    ['at(2026-12-24T18:00:00)', '"@once"'],
  ])('%s is %s', (given, expected) => {
    expect(airflowSchedule('sales', given).schedule).toBe(expected);
  });

  test.each([
    ['cron(0 8 15W * ? *)', 'nearest weekday (W)'],
    ['cron(0 8 * * ? 2030)', 'must name no year'],
    ['daily', 'must be rate(…), cron(…) or at(…); given "daily"'],
  ])('%s is refused: Airflow cannot say it', (given, message) => {
    expect(() => airflowSchedule('sales', given)).toThrow(message);
  });
});

test('same platform, same bytes, and every step of a run is in its DAG', () => {
  const python = airflowDags(manifest);
  expect(airflowDags(manifest)).toBe(python);
  for (const group of manifest.groups)
    for (const { items } of runOf(group, manifest).steps)
      for (const item of items) expect(python).toContain(`task_id="${item}"`);
});
