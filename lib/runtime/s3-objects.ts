import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ErasableObjects } from '../erasure/services';
import type { ObjectInfo } from './services';

/** Metadata of an object that was replaced: the ETag with which it arrived. */
const arrivedAs = 'ingot-arrived-as';

/** Objects of S3, by `s3://bucket/key`. */
export function s3Objects(s3: S3Client): ErasableObjects {
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
    async replace(seen, file) {
      const { ContentType } = await s3.send(new HeadObjectCommand(place(seen.uri)));
      try {
        await s3.send(
          new PutObjectCommand({
            ...place(seen.uri),
            Body: createReadStream(file),
            ContentLength: (await stat(file)).size,
            ContentType,
            IfMatch: `"${seen.etag}"`,
            Metadata: { [arrivedAs]: seen.arrivedAs ?? seen.etag },
          }),
        );
        return true;
      } catch (error) {
        const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
        if (status === 409 || status === 412) return false;
        throw error;
      }
    },
    async remove(uri) {
      await s3.send(new DeleteObjectCommand(place(uri)));
    },
  };
}

function place(uri: string): { Bucket: string; Key: string } {
  const found = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri);
  if (found === null) throw new Error(`An object of S3 is named s3://bucket/key; given ${uri}`);
  return { Bucket: found[1]!, Key: found[2]! };
}

const info = (uri: string, { ContentLength, ETag, LastModified, Metadata }: HeadObjectCommandOutput): ObjectInfo => ({
  uri,
  size: ContentLength!,
  etag: unquoted(ETag!),
  modified: LastModified!.toISOString(),
  ...(Metadata?.[arrivedAs] === undefined ? {} : { arrivedAs: Metadata[arrivedAs] }),
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
