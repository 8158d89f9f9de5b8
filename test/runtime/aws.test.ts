import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EMRClient } from '@aws-sdk/client-emr';
import { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { finish, stillAllowed } from '../../lib/handlers/spark';
import type { Manifest } from '../../lib/platform/manifest';
import { sqsArrivals } from '../../lib/runtime/aws';
import { tellingTransient } from '../../lib/runtime/aws-transient';
import { metricsClient } from '../../lib/runtime/cloudwatch-metrics';
import { emfMetrics } from '../../lib/runtime/emf-metrics';
import { emrSteps } from '../../lib/runtime/emr-steps';
import type { HandlerEnvironment } from '../../lib/runtime/environment';
import { openLake } from '../../lib/runtime/lake';
import { s3Objects } from '../../lib/runtime/s3-objects';
import type { Objects } from '../../lib/runtime/services';
import { stepOver } from '../../lib/runtime/step';
import { jobServices } from '../../lib/spark/services';
import type { RecordSource, SparkSession } from '../../lib/spark/session';
import { appliedBatches } from '../../lib/stream/spark/batches';

interface Command {
  readonly input: Record<string, unknown>;
  readonly constructor: { readonly name: string };
}

/** A client of AWS that answers by a function of the command's name and input, and keeps what it was sent. */
function client<C>(answer: (name: string, input: Record<string, unknown>) => unknown) {
  const sent: [string, Record<string, unknown>][] = [];
  const send = async (command: Command) => {
    sent.push([command.constructor.name, command.input]);
    return answer(command.constructor.name, command.input);
  };
  return { sent, client: { send } as unknown as C };
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const created = (key: string) =>
  JSON.stringify({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { bucket: { name: 'b' }, object: { key } },
  });

test('an object of S3 has the same ETag whoever says it, and none where it is not there', async () => {
  const LastModified = new Date('2001-01-01T00:00:00Z');
  const { client: s3, sent } = client<S3Client>((_, input) => {
    if (input.Key === 'none') throw Object.assign(new Error('?'), { name: 'NotFound' });
    return { ContentLength: 3, ETag: '"abc"', LastModified };
  });
  const objects = s3Objects(s3);
  expect(await objects.head('s3://b/a/x y.csv')).toEqual({
    uri: 's3://b/a/x y.csv',
    size: 3,
    etag: 'abc',
    modified: '2001-01-01T00:00:00.000Z',
  });
  expect(await objects.head('s3://b/none')).toBeUndefined();
  await objects.write('s3://b/out.json', '{}', 'application/json');
  expect(sent.at(-1)).toEqual([
    'PutObjectCommand',
    { Bucket: 'b', Key: 'out.json', Body: '{}', ContentType: 'application/json' },
  ]);
  await expect(objects.read('file:///x')).rejects.toThrow('An object of S3 is named s3://bucket/key; given file:///x');
});

test('arrivals are what lies in the bucket now, and stay in the queue until they are done', async () => {
  const queue = [
    { Body: created('flights/a.csv'), ReceiptHandle: '1' },
    { Body: created('flights/gone.csv'), ReceiptHandle: '2' },
    { Body: 'junk', ReceiptHandle: '3' },
  ];
  const { client: sqs, sent } = client<SQSClient>((name) =>
    name === 'ReceiveMessageCommand' ? { Messages: queue.splice(0, 2) } : {},
  );
  const head = async (uri: string) => (uri.includes('gone') ? undefined : { uri, size: 1, etag: 'e', modified: 'm' });
  const arrivals = sqsArrivals(sqs, { all: 'https://queue' }, { head } as Objects, quiet);
  const deleted = () =>
    sent.filter(([name]) => name === 'DeleteMessageCommand').map(([, input]) => input.ReceiptHandle);
  const taken = [];
  for await (const arrival of arrivals.take('all')) taken.push(arrival);
  expect(taken.map(({ object }) => object.uri)).toEqual(['s3://b/flights/a.csv']);
  expect(deleted()).toEqual(['2']);
  await taken[0]!.done();
  expect(deleted()).toEqual(['2', '1']);
  await expect(arrivals.take('other')[Symbol.asyncIterator]().next()).rejects.toThrow(
    'INGOT_QUEUES names no queue for the group other',
  );
});

test('a metric has the dimensions that alarms name, and no other', () => {
  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  emfMetrics('aviation').put('RowCount', 3, 'Count', { Table: 'silver.flights' });
  write.mockRestore();
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    _aws: {
      CloudWatchMetrics: [
        { Namespace: 'Ingot', Dimensions: [['Platform', 'Table']], Metrics: [{ Name: 'RowCount', Unit: 'Count' }] },
      ],
    },
    Platform: 'aviation',
    Table: 'silver.flights',
    RowCount: 3,
  });
});

