import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { parseJson, toJson } from '../../tables/json';
import { hasCode, makeFolder } from './durable';
import { CatalogError } from './errors';
import { folderFiles, type MetadataFiles } from './files';
import { type Call, endpoints, isName, prefix, refused } from './routes';
import { Store } from './store';

export interface CatalogOptions {
  /** Folder of the catalog's own files. Made where it is not there; several processes may serve the same one at once. */
  readonly folder: string;
  /** Folders, `file:///` or `s3://` URIs: tables lie inside one of them and nowhere else. */
  readonly roots: readonly string[];
  /**
   * Where metadata files lie, for tables elsewhere than on this machine, `s3://bucket/…`.
   * @default folders of this machine
   */
  readonly files?: MetadataFiles;
  /**
   * The port to answer on.
   * @default a free one
   */
  readonly port?: number;
}

/** A catalog that answers until it is closed. */
export interface LocalCatalog {
  /** For example `http://127.0.0.1:40123`; clients add `/v1/…`. */
  readonly uri: string;
  /** Takes no new request, ends those that are under way, and resolves when the last has been answered. */
  close(): Promise<void>;
}

/** Longest body of a request, in bytes. */
const maxBody = 64 * 1024 * 1024;

/**
 * Serves an Apache Iceberg REST catalog over a folder, on 127.0.0.1 and a free port. It offers what AWS Glue's Iceberg
 * REST offers and refuses what that refuses, so that what works here works there.
 */
export async function startCatalog(options: CatalogOptions): Promise<LocalCatalog> {
  const folder = resolve(options.folder);
  await makeFolder(folder);
  const roots = options.roots.map((root) => root.replace(/(?<=.)\/+$/, ''));
  const store = new Store(folder, roots, options.files ?? folderFiles);
  const server = createServer(async (request, response) => {
    try {
      const answer = await respond(request, store, roots);
      if (answer === undefined) response.writeHead(204).end();
      else send(response, 200, toJson(answer));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].some((code) => hasCode(error, code));
      const known = error instanceof CatalogError ? error : full ? CatalogError.noSpace(message) : undefined;
      const body = known?.body ?? { error: { message, type: 'InternalServerError', code: 500 } };
      send(response, body.error.code, toJson(body));
    }
  });
  // Clients end their connections: one that is idle, closed from here, might just be sending its next request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((done, failed) => server.once('error', failed).listen(options.port ?? 0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    uri: `http://127.0.0.1:${port}`,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function respond(request: IncomingMessage, store: Store, roots: readonly string[]): Promise<unknown> {
  assertLocal(request);
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const method = request.method ?? 'GET';
  if (method === 'GET' && url.pathname === '/v1/config') return config;
  const route = `${method} ${url.pathname}`;
  const refusal = refused.find(({ path }) => match(path, url.pathname) !== undefined);
  if (refusal !== undefined) throw CatalogError.unsupported(refusal.reason);
  for (const endpoint of endpoints) {
    const names = endpoint.method === method ? match(endpoint.path, url.pathname) : undefined;
    if (names === undefined) continue;
    const { namespace = '', table = '' } = names;
    // A name that none can have is not there. Spark asks so for `flights.snapshots`, a view of the table that it makes itself.
    if (names.table !== undefined && !(isName(namespace) && isName(table)))
      throw CatalogError.noTable(JSON.stringify(`${namespace}.${table}`));
    if (names.namespace !== undefined && !isName(namespace)) throw CatalogError.noNamespace(JSON.stringify(namespace));
    const body = method === 'POST' ? await readBody(request) : undefined;
    const call: Call = { store, roots, namespace, table, query: url.searchParams, body };
    return endpoint.answer(call);
  }
  throw CatalogError.noEndpoint(route);
}

const config = {
  defaults: {},
  overrides: { prefix },
  endpoints: endpoints.map(({ method, path }) => `${method} ${path}`),
};

/** The names that a path holds where it is of this pattern. */
function match(pattern: string, pathname: string): { namespace?: string; table?: string } | undefined {
  const [wanted, given] = [pattern.split('/'), pathname.split('/')];
  if (wanted.length !== given.length) return undefined;
  const names: { namespace?: string; table?: string } = {};
  for (const [i, part] of wanted.entries()) {
    if (part === '{namespace}') names.namespace = decode(given[i]!);
    else if (part === '{table}') names.table = decode(given[i]!);
    else if (given[i] !== (part === '{prefix}' ? prefix : part)) return undefined;
  }
  return names;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw CatalogError.badRequest(`The path holds what is not URL-encoded text: ${JSON.stringify(part)}`);
  }
}

/** A page in a browser reaches this port too, under a name of its own (DNS rebinding): it is not answered. */
function assertLocal(request: IncomingMessage): void {
  const host = request.headers.host?.replace(/:\d+$/, '');
  if (host === '127.0.0.1' || host === 'localhost') return;
  throw CatalogError.forbidden(`This catalog is reached as 127.0.0.1; given host ${JSON.stringify(host ?? '')}`);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) throw CatalogError.tooLarge(`A request has at most ${maxBody} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return parseJson(text);
  } catch (error) {
    throw CatalogError.badRequest(`The request is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}
