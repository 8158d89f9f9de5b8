import { createHash } from 'node:crypto';
import type { Lake, Objects } from '../runtime/services';
import type { DocumentIngestion } from './declaration';

/** What an export did. */
export interface Exported {
  readonly documents: number;
  /** False where the object held the same already. */
  readonly written: boolean;
}

/**
 * Writes the rows of an ingestion's query below its prefix, as JSON Lines that are ingested like any other object: each
 * row is a document with the columns `id`, `title` and `text`; the others are its metadata. The same rows are the same
 * bytes, which are not written again.
 */
export async function exportDocuments(
  { name, query, prefix, zone }: DocumentIngestion,
  {
    lake,
    objects,
    zones,
  }: { readonly lake: Lake; readonly objects: Objects; readonly zones: Readonly<Record<string, string>> },
): Promise<Exported> {
  if (query === undefined) throw new Error(`The documents ${name} have no query`);
  const rows = await lake.query(`SELECT * FROM (${query}) ORDER BY id`);
  const lines = rows.map(({ id, title, text, ...metadata }) => JSON.stringify({ id, title, text, metadata }, plain));
  const body = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const uri = `${zones[zone]}/${prefix}/${name}.jsonl`;
  const there = (await objects.head(uri)) === undefined ? undefined : await objects.read(uri);
  const written = there === undefined || hash(there) !== hash(body);
  if (written) await objects.write(uri, body, 'application/x-ndjson');
  return { documents: rows.length, written };
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
