import { S3Client } from '@aws-sdk/client-s3';
import type { MetadataFiles } from '../../lib/local/catalog/files';
import { s3Objects } from '../../lib/runtime/s3-objects';
import type { Objects } from '../../lib/runtime/services';

/** Where everything is deployed: the account and region of the emulator that `deploy_check.py` starts. */
export const account = '123456789012';
export const region = 'us-east-1';

/** The emulator's S3. Its address and credentials are those of the environment. */
export const emulatorObjects = (): Objects => s3Objects(new S3Client({ forcePathStyle: true }));

/** Metadata files of the embedded catalog, beside the tables in the emulator's buckets. */
export function metadataIn(objects: Objects): MetadataFiles {
  return {
    read: async (location) =>
      (await objects.head(location)) === undefined ? undefined : (await objects.read(location)).toString('utf8'),
    writeNew: (location, text) => objects.write(location, text, 'application/json'),
    // They stay: all of it ends with the emulator.
    remove: async () => {},
  };
}

const headers = (service: string, type: string) => ({
  'content-type': type,
  authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

/** The status of a CloudFormation stack, for example `UPDATE_COMPLETE`. */
export async function stackStatus(stack: string): Promise<string> {
  const response = await fetch(process.env.AWS_ENDPOINT_URL!, {
    method: 'POST',
    headers: headers('cloudformation', 'application/x-www-form-urlencoded'),
    body: new URLSearchParams({ Action: 'DescribeStacks', Version: '2010-05-15', StackName: stack }).toString(),
  });
  const text = await response.text();
  return /<StackStatus>(\w+)</.exec(text)?.[1] ?? `unknown: ${text.slice(0, 500)}`;
}

/** A call of a service that speaks JSON. The emulator reads who is asked from the scope, and no signature. */
export async function call<Answer>(
  service: 'states' | 'sqs' | 'kinesis',
  target: string,
  input: object,
): Promise<Answer> {
  const response = await fetch(process.env.AWS_ENDPOINT_URL!, {
    method: 'POST',
    headers: { ...headers(service, 'application/x-amz-json-1.0'), 'x-amz-target': target },
    body: JSON.stringify(input),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${target} answered ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as Answer;
}
