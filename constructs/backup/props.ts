import type { BackupDeclaration } from '../../lib/backup/declaration';
import type { Compliance, FunctionNetwork } from '../core/compliance';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { Architecture, Removal } from '../core/nodes';
import type { Replica } from '../lake/props';

/** What may be said of backups, whichever engine makes them. Each engine adds its own references to what exists. */
export interface BackupPolicyDeclaration extends BackupDeclaration {
  /**
   * E-mail addresses that are told of backups and restore tests that failed.
   * @default none: the topic is there for others to subscribe to
   */
  readonly emails?: readonly string[];
  /**
   * Another Iceberg REST catalog that holds the tables than Glue's own.
   * @default Glue's, in the account and region of the stack
   */
  readonly icebergCatalog?: IcebergCatalog;
  /**
   * Processor of the function and of the dump task.
   * @default arm64
   */
  readonly architecture?: Architecture;
  /**
   * Where the function reaches AWS Backup, RDS, S3 and Glue from. Only where no database is given, whose network it is in.
   * @default none
   */
  readonly network?: FunctionNetwork;
  /**
   * A bucket elsewhere that fingerprints, results, reports and dumps are copied to.
   * @default none
   */
  readonly replica?: Replica;
  /**
   * Days that logs are kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /**
   * What happens to vaults, keys and the bucket that leave the stack. `delete` needs the context flag
   * `ingot:allow-data-deletion=true` as well, and takes lock and access policy away.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them.
   * @default none of them
   */
  readonly compliance?: Compliance;
}