/** Answers as an Iceberg catalog without tables and as S3 with one object, and keeps how each request was signed. */
async function aws() {
  const csv = 'a,b\n1,2\n';
  const signed: { path: string; by: string; token: string | undefined }[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    const by =
      /Credential=([^,]+)\/\d{8}\/([^,]+),/
        .exec(headers.authorization ?? '')
        ?.slice(1)
        .join(' ') ?? '';
    signed.push({ path: url.split('?')[0]!, by, token: headers['x-amz-security-token'] as string | undefined });
    if (url.startsWith('/bucket/')) {
      response.setHeader('content-length', csv.length).setHeader('etag', '"e"').end(csv);
      return;
    }
    const known = url.startsWith('/v1/config');
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    const error = { message: 'none', type: 'NoSuchTableException', code: 404 };
    response.end(JSON.stringify(known ? { defaults: {}, overrides: {} } : { error }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { uri, signed, close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) };
}

test("DuckDB signs what it asks of the catalog and of S3 with the role's credentials, also after they have changed", async () => {
  const { uri, signed, close } = await aws();
  let role = 'first';
  const credentials = async () => ({ accessKeyId: role, secretAccessKey: 'secret', sessionToken: `token of ${role}` });
  const lake = await openLake({
    catalog: { uri, warehouse: '1', auth: { kind: 'sigv4', region: 'eu-west-1', service: 'glue' } },
    manifest: { zones: [], ops: { database: 'ops', zone: 'silver' } },
    s3: { region: 'eu-west-1', endpoint: uri, credentials },
  });
  for (role of ['first', 'second']) {
    signed.length = 0;
    await expect(lake.query(`FROM lake.of_${role}.flights`)).rejects.toThrow('does not exist');
    expect(await lake.query("FROM read_csv('s3://bucket/a.csv')")).toEqual([{ a: 1n, b: 2n }]);
    const table = signed.find(({ path }) => path.endsWith('/tables/flights'));
    expect(table).toMatchObject({ by: `${role} eu-west-1/glue/aws4_request`, token: `token of ${role}` });
    const object = signed.find(({ path }) => path === '/bucket/a.csv');
    expect(object).toMatchObject({ by: `${role} eu-west-1/s3/aws4_request`, token: `token of ${role}` });
  }
  await lake.close();
  await close();
});

test.each([
  [503, 'TransientError'],
  [429, 'TransientError'],
  [500, 'TransientError'],
  [403, 'AccessDenied'],
])('S3 that answers %i until the SDK gives up fails with %s', async (status, name) => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(status).end('<Error><Code>AccessDenied</Code><Message>on purpose</Message></Error>');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    forcePathStyle: true,
    maxAttempts: 2,
  });
  await expect(s3Objects(tellingTransient(s3)).read('s3://b/key')).rejects.toMatchObject({ name });
  expect(asked).toBe(status === 403 ? 1 : 2);
  s3.destroy();
  await new Promise((done) => server.close(done));
});

test('a job answers before it sends its last metrics, which are told of where they cannot be sent, and kept until they are', async () => {
  const asked: string[] = [];
  const cloudwatch = [403, 200];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(request.method === 'PUT' ? 200 : (cloudwatch.shift() ?? 200)).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ENDPOINT_URL_CLOUDWATCH: endpoint,
  });
  const said: string[] = [];
  const stderr = jest.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  try {
    const zones = { silver: 's3://lake' };
    const environment = { zones, s3Endpoint: endpoint } as unknown as HandlerEnvironment;
    const job = jobServices(environment, { name: 'shop' } as Manifest, {} as SparkSession);
    job.services.metrics.put('FailedRules', 1, 'Count', { Group: 'sales' });
    for (const run of [1, 2, 3]) await finish(job, `s3://answers/${run}.json`, { passed: true });
  } finally {
    stderr.mockRestore();
    process.env = before;
    await new Promise((done) => server.close(done).closeAllConnections());
  }
  // What S3 calls its request begins the address; CloudWatch has one for all.
  const puts = asked.map((one) => one.replace(/\?.*/, '').replace(/^POST .*/, 'POST'));
  expect(puts).toEqual(['PUT /answers/1.json', 'POST', 'PUT /answers/2.json', 'POST', 'PUT /answers/3.json']);
  expect(said.filter((line) => line.includes('Metrics could not be sent'))).toHaveLength(1);
});

test('a job gives up soon where there is no way to CloudWatch', async () => {
  const handler = metricsClient().config.requestHandler as unknown as {
    handle(request: object, options: object): Promise<unknown>;
    httpHandlerConfigs(): object;
  };
  // It knows its limits from its first request on, also where that is given up at once.
  await expect(handler.handle({}, { abortSignal: AbortSignal.abort() })).rejects.toThrow('aborted');
  expect(handler.httpHandlerConfigs()).toMatchObject({
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
  });
});

