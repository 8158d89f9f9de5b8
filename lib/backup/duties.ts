import { TransientError } from '../errors';
import { metricNames } from '../publish/metrics';
import type { Postgres } from '../runtime/postgres';
import type { Clock, Log, Metrics, Objects } from '../runtime/services';
import type { RestCatalog } from '../tables/client';
import { type CatalogWord, readCatalog } from './catalog';
import { compareFingerprints } from './compare';
import { describeFindings } from './describe';
import { type Fingerprint, formatFingerprint, parseFingerprint, takeFingerprint } from './fingerprint';
import { checkFiles, checkTables } from './lake';
import {
  authoritiesKey,
  catalogDay,
  catalogKey,
  fingerprintDay,
  fingerprintKey,
  momentOf,
  validationKey,
  validations,
} from './places';

/** What the function is told: by its schedules, or by EventBridge when AWS Backup has restored something. */
export type DutyEvent = { readonly action: 'fingerprint' | 'catalog' | 'age' } | RestoredEvent;

export interface RestoredEvent {
  readonly 'detail-type': 'Restore Job State Change';
  readonly detail: { readonly restoreJobId: string; readonly status: string };
}

/** What the function needs from outside. */
export interface DutyServices {
  readonly objects: Objects;
  /** Root of the bucket of backups. */
  readonly root: string;
  /** Roots of the lake's zones, as locations of tables name them. */
  readonly zones: Readonly<Record<string, string>>;
  /** Iceberg namespaces, by zone. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** What is restored for tests: `database`, and zones. */
  readonly tested: readonly string[];
  readonly volatile: readonly string[];
  readonly catalog: () => Promise<RestCatalog>;
  /** The database itself. */
  readonly source: () => Promise<Postgres>;
  /** A restored one. */
  readonly restored: (address: { readonly host: string; readonly port: number }) => Promise<Postgres>;
  readonly jobs: RestoreJobs;
  /** The authorities of RDS, in PEM, where the runtime has them. */
  readonly authorities?: () => Promise<Buffer>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** AWS Backup and RDS, as far as restore tests need them. */
export interface RestoreJobs {
  describe(restoreJobId: string): Promise<RestoreJob>;
  /** Where a restored database answers, once it does. */
  addressOf(arn: string): Promise<{ readonly host: string; readonly port: number }>;
  /** Root of a restored bucket: `s3://bucket`. */
  rootOf(arn: string): string;
  answer(restoreJobId: string, passed: boolean, message: string): Promise<void>;
  /** Takes away what was made to reach a restored database. */
  release(arn: string): Promise<void>;
  /** Removes snapshots of a database that were taken before destructive migrations, before a moment; gives how many. */
  forgetChanges(sourceArn: string, before: string): Promise<number>;
}

export interface RestoreJob {
  readonly kind: 'database' | 'bucket';
  readonly sourceArn: string;
  readonly createdArn: string;
  /** Between these moments (ISO 8601, UTC) the backup was taken. */
  readonly backup: { readonly from: string; readonly to: string };
}

export interface DutyResult {
  readonly done: string;
  readonly passed?: boolean;
}

/** Does what an event asks for. */
export async function handleDuty(event: DutyEvent, services: DutyServices): Promise<DutyResult> {
  if ('detail' in event) return validateRestore(event.detail, services);
  if (event.action === 'fingerprint') return fingerprint(services);
  return event.action === 'catalog' ? catalog(services) : age(services);
}

async function fingerprint(services: DutyServices): Promise<DutyResult> {
  const { objects, root, authorities } = services;
  const taken = await withDatabase(services.source, takeFingerprint);
  const uri = `${root}/${fingerprintKey(taken.takenAt)}`;
  await objects.write(uri, formatFingerprint(taken), 'application/x-ndjson');
  if (authorities !== undefined) await objects.write(`${root}/${authoritiesKey}`, await authorities());
  return { done: uri };
}

async function catalog({ objects, root, clock, namespaces, ...services }: DutyServices): Promise<DutyResult> {
  const takenAt = new Date(clock.now()).toISOString();
  const word = await readCatalog(await services.catalog(), Object.values(namespaces), takenAt);
  const uri = `${root}/${catalogKey(takenAt)}`;
  await objects.write(uri, JSON.stringify(word), 'application/json');
  return { done: uri };
}

/** A test that has not run is noticed by the age of the last one that passed; before the first, by that of the oldest word. */
async function age({ objects, root, tested, clock, metrics }: DutyServices): Promise<DutyResult> {
  for (const resource of tested) {
    const passed = await newest(objects, `${root}/${validations(resource)}`, (uri) => uri.endsWith('.passed.json'));
    const since = passed ?? (await oldest(objects, `${root}/catalog/`));
    const hours =
      since === undefined ? 0 : (clock.now() - Date.parse(momentOf(since.replace('.passed', '')))) / 3_600_000;
    metrics.put(metricNames.restoreTestAge, hours, 'None', { Resource: resource });
  }
  return { done: tested.join(', ') };
}

/**
 * Compares what a restore test has restored with what was there, and answers AWS Backup. What may pass (a connection that
 * breaks) is thrown: Lambda calls again, twice.
 */
async function validateRestore(detail: RestoredEvent['detail'], services: DutyServices): Promise<DutyResult> {
  const { objects, root, clock, metrics, jobs, log } = services;
  const job = await jobs.describe(detail.restoreJobId);
  const resource = resourceOf(job, services);
  const outcome = await (detail.status === 'COMPLETED'
    ? compare(job, resource, services)
    : Promise.resolve({ passed: false, message: `AWS Backup could not restore it: ${detail.status}` }));
  const at = new Date(clock.now()).toISOString();
  const key = validationKey(resource, at).replace(/\.json$/, outcome.passed ? '.passed.json' : '.failed.json');
  await objects.write(`${root}/${key}`, JSON.stringify({ ...outcome, at, job, restoreJobId: detail.restoreJobId }));
  if (detail.status === 'COMPLETED')
    await jobs.answer(detail.restoreJobId, outcome.passed, outcome.message.slice(0, 1024));
  metrics.put(metricNames.restoreTestFailed, outcome.passed ? 0 : 1, 'Count', { Resource: resource });
  if (!outcome.passed) log.error('A restored backup is not what it should be', { resource, ...outcome });
  else if (job.kind === 'database') {
    const forgotten = await jobs.forgetChanges(job.sourceArn, job.backup.from);
    log.info('A restored backup is what it should be', { resource, ...outcome, forgotten });
  }
  return { done: resource, passed: outcome.passed };
}

interface Outcome {
  readonly passed: boolean;
  readonly message: string;
}

async function compare(job: RestoreJob, resource: string, services: DutyServices): Promise<Outcome> {
  try {
    return await (job.kind === 'database' ? compareDatabase(job, services) : compareBucket(job, resource, services));
  } catch (error) {
    if (error instanceof TransientError) throw error;
    return { passed: false, message: `It could not be compared: ${(error as Error).message}` };
  }
}

async function compareDatabase(job: RestoreJob, services: DutyServices): Promise<Outcome> {
  const { objects, root, volatile, jobs } = services;
  const { from, to } = job.backup;
  const before = await around(objects, root, fingerprintDay, from, 'before');
  if (before === undefined)
    return { passed: false, message: `No fingerprint was taken in the three days before the backup, ${from}` };
  const later = await around(objects, root, fingerprintDay, to, 'after');
  const after =
    later === undefined ? await withDatabase(services.source, takeFingerprint) : await readFingerprint(objects, later);
  try {
    const address = await jobs.addressOf(job.createdArn);
    const restored = await withDatabase(() => services.restored(address), takeFingerprint);
    const validation = compareFingerprints(restored, {
      before: await readFingerprint(objects, before),
      after,
      volatile,
    });
    return { passed: validation.passed, message: describeFindings(validation) };
  } finally {
    await jobs.release(job.createdArn);
  }
}

async function compareBucket(job: RestoreJob, zone: string, services: DutyServices): Promise<Outcome> {
  const { objects, root, zones, namespaces, jobs } = services;
  const [from, to] = [zones[zone]!, jobs.rootOf(job.createdArn)];
  const files = namespaces[zone] === undefined;
  let word: CatalogWord | undefined;
  if (!files) {
    const uri = await around(objects, root, catalogDay, job.backup.from, 'before');
    if (uri === undefined)
      return { passed: false, message: `The catalog was not written down in the three days before ${job.backup.from}` };
    word = JSON.parse((await objects.read(uri)).toString('utf8')) as CatalogWord;
  }
  const found = await (word === undefined
    ? checkFiles(objects, job.backup.from, from, to)
    : checkTables(objects, word, from, to));
  const counted = word === undefined ? `${found.files} files` : `${found.files} files of ${found.tables} tables`;
  return {
    passed: found.passed,
    message: found.passed ? `${counted} are there, in their full length` : found.findings.join('; '),
  };
}

function resourceOf(job: RestoreJob, { zones }: DutyServices): string {
  if (job.kind === 'database') return 'database';
  const bucket = job.sourceArn.slice(job.sourceArn.lastIndexOf(':') + 1);
  const zone = Object.keys(zones).find((name) => zones[name] === `s3://${bucket}`);
  if (zone === undefined)
    throw new Error(`${job.sourceArn} is the bucket of no zone: ${Object.keys(zones).join(', ')}`);
  return zone;
}

const readFingerprint = async (objects: Objects, uri: string): Promise<Fingerprint> =>
  parseFingerprint((await objects.read(uri)).toString('utf8'));

/** The nearest before a moment, at most three days, or the nearest after it. */
async function around(
  objects: Objects,
  root: string,
  folder: (day: string) => string,
  moment: string,
  side: 'before' | 'after',
): Promise<string | undefined> {
  for (let days = 0; days <= 3; days++) {
    const day = new Date(Date.parse(moment) + (side === 'before' ? -days : days) * 86_400_000)
      .toISOString()
      .slice(0, 10);
    const prefix = `${root}/${folder(day)}`;
    const found = await (side === 'before'
      ? newest(objects, prefix, (uri) => momentOf(uri) <= moment)
      : oldest(objects, prefix, (uri) => momentOf(uri) >= moment));
    if (found !== undefined) return found;
  }
  return undefined;
}

type Which = (uri: string) => boolean;

async function newest(objects: Objects, prefix: string, which: Which = () => true): Promise<string | undefined> {
  let last: string | undefined;
  for await (const { uri } of objects.list(prefix)) if (which(uri)) last = uri;
  return last;
}

async function oldest(objects: Objects, prefix: string, which: Which = () => true): Promise<string | undefined> {
  for await (const { uri } of objects.list(prefix)) if (which(uri)) return uri;
  return undefined;
}

async function withDatabase<T>(open: () => Promise<Postgres>, work: (postgres: Postgres) => Promise<T>): Promise<T> {
  const postgres = await open();
  try {
    return await work(postgres);
  } finally {
    await postgres.close();
  }
}
