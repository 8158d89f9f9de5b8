import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { emfMetrics, s3Objects, sqsArrivals } from '../../lib/runtime/aws';
import type { Objects } from '../../lib/runtime/services';

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
