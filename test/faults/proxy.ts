import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/**
 * What goes wrong with a request to the catalog.
 *
 * - a number: the proxy answers with this status, and the catalog never hears of the request;
 * - `cut`: the connection ends before there is an answer, and the catalog never hears of the request;
 * - `half`: the catalog carries the request out, and its answer breaks off in the middle;
 * - `lost`: the catalog carries the request out, and the connection ends without an answer;
 * - `lost-500`, `lost-503`: the catalog carries the request out, and the client hears of a failure;
 * - `repeated`: the network delivers the request twice; the client hears the answer to the second.
 */
export type Fault = number | 'cut' | 'half' | 'lost' | 'lost-500' | 'lost-503' | 'repeated';

/** A request as the proxy sees it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** A POST to a table: a commit. */
  readonly isCommit: boolean;
}

/** A catalog in front of a catalog, whose network and server fail as the test says. */
export interface FaultyCatalog {
  readonly uri: string;
  /** Decides what goes wrong with a request; by default nothing. */
  fault: (asked: Asked) => Fault | undefined;
  close(): Promise<void>;
}

export async function faultyCatalog(target: string): Promise<FaultyCatalog> {
  const sockets = new Set<Socket>();
  const proxy: FaultyCatalog = {
    uri: '',
    fault: () => undefined,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  // What fails is what the test says, and no idle connection that is ended under a request.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [method, path] = [request.method ?? 'GET', request.url ?? '/'];
    const isCommit = method === 'POST' && /\/tables\/[^/]+$/.test(path);
    const fault = proxy.fault({ method, path, body: body.toString(), isCommit });
    if (typeof fault === 'number') return fail(response, fault);
    if (fault === 'cut') return void response.destroy();
    let answer = await forward(target, request, body);
    if (fault === 'repeated') answer = await forward(target, request, body);
    if (fault === 'lost') return void response.destroy();
    if (fault === 'lost-500') return fail(response, 500);
    if (fault === 'lost-503') return fail(response, 503);
    response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': answer.body.length });
    if (fault !== 'half') return void response.end(answer.body);
    response.write(answer.body.subarray(0, answer.body.length / 2), () => response.destroy());
  }

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return Object.assign(proxy, { uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const types: Readonly<Record<number, string>> = {
  409: 'CommitFailedException',
  429: 'ThrottlingException',
  500: 'InternalServerError',
  503: 'ServiceUnavailableException',
};

function fail(response: ServerResponse, status: number): void {
  const body = JSON.stringify({ error: { message: 'on purpose', type: types[status] ?? 'Exception', code: status } });
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function forward(target: string, request: IncomingMessage, body: Buffer): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const { host: _, ...headers } = request.headers;
    const sent = send(`${target}${request.url}`, { method: request.method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 500, body: Buffer.concat(chunks) }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
