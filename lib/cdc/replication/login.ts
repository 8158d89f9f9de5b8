import { type Answering, answerCustomResource, type CustomResourceEvent } from '../../runtime/custom-resource';
import type { Postgres } from '../../runtime/postgres';
import { followRole, passwordFunction } from '../migrations';
import { scramVerifier } from './scram';

/** What AWS DMS reads of a secret, to log in. */
export interface FollowSecret {
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
}

export type SourceEvent =
  | CustomResourceEvent<unknown>
  /** What Terraform's `aws_lambda_invocation` sends. */
  | { readonly tf: { readonly action: 'create' | 'update' | 'delete' } }
  /** Gives AWS DMS its password. */
  | { readonly action: 'login' }
  /** Says how far the log is. */
  | { readonly action: 'position' };

/** How far the log of a source was at a time. */
export interface LogPosition {
  /** As PostgreSQL writes it. */
  readonly lsn: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface SourceServices extends Answering {
  readonly open: () => Promise<Postgres>;
  /** Where the database is. */
  readonly host: string;
  readonly port: number;
  /** The secret of AWS DMS; absent where somebody else keeps it. */
  readonly secret?: {
    /** Undefined where it has no value yet. */
    read(): Promise<FollowSecret | undefined>;
    write(value: FollowSecret): Promise<void>;
  };
  readonly password: () => string;
  readonly now: () => number;
}

/**
 * What of a replication is done at its source: at a deploy AWS DMS gets its password, which is made here and stands in the
 * secret alone. Again, it is the same one.
 */
export async function handleSource(event: SourceEvent, services: SourceServices): Promise<unknown> {
  if ('ResponseURL' in event)
    return answerCustomResource(event, services, async () => {
      if (event.RequestType !== 'Delete') await login(services);
      return { id: 'login', data: {} };
    });
  if ('action' in event && event.action === 'position') return position(services);
  if ('tf' in event && event.tf.action === 'delete') return { status: 'kept' };
  await login(services);
  return { status: 'done' };
}

async function login(services: SourceServices): Promise<void> {
  const { secret, host, port, log } = services;
  if (secret === undefined) throw new Error('The secret of this source is kept by somebody else: it has its password');
  const before = await secret.read();
  const value = { username: followRole, password: before?.password ?? services.password(), host, port };
  const same = before !== undefined && before.host === host && before.port === port && before.username === followRole;
  await withDatabase(services, async (postgres) => {
    try {
      await postgres.query(`SELECT ${passwordFunction}($1)`, [scramVerifier(value.password)]);
    } catch (error) {
      if (!/^(42883|3F000|42501|28000|28P01)$/.test(String((error as { code?: unknown }).code))) throw error;
      throw new Error(
        `The database does not let ${followRole} be given its password: the migration changeSource is not applied yet; see npx ingot migrate, and deploy again once it is (${(error as Error).message})`,
        { cause: error },
      );
    }
  });
  // Only now: a secret whose password the database does not know would be of no use.
  if (!same) await secret.write(value);
  log.info('AWS DMS has its password', { role: followRole, made: before === undefined });
}

async function position(services: SourceServices): Promise<LogPosition> {
  const [row] = await withDatabase(services, (postgres) =>
    postgres.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn'),
  );
  return { lsn: row!.lsn, at: new Date(services.now()).toISOString() };
}

async function withDatabase<T>({ open }: SourceServices, work: (postgres: Postgres) => Promise<T>): Promise<T> {
  const postgres = await open();
  try {
    return await work(postgres);
  } finally {
    await postgres.close();
  }
}
