import { randomBytes } from 'node:crypto';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context } from 'aws-lambda';
import { type FollowSecret, handleSource, type SourceEvent, type SourceServices } from '../../cdc/replication/login';
import { openDatabase, readAddress } from '../../runtime/database';
import { jsonLog } from '../../runtime/log';
import { commandLine } from '../command-line';
import { putAnswer } from '../tables/put-answer';

/**
 * What of a replication is done at its source, whose database `INGOT_DATABASE` names. `INGOT_FOLLOW_SECRET` is the ARN of the
 * secret of AWS DMS, where it is made here.
 */
export async function handler(event: SourceEvent, context?: Context): Promise<unknown> {
  return handleSource(event, { ...openServices(process.env), timeLeft: context?.getRemainingTimeInMillis() });
}

export function openServices(env: NodeJS.ProcessEnv): SourceServices {
  const { host, port } = readAddress(env.INGOT_DATABASE);
  const secretArn = env.INGOT_FOLLOW_SECRET ?? '';
  return {
    open: () => openDatabase(env, 1),
    host,
    port,
    ...(secretArn === '' ? {} : { secret: secretOf(secretArn) }),
    // No character that a driver's connection string could take for its own.
    password: () => randomBytes(30).toString('base64url'),
    now: () => Date.now(),
    log: jsonLog((line) => process.stdout.write(`${line}\n`)),
    answer: putAnswer,
  };
}

function secretOf(SecretId: string): NonNullable<SourceServices['secret']> {
  const client = new SecretsManagerClient();
  return {
    async read() {
      try {
        const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
        return SecretString === undefined ? undefined : (JSON.parse(SecretString) as FollowSecret);
      } catch (error) {
        if ((error as Error).name === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
    async write(value) {
      await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }));
    },
  };
}

void commandLine(module, handler);
