import { S3Client } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Manifest } from '../platform/manifest';
import { tellingTransient } from './aws-transient';
import { emfMetrics } from './emf-metrics';
import type { HandlerEnvironment } from './environment';
import { openLake } from './lake';
import { jsonLog } from './log';
import { s3Objects } from './s3-objects';
import type { Arrival, Arrivals, Log, Objects, Services } from './services';

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
