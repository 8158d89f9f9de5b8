import { existsSync } from 'node:fs';
import { CannotError } from '../../errors';
import { layoutOf } from '../../local/layout';
import { loadPlatform } from '../../platform/load';
import type { Lake, Row } from '../../runtime/services';
import { invalidArgument } from '../failure';
import { type Io, printable } from '../io';
import type { AddCommand } from '../main';
import { place } from '../place';
import { platformFolder } from '../platform-folder';
import { textTable } from '../text-table';

interface Options {
  readonly platform?: string;
  readonly rows: string;
  readonly json?: true;
  readonly csv?: true;
}

export const addQuery: AddCommand = (add, io) => {
  add('query <sql>', "ask the tables on this machine, in DuckDB's SQL: silver.orders, ops.quality_results, …")
    .option('--platform <dir>', 'folder of the platform', '.')
    .option('--csv', 'write CSV, all rows')
    .option('--rows <n>', 'rows that are shown on the terminal', '50')
    .addHelpText(
      'after',
      `
Tables are named zone.table; <table>_quarantine holds the rows that were refused. Nothing can be changed.

Examples:
  ingot query "from gold.fct_daily_sales order by day" --platform shop
  ingot query "select raw, reasons from silver.orders_quarantine" --json
  ingot query "describe silver.orders"`,
    )
    .action(async (sql: string, options: Options) => {
      const shown = Number(options.rows);
      if (!Number.isInteger(shown) || shown < 1)
        throw invalidArgument('--rows', `must be a whole number from 1, given ${JSON.stringify(options.rows)}`);
      const folder = await platformFolder(options.platform);
      const { manifest } = await loadPlatform(folder);
      const layout = layoutOf(folder);
      if (!existsSync(layout.catalog))
        throw new CannotError(`${manifest.name} has no tables yet on this machine: ingot run ${place(folder)}`);
      const { openWorkbench } = require('../../local/workbench') as typeof import('../../local/workbench');
      const workbench = await openWorkbench(manifest, layout);
      try {
        const rows = await ask(sql, workbench.services.lake);
        if (options.json) io.out.write(`${JSON.stringify(rows, plainJson)}\n`);
        else if (options.csv) io.out.write(csv(rows));
        else printTable(rows, shown, io);
      } finally {
        await workbench.close();
      }
    });
};

/** One question, in a transaction that may not write: it changes nothing. */
async function ask(sql: string, lake: Lake): Promise<Row[]> {
  await assertQuestion(sql, lake);
  await lake.run('BEGIN TRANSACTION READ ONLY');
  try {
    return await lake.query(sql);
  } catch (error) {
    const message = (error as Error).message;
    if (/^(Parser|Binder|Catalog|Conversion|Invalid Input) Error/.test(message)) throw sqlProblem(message);
    throw new CannotError(message);
  } finally {
    await lake.run('ROLLBACK').catch(() => undefined);
  }
}

/** DuckDB's own parser says what a text is: it serialises questions (SELECT, FROM, DESCRIBE, SUMMARIZE, SHOW) alone. */
async function assertQuestion(sql: string, lake: Lake): Promise<void> {
  const [row] = await lake.query<{ parsed: string }>('SELECT json_serialize_sql($sql::VARCHAR) AS parsed', { sql });
  const parsed = JSON.parse(row!.parsed) as { error_type?: string; error_message?: string; statements?: unknown[] };
  if (parsed.error_type === 'parser') throw invalidArgument('SQL', parsed.error_message ?? 'is no SQL');
  if (parsed.statements?.length !== 1)
    throw invalidArgument(
      'SQL',
      'must be one question: SELECT, FROM, DESCRIBE or SUMMARIZE; nothing is changed from here',
    );
}

function sqlProblem(message: string): Error {
  const [first = '', ...more] = message.split('\n').filter((line) => line.trim() !== '');
  const meant = more.find((line) => line.startsWith('Did you mean') || line.startsWith('Candidate'));
  return invalidArgument('SQL', [first, ...(meant === undefined ? [] : [meant])].join(' '));
}

function printTable(rows: readonly Row[], shown: number, { out, err }: Io): void {
  const [first] = rows;
  if (first === undefined) {
    err.write('No rows\n');
    return;
  }
  const columns = Object.keys(first).map((title) => ({
    title: printable(title),
    align: rows.every((row) => isNumber(row[title])) ? ('right' as const) : ('left' as const),
  }));
  const cells = rows.slice(0, shown).map((row) => Object.keys(first).map((name) => printable(text(row[name], 'NULL'))));
  out.write(textTable(columns, cells, out.colors.bold));
  if (rows.length > shown) err.write(`${rows.length - shown} more rows; --rows, --json and --csv show more\n`);
}

const isNumber = (value: unknown): boolean => value === null || typeof value === 'number' || typeof value === 'bigint';

function text(value: unknown, ofNull: string): string {
  if (value === null || value === undefined) return ofNull;
  return typeof value === 'object' ? JSON.stringify(value, plainJson) : String(value);
}

/** 64-bit integers as JSON numbers where a double holds them, else as text. */
function plainJson(_: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

/** RFC 4180; null is an empty field. */
function csv(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {});
  const field = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const line = (values: readonly string[]) => `${values.map(field).join(',')}\r\n`;
  return names.length === 0
    ? ''
    : line(names) + rows.map((row) => line(names.map((name) => text(row[name], '')))).join('');
}
