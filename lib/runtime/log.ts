import type { Log } from './services';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

/**
 * One JSON object a line, as CloudWatch Logs reads it: `{"level":"info","time":…,"message":…}` and the data.
 *
 * @param level the lowest that is written; by default `INGOT_LOG_LEVEL`, else `info`
 */
export function jsonLog(write: (line: string) => void, level: string = process.env.INGOT_LOG_LEVEL ?? 'info'): Log {
  const lowest = Math.max(0, levels.indexOf(level as Level));
  const at = (name: Level) => (message: string, data?: Record<string, unknown>) => {
    if (levels.indexOf(name) < lowest) return;
    write(JSON.stringify({ level: name, time: new Date().toISOString(), message, ...data }, safe));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** JSON knows neither 64-bit integers nor errors. */
function safe(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;
}
