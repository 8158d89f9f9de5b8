import { createHash } from 'node:crypto';
import { TransientError } from '../errors';
import type { Postgres } from '../runtime/postgres';
import type { ObjectInfo, Objects } from '../runtime/services';
import { qualified } from '../sql/quote';
import { type Store, searchSchema } from '../vector/store';
import { type StoreVersion, storeVersions, tableOf } from '../vector/versions';
import { asWriter, contentHash, type MetadataValue, metadataValue, type StoreRow, upsertRows } from '../vector/write';
import { chunk } from './chunk';
import type { DocumentIngestion } from './declaration';
import { type Embedder, embedAll } from './embedder';
import { DocumentRefused, type Refusal } from './text/block';
import { type FoundDocument, readDocuments } from './text/read';

/** What the documents of one ingestion are put into, and by what. */
export interface Ingesting {
  readonly ingestion: DocumentIngestion;
  readonly store: Store;
  /** The version that the store's declaration asks for. */
  readonly version: StoreVersion;
  readonly postgres: Postgres;
  readonly objects: Objects;
  readonly embedder: Embedder;
  /** Root of the ingestion's zone, without a slash at its end. */
  readonly root: string;
}

/** What became of an object. */
export interface Ingested {
  /** Its name below the prefix. */
  readonly object: string;
  /** `refused`: none of its documents could be ingested; `removed`: it is gone, and so are its rows. */
  readonly status: 'ingested' | 'unchanged' | 'refused' | 'removed';
  readonly documents: number;
  readonly chunks: number;
  /** Chunks that were embedded now; the others had been before. */
  readonly embedded: number;
  /** Why it, or documents in it, are in quarantine. */
  readonly reasons: readonly Reason[];
}

export interface Reason {
  /** The document in the object; absent for the object itself. */
  readonly document?: string;
  readonly reason: Refusal;
  readonly message: string;
}

const objectsTable = qualified(searchSchema, 'objects');

/** Texts that are embedded before what succeeded is written: what is lost when a function is ended in the midst. */
const writtenAtOnce = 512;

/** The longest name of an object in S3, in bytes. */
const longestName = 1024;

/**
 * Brings the store up to date with one object: its rows are those of its documents as it is now, or none where it is
 * gone. The same again changes nothing. A chunk whose text the store has is not embedded again. What cannot be read is
 * put down with its reasons, and leaves what was there before.
 *
 * @throws EmbeddingError where a text cannot be embedded; what was, is kept
 * @throws TransientError where something failed for now; what was embedded is kept
 */
export async function ingestObject(uri: string, ingesting: Ingesting): Promise<Ingested> {
  const { objects } = ingesting;
  const object = objectName(uri, ingesting);
  const info = await objects.head(uri);
  if (info === undefined) return removeObject(object, ingesting);
  const fingerprint = fingerprintOf(info, ingesting);
  const nothing = { object, documents: 0, chunks: 0, embedded: 0, reasons: [] };
  if ((await knownFingerprint(object, ingesting)) === fingerprint) return { ...nothing, status: 'unchanged' };
  try {
    const found = await read(object, info, ingesting);
    return await write(object, found, { info, fingerprint }, ingesting);
  } catch (error) {
    if (!(error instanceof DocumentRefused)) throw error;
    const reasons = [{ reason: error.reason, message: error.message }];
    await asWriter(ingesting.postgres, (tx) => putDown(object, { ...nothing, fingerprint, reasons }, ingesting, tx));
    return { ...nothing, status: 'refused', reasons };
  }
}

/** The name of an object below an ingestion's prefix. Of a file its URL is decoded; S3's URIs hold keys as they are. */
export function objectName(uri: string, { ingestion, root }: Pick<Ingesting, 'ingestion' | 'root'>): string {
  const above = `${root}/${ingestion.prefix}/`;
  if (!uri.startsWith(above)) throw new Error(`${uri} is no document of ${ingestion.name}: those begin with ${above}`);
  const name = uri.slice(above.length);
  return uri.startsWith('file:') ? decodeURIComponent(name) : name;
}

/** Whether a name is one of a document: what begins with a dot or underscore is not, as elsewhere in a lake. */
export const isDocument = (object: string): boolean => !/(^|\/)[._][^/]*$/.test(object) && !object.endsWith('/');

/** Changes with the object, and with whatever decides what its rows are. */
export function fingerprintOf({ etag }: ObjectInfo, { ingestion, store, version }: Ingesting): string {
  const { chunker, maxBytes } = ingestion;
  const decided = JSON.stringify([etag, chunker, maxBytes, store.metadata, version.signature]);
  return createHash('sha256').update(decided).digest('hex');
}

