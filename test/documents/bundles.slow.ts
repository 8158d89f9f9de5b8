import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { resolveDocuments } from '../../lib/documents/declaration';
import { resolveZones } from '../../lib/platform/zones';
import type { Postgres } from '../../lib/runtime/postgres';
import { type RealPostgres, realPostgres } from '../postgres/server';
import { applyStore } from '../vector/stores';
import { pdf } from './pdf';

const run = promisify(execFile);
const root = join(__dirname, '../..');

/** The bundles that are deployed, as programs: a real PostgreSQL, and servers that answer as S3 and Bedrock do. */
describe('the bundles of documents and search', () => {
  let server: RealPostgres | undefined;
  let postgres: Postgres | undefined;
  let folder: string;
  let s3: Server;
  let bedrock: Http2Server;
  const sessions: ServerHttp2Session[] = [];
  const objects: Record<string, Buffer> = {
    '/bronze-bucket/documents/guide/report.pdf': pdf(['Runways of the north'], { Title: 'Report' }),
    '/bronze-bucket/documents/guide/page.md': Buffer.from('# Rules\n\nRows that break a rule.'),
    '/bronze-bucket/documents/guide/page.html': Buffer.from('<h1>Tables</h1><p>What a table holds.'),
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ingot-bundles-'));
    await run(process.execPath, [join(root, 'scripts/bundle.mjs'), join(folder, 'handlers')]);
    server = await realPostgres();
    postgres = await server?.database('bundles');
    s3 = createServer((request, response) => {
      const body = objects[decodeURIComponent(request.url!.split('?')[0]!)];
      if (body === undefined) return void response.writeHead(404).end();
      response.writeHead(200, {
        'content-length': body.length,
        etag: `"${body.length}"`,
        'last-modified': new Date(0).toUTCString(),
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    bedrock = createHttp2Server((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { inputText, dimensions } = JSON.parse(Buffer.concat(parts).toString()) as {
          inputText: string;
          dimensions: number;
        };
        const embedding = Array.from(
          { length: dimensions },
          (_, i) => (inputText.charCodeAt(i % inputText.length) % 7) - 3 || 1,
        );
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ embedding }));
      });
    });
    bedrock.on('session', (session) => sessions.push(session));
    for (const one of [s3, bedrock] as NetServer[]) await new Promise<void>((done) => one.listen(0, '127.0.0.1', done));
  }, 180_000);
  afterAll(async () => {
    for (const session of sessions) session.destroy();
    s3.close();
    bedrock.close();
    await postgres?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('read PDF, Markdown and HTML, embed them, and find them', async () => {
    if (server === undefined || postgres === undefined) return;
    const store = await applyStore('knowledge', { embedder: 'amazon.titan-embed-text-v2:0', dimension: 256 }, postgres);
    const documents = resolveDocuments({ guide: { store: 'knowledge' } }, [store], resolveZones('test'));
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ stores: [store], documents }));
    const address = (one: NetServer) => `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
    const { hostname, port } = new URL(server.url);
    const call = async <T>(bundle: string, user: string, event: object): Promise<T> => {
      await writeFile(join(folder, 'event.json'), JSON.stringify(event));
      const { stdout } = await run(
        process.execPath,
        [join(folder, 'handlers', bundle, 'index.js'), join(folder, 'event.json')],
        {
          env: {
            PATH: process.env.PATH,
            AWS_REGION: 'eu-west-1',
            AWS_ACCESS_KEY_ID: 'a',
            AWS_SECRET_ACCESS_KEY: 'b',
            AWS_ENDPOINT_URL_S3: address(s3),
            AWS_ENDPOINT_URL_BEDROCK_RUNTIME: address(bedrock),
            INGOT_MANIFEST: join(folder, 'manifest.json'),
            INGOT_ZONES: JSON.stringify({ bronze: 's3://bronze-bucket' }),
            INGOT_DATABASE: JSON.stringify({
              host: hostname,
              port: Number(port),
              database: 'bundles',
              user,
              auth: 'iam',
              region: 'eu-west-1',
            }),
          },
          timeout: 60_000,
        },
      );
      // The log comes first, a line each.
      return JSON.parse(stdout.slice(stdout.search(/^\{$/m))) as T;
    };
    const Records = Object.keys(objects).map((path, i) => {
      const [, bucket, ...key] = path.split('/');
      const detail = { bucket: { name: bucket }, object: { key: key.join('/') } };
      return { messageId: `m${i}`, body: JSON.stringify({ 'detail-type': 'Object Created', detail }) };
    });
    expect(await call('documents', 'ingot_documents', { Records })).toEqual({ batchItemFailures: [] });
    const page = await call<{ hits: { document: string }[] }>('search', 'ingot_search', {
      words: 'runways',
      mode: 'text',
    });
    expect(page.hits.map(({ document }) => document)).toEqual(['report.pdf']);
    const both = await call<{ hits: unknown[] }>('search', 'ingot_search', { words: 'rule' });
    expect(both).toMatchObject({ mode: 'hybrid', hits: [{ document: 'page.md' }, {}, {}] });

    objects['/bronze-bucket/documents/guide/report.pdf'] = undefined as never;
    expect(await call('documents', 'ingot_documents', { Records: Records.slice(0, 1) })).toEqual({
      batchItemFailures: [],
    });
    expect(
      (await call<{ hits: unknown[] }>('search', 'ingot_search', { words: 'runways', mode: 'text' })).hits,
    ).toEqual([]);
  }, 180_000);
});
