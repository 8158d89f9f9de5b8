import { z } from 'zod';
import { strict } from '../contract/strict';
import { migrationWords } from '../migrations/declaration';

/** A PostgreSQL database of a platform, as `database:` of platform.yaml and the construct's props have it. */
export interface DatabaseDeclaration {
  /**
   * `instance`: RDS for PostgreSQL. `aurora`: Aurora PostgreSQL, Serverless v2.
   * @default instance
   */
  readonly engine?: 'instance' | 'aurora';
  /**
   * Major version. Minor ones come by themselves, in the maintenance window.
   * @default 17
   */
  readonly version?: '17' | '18';
  /**
   * Name of the database inside it: lower-case letters, digits and underscores, a letter first, at most 63.
   * @default the platform's name, with underscores for hyphens
   */
  readonly databaseName?: string;
  /**
   * Class of the instance, `db.…`. Only with `instance`.
   * @default db.t4g.medium
   */
  readonly instanceClass?: string;
  /**
   * Aurora capacity units, at least and at most, in steps of 0.5: 0 to 256. With 0 it pauses when nobody is connected.
   * Only with `aurora`.
   * @default 0.5 to 4
   */
  readonly capacity?: { readonly min: number; readonly max: number };
  /**
   * Storage at first, in GB: 20 to 65536. Only with `instance`; Aurora's grows by itself.
   * @default 20
   */
  readonly storageGb?: number;
  /**
   * What storage may grow to by itself, in GB; `false`: it does not grow. Only with `instance`.
   * @default five times storageGb
   */
  readonly maxStorageGb?: number | false;
  /**
   * Whether another availability zone takes over: an instance has a standby there, Aurora at least one reader.
   * @default true
   */
  readonly multiAz?: boolean;
  /**
   * Readers, 0 to 15. Only with `aurora`: RDS makes no read replica of an instance whose master secret it keeps.
   * @default 1 with `aurora` and `multiAz`, else 0
   */
  readonly readReplicas?: number;
  /**
   * Port, 1150 to 65535.
   * @default 5432
   */
  readonly port?: number;
  /**
   * Days that point-in-time recovery goes back, 1 to 35.
   * @default 7; 35 where compliance is `regulated`
   */
  readonly backupDays?: number;
  /**
   * When RDS takes its daily snapshot, UTC: `03:00-03:30`.
   * @default RDS chooses
   */
  readonly backupWindow?: string;
  /**
   * When RDS may upgrade minor versions, UTC: `sun:04:00-sun:05:00`.
   * @default RDS chooses
   */
  readonly maintenanceWindow?: string;
  /**
   * Whether functions connect through an RDS Proxy, and how its pool is.
   * @default false
   */
  readonly proxy?: boolean | ProxyDeclaration;
  /**
   * Whether changes can be followed from its log: what change data capture needs. Changing it restarts the database.
   * @default false
   */
  readonly logicalReplication?: boolean;
  /**
   * Milliseconds after which a query is logged as slow; 0: every query is; `false`: none.
   * @default 1000
   */
  readonly slowQueryMs?: number | false;
  /**
   * More settings of PostgreSQL, by name, as RDS's parameter groups have them.
   * @default none
   */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Seconds between measurements of the operating system (enhanced monitoring): 1, 5, 10, 15, 30 or 60; 0: none.
   * @default 60
   */
  readonly monitoringSeconds?: number;
  /**
   * Days that Performance Insights keeps what queries waited for: 7, a multiple of 31 up to 713, or 731; `false`: off.
   * @default 7
   */
  readonly insightsDays?: number | false;
  /** When alarms ring. */
  readonly alarms?: DatabaseAlarms;
}

/** The pool of an RDS Proxy. */
export interface ProxyDeclaration {
  /**
   * Seconds after which the proxy closes a client's idle connection, 1 to 28800.
   * @default 1800
   */
  readonly idleClientSeconds?: number;
  /**
   * Percent of the database's connections that the proxy may take, 1 to 100.
   * @default 90
   */
  readonly maxConnectionsPercent?: number;
  /**
   * Percent of the database's connections that it keeps open while nobody uses them, 0 to `maxConnectionsPercent`.
   * @default half of maxConnectionsPercent
   */
  readonly maxIdleConnectionsPercent?: number;
  /**
   * Seconds that a client waits for a free connection, 0 to 300.
   * @default 120
   */
  readonly borrowSeconds?: number;
}