async function knownFingerprint(object: string, { ingestion, version, postgres }: Ingesting): Promise<string | null> {
  const rows = await asWriter(postgres, (tx) =>
    tx.query<{ fingerprint: string | null }>(
      `SELECT fingerprint FROM ${objectsTable} WHERE relation = $1 AND source = $2 AND object = $3`,
      [version.relation, ingestion.name, object],
    ),
  );
  return rows[0]?.fingerprint ?? null;
}

type Piece = Omit<StoreRow, 'embedding'>;

interface Found {
  readonly pieces: readonly Piece[];
  readonly documents: number;
  readonly reasons: readonly Reason[];
  /** Documents that were refused: their rows stay. */
  readonly refused: readonly string[];
}

async function read(object: string, info: ObjectInfo, ingesting: Ingesting): Promise<Found> {
  const { ingestion, store, objects } = ingesting;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is them that are refused.
  if (/[\u0000-\u001f\u007f]/.test(object) || Buffer.byteLength(object) > longestName)
    throw new DocumentRefused('name', 'must have a name without control characters, of at most 1024 bytes');
  if (info.size > ingestion.maxBytes)
    throw new DocumentRefused(
      'too-large',
      `must be at most ${ingestion.maxBytes / 1_000_000} MB (maxMb of ${ingestion.name}); it is ${(info.size / 1_000_000).toFixed(1)} MB`,
    );
  const tenant = store.tenants ? tenantOf(object) : undefined;
  const pieces: Piece[] = [];
  const reasons: Reason[] = [];
  const refused: string[] = [];
  const all = await readDocuments(object, await objects.read(info.uri));
  for (const document of all) {
    try {
      if ('refused' in document) throw document.refused;
      const found = piecesOf(object, document, tenant, ingesting);
      pieces.push(...found);
    } catch (error) {
      // One document of an object that holds one alone is refused as the object.
      if (!(error instanceof DocumentRefused) || document.id === undefined) throw error;
      reasons.push({ document: document.id, reason: error.reason, message: error.message });
      refused.push(document.id);
    }
  }
  return { pieces, documents: all.length - refused.length, reasons, refused };
}

function tenantOf(object: string): string {
  const [folder = '', ...rest] = object.split('/');
  if (rest.length === 0 || folder === '')
    throw new DocumentRefused(
      'tenant',
      'must lie in a folder named after its tenant, since the store keeps tenants apart',
    );
  return folder;
}

function piecesOf(object: string, found: FoundDocument, tenant: string | undefined, ingesting: Ingesting): Piece[] {
  const { ingestion, store } = ingesting;
  const metadata = metadataOf(found.metadata, store);
  const chunks = chunk(found.blocks, ingestion.chunker);
  if (chunks.length === 0) throw new DocumentRefused('empty', 'holds no word');
  return chunks.map((one, position) => ({
    object,
    ...(found.id === undefined ? {} : { document: found.id }),
    position,
    ...(found.title === undefined ? {} : { title: found.title }),
    ...one,
    ...(tenant === undefined ? {} : { tenant }),
    metadata,
  }));
}

/** What a document says of itself that the store has a column for. */
function metadataOf(said: FoundDocument['metadata'], store: Store): Record<string, MetadataValue> {
  const metadata: Record<string, MetadataValue> = {};
  for (const [name, type] of Object.entries(store.metadata)) {
    const value = Object.hasOwn(said, name) ? said[name] : undefined;
    if (value === undefined || value === null) continue;
    const read = metadataValue(value, type);
    if (read === undefined)
      throw new DocumentRefused('metadata', `has ${name} ${JSON.stringify(value)}, which must be of type ${type}`);
    metadata[name] = read;
  }
  return metadata;
}

interface Whole {
  readonly info: ObjectInfo;
  readonly fingerprint: string;
}

