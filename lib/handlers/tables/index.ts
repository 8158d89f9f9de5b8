import { GlueClient } from '@aws-sdk/client-glue';
import type { Context } from 'aws-lambda';
import { assertValid } from '../../errors';
import { jsonLog } from '../../runtime/log';
import { RestCatalog } from '../../tables/client';
import { handleTables, type TablesEvent, type TablesResult, type TablesServices } from '../../tables/handle';
import { commandLine } from '../command-line';
import { requiredOf } from '../required';
import { glueOptimizers } from './optimizers';
import { putAnswer } from './put-answer';
import { signedFetch } from './sign';

let services: TablesServices | undefined;

/**
 * Makes and changes Iceberg tables at deployment. Its environment variables are those of the other handlers where they
 * have the same name; besides, `INGOT_OPTIMIZER_ROLE` (the role of Glue's table optimizers; absent: none are set) and
 * `INGOT_ALLOW_DROP` (`true`: a table leaves the catalog with its resource; by default it stays).
 */
export async function handler(event: TablesEvent, context?: Context): Promise<TablesResult | undefined> {
  services ??= openServices(process.env);
  return handleTables(event, { ...services, timeLeft: context?.getRemainingTimeInMillis() });
}

/** @throws InvalidInputError with every variable that is missing */
export function openServices(env: NodeJS.ProcessEnv): TablesServices {
  const { required, problems } = requiredOf(env);
  const [uri, warehouse] = [required('INGOT_CATALOG_URI'), required('INGOT_WAREHOUSE')];
  const signs = (env.INGOT_CATALOG_AUTH ?? 'sigv4') === 'sigv4';
  const region = signs ? required('AWS_REGION') : '';
  assertValid(problems);
  // Another catalog than Glue's knows neither signatures nor optimizers.
  const glue = signs ? new GlueClient({ region }) : undefined;
  const send = glue === undefined ? undefined : signedFetch(region, 'glue', glue.config.credentials);
  const role = env.INGOT_OPTIMIZER_ROLE ?? '';
  let catalog: RestCatalog | undefined;
  return {
    catalog: async () => {
      catalog ??= await RestCatalog.connect({ uri, warehouse }, send);
      return catalog;
    },
    maintenance: glue === undefined || role === '' ? undefined : glueOptimizers(glue, warehouse, role),
    allowDrop: env.INGOT_ALLOW_DROP === 'true',
    log: jsonLog((line) => process.stdout.write(`${line}\n`)),
    answer: putAnswer,
  };
}

void commandLine(module, handler);
