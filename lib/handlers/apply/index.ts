import { GlueClient } from '@aws-sdk/client-glue';
import { findSource } from '../../cdc/feed';
import { type ApplyEvent, handleApply } from '../../cdc/handle';
import type { ReceiveServices } from '../../cdc/receive';
import type { Services } from '../../runtime/services';
import { RestCatalog } from '../../tables/client';
import { commandLine } from '../command-line';
import { lambdaWith } from '../entry';
import { signedFetch } from '../tables/sign';

/** `INGOT_SOURCE` names the source: what Kinesis delivers does not say whose it is. */
export const handler = lambdaWith<ApplyEvent, Awaited<ReturnType<typeof handleApply>>, ReceiveServices & Services>(
  (event, services) => handleApply(event, findSource(process.env.INGOT_SOURCE ?? '', services.manifest), services),
  async (services) => ({ ...services, ...signing(services) }),
);

/** Tables are changed through a catalog that may want its requests signed. */
function signing({ catalog }: Services): Pick<ReceiveServices, 'schemaCatalog'> {
  const { auth } = catalog;
  if (auth.kind === 'none') return {};
  const { credentials } = new GlueClient({ region: auth.region }).config;
  let connection: Promise<RestCatalog> | undefined;
  return {
    schemaCatalog: () =>
      (connection ??= RestCatalog.connect(catalog, signedFetch(auth.region, auth.service, credentials))),
  };
}

void commandLine(module, handler);
