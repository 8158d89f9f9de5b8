import { refusesRows } from '../cdc/tables';
import type { PublishEvent, PublishResult } from '../pipeline/events';
import { findGroup, findTable, type TablePlace, tableId } from '../platform/lookup';
import type { Group, Model } from '../platform/manifest';
import { resultsTable } from '../quality/results-table';
import { objectRoot } from '../runtime/objects';
import type { Services } from '../runtime/services';
import { literal } from '../sql/quote';
import { columnList } from '../sql/rows';
import { inputsProperty, snapshotsOf } from '../transform/inputs';
import { ageHours, lastWritten } from './freshness';
import {
  type Answer,
  assertionsEvent,
  datasetName,
  type LineageDataset,
  type LineageEvent,
  type LineageOfTable,
  lineageEvent,
  startOf,
} from './lineage';
import { metricNames } from './metrics';
import { emitRatios } from './probe';
import { finishedAtOf, lastFinishedAt, recordRun } from './runs';
import { tablesOf } from './tables';

/**
 * Ends a run: measures its tables, keeps what they held, and tells monitoring (metrics) and catalogs of lineage
 * (OpenLineage events, as JSON objects in the lake) what happened. A repeat writes the same again.
 */
export async function publish(event: PublishEvent, services: Services): Promise<PublishResult> {
  const { manifest, lake, clock, metrics } = services;
  const group = findGroup(event.group, manifest);
  const { database } = manifest.ops;
  const { run, startedAt } = event;
  const since = await lastFinishedAt(database, group.name, run, lake);
  const tables: Measured[] = [];
  for (const place of tablesOf(group, manifest)) tables.push(await measure(place, run, since, services));

  // Of a run that was published before, the time that was kept then counts.
  const ended = (await finishedAtOf(database, run, group.name, lake)) ?? new Date(clock.now()).toISOString();

  const lineage: string[] = [];
  for (const table of tables) {
    const dimensions = { Table: table.table };
    metrics.put(metricNames.rowCount, table.rows, 'Count', dimensions);
    if (refusesRows(table.place.dataset, manifest)) {
      metrics.put(metricNames.quarantinedRows, table.quarantined, 'Count', dimensions);
    }
    if (table.age !== undefined) metrics.put(metricNames.freshness, table.age, 'None', dimensions);
    lineage.push(...(await writeLineage(table, group, { ...event, finishedAt: ended }, services)));
  }
  // Last: with it the tables count as published, and a run that dies before is published by the next.
  await recordRun(database, lake, { run, group: group.name, startedAt, finishedAt: ended, tables });
  metrics.put(metricNames.duration, seconds(startedAt, ended), 'Seconds', { Group: group.name });
  await emitRatios(group, services);
  return {
    group: group.name,
    tables: tables.map(({ table, rows, age }) => ({ table, rows, ...(age === undefined ? {} : { ageHours: age }) })),
    lineage,
  };
}

interface Measured {
  readonly place: TablePlace;
  /** `zone.table`. */
  readonly table: string;
  readonly rows: number;
  readonly quarantined: number;
  readonly snapshot?: string;
  /** Hours; undefined where the table is empty. */
  readonly age?: number;
}

/** @param since when the last run was recorded: what later ones sent to quarantine, and died, is this one's to tell */
async function measure(
  place: TablePlace,
  run: string,
  since: string | undefined,
  services: Services,
): Promise<Measured> {
  const { lake } = services;
  const { database, table, dataset } = place;
  const count = async (from: string) =>
    Number((await lake.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${from}`))[0]?.n);
  const untold = since === undefined ? 'true' : `"quarantined_at" > CAST(${literal(since)} AS TIMESTAMPTZ)`;
  const quarantine = `${lake.name(database, `${table}_quarantine`)} WHERE "run" = ${literal(run)} OR ${untold}`;
  // Before anything is counted: what is committed meanwhile has not been published.
  const snapshot = await lake.snapshotId(database, table);
  return {
    place,
    table: tableId(dataset),
    snapshot,
    rows: await count(lake.name(database, table)),
    quarantined: refusesRows(dataset, services.manifest) ? await count(quarantine) : 0,
    age: await ageHours(place, services),
  };
}

/** Writes the events of a table: what it was made from, where this run wrote it, and how good it was found. */
async function writeLineage(
  { place, table, rows }: Measured,
  group: Group,
  { run, startedAt, finishedAt }: PublishEvent & { readonly finishedAt: string },
  services: Services,
): Promise<string[]> {
  const { manifest, zones, lake, objects } = services;
  const model = manifest.models.find((m) => m.writes === table);
  const of: LineageOfTable = {
    platform: manifest.name,
    group: group.name,
    run,
    table,
    finishedAt,
    rows,
    inputs: model === undefined ? filesOf(place, services) : await inputsOf(model, place, services),
    output: { ...located(place, services), snapshot: await lake.snapshotId(place.database, place.table) },
    ...(model === undefined ? {} : { model }),
  };
  const events: [name: string, end: LineageEvent][] = [];
  const written = await lastWritten(place, lake);
  if (written !== undefined && written >= Date.parse(startedAt)) events.push([table, lineageEvent(of)]);
  const answers = await answersOf(run, table, services);
  if (answers.length > 0) events.push([`${table}.quality`, assertionsEvent(of, answers, place.dataset.rules)]);

  const folder = `${objectRoot(zones[manifest.ops.zone]!)}/_ops/lineage/${encodeURIComponent(run)}`;
  // OpenLineage wants a start of every run, and one end.
  const began = new Date(startedAt).toISOString();
  const files = events.flatMap(([name, end]) => [
    { uri: `${folder}/${name}.start.json`, event: startOf(end, began) },
    { uri: `${folder}/${name}.json`, event: end },
  ]);
  for (const { uri, event } of files)
    await objects.write(uri, `${JSON.stringify(event, null, 2)}\n`, 'application/json');
  return files.map(({ uri }) => uri);
}

/** A table's data stands in `<root of its zone>/<table>`. */
function located(place: TablePlace, { zones }: Services): LineageDataset {
  return { at: datasetName(`${zones[place.zone.name]}/${place.table}`), place };
}

function filesOf({ dataset: { source } }: TablePlace, { zones }: Services): LineageDataset[] {
  return source === undefined ? [] : [{ at: datasetName(`${zones[source.zone]}/${source.prefix}`) }];
}

/** What a model's table was made from, each input with the snapshot that was read. */
async function inputsOf(model: Model, place: TablePlace, services: Services): Promise<LineageDataset[]> {
  const { manifest, lake } = services;
  const property = (await lake.properties(place.database, place.table))[inputsProperty];
  const snapshots = property === undefined ? {} : snapshotsOf(property);
  return model.reads.map((table) => ({
    ...located(findTable(table, manifest), services),
    snapshot: snapshots[table],
  }));
}

async function answersOf(run: string, table: string, { lake, manifest }: Services): Promise<Answer[]> {
  const columns = ['rule', 'type', 'severity', 'status', 'observed', 'tolerance', 'message'];
  return lake.query<Answer & Record<string, unknown>>(
    `SELECT ${columnList(columns)} FROM ${lake.name(manifest.ops.database, resultsTable)}
      WHERE "run" = ${literal(run)} AND "table" = ${literal(table)} ORDER BY "rule"`,
  );
}

const seconds = (from: string, to: string): number => Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
