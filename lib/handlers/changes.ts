import { GlueClient } from '@aws-sdk/client-glue';
import type { ReceiveServices } from '../cdc/receive';
import type { Services } from '../runtime/services';
import { RestCatalog } from '../tables/client';
import { signedFetch } from './tables/sign';

/** What handlers of changes need beside the rest: tables are changed through a catalog that may want its requests signed. */
export const changeServices = <S extends Services>(services: S): S & ReceiveServices => ({
  ...services,
  ...signing(services),
});

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
