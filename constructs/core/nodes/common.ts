import type { Text } from '../text';

/** What every node has. */
export interface NodeBase {
  /** Construct id, the same in both engines, for example `BronzeBucket`. */
  readonly id: string;
}

/** What happens to a resource that holds data when it leaves its stack. */
export type Removal = 'retain' | 'delete';

/** One IAM statement. Who has it is a principal's business, but for resource policies, which name theirs. */
export interface Statement {
  readonly sid?: string;
  /** Why a resource of it ends in `*`: said to whoever audits policies, cdk-nag first. */
  readonly because?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly principal?: Principal;
  readonly actions: readonly string[];
  readonly resources: readonly Text[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, Text | readonly Text[]>>>>;
}

export type Principal = { readonly service: Text | readonly Text[] } | { readonly aws: Text } | 'anyone';
