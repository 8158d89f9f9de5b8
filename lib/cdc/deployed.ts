import { z } from 'zod';
import type { Dataset } from '../contract/dataset';
import { strict } from '../contract/strict';
import { scheduleProblem } from '../platform/schedule';
import type { CdcDeclaration } from './declaration';

/** A PostgreSQL database that is not the platform's own, and whose changes a deployment follows. */
export interface OutsideDatabase {
  /** Where it is written to: a replica has no changes to give. */
  readonly host: string;
  /** @default 5432 */
  readonly port?: number;
  /** The database inside it. */
  readonly database: string;
  /** Who logs in: may follow the log, and read the tables. */
  readonly user: string;
  /** ARN of a secret of Secrets Manager: JSON of `username`, `password`, `host` and `port`. */
  readonly secretArn: string;
  /**
   * ARN of the key that the secret is encrypted with.
   * @default the account's own for secrets
   */
  readonly keyArn?: string;
  /**
   * Schema in which `user` may make a table. AWS DMS writes there every five minutes: without it, the log of a database that
   * is idle piles up behind its slot.
   * @default none: nothing is written
   */
  readonly heartbeatSchema?: string;
}

/** What concerns the deployment of a source alone. */
export interface DeployedCdcDeclaration {
  /**
   * The database.
   * @default the platform's own
   */
  readonly source?: OutsideDatabase;
  /**
   * What the log of the platform's own database says of a row that was changed or deleted: its `key`, or all of it (`full`),
   * without which a change of a key loses large values that it leaves as they are. `full` makes the log larger.
   * @default key
   */
  readonly replicaIdentity?: 'key' | 'full';
  /**
   * Which columns leave the database: `all`, so that a new one is seen and becomes a column of the table, or those of the
   * `contract` alone.
   * @default all
   */
  readonly columns?: 'all' | 'contract';
  /**
   * DMS capacity units, of 2 GB each, between which the replication moves: 1, 2, 4, 8, 16, 32, 64, 128, 192, 256 or 384.
   * @default 1 to 4
   */
  readonly capacity?: { readonly min: number; readonly max: number };
  /**
   * Whether the replication has a standby in another availability zone, which doubles what it costs.
   * @default false
   */
  readonly multiAz?: boolean;
  /**
   * The largest value of a column of unlimited length (text, json, bytea), in KB, 1 to 900: the replication fails at a larger one.
   * @default 256
   */
  readonly maxValueKb?: number;
  /**
   * When the tables are compared with the database. `false`: never.
   * @default rate(1 day)
   */
  readonly reconcile?: string | false;
}

/** How a deployment follows a source, resolved. */
export interface DeployedCdc {
  /** `own`: the platform's database. */
  readonly from: 'own' | (OutsideDatabase & Required<Pick<OutsideDatabase, 'port'>>);
  readonly replicaIdentity: 'key' | 'full';
  readonly columns: 'all' | 'contract';
  readonly capacity: { readonly min: number; readonly max: number };
  readonly multiAz: boolean;
  readonly maxValueKb: number;
  readonly reconcile: string | false;
}

/** What DMS may be given. */
const capacityUnits: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];

const units = z.int().refine((n) => capacityUnits.includes(n), {
  error: (issue) => `must be one of ${capacityUnits.join(', ')}; given ${JSON.stringify(issue.input)}`,
});
const text = (what: string, pattern: RegExp) =>
  z.string().regex(pattern, { error: (issue) => `must be ${what}; given ${JSON.stringify(issue.input)}` });
const kinds = ['rate', 'cron', false] as const;
const schedule = z.string().refine((given) => scheduleProblem(given, kinds) === undefined, {
  error: (issue) => scheduleProblem(String(issue.input), kinds),
});

