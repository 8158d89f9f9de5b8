import { dayNames, hasDay, monthNames, valuesOf } from '../sizing/schedule';

const examples = { rate: 'rate(1 hour)', cron: 'cron(0 6 * * ? *)', at: 'at(2030-01-31T06:00:00)' };
type Kind = keyof typeof examples;
/** What may stand in a place; false: no schedule at all. */
export type ScheduleKinds = readonly (Kind | false)[];

/**
 * What is wrong with a schedule, as a problem's sentence; undefined where nothing is. EventBridge Scheduler and AWS Backup
 * read the same expressions, and say of a wrong one only that it is wrong, when it is deployed.
 */
export function scheduleProblem(expression: string, kinds: ScheduleKinds): string | undefined {
  const given = `given ${JSON.stringify(expression)}`;
  const [, kind, inner = ''] = /^(rate|cron|at)\((.*)\)$/.exec(expression) ?? [];
  const wrong =
    kind === undefined || !kinds.includes(kind as Kind)
      ? unknown(kinds)
      : { rate: wrongRate, cron: wrongCron, at: wrongTime }[kind as Kind](inner, kinds);
  return wrong === undefined ? undefined : `must ${wrong}; ${given}`;
}

/**
 * Whether all that a sound schedule names is over, in any time zone. By `now` alone, so that it is no problem: what was right
 * when it was deployed stays so.
 */
export function isOver(expression: string, now: Date): boolean {
  const yesterday = new Date(now.getTime() - 86_400_000);
  const [, at] = /^at\((.*)\)$/.exec(expression) ?? [];
  if (at !== undefined) return new Date(`${at}Z`) < yesterday;
  const [, years] = /^cron\(.* (\S+)\)$/.exec(expression) ?? [];
  return years !== undefined && Math.max(...valuesOf(years, 1970, 2199)) < yesterday.getUTCFullYear();
}

const unknown = (kinds: ScheduleKinds): string =>
  // What starts once stands beside the others, and is not what one looks for.
  `be a schedule such as ${kinds
    .filter((kind) => kind !== 'at')
    .map((kind) => (kind === false ? 'false' : examples[kind]))
    .join(' or ')}`;

function wrongRate(inner: string, kinds: ScheduleKinds): string | undefined {
  const [, digits, unit, plural] = /^(\d+) (minute|hour|day)(s?)$/.exec(inner) ?? [];
  if (digits === undefined) return unknown(kinds);
  const count = Number(digits);
  if (count === 0) return `have a number from 1: rate(1 ${unit})`;
  const right = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return (count === 1) === (plural === '') ? undefined : `be rate(${right}): EventBridge takes nothing else`;
}

function wrongTime(inner: string): string | undefined {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inner);
  const time = new Date(`${inner}Z`);
  // 31 February would be 3 March.
  const isThere = isTime && !Number.isNaN(time.getTime()) && time.toISOString().startsWith(inner);
  return isThere ? undefined : `be a time that there is, such as ${examples.at}`;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  /** What may stand alone beside values: `L`, `15W`. */
  readonly alone?: RegExp;
  readonly steps: boolean;
  /** Shown to who gave another. */
  readonly such: string;
}

const fields: readonly Field[] = [
  { name: 'minutes', min: 0, max: 59, steps: true, such: '0, 0,30 or 0/15' },
  { name: 'hours', min: 0, max: 23, steps: true, such: '*, 6, 6-18 or 0/2' },
  {
    name: 'day of the month',
    min: 1,
    max: 31,
    alone: /^(\?|L|LW|([1-9]|[12]\d|3[01])W)$/i,
    steps: true,
    such: '*, 1, 1,15, L, 15W or ?',
  },
  { name: 'month', min: 1, max: 12, names: monthNames, steps: true, such: '*, 1, JAN or JAN-MAR' },
  {
    name: 'day of the week',
    min: 1,
    max: 7,
    names: dayNames,
    alone: new RegExp(`^(\\?|L|([1-7]|${dayNames.join('|')})(L|#[1-5]))$`, 'i'),
    steps: false,
    such: '*, SUN, MON-FRI, FRIL, MON#1 or ?, 1 being Sunday',
  },
  { name: 'year', min: 1970, max: 2199, steps: true, such: '* or 2030' },
];

function wrongCron(inner: string): string | undefined {
  const given = inner.split(' ');
  if (given.length !== fields.length || given.includes(''))
    return `have six fields with a space between them, such as ${examples.cron}`;
  const wrong = fields.find((field, i) => !isField(given[i]!, field));
  if (wrong !== undefined) return `have as its ${wrong.name} something such as ${wrong.such}`;
  const days = [given[2], given[4]].filter((day) => day === '?');
  if (days.length !== 1) return 'have ? as its day of the month or as its day of the week, and not as both';
  const [, , day, month, weekday, year] = given.map((field) => field.toUpperCase());
  return hasDay(day!, month!, weekday!, year!)
    ? undefined
    : 'have a day that its months and years have; it would never start';
}

function isField(given: string, { min, max, names = [], alone, steps }: Field): boolean {
  if (alone?.test(given)) return true;
  const number = (text: string) => {
    const index = names.indexOf(text.toUpperCase());
    return index === -1 ? (/^\d{1,4}$/.test(text) ? Number(text) : Number.NaN) : index + min;
  };
  return given.split(',').every((part) => {
    const [, from = '', to, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,4}))?$/.exec(part) ?? [];
    const within = (text: string) => number(text) >= min && number(text) <= max;
    const range = from === '*' ? to === undefined : within(from) && (to === undefined || within(to));
    return range && (step === undefined || (steps && Number(step) >= 1 && Number(step) <= max));
  });
}
