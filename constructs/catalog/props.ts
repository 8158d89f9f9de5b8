import type { Dataset } from '../../lib/contract/dataset';
import type { Manifest } from '../../lib/platform/manifest';
import type { Compliance, FunctionNetwork } from '../core/compliance';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Architecture, Removal } from '../core/nodes';

/** What may be said of a catalog, whichever engine makes it. Each engine adds its own references to what exists. */
export interface CatalogDeclaration {
  /** The tables: a platform's manifest, or the resolved contracts alone as `{ datasets }`. */
  readonly manifest: Pick<Manifest, 'datasets' | 'streams' | 'cdc'>;
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
   * Whether each Iceberg table whose contract has rules gets them as a ruleset of AWS Glue Data Quality besides, for
   * those who run that service. The pipeline does not need it. One resource more for each table, of the 500 that a
   * CloudFormation stack may hold; it costs nothing until somebody runs it.
   * @default false
   */
  readonly dataQualityRulesets?: boolean;
  /**
   * Processor of the function that makes and changes Iceberg tables.
   * @default arm64
   */
  readonly architecture?: Architecture;
  /**
   * Where the functions run inside a VPC of yours.
   * @default in none
   */
  readonly network?: FunctionNetwork;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them. Functions need a `network`, and have
   * limits and dead letters; logs are kept for a year where nothing else is said.
   * @default none of them
   */
  readonly compliance?: Compliance;
  /**
   * Days that logs are kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /**
   * What happens to Iceberg tables whose dataset leaves the catalog, and to logs and key with the stack: `retain` keeps
   * them. `delete` needs the context flag `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
}
