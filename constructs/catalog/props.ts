import type { Dataset } from '../../lib/contract/dataset';
import type { Manifest } from '../../lib/platform/manifest';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Architecture, Removal } from '../core/nodes';

/** What may be said of a catalog, whichever engine makes it. Each engine adds its own references to what exists. */
export interface CatalogDeclaration {
  /** The tables: a platform's manifest, or the resolved contracts alone as `{ datasets }`. */
  readonly manifest: Pick<Manifest, 'datasets'>;
  /**
   * Datasets as they were last deployed, so that synth refuses what their tables could not be changed into.
   * @default none: the tables function alone refuses, at deploy
   */
  readonly deployed?: readonly Dataset[];
  /**
   * The earliest date under which a file may arrive, `YYYY-MM-DD`. Athena sees nothing that is older, and looks at
   * every day since where a query names none.
   * @default 2000-01-01
   */
  readonly arrivalsSince?: string;
  /**
   * Another Iceberg REST catalog to hold the tables than Glue's own. Glue's databases stay, as does what roles may do
   * in Glue; table optimizers are set only where requests are signed.
   * @default Glue's, in the account and region of the stack
   */
  readonly icebergCatalog?: IcebergCatalog;
  /**
   * Processor of the function that makes and changes Iceberg tables.
   * @default arm64
   */
  readonly architecture?: Architecture;
  /**
   * Days that logs are kept: a number that CloudWatch Logs knows.
   * @default 90
   */
  readonly logRetentionDays?: number;
  /**
   * What happens to Iceberg tables whose dataset leaves the catalog, and to logs and key with the stack: `retain` keeps
   * them. `delete` needs the context flag `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
}
