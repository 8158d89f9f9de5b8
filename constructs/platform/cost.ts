import { sparkWorkerHour, usualSpark } from '../../lib/sizing/prices';
import { dumpMachineId } from '../backup/ids';
import type { Node } from '../core/nodes';
import type { Text } from '../core/text';
import { jobMachineId } from '../emr/ids';

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
  /** Looking whether a job of Spark is at work: transitions. */
  look: 20 * 0.000025,
  /** A probe, a fingerprint, a look for what is too old: a few seconds of one function. */
  call: 3 * 3 * 0.0000133334,
  /** A Fargate task of one processor and 2 GB for two minutes. */
  emptyDump: (2 / 60) * (0.03238 + 2 * 0.00356),
  /** A stream of Kinesis on demand; what is in it costs besides. */
  streamOnDemand: 0.04 * 730,
  /** A shard of a stream. */
  shard: 0.015 * 730,
  /** A secret, of RDS or of AWS DMS. */
  secret: 0.4,
  /** A capacity unit of a serverless replication of AWS DMS, which never stops: in one zone. */
  replicationUnit: 0.087 * 730,
  /** An interface endpoint in one zone. */
  endpointZone: 0.01 * 730,
  /** A capacity unit of Aurora Serverless v2. */
  capacityUnit: 0.12 * 730,
  /** RDS Proxy, by processor of an instance, of which it counts 2 at least, or by capacity unit, 8 at least. */
  proxyUnit: 0.015 * 730,
  /** Storage of an instance, gp3, a GB, in one zone. */
  storageGb: 0.115,
} as const;

/** An hour of an instance of size `large`, by family. Sizes cost in proportion. */
const largeHourly: Readonly<Record<string, number>> = {
  t3: 0.145,
  t4g: 0.129,
  m5: 0.178,
  m6g: 0.159,
  m6i: 0.178,
  m7g: 0.168,
  r5: 0.25,
  r6g: 0.225,
  r6i: 0.25,
  r7g: 0.239,
};
const sizes: Readonly<Record<string, number>> = { micro: 1 / 8, small: 1 / 4, medium: 1 / 2, large: 1, xlarge: 2 };

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
  const starts = (some: typeof schedules) => some.reduce((sum, { expression }) => sum + startsAMonth(expression), 0);
  const dumps = schedules.filter(({ targetArn }) => targetOf(targetArn) === dumpMachineId);
  const calls = schedules.filter(({ targetArn }) => targetOf(targetArn).endsWith('Function'));
  const looks = schedules.filter(({ targetArn }) => targetOf(targetArn) === jobMachineId);
  const apart = new Set([...dumps, ...calls, ...looks]);
  const runs = schedules.filter((node) => !apart.has(node));
  const parts = [
    part('KMS keys', nodes.filter((node) => node.kind === 'key').length, monthly.key),
    part('alarm metrics', metrics.length, monthly.alarmMetric),
    part('custom metrics', custom.length, monthly.customMetric),
    part('runs that find nothing new', starts(runs), monthly.emptyRun),
    part('calls of functions on schedule', starts(calls), monthly.call),
    part('dumps of an empty database', starts(dumps), monthly.emptyDump),
    part('looks at jobs of Spark', starts(looks), monthly.look),
    ...streamParts(nodes),
    ...jobParts(nodes),
    ...replicationParts(nodes),
    ...databaseParts(nodes),
  ].filter(({ count }) => count > 0);
  return { total: parts.reduce((sum, { dollars }) => sum + dollars, 0), parts };
}

/** What streams cost that nobody puts anything into. */
function streamParts(nodes: readonly Node[]): IdleCost['parts'][number][] {
  const streams = nodes.filter((node) => node.kind === 'kinesisStream');
  const onDemand = streams.filter(({ capacity }) => capacity === 'onDemand').length;
  const shards = streams.reduce((sum, { capacity }) => sum + (capacity === 'onDemand' ? 0 : capacity.shards), 0);
  return [
    { what: 'streams on demand', count: onDemand, dollars: onDemand * monthly.streamOnDemand },
    { what: 'shards', count: shards, dollars: shards * monthly.shard },
  ];
}

/** What jobs of Spark cost that wait for a stream: the driver of each, which never ends. */
function jobParts(nodes: readonly Node[]): IdleCost['parts'][number][] {
  const drivers = nodes.filter((node) => node.kind === 'stateMachine' && node.id === jobMachineId).length;
  const worker = nodes.find((node) => node.kind === 'sparkApplication')?.worker ?? usualSpark.worker;
  return [{ what: 'drivers of jobs that never end', count: drivers, dollars: drivers * sparkWorkerHour(worker) * 730 }];
}

/** What following databases costs that nobody changes: each replication at its smallest, and its way in. */
function replicationParts(nodes: readonly Node[]): IdleCost['parts'][number][] {
  const units = nodes.reduce(
    (sum, node) => sum + (node.kind === 'dmsReplication' ? node.capacity.min * (node.multiAz ? 2 : 1) : 0),
    0,
  );
  const secrets = nodes.filter((node) => node.kind === 'secret').length;
  return [
    { what: 'DMS capacity units', count: units, dollars: units * monthly.replicationUnit },
    { what: 'secrets of replications', count: secrets, dollars: secrets * monthly.secret },
  ];
}

