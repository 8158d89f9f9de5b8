import { fileURLToPath } from 'node:url';
import { assertValid } from '../errors';
import { folderParkedKeys } from '../local/parked-keys';
import { openDatabase } from '../runtime/database';
import { dynamoParkedKeys } from '../runtime/parked-keys';
import type { Services } from '../runtime/services';
import type { StreamServices } from '../stream/services';

/**
 * What handlers of streams need beside the rest: `INGOT_PARKED_KEYS` names DynamoDB's table of keys that have stopped, or a
 * folder of this machine as `file:///…`, and `INGOT_DATABASE` says how to log into PostgreSQL, where a window's results go there.
 */
export async function streamServices(services: Services): Promise<StreamServices> {
  const table = process.env.INGOT_PARKED_KEYS;
  if (table === undefined || table === '')
    assertValid([
      {
        where: 'environment',
        path: 'INGOT_PARKED_KEYS',
        message: 'must be set to the table of keys that have stopped',
      },
    ]);
  let opening: ReturnType<typeof openDatabase> | undefined;
  return {
    ...services,
    parked: table!.startsWith('file:') ? folderParkedKeys(fileURLToPath(table!)) : dynamoParkedKeys(table!),
    ...(process.env.INGOT_DATABASE === undefined ? {} : { database: () => (opening ??= openDatabase(process.env)) }),
  };
}
