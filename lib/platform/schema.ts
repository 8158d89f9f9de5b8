import { z } from 'zod';
import { type BackupDeclaration, backupWords } from '../backup/declaration';
import { type CdcDeclaration, cdcWords, type LocalChangesDeclaration, localChangesWords } from '../cdc/declaration';
import type { DataContract } from '../contract/odcs';
import { strict } from '../contract/strict';
import { type DocumentsDeclaration, documentsWords } from '../documents/declaration';
import type { MigrationsDeclaration } from '../migrations/declaration';
import { type NetworkWords, networkWords } from '../network/declaration';
import { type DatabaseDeclaration, databaseWords } from '../postgres/declaration';
import { type EngineWords, engineWords } from '../sizing/declaration';
import {
  type LocalStreamDeclaration,
  localStreamsWords,
  type StreamDeclaration,
  streamsWords,
} from '../stream/declaration';
import { type StoreDeclaration, storesWords } from '../vector/declaration';
import { scheduleProblem } from './schedule';
import type { ZoneDeclaration } from './zones';

/** A platform as a user declares it: `platform.yaml`, or the argument of `definePlatform`. */
export interface PlatformDeclaration {
  readonly name: string;
  /** @default bronze, silver, gold */
  readonly zones?: readonly (string | ZoneDeclaration)[];
  /**
   * Files of contracts (`*` and `**` stand for any names), relative to the platform's folder. In TypeScript also the
   * contracts themselves.
   * @default contracts/*.odcs.yaml
   */
  readonly contracts?: string | readonly (string | DataContract)[];
  /**
   * Files of SQL models. In TypeScript also the models themselves: `{fct_flights: 'select …'}`.
   * @default models/*.sql
   */
  readonly models?: string | readonly string[] | Readonly<Record<string, string>>;
  /** @default one group with every table, named like the platform */
  readonly groups?: Readonly<Record<string, GroupDeclaration>>;
  /**
   * Which engine runs tables' SQL: DuckDB in functions, or Spark on EMR Serverless.
   * @default auto: by their volume
   */
  readonly engine?: EngineWords;
  /** PostgreSQL databases whose changes fill tables, by the name of their server in contracts. */
  readonly cdc?: Readonly<Record<string, CdcDeclaration>>;
  /** Vector stores by name: tables of the platform's database that are searched by meaning and by words. */
  readonly stores?: Readonly<Record<string, StoreDeclaration>>;
  /** Documents of the lake that are put into vector stores, by name. */
  readonly documents?: Readonly<Record<string, DocumentsDeclaration>>;
  /** The VPC that the database and its functions are in. It is made only where it is asked for. */
  readonly network?: NetworkWords;
  /** A PostgreSQL database. */
  readonly database?: DatabaseDeclaration & MigrationsDeclaration;
  /** Backups of lake and database, and the restores that prove them. */
  readonly backup?: BackupDeclaration;
  /** Streams of events, by name. */
  readonly streams?: Readonly<Record<string, StreamDeclaration>>;
  /** Who is told when an alarm goes off. */
  readonly notifications?: { readonly emails?: readonly string[] };
  readonly deploy?: DeployDeclaration;
  /** What concerns runs on this machine alone. */
  readonly local?: LocalDeclaration;
}

/** What runs together. */
export interface GroupDeclaration {
  /**
   * Its tables, as `zone.table`, whether files or models fill them.
   * @default every table that no other group names
   */
  readonly tables?: readonly string[];
  /** Models that fill tables, by name; the same as to list the tables that they fill. */
  readonly models?: readonly string[];
  /**
   * `rate(…)`, `cron(…)` or `at(…)` of EventBridge Scheduler.
   * @default rate(5 minutes)
   */
  readonly schedule?: string;
  /**
   * IANA time zone of the schedule.
   * @default UTC
   */
  readonly timeZone?: string;
}

/** What concerns the deployment alone. Account and region are those of the credentials, as `cdk` and `terraform` have them. */
export interface DeployDeclaration {
  /** @default arm64 */
  readonly architecture?: 'arm64' | 'x86_64';
  /** @default 3008 */
  readonly memoryMb?: number;
  /** @default true */
  readonly scheduled?: boolean;
  /**
   * Nested stacks over which tables are spread, in CloudFormation alone: a stack holds 500 resources.
   * @default none: all are in one stack, which is enough for some 60 datasets
   */
  readonly tableStacks?: number;
  /** @default retain */
  readonly removal?: 'retain' | 'delete';
  /**
   * What NIST 800-53 r5, HIPAA and PCI DSS ask. The platform then needs a `network`, and `replicas`.
   * @default none of them
   */
  readonly compliance?: 'regulated';
  /**
   * Buckets elsewhere that the lake's own copy to whatever is written, by name of a zone, and `access_logs`, `query_results`.
   * @default none
   */
  readonly replicas?: Readonly<Record<string, ReplicaDeclaration>>;
  /**
   * A bucket elsewhere that gets a copy of dumps, results and reports of backups.
   * @default none
   */
  readonly backupReplica?: ReplicaDeclaration;
  /**
   * A bucket elsewhere that gets a copy of the dead letters of streams and of change data capture.
   * @default none
   */
  readonly deadLetterReplica?: ReplicaDeclaration;
  /**
   * Another Iceberg REST catalog to hold the tables.
   * @default Glue's, in the account and region of the stack
   */
  readonly icebergCatalog?: { readonly uri: string; readonly warehouse: string; readonly auth?: 'sigv4' | 'none' };
}

