import type { Migrations } from '../../lib/migrations/migration';
import type { Compliance } from '../core/compliance';
import type { Architecture, Removal } from '../core/nodes';

/** What may be said of migrations, whichever engine makes them. Each engine adds its own references to what exists. */
export interface MigrationsDeclaration {
  /** Files and ready-made ones: `platformMigrations(manifest)`. */
  readonly migrations: Migrations;
  /**
   * E-mail addresses that the alarm is sent to. Only where no topic is given.
   * @default none: the topic is there for others to subscribe to
   */
  readonly emails?: readonly string[];
  /** @default arm64 */
  readonly architecture?: Architecture;
  /**
   * Days that logs are kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /**
   * What happens to key and logs when they leave the stack. `delete` needs the context flag
   * `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them.
   * @default none of them
   */
  readonly compliance?: Compliance;
}
