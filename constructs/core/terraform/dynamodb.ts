import { DynamodbTable } from './aws';
import { lifecycle } from './removal';
import type { Renderer } from './render';

export const renderDynamoTable: Renderer<'dynamoTable'> = (scope, node) => {
  const table = new DynamodbTable(scope, node.id, {
    name: node.name,
    billingMode: 'PAY_PER_REQUEST',
    hashKey: node.partitionKey,
    rangeKey: node.sortKey,
    attribute: [
      { name: node.partitionKey, type: 'S' },
      { name: node.sortKey, type: 'S' },
    ],
    pointInTimeRecovery: { enabled: true },
    serverSideEncryption: { enabled: true, kmsKeyArn: node.keyArn },
    deletionProtectionEnabled: node.removal === 'retain',
    lifecycle: lifecycle(node.removal),
  });
  return { arn: table.arn, name: table.name };
};
