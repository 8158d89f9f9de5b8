import { CfnSubscription, CfnTopic, CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { CfnQueue, CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import { ofItself, policyDocument } from '../policy';
import { acknowledge } from './acknowledge';
import type { Renderer } from './render';

export const renderQueue: Renderer<'queue'> = (scope, node) => {
  const queue = new CfnQueue(scope, node.id, {
    queueName: node.name,
    kmsMasterKeyId: node.keyArn,
    visibilityTimeout: node.visibilitySeconds,
    messageRetentionPeriod: node.retentionSeconds,
    redrivePolicy:
      node.redrive === undefined
        ? undefined
        : { deadLetterTargetArn: node.redrive.queueArn, maxReceiveCount: node.redrive.maxReceives },
  });
  acknowledge(queue, node.exceptions);
  new CfnQueuePolicy(scope, `${node.id}Policy`, {
    queues: [queue.ref],
    policyDocument: policyDocument(ofItself(node.policy, queue.attrArn)),
  });
  return { arn: queue.attrArn, name: queue.attrQueueName, url: queue.ref };
};

export const renderTopic: Renderer<'topic'> = (scope, node) => {
  const topic = new CfnTopic(scope, node.id, { topicName: node.name, kmsMasterKeyId: node.keyArn });
  new CfnTopicPolicy(scope, `${node.id}Policy`, {
    topics: [topic.ref],
    policyDocument: policyDocument(ofItself(node.policy, topic.ref)),
  });
  return { arn: topic.ref, name: topic.attrTopicName };
};

export const renderSubscription: Renderer<'subscription'> = (scope, node) => {
  const subscription = new CfnSubscription(scope, node.id, {
    topicArn: node.topicArn,
    protocol: node.protocol,
    endpoint: node.endpoint,
  });
  return { arn: subscription.ref };
};
