import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertValid, givenAllowed, type Problem } from '../errors';
import type { DateRange } from '../pipeline/events';
import { loadPlatform } from '../platform/load';
import { tableId } from '../platform/lookup';
import type { Group, Manifest } from '../platform/manifest';
import type { LocalDeclaration } from '../platform/schema';
import { retain } from '../retention/retain';
import type { Services } from '../runtime/services';
import { sparkSources } from '../sizing/consumers';
import { sparkTables } from '../sizing/loads';
import { makeTables } from '../tables/make';
import { version } from '../version';
import { runChanges } from './changes';
import { LocalDatabase } from './database';
import { gatherSearch, ingestDocuments, landDocuments } from './documents';
import type { Engine } from './engine';
import { type Ended, outcomeOf, runGroup } from './group-run';
import { isDate, type Landed, landFiles } from './land';
import { type Layout, layoutOf } from './layout';
import { localFile } from './local-file';
import { acquireLock } from './lock';
import { localMachine } from './machine';
import { type Progress, silent } from './progress';
import { type FeedRun, fedChanges, gatherFeeds, quarantinedBy } from './report/feeds';
import { type Done, gather } from './report/gather';
import { reportPage } from './report/page';
import type { RunReport, Timing } from './report/report';
import type { SearchReport } from './report/search';
import { runStreams, type StreamRun } from './stream-run';
import { upkeepDue } from './upkeep';
import { openWorkbench } from './workbench';

export interface RunOptions {
  /** Groups to run. By default all, one after another. */
  readonly groups?: readonly string[];
  /** Backfill: bronze files of these dates again, whatever was loaded before. */
  readonly range?: DateRange;
  readonly progress?: Progress;
  /**
   * What loads files, applies changes of databases, answers rules and runs models of all tables; plan and publish, which
   * move no data, stay DuckDB's. By default each table's own engine, as it is deployed.
   */
  readonly engine?: Engine;
}

/**
 * Runs a platform on this machine: its files land in bronze, and each group's state machine is executed, the same that
 * is deployed, with the same handlers over a lake in the folder `.ingot` (see `layout.ts`). Where another run of the
 * platform is at work it waits for its end. The report is written to `.ingot/report.html`.
 *
 * A run that fails is a report that says so, and why.
 *
 * @throws InvalidInputError where the platform or an option is not valid
 */
export async function runPlatform(folder: string, options: RunOptions = {}): Promise<RunReport> {
  const { progress = silent, range } = options;
  const origin = Date.now();
  const stages = new Stages(progress);
  const layout = layoutOf(folder);
  const { manifest, local } = await stages.time('Reading the platform', () => loadPlatform(folder));
  const onSpark = options.engine === undefined ? sparkTables(manifest) : tablesOn(options.engine, manifest);
  const sourcesOnSpark = options.engine === undefined ? sparkSources(manifest) : sourcesOn(options.engine, manifest);
  const machines = chosen(options, manifest).map((group) => ({ group, asl: localMachine(group, manifest, onSpark) }));
  const landings = (local.land ?? []).map((landing) => ({ ...landing, file: localFile(landing.file, folder) }));
  const lock = await acquireLock(layout.lock, ({ pid, since }) =>
    progress.note(`Another run is at work (process ${pid}, since ${since}); this one waits for its end`),
  );
  try {
    const workbench = await stages.time('Opening the lake', () => openWorkbench(manifest, layout));
    const { services } = workbench;
    const database = new LocalDatabase(manifest, layout, services.log);
    const spark = lazySpark(services, layout, stages, progress);
    try {
      const applied = await stages.time('Making the tables', () => makeTables(services));
      for (const [table, { status, changes }] of applied)
        if (status === 'changed') progress.note(`Table ${table} changed: ${changes.join('; ')}`);
        else if (status === 'older')
          progress.note(`Table ${table} stays as it is: its contract is older than the table`);
      if (manifest.migrations !== undefined) {
        const { applied } = await stages.time('Migrating the database', () => database.migrate());
        for (const name of applied) progress.note(`Migration ${name} was applied`);
      }
      const landed = await stages.time('Landing files', () =>
        landFiles(landings, manifest, layout, { landedIsEnough: true }),
      );
      for (const [i, { isGone, to }] of landed.entries())
        if (isGone) progress.note(`${landings[i]!.file} is gone; what landed from it stays in ${to}`);
      const streams =
        manifest.streams === undefined
          ? []
          : await stages.time('Streams', () =>
              runStreams(local.streams ?? [], folder, services, layout, () => database.postgres()),
            );
      const feeds =
        manifest.cdc === undefined
          ? []
          : await stages.time('Changes of databases', () =>
              runChanges(local.changes ?? [], folder, services, layout, { sources: sourcesOnSpark, open: spark.open }),
            );
      const ended: Ended[] = [];
      for (const { group, asl } of machines) {
        const around = { services, layout, progress, origin, range, spark: spark.open };
        ended.push(await runGroup(group, asl, around).finally(() => spark.close()));
        const { tables } = await retain({ group: group.name }, services);
        for (const { table, rows } of tables)
          progress.note(`Deleted ${rows} rows of ${table} that were kept for as long as its contract says`);
      }
      const search =
        manifest.stores === undefined
          ? undefined
          : await stages.time('Documents and search', () => searchOf(folder, local, services, database));
      const upkeep = await upkeepDue(services);
      if (upkeep !== undefined)
        for (const note of await stages.time('Upkeep of tables', () => upkeep.run())) progress.note(note);
      return await reportOn({ ended, landed, streams, feeds, search }, { services, layout, stages, origin });
    } finally {
      await spark.close();
      await database.close();
      await workbench.close();
    }
  } finally {
    await lock.release();
  }
}