/** A versioned bucket, perhaps in another region or account. */
export interface ReplicaDeclaration {
  readonly bucketArn: string;
  /** Key that copies are encrypted with, in the region of the bucket. */
  readonly keyArn: string;
}

/** What concerns runs on this machine alone. */
export interface LocalDeclaration {
  /** Files that arrive in bronze before a run, each once. */
  readonly land?: readonly LandDeclaration[];
  /** Files of events that are put into streams before a run, each line once. */
  readonly streams?: readonly LocalStreamDeclaration[];
  /** Files of changes that are applied to the tables of their source before a run, each line once. */
  readonly changes?: readonly LocalChangesDeclaration[];
  /** Files that arrive as documents before a run, by name of the documents; `*` stands for any name. */
  readonly documents?: Readonly<Record<string, readonly string[]>>;
  /** Searches whose hits a run shows. */
  readonly searches?: readonly SearchDeclaration[];
}

/** A search whose hits a run on this machine shows. */
export interface SearchDeclaration {
  /** What is searched for. */
  readonly words: string;
  /** @default the only one */
  readonly store?: string;
  /** @default hybrid */
  readonly mode?: 'vector' | 'text' | 'hybrid';
  /** In a store of tenants: whose documents are searched. */
  readonly tenant?: string;
}

/** A file that arrives in bronze. */
export interface LandDeclaration {
  /** Its path, relative to the platform's folder. */
  readonly file: string;
  /** The table that it is loaded into: `silver.flights`, or `flights` alone. */
  readonly as: string;
  /** @default local */
  readonly source?: string;
  /**
   * `YYYY-MM-DD`.
   * @default the day on which the file was last changed, UTC
   */
  readonly date?: string;
}

const email = z.email({ error: (issue) => `must be an e-mail address; given ${JSON.stringify(issue.input)}` });
const patterns = z.union([z.string(), z.array(z.string())], {
  error: (issue) =>
    `must be a pattern of files such as models/*.sql, or a list of them; given ${JSON.stringify(issue.input)}`,
});
const kindsOfGroups = ['rate', 'cron', 'at'] as const;
const schedule = z
  .string()
  .refine((given) => scheduleProblem(given, kindsOfGroups) === undefined, {
    error: (issue) => scheduleProblem(String(issue.input), kindsOfGroups),
  })
  // What an editor can know of it.
  .meta({ pattern: '^(rate|cron|at)\\(.+\\)$' });