/** When alarms ring. `false` leaves an alarm out. */
export interface DatabaseAlarms {
  /**
   * Percent of the processor in use, for a quarter of an hour. With `aurora` of the capacity units too.
   * @default 80
   */
  readonly cpuPercent?: number | false;
  /**
   * GB of storage that are free, at least. With `aurora`, whose storage grows, GB for temporary files.
   * @default a tenth of storageGb, at least 2; with `aurora` 2
   */
  readonly freeStorageGb?: number | false;
  /**
   * Connections, at most.
   * @default 80 % of what the class or the capacity allows; a class that is not known must say it
   */
  readonly connections?: number | false;
  /**
   * Seconds that a reader is behind. Only where there are readers.
   * @default 30
   */
  readonly replicaLagSeconds?: number | false;
  /**
   * Slow queries in five minutes. Only where they are logged.
   * @default 20
   */
  readonly slowQueries?: number | false;
  /**
   * Age of the oldest transaction id that is not frozen: PostgreSQL stops taking writes at about 2.1 billion.
   * @default 1,000,000,000
   */
  readonly transactionIds?: number | false;
  /**
   * GB of log that the slowest replication slot holds back. Only with `logicalReplication`.
   * @default 10
   */
  readonly replicationSlotGb?: number | false;
}

const orFalse = <T extends z.ZodType>(schema: T) => z.union([schema, z.literal(false)]);
const count = z.number();

/** What `database:` of platform.yaml may say. Ranges are judged by `databaseProblems`, as they are for the construct. */
export const databaseWords = strict({
  ...migrationWords,
  engine: z
    .enum(['instance', 'aurora'])
    .optional()
    .describe('RDS for PostgreSQL, or Aurora PostgreSQL Serverless v2. By default instance.'),
  version: z.enum(['17', '18']).optional().describe('Major version, in quotes. By default 17.'),
  databaseName: z.string().optional().describe("Name of the database inside it. By default the platform's."),
  instanceClass: z.string().optional().describe('Class of the instance. By default db.t4g.medium.'),
  capacity: strict({
    min: count.describe('Capacity units that are always there.'),
    max: count.describe('Capacity units that are never exceeded.'),
  })
    .optional()
    .describe('Aurora capacity units, at least and at most. By default 0.5 to 4.'),
  storageGb: count.optional().describe('Storage of an instance at first, in GB. By default 20.'),
  maxStorageGb: orFalse(count)
    .optional()
    .describe('What storage may grow to, in GB; false: it does not. By default five times storageGb.'),
  multiAz: z.boolean().optional().describe('Whether another availability zone takes over. By default true.'),
  readReplicas: count.optional().describe('Readers, with aurora. By default 1 with multiAz, else 0.'),
  port: count.optional().describe('Port. By default 5432.'),
  backupDays: count.optional().describe('Days that point-in-time recovery goes back, 1 to 35. By default 7.'),
  backupWindow: z.string().optional().describe('When RDS takes its daily snapshot, UTC, such as 03:00-03:30.'),
  maintenanceWindow: z
    .string()
    .optional()
    .describe('When RDS may upgrade minor versions, UTC, such as sun:04:00-sun:05:00.'),
  proxy: z
    .union([
      z.boolean(),
      strict({
        idleClientSeconds: count.optional().describe('Seconds until an idle client is disconnected. By default 1800.'),
        maxConnectionsPercent: count
          .optional()
          .describe("Percent of the database's connections that the proxy may take. By default 90."),
        maxIdleConnectionsPercent: count
          .optional()
          .describe('Percent of the connections that it keeps open unused. By default half of maxConnectionsPercent.'),
        borrowSeconds: count.optional().describe('Seconds that a client waits for a connection. By default 120.'),
      }),
    ])
    .optional()
    .describe('Whether functions connect through an RDS Proxy, and its pool. By default false.'),
  logicalReplication: z
    .boolean()
    .optional()
    .describe('Whether changes can be followed from its log, for change data capture. By default false.'),
  slowQueryMs: orFalse(count)
    .optional()
    .describe('Milliseconds after which a query is logged; 0: every one; false: none. By default 1000.'),
  parameters: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe("More settings of PostgreSQL, as RDS's parameter groups have them."),
  monitoringSeconds: count.optional().describe('Seconds between measurements of the system; 0: none. By default 60.'),
  insightsDays: orFalse(count).optional().describe('Days that Performance Insights keeps; false: off. By default 7.'),
  alarms: strict({
    cpuPercent: orFalse(count).optional().describe('Percent of the processor. By default 80.'),
    freeStorageGb: orFalse(count).optional().describe('GB free, at least. By default a tenth of storageGb.'),
    connections: orFalse(count).optional().describe('Connections. By default 80 % of what the class allows.'),
    replicaLagSeconds: orFalse(count).optional().describe('Seconds that a reader is behind. By default 30.'),
    slowQueries: orFalse(count).optional().describe('Slow queries in five minutes. By default 20.'),
    transactionIds: orFalse(count).optional().describe('Age of the oldest transaction id. By default 1000000000.'),
    replicationSlotGb: orFalse(count)
      .optional()
      .describe('GB of log that a replication slot holds back. By default 10.'),
  })
    .optional()
    .describe('When alarms ring; false leaves one out.'),
}).describe('The PostgreSQL database of the platform.');