/** What a database costs that nobody uses: it is there all the same. */
function databaseParts(nodes: readonly Node[]): IdleCost['parts'][number][] {
  const all = <K extends Node['kind']>(kind: K) =>
    nodes.filter((node): node is Extract<Node, { kind: K }> => node.kind === kind);
  const part = (what: string, count: number, dollars: number) => ({ what, count, dollars });
  const zones = all('vpcEndpoint').reduce(
    (sum, { through }) => sum + ('subnetIds' in through ? through.subnetIds.length : 0),
    0,
  );
  const instances = all('dbInstance');
  const clusters = all('dbCluster');
  const units = clusters.reduce((sum, { capacity }) => sum + capacity.min, 0) * all('dbClusterInstance').length;
  const gb = instances.reduce((sum, { storageGb, multiAz }) => sum + storageGb * (multiAz ? 2 : 1), 0);
  const proxyUnits = all('dbProxy').length * (clusters.length > 0 ? 8 : processors(instances[0]?.instanceClass));
  const secrets = instances.length + clusters.length;
  return [
    part('endpoints by zone', zones, zones * monthly.endpointZone),
    ...instances.map(({ instanceClass, multiAz }) => {
      const hourly = classHourly(instanceClass);
      const copies = multiAz ? 2 : 1;
      return hourly === undefined
        ? part(`${instanceClass}, whose price is not known,`, copies, 0)
        : part(instanceClass, copies, copies * hourly * 730);
    }),
    part('GB of database storage', gb, gb * monthly.storageGb),
    part('Aurora capacity units', units, units * monthly.capacityUnit),
    part('units of RDS Proxy', proxyUnits, proxyUnits * monthly.proxyUnit),
    part('secrets', secrets, secrets * monthly.secret),
  ];
}

function classHourly(instanceClass: string): number | undefined {
  const [, family = '', size = ''] = instanceClass.split('.');
  const [large, times] = [largeHourly[family], sizes[size] ?? 2 * Number(/^(\d+)xlarge$/.exec(size)?.[1])];
  return large === undefined || Number.isNaN(times) ? undefined : large * times;
}

/** Processors of an instance: 2 up to size large. */
const processors = (instanceClass = ''): number =>
  2 *
  Math.max(1, sizes[instanceClass.split('.')[2] ?? ''] ?? 2 * Number(/\.(\d+)xlarge$/.exec(instanceClass)?.[1] ?? 1));

/** Id of the node that a schedule calls or starts. */
const targetOf = (target: Text): string => (typeof target === 'object' && 'node' in target ? target.node : '');

/** How often a schedule starts in a month of 30 days. */
export function startsAMonth(expression: string): number {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate !== null) {
    const minutes = Number(rate[1]) * { minute: 1, hour: 60, day: 1440 }[rate[2] as 'minute' | 'hour' | 'day'];
    return (30 * 1440) / minutes;
  }
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = expression.slice('cron('.length, -1).split(' ');
  const every = (field: string) => field === '*' || field === '?';
  const days = every(day) && !every(weekday) ? (chosen(weekday, 7) * 30) / 7 : chosen(day, 30);
  return (chosen(minute, 60) * chosen(hour, 24) * days * chosen(month, 12)) / 12;
}

/** How many of `all` values a field of a cron expression chooses. */
function chosen(field: string, all: number): number {
  if (field === '*' || field === '?') return all;
  return field.split(',').reduce((sum, part) => {
    const [range = '', step = '1'] = part.split('/');
    const [from, to] = range.split('-').map(place);
    const last = to ?? (part.includes('/') ? all - 1 : from!);
    const width = range === '*' ? all : last - from! + 1;
    return sum + Math.ceil(Math.max(1, width) / Number(step));
  }, 0);
}

const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
/** A number, or a weekday's name; `L` and the like are one value, whichever it is. */
const place = (value: string): number =>
  weekdays.includes(value) ? weekdays.indexOf(value) : Number.isNaN(Number(value)) ? 0 : Number(value);

/** `2 KMS keys`, `1 secret of replications`. */
function counted(count: number, what: string): string {
  const whole = Math.round(count);
  return `${whole} ${whole === 1 ? what.replace(/s(?= (?:of|on|at|by|that) |$)/, '') : what}`;
}

/** One line: `57 resources; idle: about $9.40 a month (5 KMS keys $5.00, …), list prices of us-east-1`. */
export function costLine(resources: number, cost: IdleCost): string {
  const dollars = (value: number) => `$${value.toFixed(2)}`;
  const parts = cost.parts.map((part) => `${counted(part.count, part.what)} ${dollars(part.dollars)}`).join(', ');
  return `${resources} resources; idle: about ${dollars(cost.total)} a month (${parts}), list prices of us-east-1`;
}