const timeZone = z.string().refine(isTimeZone, {
  error: (issue) => `must be a time zone such as UTC or Europe/Berlin; given ${JSON.stringify(issue.input)}`,
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const days = z.union([z.int().min(1), z.literal(false)], {
  error: (issue) => `must be a whole number of days from 1, or false; given ${JSON.stringify(issue.input)}`,
});
const zone = strict({
  name: z.string().describe('Name of the zone: lower-case letters, digits and underscores.'),
  holds: z
    .enum(['files', 'iceberg'])
    .optional()
    .describe('Files as they arrived, or Iceberg tables. By default files for bronze, else iceberg.'),
  archiveAfterDays: days
    .optional()
    .describe('Days after which files move to Glacier Instant Retrieval; false: never. By default 90 for files.'),
  retentionDays: days
    .optional()
    .describe('Days that data is kept; false: for ever. By default for ever for files, 365 for gold, else 730.'),
});

const group = strict({
  tables: z
    .array(z.string())
    .optional()
    .describe('Its tables, as zone.table. By default every table that no other group names.'),
  models: z.array(z.string()).optional().describe('Models that fill tables, by name.'),
  schedule: schedule
    .optional()
    .describe('When it runs: rate(…), cron(…) or at(…) of EventBridge Scheduler. By default rate(5 minutes).'),
  timeZone: timeZone.optional().describe('IANA time zone of the schedule. By default UTC.'),
});

const replica = strict({
  bucketArn: z.string().describe('ARN of the bucket, which must be versioned.'),
  keyArn: z.string().describe('ARN of the key that the copies are encrypted with, in the region of the bucket.'),
});
const deploy = strict({
  architecture: z.enum(['arm64', 'x86_64']).optional().describe('Processor of the functions. By default arm64.'),
  memoryMb: z
    .int()
    .min(512)
    .max(10240)
    .optional()
    .describe('Memory of the functions that run SQL, in MB, 512 to 10240. By default 3008.'),
  scheduled: z
    .boolean()
    .optional()
    .describe('Whether schedules and alarms run at all; with false a run starts by hand only. By default true.'),
  tableStacks: z
    .int()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Nested stacks over which tables are spread, 1 to 200, in CloudFormation alone: a stack holds 500 resources, and a dataset needs about 6. Choose it once. By default none.',
    ),
  removal: z
    .enum(['retain', 'delete'])
    .optional()
    .describe(
      'What happens to data that leaves the stack; delete needs the context flag ingot:allow-data-deletion=true as well. By default retain.',
    ),
  compliance: z
    .enum(['regulated'])
    .optional()
    .describe(
      'What NIST 800-53 r5, HIPAA and PCI DSS ask; the platform then needs a network, and replicas. By default none of them.',
    ),
  replicas: z
    .record(z.string(), replica)
    .optional()
    .describe(
      'Buckets elsewhere that get a copy of whatever is written, by name of a zone, access_logs and query_results. By default none.',
    ),
  backupReplica: replica
    .optional()
    .describe('A bucket elsewhere that gets a copy of dumps, results and reports of backups. By default none.'),
  deadLetterReplica: replica
    .optional()
    .describe(
      'A bucket elsewhere that gets a copy of the dead letters of streams and of change data capture. By default none.',
    ),
  icebergCatalog: strict({
    uri: z.string().describe('Address of the Iceberg REST catalog.'),
    warehouse: z.string().describe('Name of the warehouse that clients ask for.'),
    auth: z.enum(['sigv4', 'none']).optional().describe('How requests are signed. By default sigv4.'),
  })
    .optional()
    .describe("Another catalog that holds the tables. By default Glue's, in the account and region of the stack."),
});

const land = strict({
  file: z.string().describe('Path of the file, relative to this one.'),
  as: z.string().describe('The table that it is loaded into, for example silver.flights.'),
  source: z.string().optional().describe('Where it comes from. By default local.'),
  date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, {
      error: (issue) => `must be a day, YYYY-MM-DD; given ${JSON.stringify(issue.input)}`,
    })
    .optional()
    .describe('Day that it belongs to, YYYY-MM-DD. By default the day on which it was last changed.'),
});

const search = strict({
  words: z.string().min(1).describe('What is searched for.'),
  store: z.string().optional().describe('The store. By default the only one.'),
  mode: z.enum(['vector', 'text', 'hybrid']).optional().describe('By meaning, by words, or both. By default hybrid.'),
  tenant: z.string().optional().describe('In a store of tenants: whose documents are searched.'),
});

/** What `platform.yaml` may say. Unknown fields are problems: what later versions add is not misread by this one. */
export const platformFile = strict({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
      error: (issue) =>
        `must be lower-case letters, digits and single hyphens, a letter first; given ${JSON.stringify(issue.input)}`,
    })
    .min(2)
    .max(20)
    .describe(
      'Name of the platform, 2 to 20 lower-case letters, digits and hyphens; begins the name of every resource.',
    ),
  zones: z
    .array(z.union([z.string(), zone]))
    .optional()
    .describe('Zones in the order that data flows. By default bronze, silver and gold.'),
  contracts: patterns
    .optional()
    .describe('Files of contracts, relative to this file. By default contracts/*.odcs.yaml.'),
  models: patterns.optional().describe('Files of SQL models, relative to this file. By default models/*.sql.'),
  groups: z
    .record(
      z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
        error: (issue) => `must be lower-case letters, digits and single hyphens; given ${JSON.stringify(issue.input)}`,
      }),
      group,
    )
    .optional()
    .describe('What runs together, by name. By default one group with every table, named like the platform.'),
  engine: engineWords.optional(),
  cdc: cdcWords
    .optional()
    .describe('PostgreSQL databases whose changes fill tables, by the name of their server in contracts.'),
  stores: storesWords.optional(),
  documents: documentsWords.optional(),
  streams: streamsWords.optional(),
  network: networkWords.optional(),
  database: databaseWords.optional(),
  backup: backupWords.optional(),
  notifications: strict({ emails: z.array(email).optional().describe('Addresses that alarms are sent to.') })
    .optional()
    .describe('Who is told when an alarm goes off.'),
  deploy: deploy.optional().describe('What concerns the deployment alone.'),
  local: strict({
    land: z.array(land).optional().describe('Files that arrive in bronze before a run, each once.'),
    streams: localStreamsWords.optional(),
    changes: localChangesWords.optional(),
    documents: z
      .record(z.string(), z.array(z.string()))
      .optional()
      .describe('Files that arrive as documents before a run, by name of the documents.'),
    searches: z.array(search).optional().describe('Searches whose hits a run shows.'),
  })
    .optional()
    .describe('What concerns runs on this machine alone.'),
}).describe('A data platform, declared for Ingot.');

/** The JSON Schema of `platform.yaml`, by which an editor completes and checks it. */
export function platformJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(platformFile, { io: 'input' }), title: 'Ingot platform' };
}
