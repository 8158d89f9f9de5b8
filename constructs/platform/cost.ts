import type { Node } from '../core/nodes';

/**
 * List prices in us-east-1, in US dollars, of what costs money while nothing happens. Other regions differ by a few
 * percent; what data costs (storage, requests, compute) is not idle cost.
 */
const monthly = {
  key: 1,
  /** A standard-resolution alarm costs by the metrics it looks at. */
  alarmMetric: 0.1,
  customMetric: 0.3,
  /** Starting a run that finds nothing new: its transitions and a few seconds of one function. */
  emptyRun: 10 * 0.000025 + 3 * 3 * 0.0000133334,
  /** A probe, or a look for what is too old: a few seconds of one function. */
  call: 3 * 3 * 0.0000133334,
} as const;

export interface IdleCost {
  /** US dollars a month. */
  readonly total: number;
  readonly parts: readonly { readonly what: string; readonly count: number; readonly dollars: number }[];
}

/** What the decided resources cost a month when no data arrives. */
export function idleCost(nodes: readonly Node[]): IdleCost {
  const alarms = nodes.filter((node) => node.kind === 'alarm');
  const metrics = alarms.flatMap((alarm) => alarm.metrics.filter((metric) => 'namespace' in metric));
  const custom = metrics.filter((metric) => !metric.namespace.startsWith('AWS/'));
  const part = (what: string, count: number, each: number) => ({ what, count, dollars: count * each });
  const schedules = nodes.filter((node) => node.kind === 'schedule');
  const calls = schedules.filter((node) => /(Probe|Retain)Schedule$/.test(node.id));
  const parts = [
    part('KMS keys', nodes.filter((node) => node.kind === 'key').length, monthly.key),
    part('alarm metrics', metrics.length, monthly.alarmMetric),
    part('custom metrics', custom.length, monthly.customMetric),
    part(
      'runs that find nothing new',
      schedules.filter((node) => !calls.includes(node)).reduce((sum, node) => sum + startsAMonth(node.expression), 0),
      monthly.emptyRun,
    ),
    part(
      'calls of functions on schedule',
      calls.reduce((sum, node) => sum + startsAMonth(node.expression), 0),
      monthly.call,
    ),
  ].filter(({ count }) => count > 0);
  return { total: parts.reduce((sum, { dollars }) => sum + dollars, 0), parts };
}

/** How often a schedule starts in a month of 30 days. A cron expression counts as once an hour. */
function startsAMonth(expression: string): number {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate === null) return 30 * 24;
  const minutes = Number(rate[1]) * { minute: 1, hour: 60, day: 1440 }[rate[2] as 'minute' | 'hour' | 'day'];
  return (30 * 1440) / minutes;
}

/** One line: `57 resources; idle: about $9.40 a month (5 KMS keys $5.00, …), list prices of us-east-1`. */
export function costLine(resources: number, cost: IdleCost): string {
  const dollars = (value: number) => `$${value.toFixed(2)}`;
  const parts = cost.parts.map((part) => `${Math.round(part.count)} ${part.what} ${dollars(part.dollars)}`).join(', ');
  return `${resources} resources; idle: about ${dollars(cost.total)} a month (${parts}), list prices of us-east-1`;
}
