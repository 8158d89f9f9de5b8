const seconds: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400 };

/** What a length of time may look like. */
export const durationPattern = /^([1-9]\d*) (second|minute|hour|day)s?$/;

/** Seconds of a length of time, `5 minutes`; undefined where it is none. */
export function secondsOf(text: string): number | undefined {
  const [, count, unit] = durationPattern.exec(text) ?? [];
  return count === undefined || unit === undefined ? undefined : Number(count) * seconds[unit]!;
}
