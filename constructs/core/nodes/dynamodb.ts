import type { Text } from '../text';
import type { NodeBase, Removal } from './common';

/** Table of DynamoDB, paid by use, with point-in-time recovery. Attributes: `arn`, `name`. */
export interface DynamoTableNode extends NodeBase {
  readonly kind: 'dynamoTable';
  readonly name: string;
  /** Names of its key's attributes, both texts. */
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly keyArn: Text;
  /** Rules of auditors that it does not meet, by their exact ids. */
  readonly exceptions?: readonly { readonly rule: string; readonly reason: string }[];
  readonly removal: Removal;
}