async function write(
  object: string,
  found: Found,
  { info, fingerprint }: Whole,
  ingesting: Ingesting,
): Promise<Ingested> {
  const { ingestion, store, version, postgres, objects, embedder } = ingesting;
  const hashes = found.pieces.map(contentHash);
  const vectors = await knownVectors(hashes, ingesting);
  const missing = [...new Set(hashes)].filter((hash) => !vectors.has(hash));
  const pieceOf = new Map(found.pieces.map((piece, i) => [hashes[i]!, piece]));
  const rowsWith = (wanted: ReadonlySet<string> | undefined) =>
    found.pieces.flatMap((piece, i): StoreRow[] => {
      const embedding = vectors.get(hashes[i]!);
      return embedding === undefined || wanted?.has(hashes[i]!) === false ? [] : [{ ...piece, embedding }];
    });
  for (let from = 0; from < missing.length; from += writtenAtOnce) {
    const some = missing.slice(from, from + writtenAtOnce);
    const keep = (index: number, vector: ArrayLike<number>) => void vectors.set(some[index]!, vector);
    const texts = some.map((hash) => embeddedText(pieceOf.get(hash)!));
    const writeDone = (hashesDone: readonly string[]) =>
      asWriter(postgres, async (tx) => {
        await putDown(object, { fingerprint: null, documents: 0, chunks: 0, reasons: [] }, ingesting, tx);
        await upsertRows(ingestion.name, rowsWith(new Set(hashesDone)), { store, version }, tx);
      });
    try {
      await embedAll(texts, embedder, store, keep);
    } catch (error) {
      // What succeeded is there for the next attempt.
      const done = some.filter((hash) => vectors.has(hash));
      if (done.length > 0) await writeDone(done);
      throw error;
    }
    if (from + writtenAtOnce < missing.length) await writeDone(some);
  }
  const chunks = found.pieces.length;
  await asWriter(postgres, async (tx) => {
    await lock(object, ingesting, tx);
    // Of two that are at the same object, the one with what lies there now is right.
    const now = await objects.head(info.uri);
    if (now?.etag !== info.etag) throw new TransientError(`${info.uri} changed while it was ingested`);
    await tx.query(
      `DELETE FROM ${tableOf(version)} WHERE source = $1 AND object = $2 AND document <> ALL($3::text[])
         AND (document, position) NOT IN (SELECT * FROM unnest($4::text[], $5::integer[]))`,
      [
        ingestion.name,
        object,
        found.refused,
        found.pieces.map(({ document = '' }) => document),
        found.pieces.map(({ position }) => position),
      ],
    );
    await upsertRows(ingestion.name, rowsWith(undefined), { store, version }, tx);
    await putDown(object, { fingerprint, documents: found.documents, chunks, reasons: found.reasons }, ingesting, tx);
  });
  const { documents, reasons } = found;
  const status = documents === 0 ? 'refused' : 'ingested';
  return { object, status, documents, chunks, embedded: missing.length, reasons };
}

/** What a vector is made of: a piece is found by what it stands under too. */
const embeddedText = ({ title, heading, content }: Piece): string =>
  [title, heading, content].filter((part) => part !== undefined && part !== '').join('\n');

/** Vectors that the store has of the same texts, whichever documents they stand in. */
async function knownVectors(hashes: readonly string[], ingesting: Ingesting): Promise<Map<string, ArrayLike<number>>> {
  const { version, postgres } = ingesting;
  const rows = await asWriter(postgres, (tx) =>
    tx.query<{ hash: string; vector: string }>(
      `SELECT DISTINCT ON (content_hash) content_hash AS hash, embedding::text AS vector
       FROM ${tableOf(version)} WHERE content_hash = ANY($1::text[])`,
      [[...new Set(hashes)]],
    ),
  );
  return new Map(rows.map(({ hash, vector }) => [hash, JSON.parse(vector) as number[]]));
}

/** Takes the rows of an object that is gone out of every version of the store. */
export async function removeObject(object: string, { ingestion, store, postgres }: Ingesting): Promise<Ingested> {
  const removed = await asWriter(postgres, async (tx) => {
    let rows = 0;
    for (const version of await storeVersions(store.name, tx)) {
      const here = [ingestion.name, object];
      const gone = await tx.query<{ id: bigint }>(
        `DELETE FROM ${tableOf(version)} WHERE source = $1 AND object = $2 RETURNING id`,
        here,
      );
      await tx.query(`DELETE FROM ${objectsTable} WHERE relation = $1 AND source = $2 AND object = $3`, [
        version.relation,
        ...here,
      ]);
      rows += gone.length;
    }
    return rows;
  });
  return { object, status: 'removed', documents: 0, chunks: removed, embedded: 0, reasons: [] };
}

async function lock(object: string, { ingestion, version }: Ingesting, tx: Postgres): Promise<void> {
  const name = JSON.stringify([version.relation, ingestion.name, object]);
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
}

interface PutDown {
  readonly fingerprint: string | null;
  readonly documents: number;
  readonly chunks: number;
  readonly reasons: readonly Reason[];
}

async function putDown(object: string, state: PutDown, { ingestion, version }: Ingesting, tx: Postgres): Promise<void> {
  await tx.query(
    `INSERT INTO ${objectsTable} (relation, source, object, fingerprint, documents, chunks, reasons)
     VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)
     ON CONFLICT (relation, source, object) DO UPDATE SET fingerprint = EXCLUDED.fingerprint,
       documents = EXCLUDED.documents, chunks = EXCLUDED.chunks, reasons = EXCLUDED.reasons, written_at = now()`,
    [
      version.relation,
      ingestion.name,
      // PostgreSQL keeps no NUL; such a name is refused, and put down without it.
      object.replaceAll('\0', '\uFFFD'),
      state.fingerprint,
      state.documents,
      state.chunks,
      JSON.stringify(state.reasons),
    ],
  );
}
