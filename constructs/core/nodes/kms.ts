import type { Text } from '../text';
import type { NodeBase, Removal, Statement } from './common';

/** KMS key. Attributes: `arn`, `id`. Rotation is always on. */
export interface KeyNode extends NodeBase {
  readonly kind: 'key';
  readonly alias: Text;
  readonly description: string;
  /** Beside the account's own administration, which every key has. */
  readonly policy: readonly Statement[];
  readonly removal: Removal;
}
