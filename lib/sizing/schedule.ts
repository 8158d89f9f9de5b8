/**
 * Hours between two starts of a schedule of EventBridge Scheduler, where they are furthest apart: what arrives meanwhile
 * is one run's work. Undefined for `at(…)`, which starts once, and for a cron expression that never starts.
 */
export function longestGapHours(schedule: string): number | undefined {
  if (!known.has(schedule)) known.set(schedule, gapHours(schedule));
  return known.get(schedule);
}

/** All tables of a group ask for the same one. */
const known = new Map<string, number | undefined>();

function gapHours(schedule: string): number | undefined {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule);
  if (rate !== null)
    return Number(rate[1]) * { minute: 1 / 60, hour: 1, day: 24 }[rate[2] as 'minute' | 'hour' | 'day'];
  const cron = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) \S+\)$/.exec(schedule);
  if (cron === null) return undefined;
  const [, minute = '*', hour = '*', day = '*', month = '*', weekday = '*'] = cron;
  return longest(timesOf(minute, hour), daysOf(day, month, weekday));
}

/** Minutes of a day, in their order. */
function timesOf(minute: string, hour: string): number[] {
  const minutes = valuesOf(minute, 0, 59);
  return valuesOf(hour, 0, 23).flatMap((h) => minutes.map((m) => h * 60 + m));
}

/** Days of four years, a leap year among them, as numbers from the first. */
function daysOf(day: string, month: string, weekday: string): number[] {
  const months = valuesOf(month, 1, 12, monthNames);
  const found: number[] = [];
  for (let n = 0; n < 4 * 365 + 1; n++) {
    const date = new Date(Date.UTC(2024, 0, 1 + n));
    if (!months.includes(date.getUTCMonth() + 1)) continue;
    if (isDayOfMonth(day, date) && isWeekday(weekday, date)) found.push(n);
  }
  return found;
}

/**
 * Whether there is a day from 1970 to 2199 on which a cron expression starts, by its fields after the hours. Of
 * `30W` nobody has said whether there is one in February, so there may be.
 */
export function hasDay(day: string, month: string, weekday: string, year: string): boolean {
  if (/^\d+W$/i.test(day)) return true;
  const months = valuesOf(month, 1, 12, monthNames);
  return valuesOf(year, 1970, 2199).some((y) =>
    months.some((m) => {
      const days = new Date(Date.UTC(y, m, 0)).getUTCDate();
      return Array.from({ length: days }, (_, i) => new Date(Date.UTC(y, m - 1, i + 1))).some(
        (date) => isDayOfMonth(day, date) && isWeekday(weekday, date),
      );
    }),
  );
}

function isDayOfMonth(field: string, date: Date): boolean {
  if (field === '?' || field === '*') return true;
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  if (field === 'L' || field === 'LW') return date.getUTCDate() === last;
  // The weekday nearest to a day is at most two days away: for how far starts are apart that day stands for it.
  return valuesOf(field.replace('W', ''), 1, 31).includes(date.getUTCDate());
}

function isWeekday(field: string, date: Date): boolean {
  if (field === '?' || field === '*') return true;
  const weekday = date.getUTCDay() + 1;
  const nth = /^(\w+)#(\d)$/.exec(field);
  if (nth !== null)
    return valuesOf(nth[1]!, 1, 7, dayNames).includes(weekday) && Math.ceil(date.getUTCDate() / 7) === Number(nth[2]);
  const last = /^(\w+)L$/.exec(field);
  if (last !== null) {
    const next = new Date(date.getTime() + 7 * 86_400_000);
    return valuesOf(last[1]!, 1, 7, dayNames).includes(weekday) && next.getUTCMonth() !== date.getUTCMonth();
  }
  return valuesOf(field === 'L' ? '7' : field, 1, 7, dayNames).includes(weekday);
}

export const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
export const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** A field of a cron expression, `*`, `1,5`, `MON-FRI`, `0/15` or `10-20/5`, as numbers in their order. */
export function valuesOf(field: string, min: number, max: number, named: readonly string[] = []): number[] {
  const number = (text: string) => {
    const index = named.indexOf(text.toUpperCase());
    return index === -1 ? Number(text) : index + 1;
  };
  const all = field.split(',').flatMap((part) => {
    const [range = '*', step] = part.split('/');
    const [from = '', to] = range.split('-');
    const first = from === '*' ? min : number(from);
    const end = to !== undefined ? number(to) : from === '*' || step !== undefined ? max : first;
    // FRI-MON goes over the end.
    const length = end < first ? end - first + (max - min + 1) : end - first;
    const by = Math.max(1, Number(step ?? 1));
    return Array.from(
      { length: Math.floor(length / by) + 1 || 0 },
      (_, i) => min + ((first - min + i * by) % (max - min + 1)),
    );
  });
  return [...new Set(all)].sort((a, b) => a - b);
}

function longest(times: readonly number[], days: readonly number[]): number | undefined {
  const starts = [times[0], times.at(-1)];
  if (starts[0] === undefined || starts[1] === undefined || days.length === 0) return undefined;
  const inDay = times.slice(1).map((time, i) => time - times[i]!);
  const night = 1440 - starts[1] + starts[0];
  const betweenDays = days.slice(1).map((day, i) => (day - days[i]! - 1) * 1440 + night);
  return Math.max(...inDay, ...betweenDays, days.length === 1 ? 1461 * 1440 : 0) / 60;
}
