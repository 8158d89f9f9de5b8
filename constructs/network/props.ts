import type { NewNetwork } from '../../lib/network/declaration';
import type { Compliance } from '../core/compliance';
import type { Removal } from '../core/nodes';

/** What may be said of a network, whichever engine makes it. Each engine adds its own references to what exists. */
export interface NetworkDeclaration extends NewNetwork {
  /** Begins every resource's name: 2 to 20 lower-case letters, digits and hyphens, a letter first. */
  readonly name: string;
  /**
   * Days that the log of connections is kept: a number that CloudWatch Logs knows.
   * @default 90; 365 where compliance is `regulated`
   */
  readonly logRetentionDays?: number;
  /**
   * What happens to the log and its key when they leave the stack. `delete` needs the context flag
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
