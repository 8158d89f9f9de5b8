import type { Dataset, Source } from '../contract/dataset';
import type { DateRange, PlanEvent, PlanResult, TableBatches } from '../pipeline/events';
import { findGroup, findTable } from '../platform/lookup';
import type { Group } from '../platform/manifest';
import { metricNames } from '../publish/metrics';
import { unpublished } from '../publish/unpublished';
import type { Arrival, ObjectInfo, Services, Transaction } from '../runtime/services';
import { sparkTables } from '../sizing/loads';
import { staleModels } from '../transform/stale';
import { addToLedger, batchesAbove, lastBatches, ledgerName, notInLedger, positionOf } from './ledger';

const gigabyte = 1024 ** 3;

/** A batch is closed once it is this large, so that a backfill of years does not become one load. */
const bytesPerBatch = { duckdb: 8 * gigabyte, spark: 64 * gigabyte } as const;

/** A file that has arrived, and the table that it is for. */
interface Arrived extends ObjectInfo {
  readonly table: string;
}

/**
 * Finds what is new for a group and writes it down as numbered batches, in one commit; only then is it taken off the
 * queue. What was planned before and is in no table yet is given again, so that a run that died is repeated exactly.
 *
 * Running it again, or twice at once, plans no file twice: a file is known by its URI and ETag.
 *
 * @throws Error where a backfill is asked of a table without a key, which would hold its rows twice
 */
export async function plan(event: PlanEvent, services: Services): Promise<PlanResult> {
  const group = findGroup(event.group, services.manifest);
  const range = event.range ?? undefined;
  const arrivals = range === undefined ? await take(group, services) : [];
  const files =
    range === undefined ? arrivals.flatMap(({ file }) => file ?? []) : await inRange(range, group, services);
  await writeDown(files, event, services);
  await takeOff(arrivals.map(({ arrival }) => arrival));
  const tables = await openBatches(group, services);
  measureInput(group, tables, services);
  const stale = await staleModels(group, services);
  const waiting = await unpublished(group, services);
  const empty = tables.length === 0 && stale.length === 0 && waiting.length === 0;
  return { empty, tables, staleModels: stale, unpublished: waiting };
}

/** How large the largest input of this run is that DuckDB loads: an alarm rings where it has outgrown that engine. */
function measureInput(group: Group, tables: readonly TableBatches[], { manifest, metrics }: Services): void {
  const onSpark = sparkTables(manifest);
  if (group.ingests.every((table) => onSpark.has(table))) return;
  const bytes = tables
    .filter(({ table }) => !onSpark.has(table))
    .map(({ batches }) => batches.reduce((sum, batch) => sum + batch.bytes, 0));
  metrics.put(metricNames.largestInput, Math.max(0, ...bytes) / gigabyte, 'None', { Group: group.name });
}

/** How many arrivals are taken off the queue at once. */
const doneAtOnce = 32;

async function takeOff(arrivals: readonly Arrival[]): Promise<void> {
  for (let start = 0; start < arrivals.length; start += doneAtOnce)
    await Promise.all(arrivals.slice(start, start + doneAtOnce).map((arrival) => arrival.done()));
}

/** Everything in the queue; an object that belongs to no table of the group is taken off and reported. */
async function take(group: Group, services: Services): Promise<{ arrival: Arrival; file?: Arrived }[]> {
  const sources = sourcesOf(group, services);
  const taken = [];
  for await (const arrival of services.arrivals.take(group.name)) {
    const { uri } = arrival.object;
    const source = sources.find(({ prefix }) => uri.startsWith(prefix));
    if (source === undefined)
      services.log.warn('An object arrived that belongs to no table of the group', { uri, group: group.name });
    taken.push(
      source !== undefined && isData(uri)
        ? { arrival, file: { ...arrival.object, ...knownAs(arrival.object), table: source.table } }
        : { arrival },
    );
  }
  return taken;
}

/** A file that an erasure has written anew is the file that arrived. */
const knownAs = ({ etag, arrivedAs }: ObjectInfo) => ({ etag: arrivedAs ?? etag });

/** Objects of a backfill: those under a `date=` of the range. */
async function inRange(range: DateRange, group: Group, services: Services): Promise<Arrived[]> {
  const files: Arrived[] = [];
  for (const { prefix, table, dataset } of sourcesOf(group, services)) {
    if (dataset.key.length === 0) {
      throw new Error(
        `${table} has no primary key, so a backfill would add its rows a second time; give its contract a primaryKey, or clear the table first`,
      );
    }
    for await (const object of services.objects.list(prefix)) {
      const date = /\/date=(\d{4}-\d{2}-\d{2})\//.exec(object.uri)?.[1];
      if (date === undefined || date < range.from || date > range.to || !isData(object.uri)) continue;
      const { arrivedAs } = (await services.objects.head(object.uri)) ?? object;
      files.push({ ...object, ...knownAs({ ...object, arrivedAs }), table });
    }
  }
  return files;
}

