import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { deletionFlag } from '../removal';
import type { Attributes } from '../render';

/** Attributes of nodes that are not made, by id: the user brought along what takes their place. */
export type Given = Readonly<Record<string, Attributes>>;

export const givenKey = (id: string, key: IKey | undefined): Given =>
  key === undefined ? {} : { [id]: { arn: key.keyArn, id: key.keyId } };

export const givenTopic = (id: string, topic: ITopic | undefined): Given =>
  topic === undefined ? {} : { [id]: { arn: topic.topicArn } };

/** What a model must know of where it is decided: which nodes are given, and what the context says of deletion. */
export const surroundings = (
  construct: Construct,
  given: Given,
): { readonly nodes: ReadonlySet<string>; readonly deletionFlag: unknown } => ({
  nodes: new Set(Object.keys(given)),
  deletionFlag: construct.node.tryGetContext(deletionFlag),
});
