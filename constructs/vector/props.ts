import type { Manifest } from '../../lib/platform/manifest';
import type { Compliance } from '../core/compliance';
import type { Architecture, Removal } from '../core/nodes';

/** What may be said of what searches or fills vector stores, whichever engine makes it. */
export interface SearchDeclaration {
  /** The stores and documents, as `loadPlatform` or `definePlatform` give them. */
  readonly manifest: Manifest;
  /**
   * E-mail addresses that alarms are sent to. Only where no topic is given.
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
