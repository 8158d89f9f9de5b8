import { show } from '../contract/strict';
import { givenAllowed } from '../errors';
import { isToken } from '../token';
import type { DatabaseAlarms, DatabaseDeclaration, ProxyDeclaration } from './declaration';

/** A database with its defaults: what a manifest holds, and what a construct is made from. */
export interface DatabaseManifest extends Omit<DatabaseDeclaration, 'proxy' | 'alarms'> {
  readonly engine: 'instance' | 'aurora';
  readonly version: '17' | '18';
  readonly databaseName: string;
  readonly multiAz: boolean;
  readonly readReplicas: number;
  readonly port: number;
  readonly proxy: false | Required<ProxyDeclaration>;
  readonly logicalReplication: boolean;
  readonly slowQueryMs: number | false;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly monitoringSeconds: number;
  readonly insightsDays: number | false;
  readonly alarms: Required<DatabaseAlarms>;
}

/** Applies the defaults for the platform `name`. Says nothing of validity: see `databaseProblems`. */
export function resolveDatabase(name: string, declared: DatabaseDeclaration): DatabaseManifest {
  const engine = declared.engine ?? 'instance';
  const multiAz = declared.multiAz ?? true;
  const storageGb = declared.storageGb ?? 20;
  const instanceClass = declared.instanceClass ?? 'db.t4g.medium';
  const capacity = declared.capacity ?? { min: 0.5, max: 4 };
  const { backupDays, backupWindow, maintenanceWindow, alarms } = declared;
  return {
    engine,
    version: declared.version ?? '17',
    databaseName: declared.databaseName ?? name.replaceAll('-', '_'),
    ...(engine === 'aurora'
      ? { capacity }
      : { instanceClass, storageGb, maxStorageGb: declared.maxStorageGb ?? Math.min(5 * storageGb, 65_536) }),
    multiAz,
    readReplicas: declared.readReplicas ?? (engine === 'aurora' && multiAz ? 1 : 0),
    port: declared.port ?? 5432,
    ...(backupDays === undefined ? {} : { backupDays }),
    ...(backupWindow === undefined ? {} : { backupWindow }),
    ...(maintenanceWindow === undefined ? {} : { maintenanceWindow }),
    proxy: resolveProxy(declared.proxy ?? false),
    logicalReplication: declared.logicalReplication ?? false,
    slowQueryMs: declared.slowQueryMs ?? 1000,
    parameters: declared.parameters ?? {},
    monitoringSeconds: declared.monitoringSeconds ?? 60,
    insightsDays: declared.insightsDays ?? 7,
    alarms: {
      cpuPercent: alarms?.cpuPercent ?? 80,
      freeStorageGb: alarms?.freeStorageGb ?? (engine === 'aurora' ? 2 : Math.max(2, storageGb / 10)),
      connections:
        alarms?.connections ??
        Math.floor(
          0.8 * (engine === 'aurora' ? connectionsOfAurora(capacity) : connectionsOf(memoryGb(instanceClass))),
        ),
      replicaLagSeconds: alarms?.replicaLagSeconds ?? 30,
      slowQueries: alarms?.slowQueries ?? 20,
      transactionIds: alarms?.transactionIds ?? 1_000_000_000,
      replicationSlotGb: alarms?.replicationSlotGb ?? 10,
    },
  };
}

function resolveProxy(proxy: boolean | ProxyDeclaration): DatabaseManifest['proxy'] {
  if (proxy === false) return false;
  const said = proxy === true ? {} : proxy;
  const maxConnectionsPercent = said.maxConnectionsPercent ?? 90;
  return {
    idleClientSeconds: said.idleClientSeconds ?? 1800,
    maxConnectionsPercent,
    maxIdleConnectionsPercent: said.maxIdleConnectionsPercent ?? Math.floor(maxConnectionsPercent / 2),
    borrowSeconds: said.borrowSeconds ?? 120,
  };
}

/** Memory of an instance class; NaN where its name does not say it. */
function memoryGb(instanceClass: string): number {
  const [, family = '', size = ''] = /^db\.([a-z])\d[a-z0-9]*\.(\w+)$/.exec(instanceClass) ?? [];
  const small = { micro: 1, small: 2, medium: 4 }[size];
  if (family === 't' && small !== undefined) return small;
  const large = { t: 8, m: 8, r: 16 }[family] ?? Number.NaN;
  if (size === 'large') return large;
  const [, times = '1'] = /^(\d*)xlarge$/.exec(size) ?? [undefined, 'none'];
  return large * 2 * Number(times === '' ? 1 : times);
}

