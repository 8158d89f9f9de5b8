import { type Answering, answerCustomResource, type CustomResourceEvent } from '../runtime/custom-resource';
import type { Postgres } from '../runtime/postgres';
import { type Migrated, migrate } from './migrate';
import type { Migrations } from './migration';
import { type Release, releaseOf, sameRelease } from './release';
import { migrationStatus } from './status';
import { doUpkeep } from './upkeep';

interface Told {
  readonly release?: Partial<Release>;
}

/** What Terraform's `aws_lambda_invocation` sends with `lifecycle_scope = "CRUD"`. */
export interface DeployEvent extends Told {
  readonly tf?: { readonly action: 'create' | 'update' | 'delete' };
}

export type MigrateEvent =
  | CustomResourceEvent<Told>
  | DeployEvent
  /** The state machine: everything that is left. `snapshotOf` names the destructive migration that a snapshot was taken for. */
  | { readonly action: 'apply'; readonly snapshotOf: string }
  | { readonly action: 'status' }
  /** The schedule: what ready-made migrations have entered to be done regularly. */
  | { readonly action: 'upkeep' };

/** What the _migrate_ handler needs from outside. */
export interface MigrateServices extends Answering {
  /** Begins the name of snapshots: the platform's. */
  readonly name: string;
  readonly migrations: Migrations;
  readonly open: () => Promise<Postgres>;
  /** Starts the state machine for what is long or destructive, unless it is at work. */
  readonly startMachine: () => Promise<void>;
  /** Now, in milliseconds since 1970. */
  readonly now: () => number;
}

/** What the state machine is told. */
export interface AppliedStep extends Migrated {
  /** With `destructive`: the migration, or empty. */
  readonly next: string;
  /** With `destructive`: what the snapshot before it is to be called, or empty. */
  readonly snapshot: string;
}

/** How long a function may be at it before it leaves PostgreSQL alone, short of its own time, in milliseconds. */
const leaveBefore = 30_000;

/**
 * Applies migrations: at a deploy those that are short, in the state machine all. Going back to an older release and
 * removing the resource undo nothing.
 */
export async function handleMigrate(event: MigrateEvent, services: MigrateServices): Promise<unknown> {
  if ('ResponseURL' in event) {
    const { RequestType, ResourceProperties } = event;
    return answerCustomResource(event, services, async () => {
      const { status, applied, pending } =
        RequestType === 'Delete' ? nothing : await deploy(ResourceProperties.release, services);
      return { id: 'migrations', data: { Status: status, Applied: applied.join(' '), Pending: pending.join(' ') } };
    });
  }
  if (!('action' in event)) return event.tf?.action === 'delete' ? nothing : deploy(event.release, services);
  return withDatabase(services, async (postgres) => {
    if (event.action === 'upkeep') return doUpkeep(postgres, services.log);
    if (event.action === 'status') return migrationStatus(services.migrations, postgres);
    return apply(event.snapshotOf, postgres, services);
  });
}

const nothing: Migrated = { status: 'done', applied: [], pending: [], newer: [] };

async function deploy(told: Told['release'], services: MigrateServices): Promise<Migrated> {
  const { migrations, log, startMachine } = services;
  if (!sameRelease(told, releaseOf(migrations)))
    throw new Error(
      'The function has the migrations of another release than the deployment tells of: it is still being updated; deploy again',
    );
  const migrated = await withDatabase(services, (postgres) => migrate(migrations, postgres, { log, defer: true }));
  if (migrated.status === 'deferred') {
    log.info('The state machine applies what is long or destructive', { pending: migrated.pending });
    await startMachine();
  }
  return migrated;
}

async function apply(snapshotOf: string, postgres: Postgres, services: MigrateServices): Promise<AppliedStep> {
  const { migrations, log, name, now, timeLeft } = services;
  const migrated = await migrate(migrations, postgres, {
    log,
    beforeDestructive: async (migration) => migration.name === snapshotOf,
    ...(timeLeft === undefined ? {} : { leaveAfter: Math.max(1_000, timeLeft - leaveBefore) }),
  });
  const next = migrated.status === 'destructive' ? migrated.pending[0]! : '';
  const time = new Date(now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  // RDS takes letters, digits and single hyphens.
  const snapshot = next === '' ? '' : `${name}-before-${next.replaceAll('_', '-')}`.slice(0, 230);
  return { ...migrated, next, snapshot: snapshot === '' ? '' : `${snapshot}-${time}` };
}

async function withDatabase<T>({ open }: MigrateServices, work: (postgres: Postgres) => Promise<T>): Promise<T> {
  const postgres = await open();
  try {
    return await work(postgres);
  } finally {
    await postgres.close();
  }
}
