import { literal } from '../sql/quote';
import type { Duckdb } from './duckdb';

/** How DuckDB reaches S3. */
export interface S3Access {
  readonly region: string;
  /** Where S3 answers, where that is not AWS: `http://127.0.0.1:4566`. Buckets are then named in the path. */
  readonly endpoint?: string;
  /** Credentials that hold now; those of a role change while a function is warm. Asked before each statement: keep them. */
  credentials(): Promise<Credentials>;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** DuckDB's name for the credentials. The attached catalog looks them up by it for each request. */
export const secretName = 'ingot_aws';

/**
 * A function that gives DuckDB the credentials, again whenever they have changed. (DuckDB's own extension that looks for
 * them would be a fifth of the Lambda layer, which with it is larger than Lambda takes in one request.)
 */
export function s3Secret({ region, endpoint, credentials }: S3Access, duckdb: Duckdb): () => Promise<void> {
  let known: string | undefined;
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
    if (accessKeyId === known) return;
    const options = [
      'TYPE s3',
      `REGION ${literal(region)}`,
      `KEY_ID ${literal(accessKeyId)}`,
      `SECRET ${literal(secretAccessKey)}`,
      ...(sessionToken === undefined ? [] : [`SESSION_TOKEN ${literal(sessionToken)}`]),
      ...(endpoint === undefined ? [] : elsewhere(new URL(endpoint))),
    ];
    await duckdb.run(`CREATE OR REPLACE SECRET ${secretName} (${options.join(', ')})`);
    known = accessKeyId;
  };
}

const elsewhere = ({ host, protocol }: URL): string[] => [
  `ENDPOINT ${literal(host)}`,
  "URL_STYLE 'path'",
  `USE_SSL ${protocol === 'https:'}`,
];