test('a job whose stream brings nothing goes on while S3 knows it, also while S3 is broken, and ends once its role is gone', async () => {
  const statuses = [404, 404, 503, 404, 403];
  const server = createServer((_, response) => response.writeHead(statuses.shift()!).end());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  const objects = s3Objects(tellingTransient(s3));
  const minutes: number[] = [];
  const batches = appliedBatches(
    { stream: 'clicks' } as unknown as RecordSource,
    { nextBatch: async () => null },
    async () => ({ done: undefined, newest: undefined }),
    { clock: { now: () => 0 }, log: quiet },
    {
      behind: (seconds) => minutes.push(seconds),
      flush: stillAllowed(objects, 's3://b/spark/answers/shop.json'),
    },
  );
  await expect(batches[Symbol.asyncIterator]().next()).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  expect(minutes).toEqual([0, 0, 0, 0, 0]);
  s3.destroy();
  await new Promise((done) => server.close(done));
});

test('a job goes on while its credentials are not to be had for a while, and ends where they stay away', async () => {
  const statuses = [500, 429, 503, 500, 200, 500, 500, 500, 500, 403];
  let status = 200;
  const server = createServer((_, response) => response.writeHead(404).end());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    // As the SDK words what the endpoint of a container answers, once it has tried four times.
    credentials: async () => {
      if (status !== 200)
        throw Object.assign(new Error(`Server responded with status: ${status}`), { name: 'CredentialsProviderError' });
      return { accessKeyId: 'a', secretAccessKey: 'b', expiration: new Date(0) };
    },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  const look = stillAllowed(s3Objects(tellingTransient(s3)), 's3://b/spark/answers/shop.json');
  const looked: string[] = [];
  try {
    for (status of statuses)
      looked.push(
        await look().then(
          () => 'goes on',
          (error: Error) => error.name,
        ),
      );
  } finally {
    s3.destroy();
    await new Promise((done) => server.close(done).closeAllConnections());
  }
  expect(looked).toEqual([...Array(9).fill('goes on'), 'CredentialsProviderError']);
});

describe('a job of an EMR cluster', () => {
  const own = 's3://answers/spark/answers/run-1/ingest-silver.flights-1.json';

  /** EMR, as it answers while a step of 60 goes through states; a state that is a number is an error of HTTP. */
  async function emr(states: readonly (string | number)[], step: { readonly argument: string }) {
    const left = [...states];
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        const action = String(request.headers['x-amz-target']).split('.').at(-1)!;
        const { ClusterId, StepId, Marker } = JSON.parse(body) as Record<string, string | undefined>;
        asked.push([action, ClusterId, StepId ?? Marker].join(' '));
        const steps = Array.from({ length: 60 }, (_, i) => ({
          Id: `s-${i}`,
          Config: { Args: ['spark-submit', i >= 55 ? step.argument : `${i}`] },
        }));
        const listed =
          Marker === undefined ? { Steps: steps.slice(0, 50), Marker: 'more' } : { Steps: steps.slice(50) };
        const state = action === 'DescribeStep' ? left.shift() : undefined;
        response.writeHead(typeof state === 'number' ? state : 200, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify(action === 'ListSteps' ? listed : { Step: { Status: { State: state } } }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new EMRClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
    const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
    return { steps: emrSteps(client, 'j-1'), asked, close };
  }

  test('hears that its step is cancelled, and not that EMR did not answer', async () => {
    const { steps, asked, close } = await emr(['PENDING', 'RUNNING', 503, 'CANCEL_PENDING'], { argument: own });
    const waited: number[] = [];
    const warned: string[] = [];
    const log = { warn: (message: string) => warned.push(message) };
    expect(await stepOver(steps, own, log, async (ms) => waited.push(ms))).toBe('CANCEL_PENDING');
    expect(asked).toEqual(['ListSteps j-1 ', 'ListSteps j-1 more', ...Array(4).fill('DescribeStep j-1 s-55')]);
    expect(waited).toEqual([30_000, 30_000, 30_000]);
    expect(warned).toEqual(['The cluster does not say how the step is; the job goes on']);
    await close();
  });

  test('that was started by no step is ended by none', async () => {
    const { steps, asked, close } = await emr([], { argument: 's3://answers/of/another.json' });
    let looks = 0;
    const enough = new Error('enough');
    await expect(
      stepOver(steps, own, quiet, async () => {
        looks += 1;
        if (looks === 3) throw enough;
      }),
    ).rejects.toBe(enough);
    expect(asked.every((one) => one.startsWith('ListSteps'))).toBe(true);
    await close();
  });

  test('whose step is cancelled ends, and its driver in the middle of a statement', async () => {
    const handlers = `
      const { endWithStep } = require('./lib/handlers/spark');
      const steps = { newestWith: async () => 's-1', stateOf: async () => 'CANCELLED' };
      endWithStep(steps, 'answer', { warn() {}, error: (message, data) => console.log(message, data.state) });
      setInterval(() => {}, 1000);`;
    const driver = spawn('sh', [
      '-c',
      'node -r ./test/register.js -e "$1"; echo "The statement has ended"',
      'sh',
      handlers,
    ]);
    let said = '';
    driver.stdout.on('data', (part) => {
      said += part;
    });
    const [code, signal] = await once(driver, 'close');
    expect([code, signal]).toEqual([null, 'SIGTERM']);
    expect(said).toBe('The step is over; so is its job CANCELLED\n');
  });
});
