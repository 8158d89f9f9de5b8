import { openNodePostgres } from './node-postgres';
import type { Postgres } from './postgres';

/** How a function reaches the database: the environment variable `INGOT_DATABASE`, as JSON. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** `iam`: a token for each new connection; `none`: no password, for tests. */
  readonly auth: 'iam' | 'none';
  readonly region?: string;
}

/** Opens the database that `INGOT_DATABASE` names, as the role that it names. */
export async function openDatabase(env: NodeJS.ProcessEnv, connections = 2): Promise<Postgres> {
  const given = env.INGOT_DATABASE;
  if (given === undefined || given === '')
    throw new Error('INGOT_DATABASE must be set to JSON of {host, port, database, user, auth}');
  const { host, port, database, user, auth, region } = JSON.parse(given) as DatabaseAddress;
  const url = `postgres://${encodeURIComponent(user)}@${host}:${port}/${encodeURIComponent(database)}`;
  if (auth === 'none') return openNodePostgres({ url, connections });
  const { Signer } = await import('@aws-sdk/rds-signer');
  const signer = new Signer({ hostname: host, port, username: user, region });
  return openNodePostgres({ url, password: () => signer.getAuthToken(), connections });
}
