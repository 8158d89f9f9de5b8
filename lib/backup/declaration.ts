import { z } from 'zod';
import { strict } from '../contract/strict';
import type { Problem } from '../errors';
import { scheduleProblem } from '../platform/schedule';

/** Backups of a platform, as `backup:` of platform.yaml and the construct's props have them. */
export interface BackupDeclaration {
  /** How often what is backed up, and how long it is kept: see `defaultTiers`. */
  readonly tiers?: {
    /** @default every day at 03:00 UTC, kept 30 days */
    readonly full?: TierDeclaration;
    /**
     * Of the database alone.
     * @default every hour, kept 7 days
     */
    readonly incremental?: TierDeclaration | false;
    /**
     * The database's transaction log and every change of the lake's objects, for recovery to any second. It cannot be
     * left out: kept 1 to 35 days.
     * @default kept 7 days; 35 where compliance is `regulated`
     */
    readonly log?: { readonly keepDays?: number };
  };
  /**
   * `governance`: nobody deletes a recovery point or shortens its time, but who may change the lock itself. With
   * `coolingOffDays` (at least 3) it is compliance mode: after so many days **nobody, not even AWS, can take the lock
   * away** until the last recovery point has expired. `false`: no lock.
   * @default governance
   */
  readonly lock?: 'governance' | { readonly coolingOffDays: number } | false;
  /**
   * Vaults elsewhere, in another region or account, that every full backup is copied to.
   * @default none
   */
  readonly copies?: readonly CopyDeclaration[];
  /** Restores that prove that backups can be restored. */
  readonly restoreTests?: {
    /**
     * `cron(…)`, UTC: when the newest backup of the database is restored and compared.
     * @default every Sunday at 05:00
     */
    readonly database?: string;
    /**
     * The same for the lake's buckets, each of which is restored whole, which costs what it holds; `false`: never.
     * @default on the first of each month at 05:00
     */
    readonly lake?: string | false;
  };
  /**
   * Tables of the database whose rows are not compared, as `schema.table`: queues and sessions, whose rows come and go.
   * @default none
   */
  readonly volatile?: readonly string[];
  /**
   * A logical dump on schedule beside the backups, as pg_dump makes it: readable by other versions and elsewhere.
   * @default none
   */
  readonly dump?: DumpDeclaration | false;
}

export interface TierDeclaration {
  /** `cron(…)` of AWS Backup, UTC; at most once an hour. */
  readonly schedule?: string;
  /** Days that a recovery point is kept. */
  readonly keepDays?: number;
}

export interface CopyDeclaration {
  /** Its access policy must let this account copy into it (`backup:CopyIntoBackupVault`). */
  readonly vaultArn: string;
  /** @default as the full tier */
  readonly keepDays?: number;
}

export interface DumpDeclaration {
  /**
   * `cron(…)` or `rate(…)` of EventBridge Scheduler, UTC.
   * @default every Sunday at 01:00
   */
  readonly schedule?: string;
  /** @default 90 */
  readonly keepDays?: number;
  /**
   * An image with pg_dump of the database's major version or a newer one, and bash.
   * @default public.ecr.aws/docker/library/postgres:18
   */
  readonly image?: string;
  /**
   * An image with AWS's command line and bash, which brings the dump to S3.
   * @default public.ecr.aws/aws-cli/aws-cli:latest
   */
  readonly uploadImage?: string;
}

/** A tier with its defaults. */
export interface Tier {
  readonly name: 'full' | 'incremental' | 'log';
  readonly schedule: string;
  readonly keepDays: number;
  readonly continuous: boolean;
  readonly covers: readonly ('database' | 'lake')[];
}

/**
 * The tiers. AWS Backup knows neither full nor incremental: each recovery point can be restored by itself, and only what
 * has changed since the last one is stored (of an instance and of buckets; a snapshot of Aurora is billed whole). The
 * words say how much would be lost. A fourth tier has no schedule: the snapshot that
 * the migrate state machine takes before a destructive migration, kept until a later backup has been restored and found
 * whole.
 */
