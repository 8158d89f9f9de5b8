import type { DatabaseDeclaration } from '../../lib/postgres/declaration';
import type { Compliance } from '../core/compliance';
import type { Removal } from '../core/nodes';

/** What may be said of a database, whichever engine makes it. Each engine adds its own references to what exists. */
export interface PostgresDeclaration extends DatabaseDeclaration {
  /** Begins every resource's name: 2 to 20 lower-case letters, digits and hyphens, a letter first. */
  readonly name: string;
  /**
   * E-mail addresses that alarms are sent to. Only where no topic is given.
   * @default none: the topic is there for others to subscribe to
   */
  readonly emails?: readonly string[];
  /**
   * Days that logs are kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /**
   * What happens to database, key and logs when they leave the stack. `delete` needs the context flag
   * `ingot:allow-data-deletion=true` as well.
   * @default retain, and protected from deletion
   */
  readonly removal?: Removal;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them, but for the backup plan, which a
   * `BackupPolicy` makes.
   * @default none of them
   */
  readonly compliance?: Compliance;
}

/** What must be known of a database that is there, whichever engine refers to it. */
export interface ExistingDatabase {
  /** Begins the names of resources: the platform's name. */
  readonly name: string;
  /** @default instance */
  readonly engine?: 'instance' | 'aurora';
  /** Its identifier in RDS: of the instance, or of the cluster. */
  readonly identifier: string;
  /** `db-…` of an instance, `cluster-…` of a cluster: what IAM knows it by. */
  readonly resourceId: string;
  /** Where it is written to. */
  readonly host: string;
  /** @default none */
  readonly readHost?: string;
  /** @default 5432 */
  readonly port?: number;
  /** The database inside it. */
  readonly databaseName: string;
  /** @default postgres */
  readonly masterUser?: string;
  /**
   * ARN of the secret with the name and password of its master, as RDS keeps it. Migrations need it.
   * @default none
   */
  readonly masterSecretArn?: string;
  /**
   * ARN of the key that its storage and master secret are encrypted with.
   * @default none of the account's own
   */
  readonly keyArn?: string;
  /** @default none */
  readonly proxy?: {
    readonly host: string;
    /** `prx-…`, the last part of its ARN. */
    readonly resourceId: string;
    /** Its security group: it gets a rule that lets clients in. */
    readonly securityGroupId: string;
  };
}
