import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { DataContract } from '../../contract/odcs';
import { datasetsOf } from '../../contract/read';
import { stage } from '../../ingest/stage';
import { staged as column } from '../../ingest/typed';
import type { Duckdb } from '../../runtime/duckdb';
import { identifier } from '../../sql/quote';
import { evaluate } from '../evaluate';
import type { Proposed } from './propose';
import { reader } from './sample';

/**
 * Loosens what was proposed until every row of the file passes it, by the code that will load such files. What fits
 * already stays as it is.
 *
 * @param make the contract around the properties, as they are by then
 */
export async function fit(
  properties: readonly Proposed[],
  make: () => DataContract,
  file: string,
  duckdb: Duckdb,
): Promise<void> {
  // Each round loosens a column, and each can be loosened twice.
  for (let round = 0; round <= 2 * properties.length; round++) {
    const broken = await brokenColumns(make(), file, duckdb);
    if (broken.size === 0) return;
    for (const property of properties) if (broken.has(property.name)) loosen(property);
  }
}

/** Columns with a rule that a row of the file breaks: it would go to quarantine, or fail the gate. */
async function brokenColumns(contract: DataContract, file: string, duckdb: Duckdb): Promise<Set<string>> {
  const dataset = datasetsOf(contract)[0]!;
  const { size } = await stat(file);
  const staged = await stage(
    dataset,
    dataset.source!,
    [{ uri: pathToFileURL(file).href, size }],
    'trial',
    reader(duckdb),
  );
  try {
    const rows = identifier(staged.rows);
    const reasons = identifier(column.reasons);
    const refused = await duckdb.query<{ name: string }>(
      `SELECT DISTINCT reason."column" AS name FROM (SELECT unnest(${reasons}) AS reason FROM ${rows}) WHERE reason."column" IS NOT NULL`,
    );
    const results = await evaluate(dataset, rows, { now: 0, counts: {} }, (sql) => duckdb.query(sql));
    const failed = results.filter(({ status }) => status !== 'passed').map(({ rule }) => rule);
    const columnsOf = (name: string) => {
      const rule = dataset.rules.find((one) => one.name === name)!;
      return 'column' in rule && rule.column !== undefined ? [rule.column] : 'columns' in rule ? rule.columns : [];
    };
    return new Set([...refused.map(({ name }) => name), ...failed.flatMap(columnsOf)]);
  } finally {
    await staged.drop();
  }
}

/** First without what was guessed, then as a text that may be missing: that takes every value. */
function loosen(property: Proposed): void {
  const { quality, primaryKey, logicalTypeOptions = {} } = property;
  const { minimum, maximum, ...others } = logicalTypeOptions;
  const isGuess = quality !== undefined || primaryKey === true || minimum !== undefined || maximum !== undefined;
  delete property.quality;
  delete property.primaryKey;
  delete property.primaryKeyPosition;
  delete property.logicalTypeOptions;
  if (isGuess) {
    if (Object.keys(others).length > 0) property.logicalTypeOptions = others;
    return;
  }
  property.logicalType = 'string';
  for (const field of ['physicalType', 'required', 'transformLogic', 'properties', 'items', 'description'] as const)
    delete property[field];
}
