const numbers = new Intl.NumberFormat('en');

/** `12345` as `12,345`. */
export const count = (n: number): string => numbers.format(n);

/** `plural(2, 'row')` is `2 rows`. */
export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

/** `850 ms`, `3.2 s`, `2 min 5 s`. Between two looks at a clock that has stepped back no time has passed. */
export function duration(elapsed: number): string {
  const milliseconds = Math.max(0, elapsed);
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `1.4 MB`. */
export function bytes(n: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = n < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3));
  return `${power === 0 ? n : (n / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** `2026-01-02T03:04:05.678Z` as `2026-01-02 03:04:05 UTC`. */
export const time = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

/** `99.4`, and never 100 where something failed. */
export function score(percent: number): string {
  const shown = Math.floor(percent * 10) / 10;
  return Number.isInteger(shown) ? String(shown) : shown.toFixed(1);
}
