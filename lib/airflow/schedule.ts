import { InvalidInputError } from '../errors';
import { dayNames, monthNames, valuesOf } from '../sizing/schedule';
import { text } from './python';

/** A schedule of EventBridge Scheduler as Airflow has it: an expression of Python, and when it begins. */
export interface AirflowSchedule {
  readonly schedule: string;
  readonly start: { readonly year: number; readonly month: number; readonly day: number; readonly time?: string };
}

/** Airflow counts from a date; runs before now are not made up for, so that any date long ago is the same. */
const longAgo = { year: 2025, month: 1, day: 1 };

/**
 * @param where the group, for messages
 * @throws InvalidInputError for a cron expression that Airflow's cannot say: nearest weekdays, years
 */
export function airflowSchedule(where: string, expression: string): AirflowSchedule {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate !== null) return { schedule: `timedelta(${rate[2]}s=${rate[1]})`, start: longAgo };
  const once = /^at\((\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d(?::\d\d)?)\)$/.exec(expression);
  if (once !== null)
    return {
      schedule: text('@once'),
      start: { year: Number(once[1]), month: Number(once[2]), day: Number(once[3]), time: once[4] },
    };
  const cron = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/.exec(expression);
  const refused = (message: string) =>
    new InvalidInputError([{ where, path: 'schedule', message: `${message}; given ${JSON.stringify(expression)}` }]);
  if (cron === null) throw refused('must be rate(…), cron(…) or at(…)');
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = cron.slice(1);
  if (year !== '*') throw refused("must name no year, since Airflow's cron expressions know none");
  if (day.includes('W')) throw refused("must name no nearest weekday (W), since Airflow's cron expressions know none");
  const fields = [
    field(minute, 0, 59),
    field(hour, 0, 23),
    day === 'L' ? 'L' : field(day, 1, 31),
    field(month, 1, 12, monthNames),
    weekdays(weekday),
  ];
  return { schedule: text(fields.join(' ')), start: longAgo };
}

/** As a plain list, since what a step or a range over the end means differs from cron to cron. */
function field(given: string, min: number, max: number, named: readonly string[] = []): string {
  return given === '*' || given === '?' ? '*' : valuesOf(given, min, max, named).join(',');
}

/** EventBridge counts from 1, Sunday; others from 0. */
function weekdays(given: string): string {
  if (given === '*' || given === '?') return '*';
  const number = (day: string) => valuesOf(day, 1, 7, dayNames)[0]! - 1;
  const nth = /^(\w+)#(\d)$/.exec(given);
  if (nth !== null) return `${number(nth[1]!)}#${nth[2]}`;
  const last = /^(\w+)L$/.exec(given);
  if (last !== null) return `L${number(last[1]!)}`;
  return valuesOf(given === 'L' ? '7' : given, 1, 7, dayNames)
    .map((day) => day - 1)
    .join(',');
}
