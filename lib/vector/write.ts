import { createHash } from 'node:crypto';
import { InvalidInputError, type Problem } from '../errors';
import type { Postgres } from '../runtime/postgres';
import { identifier } from '../sql/quote';
import { documentsRole, metadataTypes, type Store } from './store';
import { vectorProblem, vectorText } from './vector';
import { type StoreVersion, tableOf } from './versions';

/** A row of a store: a piece of a document's text, and its vector. */
export interface StoreRow {
  /** The object that holds the document, for example `guide/contracts.md`. */
  readonly object: string;
  /** The document in it. Absent: the object is one document. */
  readonly document?: string;
  /** Which piece of the document it is, from 0. */
  readonly position: number;
  readonly title?: string;
  /** Headings that it stands under, the outermost first. */
  readonly heading?: string;
  readonly content: string;
  readonly embedding: ArrayLike<number>;
  /** Only in a store of tenants, and always there. */
  readonly tenant?: string;
  /** Values of metadata columns. Absent: null. */
  readonly metadata?: Readonly<Record<string, MetadataValue>>;
}

export type MetadataValue = string | number | boolean | null;

/** Rows that are written by one statement: as many as PostgreSQL takes well. */
const rowsAtOnce = 500;
/** What tells rows of a source apart. */
const key = ['object', 'document', 'position'];

/** Runs `work` in a transaction that may do no more than the function that writes documents. */
export function asWriter<T>(postgres: Postgres, work: (tx: Postgres) => Promise<T>): Promise<T> {
  return postgres.transaction(async (tx) => {
    await tx.execute(`SET LOCAL ROLE ${documentsRole}`);
    return work(tx);
  });
}

/**
 * Writes rows of one source: a row of the same object, document and position is replaced. Nothing is written where one of them
 * cannot be.
 *
 * @param tx a transaction, of `asWriter`
 * @throws InvalidInputError with every row that does not fit the store: dimension, NaN, tenant, metadata
 */
export async function upsertRows(
  source: string,
  rows: readonly StoreRow[],
  { store, version }: { readonly store: Store; readonly version: StoreVersion },
  tx: Postgres,
): Promise<void> {
  const problems = rows.flatMap((row) => rowProblems(row, store));
  if (problems.length > 0) throw new InvalidInputError(problems);
  const columns = columnsOf(store);
  const names = columns.map(({ name }) => identifier(name)).join(', ');
  const values = columns.map(({ type }, i) => `$${i + 2}::${type}[]`).join(', ');
  const changing = columns.filter(({ name }) => !key.includes(name));
  const updates = changing.map(({ name }) => `${identifier(name)} = EXCLUDED.${identifier(name)}`);
  const compared = changing.map(({ name }) => identifier(name));
  const sql = `INSERT INTO ${tableOf(version)} AS old (source, ${names})
    SELECT $1, ${columns.map(({ name, cast }) => `${identifier(name)}${cast ?? ''}`).join(', ')}
    FROM unnest(${values}) AS given (${names})
    ON CONFLICT (source, object, document, position) DO UPDATE SET ${updates.join(', ')}, written_at = now()
    -- A row that is there already costs no new entry in any index.
    WHERE (${compared.map((name) => `old.${name}`).join(', ')}) IS DISTINCT FROM (${compared.map((name) => `EXCLUDED.${name}`).join(', ')})`;
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const some = rows.slice(from, from + rowsAtOnce);
    await tx.query(sql, [source, ...columns.map(({ value }) => some.map(value))]);
  }
}

interface Column {
  readonly name: string;
  /** Type of its parameter. */
  readonly type: string;
  readonly cast?: string;
  readonly value: (row: StoreRow) => MetadataValue;
}

function columnsOf(store: Store): Column[] {
  const { element, dimension, tenants, metadata } = store;
  return [
    { name: 'object', type: 'text', value: (row) => row.object },
    { name: 'document', type: 'text', value: (row) => row.document ?? '' },
    { name: 'position', type: 'integer', value: (row) => row.position },
    { name: 'title', type: 'text', value: (row) => row.title ?? null },
    { name: 'heading', type: 'text', value: (row) => row.heading ?? null },
    { name: 'content', type: 'text', value: (row) => row.content },
    { name: 'content_hash', type: 'text', value: (row) => contentHash(row) },
    {
      name: 'embedding',
      type: 'text',
      cast: `::${element}(${dimension})`,
      value: (row) => vectorText(row.embedding),
    },
    ...(tenants ? [{ name: 'tenant', type: 'text', value: (row: StoreRow) => row.tenant! }] : []),
    ...Object.entries(metadata).map(([name, type]) => ({
      name,
      type: metadataTypes[type],
      value: (row: StoreRow) => row.metadata?.[name] ?? null,
    })),
  ];
}

/** `guide.md`, or for one of many in an object `airports.jsonl#ATL`. */
export const documentName = ({ object, document = '' }: Pick<StoreRow, 'object' | 'document'>): string =>
  document === '' ? object : `${object}#${document}`;

/** Identity of what a vector is made of: the same text under the same title and headings has the same vector. */
export function contentHash({ title, heading, content }: Pick<StoreRow, 'title' | 'heading' | 'content'>): string {
  return createHash('sha256')
    .update(JSON.stringify([title ?? '', heading ?? '', content]))
    .digest('hex');
}

function rowProblems(row: StoreRow, store: Store): Problem[] {
  const where = `${documentName(row)}, piece ${row.position}`;
  const problems: Problem[] = [];
  const add = (path: string, message: string) => problems.push({ where, path, message });
  const vector = vectorProblem(row.embedding, store);
  if (vector !== undefined) add('embedding', vector);
  if (row.content.includes('\0')) add('content', 'must hold no NUL character, which PostgreSQL cannot keep');
  const hasTenant = row.tenant !== undefined && row.tenant !== '';
  if (store.tenants && !hasTenant) add('tenant', `must be named: store ${store.name} keeps tenants apart`);
  if (!store.tenants && hasTenant) add('tenant', `must be left out: store ${store.name} has no tenants`);
  for (const [name, value] of Object.entries(row.metadata ?? {})) {
    const type = store.metadata[name];
    if (type === undefined) add(`metadata.${name}`, `is no metadata of store ${store.name}`);
    else if (value !== null && metadataValue(value, type) === undefined)
      add(`metadata.${name}`, `must be of type ${type}; given ${JSON.stringify(value)}`);
  }
  return problems;
}

/** A value as a column of `type` keeps it, or undefined where it is none: `"2026-11-21"` is a date, `"3"` an integer. */
export function metadataValue(
  value: unknown,
  type: Store['metadata'][string],
): Exclude<MetadataValue, null> | undefined {
  const text = typeof value === 'string' ? value.trim() : String(value);
  switch (type) {
    case 'text':
      return ['string', 'number', 'boolean'].includes(typeof value) && !text.includes('\0') ? String(value) : undefined;
    case 'integer':
      return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined;
    case 'number':
      return text !== '' && typeof value !== 'boolean' && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : undefined;
    case 'date':
      return isTime(text) && /^\d{4}-\d\d-\d\d/.test(text) ? text.slice(0, 10) : undefined;
    case 'timestamp':
      return isTime(text) ? new Date(text).toISOString() : undefined;
  }
}

/** ISO 8601; a day alone is its begin, and what names no zone is in UTC. */
function isTime(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)) return false;
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return (
    !Number.isNaN(Date.parse(text)) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10))
  );
}
