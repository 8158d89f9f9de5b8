import type { Text } from '../text';
import type { NodeBase, Removal } from './common';

/** Secret of Secrets Manager that has no value yet: a function puts one in. Attributes: `arn`. */
export interface SecretNode extends NodeBase {
  readonly kind: 'secret';
  readonly description: string;
  readonly keyArn: Text;
  /** Rules of auditors that it does not meet, by their exact ids. */
  readonly exceptions?: readonly { readonly rule: string; readonly reason: string }[];
  readonly removal: Removal;
}