/** RDS allows one for each 9,531,392 bytes that it leaves to PostgreSQL, about nine tenths of the memory, up to 5,000. */
const connectionsOf = (gb: number): number => Math.min(5000, (gb * 2 ** 30 * 0.9) / 9_531_392);

/** A capacity unit has 2 GB; one that may shrink to half a unit or pause allows 2,000 at most. */
const connectionsOfAurora = ({ min, max }: { readonly min: number; readonly max: number }): number =>
  Math.min(min > 0.5 ? 5000 : 2000, connectionsOf(2 * max));

interface Wrong {
  readonly path: string;
  readonly message: string;
}

/** One sentence for each thing that is wrong. Paths are relative to the database. */
export function databaseProblems(name: string, declared: DatabaseDeclaration): Wrong[] {
  const database = resolveDatabase(name, declared);
  const { proxy, alarms, capacity } = database;
  return [
    ...words('engine', database.engine, ['instance', 'aurora']),
    ...words('version', database.version, ['17', '18']),
    ...otherEngine(database.engine, declared),
    ...pattern(
      'databaseName',
      database.databaseName,
      /^[a-z][a-z0-9_]{0,62}$/,
      '1 to 63 lower-case letters, digits and underscores, a letter first',
    ),
    ...(['postgres', 'rdsadmin', 'template0', 'template1'].includes(database.databaseName)
      ? [{ path: 'databaseName', message: `must not be ${database.databaseName}: PostgreSQL has one of that name` }]
      : []),
    ...(database.engine === 'aurora' && capacity !== undefined ? capacityProblems(capacity, database) : []),
    ...(database.engine === 'instance' ? instanceProblems(database) : []),
    ...replicaProblems(database),
    ...number('port', database.port, { min: 1150, max: 65_535, whole: true }),
    ...(database.backupDays === undefined
      ? []
      : number('backupDays', database.backupDays, { min: 1, max: 35, whole: true })),
    ...(database.backupWindow === undefined
      ? []
      : pattern('backupWindow', database.backupWindow, /^\d\d:\d\d-\d\d:\d\d$/, 'hours of UTC such as 03:00-03:30')),
    ...(database.maintenanceWindow === undefined
      ? []
      : pattern(
          'maintenanceWindow',
          database.maintenanceWindow,
          /^(mon|tue|wed|thu|fri|sat|sun):\d\d:\d\d-(mon|tue|wed|thu|fri|sat|sun):\d\d:\d\d$/,
          'days and hours of UTC such as sun:04:00-sun:05:00',
        )),
    ...(proxy === false
      ? []
      : [
          ...number('proxy.idleClientSeconds', proxy.idleClientSeconds, { min: 1, max: 28_800, whole: true }),
          ...number('proxy.maxConnectionsPercent', proxy.maxConnectionsPercent, { min: 1, max: 100, whole: true }),
          ...number('proxy.maxIdleConnectionsPercent', proxy.maxIdleConnectionsPercent, {
            min: 0,
            max: proxy.maxConnectionsPercent,
            whole: true,
          }),
          ...number('proxy.borrowSeconds', proxy.borrowSeconds, { min: 0, max: 300, whole: true }),
        ]),
    ...(database.slowQueryMs === false
      ? []
      : number('slowQueryMs', database.slowQueryMs, { min: 0, max: 2 ** 31 - 1, whole: true })),
    ...parameterProblems(database.parameters),
    ...oneOf('monitoringSeconds', database.monitoringSeconds, [0, 1, 5, 10, 15, 30, 60]),
    ...(database.insightsDays === false ? [] : insightsProblems(database.insightsDays)),
    ...Object.entries(alarms).flatMap(([alarm, threshold]) => {
      const path = `alarms.${alarm}`;
      if (threshold === false) return [];
      if (alarm === 'connections' && Number.isNaN(threshold))
        return [
          {
            path,
            message: `must be given, or false, since how many connections ${database.instanceClass} allows is not known`,
          },
        ];
      return number(path, threshold, { min: 0, max: alarm === 'cpuPercent' ? 100 : undefined, whole: false });
    }),
  ];
}

/** What only the other engine has. */
function otherEngine(engine: string, declared: DatabaseDeclaration): Wrong[] {
  const foreign =
    engine === 'aurora' ? (['instanceClass', 'storageGb', 'maxStorageGb'] as const) : (['capacity'] as const);
  return foreign
    .filter((word) => declared[word] !== undefined)
    .map((path) => ({
      path,
      message: `must be left out where engine is ${JSON.stringify(engine)}; given ${show(declared[path])}`,
    }));
}

