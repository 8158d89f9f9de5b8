import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from '../../lib/local/engine';
import { layoutOf } from '../../lib/local/layout';
import { runPlatform } from '../../lib/local/run';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import { findTable, tableId } from '../../lib/platform/lookup';
import type { Manifest } from '../../lib/platform/manifest';
import type { Row } from '../../lib/runtime/services';
import { findSparkPython } from '../../lib/spark/python';
import { identifier } from '../../lib/sql/quote';
import { findPyiceberg } from '../local/pyiceberg';
import { agree } from './functions';

const run = promisify(execFile);

/** Rows of each table, by its name. */
export type Tables = Readonly<Record<string, readonly unknown[]>>;

/** A platform whose runs engines take in turns. */
export interface Turns {
  /** Writes its contracts and models. */
  platform(folder: string): Promise<void> | void;
  /** What happens before a run: files arrive, contracts change. */
  before(folder: string, run: number): Promise<void> | void;
}

/** Where in the folder a file of a run arrives. */
export const arriving = (table: string, run: number, name: string): string =>
  `.ingot/lake/bronze/${table}/source=shop/date=2026-01-0${run + 1}/${name}`;

/** Whether this machine has Spark; where it has none, says so loudly. */
export async function hasSpark(): Promise<boolean> {
  try {
    await findSparkPython();
    return true;
  } catch (error) {
    process.stderr.write(`\nSKIPPED: Spark beside DuckDB: ${(error as Error).message}\n`);
    return false;
  }
}

/** Runs a platform with these engines, one a run; what every table then holds, run by run. */
export async function runsBy(
  { platform, before }: Turns,
  engines: readonly Engine[],
  check: (run: number, tables: Tables, folder: string) => Promise<void> | void = () => {},
): Promise<Tables[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-spark-'));
  try {
    await platform(folder);
    const runs: Tables[] = [];
    for (const [i, engine] of engines.entries()) {
      await before(folder, i);
      const report = await runPlatform(folder, { engine });
      expect(report.runs.flatMap((run) => run.failures)).toEqual([]);
      runs.push(await tablesOf(folder));
      await check(i, runs[i]!, folder);
    }
    return runs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tablesOf(folder: string): Promise<Tables> {
  const { manifest } = await loadPlatform(folder);
  const workbench = await openWorkbench(manifest, layoutOf(folder));
  try {
    const tables: Record<string, unknown[]> = {};
    for (const [name, sql] of Object.entries(queriesOf(manifest)))
      tables[name] = (await workbench.services.lake.query(`${sql} ORDER BY ALL`)).map(parsed);
    return tables;
  } finally {
    await workbench.close();
  }
}

/** Rows of the contracts' tables as pyiceberg reads them, which knows neither engine; undefined where there is none. */
export async function readByPyiceberg(folder: string): Promise<Tables | undefined> {
  const python = await findPyiceberg();
  if (python === undefined) return undefined;
  const { manifest } = await loadPlatform(folder);
  const places = manifest.datasets.map((dataset) => findTable(tableId(dataset), manifest));
  const asked = places.map(
    ({ database, table, dataset }) => `${database}.${table}:${dataset.columns.map(({ name }) => name).join(',')}`,
  );
  const workbench = await openWorkbench(manifest, layoutOf(folder));
  try {
    const { uri } = workbench.services.catalog;
    const { stdout } = await run(python, [join(__dirname, 'read_rows.py'), uri, ...asked]);
    const rows = JSON.parse(stdout) as Row[][];
    return Object.fromEntries(places.map(({ dataset }, i) => [tableId(dataset), rows[i]!]));
  } finally {
    await workbench.close();
  }
}

/** What a row in quarantine came from, as what it says: the engines keep another order of its fields. */
function parsed(row: Row): Row {
  if (typeof row.raw !== 'string' || !row.raw.startsWith('{')) return row;
  return { ...row, raw: sorted(JSON.parse(row.raw)) };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
}

/** What is compared: every column but times of the run itself, and texts of the engine's own. */
function queriesOf(manifest: Manifest): Record<string, string> {
  const queries: Record<string, string> = {
    'ops.quality_results':
      'SELECT "table", rule, type, dimension, severity, status, checked, failed, observed, tolerance FROM ops.quality_results WHERE type <> \'freshness\'',
  };
  for (const { zone, name, columns, history, materialization, source } of manifest.datasets) {
    const versions = history === 'scd2' || materialization?.kind === 'scd2';
    const shown = [
      ...columns.map((c) => identifier(c.name)),
      ...(versions ? ['is_current', 'valid_to IS NULL AS open'] : []),
    ];
    queries[`${zone}.${name}`] = `SELECT ${shown.join(', ')} FROM ${zone}.${name}`;
    if (source === undefined) continue;
    queries[`${zone}.${name}_quarantine`] =
      `SELECT batch, parse_filename(file) AS file, row_number, list_transform(reasons, lambda r: r.rule) AS rules, raw FROM ${zone}.${name}_quarantine` +
      // Of a broken line the engines keep different texts (docs/spark.md).
      " WHERE reasons[1].rule <> 'row.unreadable'";
  }
  return queries;
}

export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

/** Each row that one engine has and the other has not. */
export function differences(expected: Tables, given: Tables): string[] {
  return Object.keys(expected).flatMap((table) => {
    const [one, other] = [expected[table]!, given[table] ?? []];
    const found = one.flatMap((row, i) =>
      agree(row, other[i]) ? [] : [`${text(row)} in DuckDB, ${text(other[i])} in Spark`],
    );
    if (one.length !== other.length) found.unshift(`${one.length} rows in DuckDB, ${other.length} in Spark`);
    return found.slice(0, 5).map((what) => `${table}: ${what}`);
  });
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v)) ?? 'nothing';