const defaultTiers: readonly Tier[] = [
  { name: 'full', schedule: 'cron(0 3 * * ? *)', keepDays: 30, continuous: false, covers: ['database', 'lake'] },
  { name: 'incremental', schedule: 'cron(0 * * * ? *)', keepDays: 7, continuous: false, covers: ['database'] },
  { name: 'log', schedule: 'cron(0 3 * * ? *)', keepDays: 7, continuous: true, covers: ['database', 'lake'] },
];

export interface BackupManifest {
  readonly tiers: readonly Tier[];
  readonly lock: 'governance' | { readonly coolingOffDays: number } | false;
  readonly copies: readonly Required<CopyDeclaration>[];
  readonly restoreTests: { readonly database: string; readonly lake: string | false };
  readonly volatile: readonly string[];
  readonly dump: Required<DumpDeclaration> | false;
}

/** Applies the defaults. */
export function resolveBackup(declared: BackupDeclaration, regulated = false): BackupManifest {
  const tiers = defaultTiers.flatMap((tier): Tier[] => {
    const said = declared.tiers?.[tier.name];
    if (said === false) return [];
    const keepDays = tier.continuous && regulated ? 35 : tier.keepDays;
    return [{ ...tier, keepDays, ...withoutUndefined(said ?? {}) }];
  });
  const full = tiers.find(({ name }) => name === 'full')!;
  return {
    tiers,
    lock: declared.lock ?? 'governance',
    copies: (declared.copies ?? []).map(({ vaultArn, keepDays }) => ({
      vaultArn,
      keepDays: keepDays ?? full.keepDays,
    })),
    restoreTests: {
      database: declared.restoreTests?.database ?? 'cron(0 5 ? * SUN *)',
      lake: declared.restoreTests?.lake ?? 'cron(0 5 1 * ? *)',
    },
    volatile: declared.volatile ?? [],
    dump:
      declared.dump === undefined || declared.dump === false
        ? false
        : {
            schedule: declared.dump.schedule ?? 'cron(0 1 ? * SUN *)',
            keepDays: declared.dump.keepDays ?? 90,
            image: declared.dump.image ?? 'public.ecr.aws/docker/library/postgres:18',
            uploadImage: declared.dump.uploadImage ?? 'public.ecr.aws/aws-cli/aws-cli:latest',
          },
  };
}

const withoutUndefined = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, held]) => held !== undefined)) as Partial<T>;

