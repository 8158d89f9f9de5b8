import { refusesRows } from '../../cdc/tables';
import { tableId } from '../../platform/lookup';
import type { Manifest } from '../../platform/manifest';
import type { RuleResult } from '../../quality/result';
import { resultsTable } from '../../quality/results-table';
import { scoreOf } from '../../quality/score';
import type { Lake, Services } from '../../runtime/services';
import { quarantineReport } from './quarantine';
import type { QuarantineReport, RuleReport, RunReport, TableReport } from './report';
import { snapshotsOf } from './snapshots';

/** What a run did to the tables, as far as the lake does not know it. */
export interface Done {
  readonly changes: ReadonlyMap<string, readonly string[]>;
  readonly drift: ReadonlyMap<string, readonly string[]>;
  readonly quarantined: ReadonlyMap<string, number>;
  /** Files that landed in this run, by table that they are for. */
  readonly landed: ReadonlyMap<string, number>;
}

/** Reads from the lake what a report shows of the platform after a run. */
export async function gather(
  services: Services,
  done: Done,
): Promise<Pick<RunReport, 'tables' | 'rules' | 'quarantine' | 'lineage'>> {
  const { manifest } = services;
  const quarantine: QuarantineReport[] = [];
  for (const dataset of manifest.datasets) {
    if (!refusesRows(dataset, manifest)) continue;
    quarantine.push(await quarantineReport(dataset, services, done.quarantined.get(tableId(dataset)) ?? 0));
  }
  return {
    tables: [...(await bronzeTables(services, done)), ...(await icebergTables(services, done))],
    rules: await rulesOf(services),
    quarantine,
    lineage: lineageOf(manifest),
  };
}

const bronzeName = (source: { readonly zone: string; readonly prefix: string }): string =>
  `${source.zone}.${source.prefix}`;

/** Prefixes of the zones that hold files, as tables. */
async function bronzeTables({ manifest, zones, objects }: Services, { landed }: Done): Promise<TableReport[]> {
  const tables: TableReport[] = [];
  for (const dataset of manifest.datasets) {
    const { source } = dataset;
    if (source === undefined || tables.some(({ table }) => table === bronzeName(source))) continue;
    let [files, size] = [0, 0];
    for await (const object of objects.list(`${zones[source.zone]}/${source.prefix}/`)) {
      files += 1;
      size += object.size;
    }
    const arrived = landed.get(tableId(dataset)) ?? 0;
    const change = arrived === 0 ? undefined : `${arrived} ${arrived === 1 ? 'file' : 'files'} landed`;
    const description = `Files as they arrived: ${source.format}.`;
    tables.push({
      table: bronzeName(source),
      description,
      kind: 'files',
      count: files,
      bytes: size,
      change,
      snapshots: [],
      drift: [],
    });
  }
  return tables;
}

async function icebergTables({ manifest, lake, catalog }: Services, done: Done): Promise<TableReport[]> {
  const tables: TableReport[] = [];
  for (const dataset of manifest.datasets) {
    const zone = manifest.zones.find(({ name }) => name === dataset.zone)!;
    const id = tableId(dataset);
    tables.push({
      table: id,
      description: dataset.description,
      kind: refusesRows(dataset, manifest) ? 'ingested' : 'modelled',
      count: await countRows(lake.name(zone.database, dataset.name), lake),
      change: done.changes.get(id)?.join('; '),
      snapshots: await snapshotsOf(zone.database, dataset.name, catalog),
      drift: done.drift.get(id) ?? [],
    });
  }
  return tables;
}

async function countRows(name: string, lake: Lake): Promise<number> {
  const [row] = await lake.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${name}`);
  return Number(row!.n);
}

interface StoredResult extends Record<string, unknown> {
  readonly table: string;
  readonly rule: string;
  readonly dimension: RuleReport['dimension'];
  readonly severity: RuleReport['severity'];
  readonly status: RuleResult['status'];
  readonly type: RuleResult['type'];
  readonly checked: bigint;
  readonly failed: bigint;
  readonly observed: number | null;
  readonly tolerance: string;
  readonly message: string;
}

/** The last answers about each table that there is. */
async function rulesOf({ manifest, lake }: Services): Promise<RuleReport[]> {
  const name = lake.name(manifest.ops.database, resultsTable);
  const rows = await lake.query<StoredResult>(
    `SELECT * FROM ${name} QUALIFY dense_rank() OVER (PARTITION BY "table" ORDER BY "measured_at" DESC, "run" DESC) = 1
     ORDER BY "table", "rule"`,
  );
  const datasets = new Map(manifest.datasets.map((dataset) => [tableId(dataset), dataset]));
  return rows
    .filter((row) => datasets.has(row.table))
    .map((row) => {
      const [checked, failed] = [Number(row.checked), Number(row.failed)];
      const passed = row.status === 'passed';
      return {
        table: row.table,
        rule: row.rule,
        type: row.type,
        description: datasets.get(row.table)!.rules.find(({ name }) => name === row.rule)?.description,
        dimension: row.dimension,
        severity: row.severity,
        passed,
        checked,
        failed,
        observed: row.observed,
        tolerance: row.tolerance,
        score: scoreOf({ type: row.type, status: row.status, checked, failed }),
        message: row.message,
      };
    });
}

/** What each table is made from: files, the table of a stream, or the tables that its model reads. */
function lineageOf(manifest: Manifest): [string, string][] {
  const files = manifest.datasets.flatMap((dataset): [string, string][] =>
    dataset.source === undefined ? [] : [[bronzeName(dataset.source), tableId(dataset)]],
  );
  const models = manifest.models.flatMap((model) =>
    model.writes === undefined ? [] : model.reads.map((read): [string, string] => [read, model.writes!]),
  );
  const windows = (manifest.streams ?? []).flatMap(({ table, windows }) =>
    windows.flatMap(({ into }): [string, string][] => (into.kind === 'iceberg' ? [[table, into.table]] : [])),
  );
  return [...files, ...windows, ...models];
}
