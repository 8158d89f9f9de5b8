import { ofItself, policyDocument } from '../policy';
import { SnsTopic, SnsTopicPolicy, SnsTopicSubscription, SqsQueue, SqsQueuePolicy } from './aws';
import type { Renderer } from './render';

export const renderQueue: Renderer<'queue'> = (scope, node) => {
  const queue = new SqsQueue(scope, node.id, {
    name: node.name,
    kmsMasterKeyId: node.keyArn,
    visibilityTimeoutSeconds: node.visibilitySeconds,
    messageRetentionSeconds: node.retentionSeconds,
    redrivePolicy:
      node.redrive === undefined
        ? undefined
        : JSON.stringify({ deadLetterTargetArn: node.redrive.queueArn, maxReceiveCount: node.redrive.maxReceives }),
  });
  new SqsQueuePolicy(scope, `${node.id}Policy`, {
    queueUrl: queue.url,
    policy: JSON.stringify(policyDocument(ofItself(node.policy, queue.arn))),
  });
  return { arn: queue.arn, name: queue.name, url: queue.url };
};

export const renderTopic: Renderer<'topic'> = (scope, node) => {
  const topic = new SnsTopic(scope, node.id, { name: node.name, kmsMasterKeyId: node.keyArn });
  new SnsTopicPolicy(scope, `${node.id}Policy`, {
    arn: topic.arn,
    policy: JSON.stringify(policyDocument(ofItself(node.policy, topic.arn))),
  });
  return { arn: topic.arn, name: topic.name };
};

export const renderSubscription: Renderer<'subscription'> = (scope, node) => {
  const subscription = new SnsTopicSubscription(scope, node.id, {
    topicArn: node.topicArn,
    protocol: node.protocol,
    endpoint: node.endpoint,
  });
  return { arn: subscription.arn };
};
