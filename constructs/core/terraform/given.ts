import type { Construct } from 'constructs';
import { deletionFlag } from '../removal';
import type { Attributes } from '../render';
import type { KmsKey, SnsTopic } from './aws';

/** Attributes of nodes that are not made, by id: the user brought along what takes their place. */
export type Given = Readonly<Record<string, Attributes>>;

export const givenKey = (id: string, key: Pick<KmsKey, 'arn' | 'keyId'> | undefined): Given =>
  key === undefined ? {} : { [id]: { arn: key.arn, id: key.keyId } };

export const givenTopic = (id: string, topic: Pick<SnsTopic, 'arn'> | undefined): Given =>
  topic === undefined ? {} : { [id]: { arn: topic.arn } };

/** What a model must know of where it is decided: which nodes are given, and what the context says of deletion. */
export const surroundings = (
  construct: Construct,
  given: Given,
): { readonly nodes: ReadonlySet<string>; readonly deletionFlag: unknown } => ({
  nodes: new Set(Object.keys(given)),
  deletionFlag: construct.node.tryGetContext(deletionFlag),
});
