import { setTimeout as sleep } from 'node:timers/promises';
import { TransientError } from '../errors';
import type { CatalogAddress } from '../runtime/services';
import { parseJson, toJson } from './json';
import type { TableMetadata } from './metadata';
import type { CommitRequest, NewTableRequest } from './plan';

/** What sends a request; in AWS one that signs it. */
export type Fetch = (url: string, request: HttpRequest) => Promise<Pick<Response, 'status' | 'text'>>;

export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Somebody else was first: what the commit took for granted no longer holds. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** The catalog refuses a request for good. */
export class CatalogRefusal extends Error {
  override readonly name = 'CatalogRefusal';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * An Iceberg REST catalog: the few requests that the _tables_ handler makes. Ids of 64 bits keep every digit, for which
 * `iceberg-js` (which wants Node 22 besides) has no place.
 *
 * Its methods throw a `ConflictError`, a `TransientError` where trying again may help, else a `CatalogRefusal`.
 */
export class RestCatalog {
  private constructor(
    private readonly base: string,
    private readonly send: Fetch,
  ) {}

  /** Asks several times where the catalog fails in a way that may pass. */
  static async connect(address: Pick<CatalogAddress, 'uri' | 'warehouse'>, send: Fetch = fetch): Promise<RestCatalog> {
    const root = address.uri.replace(/\/+$/, '');
    const url = `${root}/v1/config?warehouse=${encodeURIComponent(address.warehouse)}`;
    const config = (await patiently(() => request(send, 'GET', url))) as {
      readonly defaults?: { readonly prefix?: string };
      readonly overrides?: { readonly prefix?: string };
    };
    const prefix = (config.overrides?.prefix ?? config.defaults?.prefix ?? '').replace(/^\/+|\/+$/g, '');
    return new RestCatalog(`${root}/v1${prefix === '' ? '' : `/${prefix}`}/namespaces`, send);
  }

  /** Undefined where there is no such table, or no such namespace. */
  async loadTable(namespace: string, table: string): Promise<TableMetadata | undefined> {
    const found = await ifThere(request(this.send, 'GET', this.url(namespace, table)));
    if (found === undefined) return undefined;
    const { metadata } = found as { readonly metadata: Partial<TableMetadata> };
    // Other catalogs leave out what is empty.
    return { properties: {}, snapshots: [], refs: {}, 'sort-orders': [], ...metadata } as TableMetadata;
  }

  /** The metadata file that a table is at; undefined where there is no such table. */
  async metadataLocation(namespace: string, table: string): Promise<string | undefined> {
    const found = await ifThere(request(this.send, 'GET', this.url(namespace, table)));
    return (found as { readonly 'metadata-location'?: string } | undefined)?.['metadata-location'];
  }

  /** Names of a namespace's tables; none where there is no such namespace. */
  async listTables(namespace: string): Promise<string[]> {
    const names: string[] = [];
    for (let token = ''; ; ) {
      const query = token === '' ? '' : `?pageToken=${encodeURIComponent(token)}`;
      const page = (await ifThere(request(this.send, 'GET', `${this.url(namespace)}${query}`))) as
        | { readonly identifiers: readonly { readonly name: string }[]; readonly 'next-page-token'?: string | null }
        | undefined;
      names.push(...(page?.identifiers ?? []).map(({ name }) => name));
      token = page?.['next-page-token'] ?? '';
      if (token === '') return names;
    }
  }

  /** Enters a table whose files are there already. */
  async registerTable(namespace: string, name: string, metadataLocation: string): Promise<void> {
    await request(this.send, 'POST', `${this.base}/${encodeURIComponent(namespace)}/register`, {
      name,
      'metadata-location': metadataLocation,
    });
  }

  async createTable(namespace: string, table: NewTableRequest): Promise<void> {
    await request(this.send, 'POST', this.url(namespace), table);
  }

  /** All of it in one commit, or nothing. */
  async commitTable(namespace: string, table: string, commit: CommitRequest): Promise<void> {
    await request(this.send, 'POST', this.url(namespace, table), {
      identifier: { namespace: [namespace], name: table },
      ...commit,
    });
  }

  /** Takes the table out of the catalog; its files stay. Does nothing where it is not there. */
  async dropTable(namespace: string, table: string): Promise<void> {
    await ifThere(request(this.send, 'DELETE', `${this.url(namespace, table)}?purgeRequested=false`));
  }

  async hasNamespace(namespace: string): Promise<boolean> {
    return (await ifThere(request(this.send, 'GET', `${this.base}/${encodeURIComponent(namespace)}`))) !== undefined;
  }

  async createNamespace(namespace: string): Promise<void> {
    await request(this.send, 'POST', this.base, { namespace: [namespace], properties: {} });
  }

  private url(namespace: string, table?: string): string {
    const tables = `${this.base}/${encodeURIComponent(namespace)}/tables`;
    return table === undefined ? tables : `${tables}/${encodeURIComponent(table)}`;
  }
}

async function request(send: Fetch, method: string, url: string, body?: unknown): Promise<unknown> {
  const headers = { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const { status, text } = await answered(send, url, {
    method,
    headers,
    ...(body === undefined ? {} : { body: toJson(body) }),
  });
  if (status >= 200 && status < 300) return text === '' ? null : parseJson(text);
  const message = `The catalog answered ${status} to ${method} ${url}: ${messageIn(text)}`;
  if (status === 409) throw new ConflictError(message);
  if (status === 429 || status >= 500) throw new TransientError(message);
  throw new CatalogRefusal(status, message);
}

/** How often the catalog is asked for its configuration; everything after that has patience of its own. */
const attempts = 5;

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TransientError) || attempt >= attempts) throw error;
      await sleep(Math.random() * 200 * 2 ** attempt);
    }
  }
}

/** @throws TransientError where there is no answer, or it breaks off */
async function answered(send: Fetch, url: string, request: HttpRequest): Promise<{ status: number; text: string }> {
  try {
    const response = await send(url, request);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new TransientError(`The catalog does not answer ${request.method} ${url}: ${reasonOf(error)}`);
  }
}

/** What `fetch` says of a connection that failed stands in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return String(cause ?? error);
}

/** The catalog's own sentence, where it answered as the protocol wants it. */
function messageIn(text: string): string {
  try {
    const { error, message } = parseJson(text) as { error?: { message?: string }; message?: string };
    return error?.message ?? message ?? text.slice(0, 500);
  } catch {
    return text.slice(0, 500);
  }
}

async function ifThere(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CatalogRefusal && error.status === 404) return undefined;
    throw error;
  }
}
