import { CfnTable } from 'aws-cdk-lib/aws-dynamodb';
import { acknowledge } from './acknowledge';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderDynamoTable: Renderer<'dynamoTable'> = (scope, node) => {
  const table = new CfnTable(scope, node.id, {
    tableName: node.name,
    billingMode: 'PAY_PER_REQUEST',
    attributeDefinitions: [
      { attributeName: node.partitionKey, attributeType: 'S' },
      { attributeName: node.sortKey, attributeType: 'S' },
    ],
    keySchema: [
      { attributeName: node.partitionKey, keyType: 'HASH' },
      { attributeName: node.sortKey, keyType: 'RANGE' },
    ],
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    sseSpecification: { sseEnabled: true, sseType: 'KMS', kmsMasterKeyId: node.keyArn },
    deletionProtectionEnabled: node.removal === 'retain',
  });
  applyRemoval(table, node.removal);
  acknowledge(table, node.exceptions);
  return { arn: table.attrArn, name: table.ref };
};
