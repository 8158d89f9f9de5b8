import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { TransientError } from '../errors';

const networkErrors = ['ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN'];

/**
 * A client whose requests fail with a `TransientError` where AWS is throttling, broken or out of reach and the SDK has
 * given up trying: the state machine waits longer than the SDK does.
 */
export function tellingTransient<C extends S3Client | SQSClient | DynamoDBClient>(client: C): C {
  // What each client's requests hold differs; here nobody looks into them.
  (client as S3Client).middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw isTransient(error) ? new TransientError(`AWS: ${describe(error)}`, { cause: error }) : error;
      }
    },
    // The outermost: what comes after it has tried again already.
    { step: 'initialize', priority: 'high', name: 'tellTransient' },
  );
  return client;
}

interface AwsError extends Error {
  readonly code?: string;
  readonly $retryable?: object;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

function isTransient(error: unknown): error is AwsError {
  if (!(error instanceof Error)) return false;
  const { name, code, $retryable, $metadata } = error as AwsError;
  const status = $metadata?.httpStatusCode ?? 0;
  const network = name === 'TimeoutError' || (code !== undefined && networkErrors.includes(code));
  return network || $retryable !== undefined || status === 429 || status >= 500;
}

const describe = ({ name, message }: AwsError): string => (message.includes(name) ? message : `${name}: ${message}`);
