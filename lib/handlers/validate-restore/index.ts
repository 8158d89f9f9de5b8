import { readFile } from 'node:fs/promises';
import { BackupClient } from '@aws-sdk/client-backup';
import { GlueClient } from '@aws-sdk/client-glue';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { type DutyEvent, type DutyResult, type DutyServices, handleDuty } from '../../backup/duties';
import { assertValid } from '../../errors';
import { tellingTransient } from '../../runtime/aws-transient';
import { openDatabase } from '../../runtime/database';
import { emfMetrics } from '../../runtime/emf-metrics';
import { jsonLog } from '../../runtime/log';
import { s3Objects } from '../../runtime/s3-objects';
import { RestCatalog } from '../../tables/client';
import { commandLine } from '../command-line';
import { requiredOf } from '../required';
import { signedFetch } from '../tables/sign';
import { restoreJobs } from './restore-jobs';

let services: Omit<DutyServices, 'timeLeft'> | undefined;

/** What a call needs after it has compared, in milliseconds: to keep what it has, and to answer. */
const endsIn = 60_000;

/**
 * Takes fingerprints of the database and of the catalog on schedule, and compares what AWS Backup has restored for a test.
 * Its environment variables are those of the other handlers where they have the same name (`INGOT_DATABASE`,
 * `INGOT_ZONES`, the catalog's); besides:
 *
 * | variable            | meaning                                                                     |
 * | ------------------- | --------------------------------------------------------------------------- |
 * | INGOT_PLATFORM      | the platform's name, for metrics                                            |
 * | INGOT_BACKUPS       | root of the bucket of backups, `s3://…`                                     |
 * | INGOT_NAMESPACES    | JSON: Iceberg namespace by zone                                             |
 * | INGOT_TESTED        | what is restored for tests, with commas: `database`, zones                  |
 * | INGOT_VOLATILE      | tables whose rows are not compared, with commas                             |
 */
export async function handler(event: DutyEvent, context?: Context): Promise<DutyResult> {
  services ??= openServices(process.env);
  const timeLeft = () =>
    context === undefined ? Number.POSITIVE_INFINITY : context.getRemainingTimeInMillis() - endsIn;
  return handleDuty(event, { ...services, timeLeft });
}

/** @throws InvalidInputError with every variable that is missing */
export function openServices(env: NodeJS.ProcessEnv): Omit<DutyServices, 'timeLeft'> {
  const { required, problems } = requiredOf(env);
  const map = (name: string): Record<string, string> => {
    const value = required(name);
    return value === '' ? {} : (JSON.parse(value) as Record<string, string>);
  };
  const listed = (name: string): string[] => (env[name] ?? '').split(',').filter((word) => word !== '');
  const [platform, root, region] = [required('INGOT_PLATFORM'), required('INGOT_BACKUPS'), required('AWS_REGION')];
  const [uri, warehouse] = [required('INGOT_CATALOG_URI'), required('INGOT_WAREHOUSE')];
  const [zones, namespaces] = [map('INGOT_ZONES'), map('INGOT_NAMESPACES')];
  assertValid(problems);
  const signs = (env.INGOT_CATALOG_AUTH ?? 'sigv4') === 'sigv4';
  const send = signs ? signedFetch(region, 'glue', new GlueClient({ region }).config.credentials) : undefined;
  const log = jsonLog((line) => process.stdout.write(`${line}\n`));
  const authorities = env.NODE_EXTRA_CA_CERTS;
  return {
    objects: s3Objects(tellingTransient(new S3Client())),
    root,
    zones,
    namespaces,
    tested: listed('INGOT_TESTED'),
    volatile: listed('INGOT_VOLATILE'),
    catalog: () => RestCatalog.connect({ uri, warehouse }, send),
    source: () => openDatabase(env),
    restored: ({ host, port }) => openDatabase({ INGOT_DATABASE: elsewhere(env.INGOT_DATABASE, host, port) }),
    jobs: restoreJobs(new BackupClient(), new RDSClient(), platform),
    ...(authorities === undefined ? {} : { authorities: () => readFile(authorities) }),
    clock: { now: () => Date.now() },
    metrics: emfMetrics(platform),
    log,
  };
}

/** The same role of the same database, at another address. */
function elsewhere(database: string | undefined, host: string, port: number): string {
  return JSON.stringify({ ...(JSON.parse(database ?? '{}') as object), host, port });
}

void commandLine(module, handler);
