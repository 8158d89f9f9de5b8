import type { Manifest } from '../platform/manifest';
import type { Postgres } from '../runtime/postgres';
import type { Log, Objects } from '../runtime/services';
import { declaredVersion, type StoreVersion } from '../vector/versions';
import type { DocumentIngestion } from './declaration';
import type { Embedder } from './embedder';
import { type Ingested, type Ingesting, ingestObject, isDocument, objectName, removeObject } from './ingest';
import { refusedMessage } from './refused';
import { differenceOf, publishVersion } from './sync';

/** What the documents function needs from outside. */
export interface DocumentsServices {
  readonly manifest: Pick<Manifest, 'stores' | 'documents'>;
  /** Root of each zone by its name, without a slash at its end. */
  readonly zones: Readonly<Record<string, string>>;
  readonly postgres: Postgres;
  readonly objects: Objects;
  readonly embedder: (model: string, dimension: number) => Promise<Embedder>;
  /** Puts objects' URIs into the queue that this function is called from. */
  readonly enqueue: (uris: readonly string[]) => Promise<void>;
  readonly log: Log;
}

/** Messages of the queue: events of S3, and URIs that a comparison has put there. */
export interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

/** Compares the stores with all documents: what an event was lost for is found, and a new version is filled. */
export interface CompareEvent {
  readonly action: 'compare';
}

export type DocumentsEvent = QueueEvent | CompareEvent;

/** Messages that come again: their documents failed for now, or for good, and end in the dead letters. */
export interface QueueResult {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export interface CompareResult {
  readonly documents: readonly { readonly name: string; readonly queued: number; readonly unchanged: number }[];
  /** Versions that are searched from now on. */
  readonly published: readonly string[];
}

/** Keeps vector stores up to date with documents. One object's failure holds up no other. */
export async function handleDocuments(
  event: DocumentsEvent,
  services: DocumentsServices,
): Promise<QueueResult | CompareResult> {
  if ('Records' in event) return ingestMessages(event, services);
  return compare(services);
}

async function ingestMessages({ Records }: QueueEvent, services: DocumentsServices): Promise<QueueResult> {
  const { log } = services;
  const failures: { itemIdentifier: string }[] = [];
  const versions = new Map<string, Promise<StoreVersion>>();
  for (const { messageId, body } of Records) {
    try {
      const uri = uriOf(body);
      const ingestion = ingestionOf(uri, services);
      if (ingestion === undefined) throw new Error(`${uri} lies below no prefix of documents`);
      const ingesting = await open(ingestion, services, versions);
      if (!isDocument(objectName(uri, ingesting))) continue;
      report(ingestion, await ingestObject(uri, ingesting), log);
    } catch (error) {
      const { name, message } = error as Error;
      log.error('A document could not be ingested; it is tried again', { body, error: name, message });
      failures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures: failures };
}

function report({ name }: DocumentIngestion, { object, status, chunks, embedded, reasons }: Ingested, log: Log): void {
  const data = { documents: name, object, status, chunks, embedded };
  if (reasons.length > 0) log.warn(refusedMessage, { ...data, reasons });
  else log.info('An object was taken up', data);
}

/** The object that a message is about: an event of S3, as EventBridge brings it, or a URI. */
function uriOf(body: string): string {
  const { uri, detail } = JSON.parse(body) as {
    readonly uri?: string;
    readonly detail?: { readonly bucket?: { readonly name?: string }; readonly object?: { readonly key?: string } };
  };
  if (uri !== undefined) return uri;
  const [bucket, key] = [detail?.bucket?.name, detail?.object?.key];
  if (bucket === undefined || key === undefined) throw new Error('The message is no event of S3');
  return `s3://${bucket}/${key}`;
}

const ingestionOf = (uri: string, { manifest, zones }: DocumentsServices): DocumentIngestion | undefined =>
  manifest.documents?.find(({ zone, prefix }) => uri.startsWith(`${zones[zone]}/${prefix}/`));

async function open(
  ingestion: DocumentIngestion,
  services: DocumentsServices,
  versions: Map<string, Promise<StoreVersion>>,
): Promise<Ingesting> {
  const { manifest, zones, postgres, objects, embedder } = services;
  const store = manifest.stores!.find(({ name }) => name === ingestion.store)!;
  const version = versions.get(store.name) ?? declaredVersion(store, postgres);
  versions.set(store.name, version);
  return {
    ingestion,
    store,
    version: await version,
    postgres,
    objects,
    embedder: await embedder(store.embedder!, store.dimension),
    root: zones[ingestion.zone]!,
  };
}

/** Once nothing of a store's documents is left to be done, the version that they were put into is the one to search. */
async function compare(services: DocumentsServices): Promise<CompareResult> {
  const { manifest, enqueue, postgres, log } = services;
  const versions = new Map<string, Promise<StoreVersion>>();
  const documents: { name: string; queued: number; unchanged: number }[] = [];
  const published: string[] = [];
  for (const store of manifest.stores ?? []) {
    const all = (manifest.documents ?? []).filter((ingestion) => ingestion.store === store.name);
    let queued = 0;
    for (const ingestion of all) {
      const ingesting = await open(ingestion, services, versions);
      const { changed, gone, unchanged } = await differenceOf(ingesting);
      for (const object of gone) report(ingestion, await removeObject(object, ingesting), log);
      await enqueue(changed.map(({ uri }) => uri));
      queued += changed.length;
      documents.push({ name: ingestion.name, queued: changed.length, unchanged });
    }
    if (all.length === 0 || queued > 0) continue;
    const version = await versions.get(store.name)!;
    if (await publishVersion({ version }, postgres)) published.push(version.relation);
  }
  if (published.length > 0) log.info('Searches read other versions from now on', { published });
  return { documents, published };
}