/** All tables that a run fills, where the engine of all is Spark. */
const tablesOn = (engine: Engine, manifest: Manifest): ReadonlySet<string> =>
  engine === 'spark' ? new Set(manifest.datasets.map(tableId)) : new Set();

const sourcesOn = (engine: Engine, { cdc = [] }: Manifest): ReadonlySet<string> =>
  engine === 'spark' ? new Set(cdc.map(({ name }) => name)) : new Set();

/** Spark takes seconds to start, so it does where there is something to do. */
function lazySpark(services: Services, layout: Layout, stages: Stages, progress: Progress) {
  let opening: Promise<Services> | undefined;
  const start = async () => {
    const { openLocalSpark } = require('../spark/local') as typeof import('../spark/local');
    const { manifest, catalog } = services;
    const scratch = join(layout.temporary, 'spark');
    const told = (note: string) => progress.note(note);
    const onEnd = () => {
      // A job that is tried again gets another one.
      opening = undefined;
    };
    const lake = await openLocalSpark({ manifest, catalog, scratch, told, onEnd }).catch(
      (error: Error & { todo?: string }) => {
        const why = new Error(`${error.message}. With --engine duckdb, DuckDB does what Spark would`, { cause: error });
        // Whatever Spark lacks, the files of the table that it was to load are not to blame.
        throw Object.assign(why, { todo: error.todo ?? 'Put right what Spark lacks, then run again.' });
      },
    );
    return { ...services, lake };
  };
  return {
    open: () => {
      opening ??= stages.time('Starting Spark', start);
      return opening;
    },
    close: async () => {
      const opened = await opening?.catch(() => undefined);
      opening = undefined;
      await opened?.lake.close();
    },
  };
}

/** Brings the vector stores up to date with their documents, and asks them. */
async function searchOf(
  folder: string,
  local: LocalDeclaration,
  services: Services,
  database: LocalDatabase,
): Promise<SearchReport> {
  await landDocuments(folder, local, services);
  const postgres = await database.postgres();
  const documents = await ingestDocuments(services, postgres);
  return gatherSearch(services.manifest, documents, local.searches ?? [], postgres);
}

/** Times what comes before and after the state machines. */
class Stages {
  readonly timings: Timing[] = [];

  constructor(private readonly progress: Progress) {}

  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    const began = Date.now();
    const step = this.progress.begin(name);
    try {
      const result = await work();
      step.done();
      this.timings.push({ name, milliseconds: Date.now() - began });
      return result;
    } catch (error) {
      step.failed(name);
      throw error;
    }
  }
}

