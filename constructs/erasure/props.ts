import type { Manifest } from '../../lib/platform/manifest';
import type { Compliance, FunctionNetwork } from '../core/compliance';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Architecture, Removal } from '../core/nodes';

/** What may be said of erasures, whichever engine makes them. Each engine adds its own references to what exists. */
export interface ErasureDeclaration {
  /** A contract of it must say whom a column names, by the custom property `subject`. */
  readonly manifest: Manifest;
  /**
   * When what was asked for is done that no request has started, `rate(…)` or `cron(…)`, UTC; also when it is found that a
   * zone was restored. `false`: never by itself.
   * @default rate(1 day)
   */
  readonly schedule?: string | false;
  /**
   * Memory of the function in MB, 512 to 10240: a table that holds somebody is rewritten whole, within 15 minutes.
   * @default 3008
   */
  readonly memoryMb?: number;
  /**
   * Zones whose objects are copied to buckets elsewhere: the report names them.
   * @default none
   */
  readonly replicated?: readonly string[];
  /**
   * Days that results of Athena's queries are kept: the report says so.
   * @default 30
   */
  readonly queryResultDays?: number;
  /**
   * E-mail addresses that alarms are sent to. Only where no topic is given.
   * @default none: the topic is there for others to subscribe to
   */
  readonly emails?: readonly string[];
  /** @default arm64 */
  readonly architecture?: Architecture;
  /**
   * Zip of the runtime layer.
   * @default .ingot/runtime/<architecture>.zip below the folder of the app
   */
  readonly runtime?: string;
  /** @default Glue's, in the account and region of the stack */
  readonly icebergCatalog?: IcebergCatalog;
  /**
   * Days that logs are kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /**
   * What happens to the ledger, the key and logs when they leave the stack. `delete` needs the context flag
   * `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them. It needs `network`.
   * @default none of them
   */
  readonly compliance?: Compliance;
  /**
   * Where the function runs.
   * @default outside of any VPC
   */
  readonly network?: FunctionNetwork;
}
