import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { longestTableName, quarantineSuffix } from '../../contract/names';
import type { DataContract } from '../../contract/odcs';
import { openDuckdb } from '../../runtime/duckdb';
import { fit } from './fit';
import { profile } from './profile';
import { contractOf, propose, tableName } from './propose';
import { formatOf, knownEndings, openSample, unpacked } from './sample';

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
    await fit(properties, make, file, duckdb);
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