function chosen({ groups, range }: RunOptions, manifest: Manifest): Group[] {
  const problems: Problem[] = [];
  const names = manifest.groups.map((group) => group.name);
  for (const group of groups ?? [])
    if (!names.includes(group))
      problems.push({
        where: '--group',
        path: '',
        message: `must be a group of the platform; ${givenAllowed(group, names)}`,
      });
  if (range !== undefined && !(isDate(range.from) && isDate(range.to) && range.from <= range.to))
    problems.push({
      where: '--range',
      path: '',
      message: `must be two days, the first not after the second, given ${range.from}..${range.to}; allowed: YYYY-MM-DD..YYYY-MM-DD`,
    });
  assertValid(problems);
  return manifest.groups.filter(({ name }) => groups === undefined || groups.includes(name));
}

interface Reporting {
  readonly services: Services;
  readonly layout: Layout;
  readonly stages: Stages;
  readonly origin: number;
}

/** What a run did. */
interface Outcome {
  readonly ended: readonly Ended[];
  readonly landed: readonly Landed[];
  readonly streams: readonly StreamRun[];
  readonly feeds: readonly FeedRun[];
  readonly search: SearchReport | undefined;
}

async function reportOn(outcome: Outcome, around: Reporting): Promise<RunReport> {
  const { ended, feeds, search } = outcome;
  const { services, layout, stages, origin } = around;
  const states = ended.flatMap(({ watch }) => watch.states).sort((a, b) => a.from - b.from);
  const ingested =
    search?.documents.some(({ change, failures }) => change !== undefined || failures.length > 0) ?? false;
  const isFed = feeds.some(({ received }) => received.length > 0);
  const isIdle = ended.every(({ watch }) => watch.plan?.empty === true) && !ingested && !isFed;
  // What was gathered by the last run that did something still holds where this one did nothing.
  const last = isIdle ? await readLast(layout) : undefined;
  const gathered =
    last ??
    (await stages.time('Gathering the report', async () => {
      const told = await gatherFeeds(services, feeds);
      return { ...(await gather(services, doneBy(outcome))), ...(told === undefined ? {} : { feeds: told }) };
    }));
  const runs = ended.map((one) => outcomeOf(one, gathered.rules, services.manifest));
  const report: RunReport = {
    ...gathered,
    platform: services.manifest.name,
    runs,
    startedAt: new Date(origin).toISOString(),
    finishedAt: new Date().toISOString(),
    status: runs.some(({ status }) => status === 'failed') ? 'failed' : isIdle ? 'nothing-new' : 'succeeded',
    stages: stages.timings,
    states,
    ...(search === undefined ? {} : { search }),
    versions: last?.versions ?? (await versionsOf(services)),
  };
  if (last === undefined) {
    await writeFile(layout.reportData, `${JSON.stringify(report)}\n`);
    await writeFile(layout.report, reportPage(report));
  }
  return report;
}

async function readLast(layout: Layout): Promise<RunReport | undefined> {
  try {
    return JSON.parse(await readFile(layout.reportData, 'utf8')) as RunReport;
  } catch {
    // Missing, or cut short by a crash: then it is gathered anew.
    return undefined;
  }
}

function doneBy({ ended, landed, streams, feeds }: Outcome): Done {
  const watches = ended.map(({ watch }) => watch);
  const arrived = new Map<string, number>();
  for (const { table, isNew } of landed) if (isNew) arrived.set(table, (arrived.get(table) ?? 0) + 1);
  return {
    changes: new Map([...fedChanges(feeds), ...[...streams, ...watches].flatMap(({ changes }) => [...changes])]),
    drift: new Map(watches.flatMap(({ drift }) => [...drift])),
    quarantined: new Map([
      ...feeds.flatMap(quarantinedBy),
      ...streams.map(({ table, quarantined }) => [table, quarantined] as const),
      ...watches.flatMap(({ quarantined }) => [...quarantined]),
    ]),
    landed: arrived,
  };
}

async function versionsOf({ lake }: Services): Promise<Record<string, string>> {
  const [row] = await lake.query<{ version: string }>('SELECT version() AS version');
  return { ingot: version, DuckDB: row!.version, Node: process.version };
}
