import { TransientError } from '../errors';
import { metricNames } from '../publish/metrics';
import type { Postgres } from '../runtime/postgres';
import type { Clock, Log, Metrics, Objects } from '../runtime/services';
import type { RestCatalog } from '../tables/client';
import { type CatalogWord, readCatalog } from './catalog';
import { compareFingerprints } from './compare';
import { comparingHours } from './comparing';
import { describeFindings } from './describe';
import {
  continueFingerprint,
  type Fingerprint,
  formatFingerprint,
  parseFingerprint,
  takeFingerprint,
} from './fingerprint';
import { checkFiles, checkTables } from './lake';
import {
  authoritiesKey,
  catalogDay,
  catalogKey,
  comparingKey,
  fingerprintDay,
  fingerprintKey,
  momentOf,
  validationKey,
  validations,
} from './places';

/** What the function is told: by its schedules, or by the state machine when AWS Backup has restored something. */
export type DutyEvent = { readonly action: 'fingerprint' | 'catalog' | 'age' } | RestoredEvent;

export interface RestoredEvent {
  readonly 'detail-type': 'Restore Job State Change';
  readonly detail: { readonly restoreJobId: string; readonly status: string };
  /** Why the state machine has given up: the comparison is to be answered as one that failed. */
  readonly error?: { readonly Error: string; readonly Cause?: string };
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
  /** How long this call may still compare, in milliseconds. */
  readonly timeLeft: () => number;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** AWS Backup and RDS, as far as restore tests need them. */
export interface RestoreJobs {
  describe(restoreJobId: string): Promise<RestoreJob>;
  /**
   * Where a restored database answers. What is needed to reach it is made.
   *
   * @throws TransientError as long as it does not
   */
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
  /** When it was there, ISO 8601, UTC. */
  readonly restoredAt: string;
  /** Between these moments (ISO 8601, UTC) the backup was taken. */
  readonly backup: { readonly from: string; readonly to: string };
}

export interface DutyResult {
  readonly done: string;
  /** Of a comparison: whether it has come to its end. If not, the state machine calls again. */
  readonly finished?: boolean;
  readonly passed?: boolean;
}

/** Does what an event asks for. */
export async function handleDuty(event: DutyEvent, services: DutyServices): Promise<DutyResult> {
  if ('detail' in event) return validateRestore(event, services);
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
 * Compares what a restore test has restored with what was there, and answers AWS Backup. What takes longer than a call, or
 * may pass (an instance that is not up, a connection that breaks), goes on with the next one, where this one ended, until
 * AWS Backup is about to take away what it has restored.
 */
async function validateRestore({ detail, error }: RestoredEvent, services: DutyServices): Promise<DutyResult> {
  const { objects, root, clock, metrics, jobs, log } = services;
  const { restoreJobId } = detail;
  const job = await jobs.describe(restoreJobId);
  const resource = resourceOf(job, services);
  const restored = detail.status === 'COMPLETED';
  const outcome = !restored
    ? { passed: false, message: `AWS Backup could not restore it: ${detail.status}` }
    : error !== undefined
      ? { passed: false, message: `It could not be compared: ${error.Error} ${error.Cause ?? ''}`.trim() }
      : await compare(job, restoreJobId, resource, services);
  if (!('passed' in outcome)) {
    log.info('A restored backup is still being compared', { resource, ...outcome });
    return { done: resource, finished: false };
  }
  if (restored) await jobs.release(job.createdArn);
  const at = new Date(clock.now()).toISOString();
  const key = validationKey(resource, at).replace(/\.json$/, outcome.passed ? '.passed.json' : '.failed.json');
  await objects.write(`${root}/${key}`, JSON.stringify({ ...outcome, at, job, restoreJobId }));
  if (restored) await jobs.answer(restoreJobId, outcome.passed, outcome.message.slice(0, 1024));
  metrics.put(metricNames.restoreTestFailed, outcome.passed ? 0 : 1, 'Count', { Resource: resource });
  if (!outcome.passed) log.error('A restored backup is not what it should be', { resource, ...outcome });
  else if (job.kind === 'database') {
    const forgotten = await jobs.forgetChanges(job.sourceArn, job.backup.from);
    log.info('A restored backup is what it should be', { resource, ...outcome, forgotten });
  }
  return { done: resource, finished: true, passed: outcome.passed };
}

interface Outcome {
  readonly passed: boolean;
  readonly message: string;
}

/** What there is still to wait for. */
interface Unfinished {
  readonly message: string;
}

async function compare(
  job: RestoreJob,
  restoreJobId: string,
  resource: string,
  services: DutyServices,
): Promise<Outcome | Unfinished> {
  const failed = (message: string): Outcome => ({ passed: false, message: `It could not be compared: ${message}` });
  try {
    const outcome = await (job.kind === 'database'
      ? compareDatabase(job, restoreJobId, services)
      : compareBucket(job, resource, services));
    return 'passed' in outcome || !isLate(job, services) ? outcome : failed(outcome.message);
  } catch (error) {
    const { message } = error as Error;
    return error instanceof TransientError && !isLate(job, services) ? { message } : failed(message);
  }
}

/** Within an hour what was restored is gone. */
const isLate = ({ restoredAt }: RestoreJob, { clock }: DutyServices): boolean =>
  clock.now() > Date.parse(restoredAt) + (comparingHours - 1) * 3_600_000;

async function compareDatabase(
  job: RestoreJob,
  restoreJobId: string,
  services: DutyServices,
): Promise<Outcome | Unfinished> {
  const { objects, root, volatile, jobs, timeLeft } = services;
  const { from, to } = job.backup;
  const before = await around(objects, root, fingerprintDay, from, 'before');
  if (before === undefined)
    return { passed: false, message: `No fingerprint was taken in the three days before the backup, ${from}` };
  const after = (await around(objects, root, fingerprintDay, to, 'after')) ?? (await fingerprint(services)).done;
  const address = await jobs.addressOf(job.createdArn);
  const kept = `${root}/${comparingKey(restoreJobId)}`;
  const begun = (await objects.head(kept)) === undefined ? '' : (await objects.read(kept)).toString('utf8');
  const parts = begun.split('\n').filter((part) => part !== '');
  const count = parts.length;
  const keep = async () => {
    if (parts.length > count) await objects.write(kept, parts.join('\n'), 'application/x-ndjson');
  };
  const whole = await withDatabase(
    () => services.restored(address),
    (postgres) => continueFingerprint(postgres, parts, timeLeft),
  ).finally(keep);
  if (!whole) return { message: `${Math.max(0, parts.length - 1)} tables were read in the time that there was` };
  const validation = compareFingerprints(parseFingerprint(parts.join('\n')), {
    before: await readFingerprint(objects, before),
    after: await readFingerprint(objects, after),
    volatile,
  });
  return { passed: validation.passed, message: describeFindings(validation) };
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
