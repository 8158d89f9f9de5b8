import type { Readable } from 'node:stream';
import { Metrics as Powertools } from '@aws-lambda-powertools/metrics';
import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Manifest } from '../platform/manifest';
import { tellingTransient } from './aws-transient';
import type { HandlerEnvironment } from './environment';
import { openLake } from './lake';
import { jsonLog } from './log';
import type { Arrival, Arrivals, Log, Metrics, ObjectInfo, Objects, Services } from './services';

/** The services in Lambda: S3, SQS, Glue's Iceberg REST catalog through DuckDB, CloudWatch through its log format. */
export async function awsServices(environment: HandlerEnvironment, manifest: Manifest): Promise<Services> {
  const { zones, catalog, queues, limits, s3Endpoint: endpoint } = environment;
  const log = jsonLog((line) => process.stdout.write(`${line}\n`));
  const s3 = tellingTransient(new S3Client({ forcePathStyle: endpoint !== undefined }));
  const objects = s3Objects(s3);
  const lake = await openLake({
    catalog,
    manifest,
    // One chain of credentials for both: the SDK's, which keeps them and knows when they end.
    s3: { region: await s3.config.region(), endpoint, credentials: s3.config.credentials },
    limits,
    onConflict: (attempt) => log.info('Another writer was first; the commit is tried again', { attempt }),
  });
  return {
    manifest,
    zones,
    lake,
    objects,
    arrivals: sqsArrivals(tellingTransient(new SQSClient()), queues, objects, log),
    catalog,
    clock: { now: () => Date.now() },
    metrics: emfMetrics(manifest.name),
    log,
  };
}

/** Objects of S3, by `s3://bucket/key`. */
export function s3Objects(s3: S3Client): Objects {
  return {
    async *list(prefix) {
      const { Bucket, Key } = place(prefix);
      for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix: Key })) {
        for (const { Key: key, Size, ETag, LastModified } of page.Contents ?? []) {
          const modified = LastModified!.toISOString();
          yield { uri: `s3://${Bucket}/${key}`, size: Size!, etag: unquoted(ETag!), modified };
        }
      }
    },
    async head(uri) {
      const head = await s3.send(new HeadObjectCommand(place(uri))).catch(ifMissing);
      return head === undefined ? undefined : info(uri, head);
    },
    async read(uri) {
      const { Body } = await s3.send(new GetObjectCommand(place(uri)));
      return Buffer.from(await Body!.transformToByteArray());
    },
    async stream(uri, from = 0) {
      // A range that begins at the first byte is an error where there is none.
      const Range = from === 0 ? undefined : `bytes=${from}-`;
      const { Body } = await s3.send(new GetObjectCommand({ ...place(uri), Range }));
      return Body as Readable;
    },
    async write(uri, body, contentType) {
      await s3.send(new PutObjectCommand({ ...place(uri), Body: body, ContentType: contentType }));
    },
  };
}

function place(uri: string): { Bucket: string; Key: string } {
  const found = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri);
  if (found === null) throw new Error(`An object of S3 is named s3://bucket/key; given ${uri}`);
  return { Bucket: found[1]!, Key: found[2]! };
}

const info = (uri: string, { ContentLength, ETag, LastModified }: HeadObjectCommandOutput): ObjectInfo => ({
  uri,
  size: ContentLength!,
  etag: unquoted(ETag!),
  modified: LastModified!.toISOString(),
});

/** S3 quotes ETags in its answers, and not in its events. */
const unquoted = (etag: string): string => etag.replaceAll('"', '');

function ifMissing(error: {
  readonly name: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}): undefined {
  if (error.name === 'NotFound' || error.$metadata?.httpStatusCode === 404) return undefined;
  throw error;
}

/** The queue of a group, to which EventBridge brings S3's `Object Created`. */
export function sqsArrivals(
  sqs: SQSClient,
  queues: Readonly<Record<string, string>>,
  objects: Objects,
  log: Log,
): Arrivals {
  return {
    async *take(group) {
      const QueueUrl = queues[group];
      if (QueueUrl === undefined) throw new Error(`INGOT_QUEUES names no queue for the group ${group}`);
      for (;;) {
        // A long poll asks all of SQS's servers, so that an empty answer means an empty queue.
        const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
        const { Messages = [] } = await sqs.send(receive);
        if (Messages.length === 0) return;
        const arrivals = await Promise.all(Messages.map((message) => arrivalOf(message, QueueUrl, sqs, objects, log)));
        for (const arrival of arrivals) if (arrival !== undefined) yield arrival;
      }
    },
  };
}

/** What lies in the bucket now counts: an event may be late, and its object changed or removed meanwhile. */
async function arrivalOf(
  message: Message,
  QueueUrl: string,
  sqs: SQSClient,
  objects: Objects,
  log: Log,
): Promise<Arrival | undefined> {
  const uri = uriOf(message);
  if (uri === undefined) {
    // It comes again until the queue moves it to the dead letters, where somebody sees it.
    log.error('A message in the queue of arrivals is no event of S3', { body: message.Body });
    return undefined;
  }
  const done = async () => {
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
  };
  const object = await objects.head(uri);
  if (object !== undefined) return { object, done };
  log.warn('An object arrived and is gone', { uri });
  await done();
  return undefined;
}

function uriOf(message: Message): string | undefined {
  try {
    const { detail } = JSON.parse(message.Body ?? '') as {
      detail?: { bucket?: { name?: string }; object?: { key?: string } };
    };
    const bucket = detail?.bucket?.name;
    const key = detail?.object?.key;
    return bucket === undefined || key === undefined ? undefined : `s3://${bucket}/${key}`;
  } catch {
    return undefined;
  }
}

/** Metrics as lines in the log, which CloudWatch turns into metrics. */
export function emfMetrics(platform: string): Metrics {
  return {
    put(name, value, unit, dimensions) {
      const metric = new Powertools({ namespace: 'Ingot', singleMetric: true });
      // Powertools adds a dimension "service"; an alarm finds a metric by exactly the dimensions that it names.
      metric.clearDefaultDimensions();
      metric.addDimensions({ Platform: platform, ...dimensions });
      metric.addMetric(name, unit, value);
    },
  };
}