function capacityProblems(
  { min, max }: { readonly min: number; readonly max: number },
  { proxy, logicalReplication }: DatabaseManifest,
): Wrong[] {
  const awake = proxy !== false ? 'a proxy' : logicalReplication ? 'logical replication' : undefined;
  const half = (path: string, given: number, least: number) =>
    given >= least && given <= 256 && Number.isInteger(2 * given)
      ? []
      : [{ path, message: `must be a number from ${least} to 256 in steps of 0.5; given ${show(given)}` }];
  return [
    ...half('capacity.min', min, 0),
    ...half('capacity.max', max, Math.max(1, min)),
    ...(min === 0 && awake !== undefined
      ? [{ path: 'capacity.min', message: `must be 0.5 at least, since ${awake} keeps it from pausing; given 0` }]
      : []),
  ];
}

function instanceProblems(database: DatabaseManifest): Wrong[] {
  const { instanceClass = '', storageGb = 0, maxStorageGb = false } = database;
  return [
    ...pattern(
      'instanceClass',
      instanceClass,
      /^db\.[a-z0-9-]+\.[a-z0-9-]+$/,
      'a class of instance such as db.t4g.medium',
    ),
    ...number('storageGb', storageGb, { min: 20, max: 65_536, whole: true }),
    ...(maxStorageGb === false
      ? []
      : number('maxStorageGb', maxStorageGb, { min: Math.ceil(1.1 * storageGb), max: 65_536, whole: true })),
  ];
}

function replicaProblems({ engine, readReplicas, multiAz }: DatabaseManifest): Wrong[] {
  if (engine === 'instance')
    return readReplicas === 0
      ? []
      : [
          {
            path: 'readReplicas',
            message: `must be 0 where engine is "instance": RDS makes no read replica of an instance whose master secret it keeps; given ${show(readReplicas)}; with engine "aurora" there may be 15`,
          },
        ];
  if (multiAz && readReplicas === 0)
    return [
      {
        path: 'readReplicas',
        message: 'must be 1 at least where multiAz is true, since a reader is what takes over; given 0',
      },
    ];
  return number('readReplicas', readReplicas, { min: 0, max: 15, whole: true });
}

/** What is decided by words of their own. */
const decided: Readonly<Record<string, string>> = {
  'rds.force_ssl': 'TLS is not optional',
  'rds.logical_replication': 'logicalReplication says it',
  log_min_duration_statement: 'slowQueryMs says it',
};

function parameterProblems(parameters: DatabaseManifest['parameters']): Wrong[] {
  return Object.entries(parameters).flatMap(([parameter, value]) => {
    const path = `parameters.${parameter}`;
    if (decided[parameter] !== undefined) return [{ path, message: `must be left out: ${decided[parameter]}` }];
    if (parameter === 'shared_preload_libraries' && !String(value).split(',').includes('pg_stat_statements'))
      return [{ path, message: `must name pg_stat_statements too; given ${show(value)}` }];
    return [];
  });
}

function insightsProblems(days: number): Wrong[] {
  if (days === 7 || days === 731 || (Number.isInteger(days / 31) && days >= 31 && days <= 713)) return [];
  return [
    { path: 'insightsDays', message: `must be 7, a multiple of 31 up to 713, 731, or false; given ${show(days)}` },
  ];
}

function number(
  path: string,
  given: number,
  { min, max, whole }: { min: number; max?: number | undefined; whole: boolean },
): Wrong[] {
  if (isToken(given)) return [{ path, message: 'must be known at synth; given a token' }];
  if (given >= min && given <= (max ?? Number.MAX_VALUE) && (!whole || Number.isInteger(given))) return [];
  const range = max === undefined ? `from ${min}` : `from ${min} to ${max}`;
  return [{ path, message: `must be a ${whole ? 'whole ' : ''}number ${range}; given ${show(given)}` }];
}

function pattern(path: string, given: string, allowed: RegExp, words: string): Wrong[] {
  if (isToken(given)) return [{ path, message: 'must be known at synth; given a token' }];
  return allowed.test(given) ? [] : [{ path, message: `must be ${words}; given ${show(given)}` }];
}

const words = (path: string, given: string, allowed: readonly string[]): Wrong[] =>
  allowed.includes(given) ? [] : [{ path, message: `must be one of these words: ${givenAllowed(given, allowed)}` }];

const oneOf = (path: string, given: number, allowed: readonly number[]): Wrong[] =>
  allowed.includes(given) ? [] : [{ path, message: `must be one of ${allowed.join(', ')}; given ${show(given)}` }];
