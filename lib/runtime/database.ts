import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Signer } from '@aws-sdk/rds-signer';
import { assertValid } from '../errors';
import { openNodePostgres } from './node-postgres';
import type { Postgres } from './postgres';

/** Where a function finds its database, and as whom it logs in: the environment variable `INGOT_DATABASE`, as JSON. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** `iam`: with a token that is made here, without a call. `secret`: with the password that Secrets Manager has. */
  readonly auth: 'iam' | 'secret';
  /** With `secret`. */
  readonly secretArn?: string;
  readonly region: string;
}

/**
 * Connects to the database of the environment. A password is asked for with each new connection: tokens last for 15
 * minutes, and secrets rotate.
 *
 * @throws InvalidInputError where `INGOT_DATABASE` is missing or not whole
 */
export async function openDatabase(env: NodeJS.ProcessEnv, connections?: number): Promise<Postgres> {
  const address = readAddress(env.INGOT_DATABASE);
  const { host, port, database, user } = address;
  return openNodePostgres({
    url: `postgres://${encodeURIComponent(user)}@${host}:${port}/${encodeURIComponent(database)}`,
    password: address.auth === 'iam' ? tokens(address) : secret(address),
    connections,
  });
}

/** @throws InvalidInputError */
export function readAddress(text: string | undefined): DatabaseAddress {
  const address = parse(text);
  const fields = ['host', 'database', 'user', 'region'] as const;
  const whole =
    address !== undefined &&
    fields.every((field) => typeof address[field] === 'string' && address[field] !== '') &&
    Number.isInteger(address.port) &&
    (address.auth === 'iam' || (address.auth === 'secret' && typeof address.secretArn === 'string'));
  const message = `must be JSON of host, port, database, user, region and auth (iam, or secret with its secretArn); given ${text ?? 'nothing'}`;
  assertValid(whole ? [] : [{ where: 'environment', path: 'INGOT_DATABASE', message }]);
  return address as DatabaseAddress;
}

function parse(text: string | undefined): Partial<DatabaseAddress> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function tokens({ host: hostname, port, user: username, region }: DatabaseAddress): () => Promise<string> {
  const signer = new Signer({ hostname, port, username, region });
  return () => signer.getAuthToken();
}

function secret({ secretArn, region }: DatabaseAddress): () => Promise<string> {
  const client = new SecretsManagerClient({ region });
  return async () => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    return (JSON.parse(SecretString!) as { password: string }).password;
  };
}