export const deployedWords = {
  source: strict({
    host: text('the name or address of a server', /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/).describe(
      'Where it is written to.',
    ),
    port: z.int().min(1).max(65_535).optional().describe('By default 5432.'),
    database: text('the name of a database', /^\S{1,63}$/).describe('The database inside it.'),
    user: text('the name of a role', /^\S{1,63}$/).describe('Who logs in: may follow the log, and read the tables.'),
    secretArn: text('the ARN of a secret', /^arn:aws[a-z-]*:secretsmanager:[^:]+:\d{12}:secret:\S+$/).describe(
      'Secret of username, password, host and port.',
    ),
    keyArn: text('the ARN of a key', /^arn:aws[a-z-]*:kms:[^:]+:\d{12}:key\/\S+$/)
      .optional()
      .describe("Key of the secret. By default the account's own for secrets."),
    heartbeatSchema: text('the name of a schema', /^[a-z_][a-z0-9_]{0,62}$/)
      .optional()
      .describe('Schema in which user may make a table. By default nothing is written.'),
  })
    .optional()
    .describe("The database, where it is another one than the platform's own."),
  replicaIdentity: z
    .enum(['key', 'full'])
    .optional()
    .describe('What the log says of a row that was changed: its key, or all of it. By default key.'),
  columns: z
    .enum(['all', 'contract'])
    .optional()
    .describe('Which columns leave the database: all, or those of the contract alone. By default all.'),
  capacity: strict({
    min: units.describe('What an idle one has.'),
    max: units.describe('What a busy one has at most.'),
  })
    .refine(({ min, max }) => min <= max, { error: () => 'must have a min that is not above max' })
    .optional()
    .describe('DMS capacity units of the replication. By default 1 to 4.'),
  multiAz: z.boolean().optional().describe('Whether the replication has a standby. By default false.'),
  maxValueKb: z
    .int()
    .min(1)
    .max(900)
    .optional()
    .describe('Largest value of a column of unlimited length, in KB, 1 to 900. By default 256.'),
  reconcile: z
    .union([schedule, z.literal(false)])
    .optional()
    .describe('When the tables are compared with the database. By default rate(1 day).'),
};

/** @param hasDatabase whether the platform has one of its own; without, and without a source, nothing can be deployed */
export function resolveDeployed(said: DeployedCdcDeclaration, hasDatabase: boolean): DeployedCdc | undefined {
  const { source } = said;
  if (source === undefined && !hasDatabase) return undefined;
  return {
    from: source === undefined ? 'own' : { ...source, port: source.port ?? 5432 },
    replicaIdentity: said.replicaIdentity ?? 'key',
    columns: said.columns ?? 'all',
    capacity: said.capacity ?? { min: 1, max: 4 },
    multiAz: said.multiAz ?? false,
    maxValueKb: said.maxValueKb ?? 256,
    reconcile: said.reconcile ?? 'rate(1 day)',
  };
}

interface Wrong {
  readonly path: readonly (string | number)[];
  readonly dataset?: Dataset;
  readonly message: string;
}

/** Whether sources follow the platform's own database, if it has one. */
const own = (declared: Readonly<Record<string, CdcDeclaration>>) =>
  Object.entries(declared).filter(([, { source }]) => source === undefined);

/** Whether the platform's own database must be one whose log can be followed. */
export const followsOwn = (declared: Readonly<Record<string, CdcDeclaration>> | undefined): boolean =>
  own(declared ?? {}).length > 0;

/** One sentence for each thing that is wrong with how sources are deployed. */
export function deployedProblems(
  declared: Readonly<Record<string, CdcDeclaration>>,
  database: { readonly logicalReplication?: boolean } | undefined,
): Wrong[] {
  const [first, ...more] = own(declared);
  if (database === undefined || first === undefined) return [];
  return [
    ...more.map(([name]) => ({
      path: [name],
      message: `must say which database it follows by source, as ${first[0]} follows the platform's own; one publication holds all of its tables`,
    })),
    ...(database.logicalReplication === false
      ? [
          {
            path: [first[0]],
            message:
              "must follow another database by source, or database.logicalReplication must be left out: the platform's own is declared without",
          },
        ]
      : []),
  ];
}