/** What is wrong with a declaration, each with the path inside `backup`. */
export function backupProblems(where: string, declared: BackupDeclaration): Problem[] {
  const problems: Problem[] = [];
  const problem = (path: string, message: string) => problems.push({ where, path, message });
  const { tiers, lock, copies, restoreTests, volatile, dump } = resolveBackup(declared);
  for (const { name, schedule, keepDays, continuous } of tiers) {
    const [min, max] = continuous ? [1, 35] : [1, 36_500];
    if (!isWhole(keepDays, min, max))
      problem(`tiers.${name}.keepDays`, `must be a whole number of days from ${min} to ${max}; given ${keepDays}`);
    const wrong = scheduleProblem(schedule, ['cron']);
    if (wrong !== undefined) problem(`tiers.${name}.schedule`, wrong);
    else if (/^cron\((\*|\S*[,/-])/.test(schedule))
      problem(`tiers.${name}.schedule`, `must be at most once an hour, which AWS Backup allows; given ${schedule}`);
  }
  if (typeof lock === 'object' && !isWhole(lock.coolingOffDays, 3, 36_500))
    problem('lock.coolingOffDays', `must be a whole number of days from 3; given ${lock.coolingOffDays}`);
  copies.forEach(({ vaultArn, keepDays }, i) => {
    if (!/^arn:|\$\{/.test(vaultArn))
      problem(`copies[${i}].vaultArn`, `must be the ARN of a vault; given ${JSON.stringify(vaultArn)}`);
    if (!isWhole(keepDays, 1, 36_500))
      problem(`copies[${i}].keepDays`, `must be a whole number of days from 1; given ${keepDays}`);
  });
  for (const [name, schedule] of Object.entries(restoreTests)) {
    const wrong =
      schedule === false ? undefined : scheduleProblem(schedule, name === 'lake' ? ['cron', false] : ['cron']);
    if (wrong !== undefined) problem(`restoreTests.${name}`, wrong);
  }
  volatile.forEach((table, i) => {
    if (!/^[^.]+\..+$/.test(table))
      problem(`volatile[${i}]`, `must name its schema too, as public.sessions; given ${JSON.stringify(table)}`);
  });
  if (dump !== false) {
    if (!isWhole(dump.keepDays, 1, 36_500))
      problem('dump.keepDays', `must be a whole number of days from 1; given ${dump.keepDays}`);
    const wrong = scheduleProblem(dump.schedule, ['rate', 'cron']);
    if (wrong !== undefined) problem('dump.schedule', wrong);
    else if (dump.schedule.includes('minute'))
      problem('dump.schedule', `must be a rate of hours or days, or cron(…); given ${JSON.stringify(dump.schedule)}`);
  }
  return problems;
}

const isWhole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;

const tier = strict({
  schedule: z.string().optional().describe('cron(…) of AWS Backup, UTC; at most once an hour.'),
  keepDays: z.number().optional().describe('Days that a recovery point is kept.'),
});

/** What `backup:` of platform.yaml may say. Ranges are judged by `backupProblems`, as they are for the construct. */
export const backupWords = strict({
  tiers: strict({
    full: tier.optional().describe('By default every day, kept 30 days.'),
    incremental: z
      .union([tier, z.literal(false)])
      .optional()
      .describe('By default every hour, kept 7 days.'),
    log: strict({ keepDays: z.number().optional().describe('Days, 1 to 35. By default 7.') })
      .optional()
      .describe('Recovery to any second.'),
  })
    .optional()
    .describe('How often what is backed up, and how long it is kept.'),
  lock: z
    .union([
      z.literal('governance'),
      z.literal(false),
      strict({ coolingOffDays: z.number().describe('Days after which nobody can take the lock away, at least 3.') }),
    ])
    .optional()
    .describe(
      'Whether recovery points can be deleted. With coolingOffDays nobody can take the lock away after them. By default governance.',
    ),
  copies: z
    .array(
      strict({
        vaultArn: z.string().describe('ARN of a vault in another region or account.'),
        keepDays: z.number().optional().describe('By default as the full tier.'),
      }),
    )
    .optional()
    .describe('Vaults that every full backup is copied to. By default none.'),
  restoreTests: strict({
    database: z.string().optional().describe('cron(…), UTC. By default every Sunday at 05:00.'),
    lake: z
      .union([z.string(), z.literal(false)])
      .optional()
      .describe('cron(…), UTC; false: never. By default on the first of each month.'),
  })
    .optional()
    .describe('Restores that prove that backups can be restored.'),
  volatile: z.array(z.string()).optional().describe('Tables whose rows are not compared, as schema.table.'),
  dump: z
    .union([
      strict({
        schedule: z.string().optional().describe('cron(…) or rate(…), UTC. By default every Sunday at 01:00.'),
        keepDays: z.number().optional().describe('By default 90.'),
        image: z.string().optional().describe('An image with pg_dump and bash.'),
        uploadImage: z.string().optional().describe("An image with AWS's command line and bash."),
      }),
      z.literal(false),
    ])
    .optional()
    .describe('A logical dump on schedule. By default none.'),
}).describe('Backups of the database and the lake, and the restores that prove them.');