/** Writers leave markers, `_SUCCESS` or `.crc`, and consoles leave empty objects that stand for folders. */
const isData = (uri: string): boolean => !/(^|\/)([._][^/]*)?$/.test(uri);

function sourcesOf(group: Group, { manifest, zones }: Services) {
  return group.ingests.map((table) => {
    const { dataset } = findTable(table, manifest);
    const source = sourceOf(dataset);
    return { table, dataset, prefix: `${zones[source.zone]}/${source.prefix}/` };
  });
}

/** Where a dataset's rows arrive. Throws for one that a model fills. */
export function sourceOf(dataset: Dataset): Source {
  if (dataset.source === undefined) {
    throw new Error(
      `${dataset.zone}.${dataset.name} is not ingested: its contract has no server in a zone that holds files`,
    );
  }
  return dataset.source;
}

async function writeDown(files: readonly Arrived[], event: PlanEvent, services: Services): Promise<void> {
  if (files.length === 0) return;
  const { lake, manifest, clock } = services;
  const ledger = ledgerName(manifest, lake);
  const plannedAt = new Date(clock.now()).toISOString();
  await lake.commit(async (tx) => {
    const given = unique(files);
    const again = event.range !== undefined && event.range !== null;
    const unknown = again ? await unlessPlanned(event.run, given, ledger, tx) : await notInLedger(ledger, given, tx);
    if (unknown.length === 0) return;
    const last = await lastBatches(ledger, tx);
    const onSpark = sparkTables(manifest);
    const numbered = [];
    for (const [table, ofTable] of byTable(unknown)) {
      const { database, table: name } = findTable(table, manifest);
      let batch = Math.max(last.get(table) ?? 0, positionOf(await tx.properties(database, name)));
      for (const part of parts(ofTable, bytesPerBatch[onSpark.has(table) ? 'spark' : 'duckdb'])) {
        batch += 1;
        for (const { uri, etag, size, modified } of part)
          numbered.push({ table, batch, uri, etag, size, modified, plannedAt, run: event.run });
      }
    }
    await addToLedger(ledger, numbered, tx);
  });
}

/** A backfill takes files again that are in the ledger; but when it is itself run again, it has planned them already. */
async function unlessPlanned(run: string, files: Arrived[], ledger: string, tx: Transaction): Promise<Arrived[]> {
  const [planned] = await tx.query(`SELECT 1 FROM ${ledger} WHERE run = $run LIMIT 1`, { run });
  return planned === undefined ? files : [];
}

/** One arrival may come twice, and a file that changed while it waited may come in two versions: the last one counts. */
function unique(files: readonly Arrived[]): Arrived[] {
  const last = new Map<string, Arrived>();
  for (const file of [...files].sort(inOrder)) last.set(`${file.table} ${file.uri}`, file);
  return [...last.values()];
}

const inOrder = (a: ObjectInfo, b: ObjectInfo): number => compare(a.modified, b.modified) || compare(a.uri, b.uri);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function byTable(files: readonly Arrived[]): Map<string, Arrived[]> {
  const tables = new Map<string, Arrived[]>();
  for (const file of files) {
    const others = tables.get(file.table);
    if (others === undefined) tables.set(file.table, [file]);
    else others.push(file);
  }
  return tables;
}

function parts(files: readonly Arrived[], limit: number): Arrived[][] {
  const parts: Arrived[][] = [];
  let bytes = 0;
  for (const file of [...files].sort(inOrder)) {
    if (parts.length === 0 || bytes + file.size > limit) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(file);
    bytes += file.size;
  }
  return parts;
}

/** Batches that are planned and in no table yet. */
async function openBatches(group: Group, { lake, manifest }: Services): Promise<TableBatches[]> {
  const positions = new Map<string, number>();
  for (const table of group.ingests) {
    const { database, table: name } = findTable(table, manifest);
    positions.set(table, positionOf(await lake.properties(database, name)));
  }
  const batches = await batchesAbove(ledgerName(manifest, lake), positions, lake);
  return [...batches].filter(([, open]) => open.length > 0).map(([table, open]) => ({ table, batches: open }));
}
