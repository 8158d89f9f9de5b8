import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { longestTableName, quarantineSuffix } from '../../contract/names';
import type { DataContract } from '../../contract/odcs';
import { datasetsOf } from '../../contract/read';
import { stage } from '../../ingest/stage';
import { staged as column } from '../../ingest/typed';
import { type Duckdb, openDuckdb } from '../../runtime/duckdb';
import { identifier } from '../../sql/quote';
import { evaluate } from '../evaluate';
import { profile } from './profile';
import { contractOf, type Proposed, propose, tableName } from './propose';
import { formatOf, knownEndings, openSample, reader, unpacked } from './sample';

export interface SuggestOptions {
  /** Name of the table. By default that of the file. */
  readonly name?: string;
  /** Zone of the table. By default `silver`. */
  readonly zone?: string;
}

/** A contract that was made from a file. */
export interface Suggestion {
  readonly contract: DataContract;
  readonly rows: number;
  /** What of the file cannot be read as rows, and would go to quarantine. */
  readonly unreadable: readonly string[];
}

/**
 * Proposes a contract for files like this one: its columns, types, key and rules. Every row of it that can be read at
 * all passes the contract, which is tried before it is proposed, by the code that will load such files.
 *
 * @throws Error where the file cannot be read, in a sentence
 */
export async function suggest(file: string, options: SuggestOptions = {}): Promise<Suggestion> {
  const format = formatOf(file);
  if (format === undefined) throw new Error(`its name must end in one of ${knownEndings.join(', ')}`);
  const name = options.name ?? nameOf(file);
  const { size } = await stat(file);
  const duckdb = await openDuckdb();
  try {
    const sample = await openSample(file, format, { zone: 'bronze', prefix: name }, size, duckdb);
    const profiles = await profile(sample, duckdb);
    const properties = await propose(sample, profiles, duckdb);
    const make = () => contractOf(name, options.zone ?? 'silver', sample.source, properties);
    // Each round loosens a column, and each can be loosened twice.
    for (let round = 0; round <= 2 * properties.length; round++) {
      const broken = await brokenColumns(make(), { file, size }, duckdb);
      if (broken.size === 0) break;
      for (const property of properties) if (broken.has(property.name)) loosen(property);
    }
    return { contract: make(), rows: profiles[0]?.rows ?? 0, unreadable: sample.unreadable };
  } finally {
    duckdb.close();
  }
}

function nameOf(file: string): string {
  const base = tableName(basename(unpacked(file), extname(unpacked(file)))) ?? 'table_1';
  const name = base.replace(/^(stg|int)_/, '').replace(new RegExp(`${quarantineSuffix}$`), '');
  return name.slice(0, longestTableName);
}

/** Columns with a rule that a row of the file breaks: it would go to quarantine, or fail the gate. */
async function brokenColumns(
  contract: DataContract,
  { file, size }: { readonly file: string; readonly size: number },
  duckdb: Duckdb,
): Promise<Set<string>> {
  const dataset = datasetsOf(contract)[0]!;
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
