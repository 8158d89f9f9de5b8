import { readFileSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { openEmbedder } from '../../documents/embedders';
import {
  type CompareResult,
  type DocumentsEvent,
  type DocumentsServices,
  handleDocuments,
  type QueueResult,
} from '../../documents/handle';
import type { Manifest } from '../../platform/manifest';
import { tellingTransient } from '../../runtime/aws-transient';
import { openDatabase } from '../../runtime/database';
import { jsonLog } from '../../runtime/log';
import { s3Objects } from '../../runtime/s3-objects';
import { commandLine } from '../command-line';

let opening: Promise<DocumentsServices> | undefined;

/**
 * Puts documents into vector stores. Its environment variables: `INGOT_MANIFEST` and `INGOT_ZONES` as the other handlers
 * have them, `INGOT_DATABASE` (JSON of `{host, port, database, user, auth, region}`), and `INGOT_DOCUMENTS_QUEUE`, the URL
 * of the queue that calls it.
 */
export async function handler(event: DocumentsEvent): Promise<QueueResult | CompareResult> {
  opening ??= openServices(process.env);
  const services = await opening.catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return handleDocuments(event, services);
}

async function openServices(env: NodeJS.ProcessEnv): Promise<DocumentsServices> {
  const sqs = new SQSClient();
  return {
    manifest: JSON.parse(readFileSync(env.INGOT_MANIFEST ?? '/opt/ingot/manifest.json', 'utf8')) as Manifest,
    zones: JSON.parse(env.INGOT_ZONES ?? '{}') as Record<string, string>,
    postgres: await openDatabase(env),
    objects: s3Objects(tellingTransient(new S3Client())),
    embedder: openEmbedder,
    async enqueue(uris) {
      for (let from = 0; from < uris.length; from += 10) {
        const Entries = uris
          .slice(from, from + 10)
          .map((uri, i) => ({ Id: String(i), MessageBody: JSON.stringify({ uri }) }));
        const { Failed = [] } = await sqs.send(
          new SendMessageBatchCommand({ QueueUrl: env.INGOT_DOCUMENTS_QUEUE, Entries }),
        );
        if (Failed.length > 0) throw new Error(`The queue took ${Failed.length} messages not: ${Failed[0]!.Message}`);
      }
    },
    log: jsonLog((line) => process.stdout.write(`${line}\n`)),
  };
}

void commandLine(module, handler);
