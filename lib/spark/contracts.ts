import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Column, Dataset } from '../contract/dataset';
import type { Problem } from '../errors';
import { tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import { sparkLacks } from './types';

/**
 * What contracts of tables say that Spark cannot do.
 *
 * @param tables `zone.table`
 * @param folder of the platform
 */
export function contractProblems(manifest: Manifest, tables: ReadonlySet<string>, folder: string): Problem[] {
  return manifest.datasets
    .filter((dataset) => tables.has(tableId(dataset)))
    .flatMap((dataset) => dataset.columns.flatMap((column) => columnProblems(dataset, column, folder)));
}

function columnProblems(dataset: Dataset, column: Column, folder: string): Problem[] {
  const { contract, source } = dataset;
  const where = contract.file ?? `contract ${contract.id}`;
  const line = lineOf(join(folder, where), column.name);
  const problem = (message: string): Problem => ({
    where,
    path: `column ${column.name}`,
    message,
    ...(line === undefined ? {} : { line }),
  });
  const read = column.sourceType ?? (column.transform === undefined ? column.type : 'string');
  const lacked = sparkLacks(column.type);
  return [
    ...(source?.format === 'csv' && typeof read !== 'string'
      ? [
          problem(
            `must not be a ${read.kind} where its files are csv: Spark reads none out of a text; let files be json`,
          ),
        ]
      : []),
    ...(lacked === undefined ? [] : [problem(`must not be ${lacked}`)]),
  ];
}

/** Line of a file in which a column begins. */
function lineOf(file: string, column: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const begins = new RegExp(`\\b(name|physicalName): *["']?${column}["']?(?![\\w-])`);
  const found = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => begins.test(line));
  return found === -1 ? undefined : found + 1;
}
