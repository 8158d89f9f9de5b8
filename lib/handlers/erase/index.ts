import { tmpdir } from 'node:os';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { type ErasureEvent, erase, type Requested } from '../../erasure/handle';
import { objectTableFiles } from '../../erasure/object-files';
import type { ErasureServices, Holds } from '../../erasure/services';
import { assertValid } from '../../errors';
import { tellingTransient } from '../../runtime/aws-transient';
import { dynamoErasureLedger } from '../../runtime/erasure-ledger';
import { s3Objects } from '../../runtime/s3-objects';
import type { Services } from '../../runtime/services';
import { RestCatalog } from '../../tables/client';
import { commandLine } from '../command-line';
import { lambdaWith } from '../entry';
import { signedFetch } from '../tables/sign';

/** A step says where it is to go on before Lambda's 15 minutes are over. */
const tenMinutes = 600_000;
const day = 86_400_000;

/**
 * Its environment variables are those of the other handlers; besides:
 *
 * | variable             | meaning                                                                             |
 * | -------------------- | ----------------------------------------------------------------------------------- |
 * | INGOT_ERASURE_LEDGER | DynamoDB's table of erasures                                                        |
 * | INGOT_ERASE_MACHINE  | ARN of the state machine that a request starts; absent: it waits for the schedule    |
 * | INGOT_HOLDS          | JSON: what of the deployment holds copies: `versionDays`, `replicas`, `queryResultDays` |
 */
export const handler = lambdaWith<ErasureEvent, unknown, ErasureServices>(async (event, services) => {
  const result = await erase(event, services);
  const machine = process.env.INGOT_ERASE_MACHINE;
  if (event.action !== 'request' || machine === undefined) return result;
  const { executionArn } = await new SFNClient().send(
    new StartExecutionCommand({ stateMachineArn: machine, input: '{}' }),
  );
  return { ...(result as Requested), execution: executionArn };
}, erasureServices);

async function erasureServices(services: Services): Promise<ErasureServices> {
  const table = process.env.INGOT_ERASURE_LEDGER ?? '';
  if (table === '')
    assertValid([
      { where: 'environment', path: 'INGOT_ERASURE_LEDGER', message: 'must be set to the table of erasures' },
    ]);
  const objects = s3Objects(tellingTransient(new S3Client({ forcePathStyle: endpoint() !== undefined })));
  const { catalog } = services;
  const send =
    catalog.auth.kind === 'none'
      ? undefined
      : signedFetch(catalog.auth.region, catalog.auth.service, new GlueClient().config.credentials);
  return {
    ...services,
    objects,
    ledger: dynamoErasureLedger(table),
    tables: await RestCatalog.connect(catalog, send),
    tableFiles: objectTableFiles(objects),
    orphanAge: day,
    scratch: process.env.INGOT_TEMP ?? tmpdir(),
    patience: tenMinutes,
    holds: JSON.parse(process.env.INGOT_HOLDS ?? '{}') as Holds,
  };
}

const endpoint = (): string | undefined => process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;

void commandLine(module, handler);
