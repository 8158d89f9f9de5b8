import { isObject, type Json } from '../json';
import { field, flag, map, names, number, object, type Service, type Shape, same, set, tags } from '../kind';

/** `HASH` and `RANGE` attributes by their part, as CloudFormation lists them and Terraform names them. */
const keys: Shape = (value, reading, path) => {
  const parts = map('KeyType', 'AttributeName')(value, reading, path);
  if (!isObject(parts)) return parts;
  const all = { partition: parts.HASH ?? parts.hash_key, sort: parts.RANGE ?? parts.range_key };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, Json] => entry[1] !== undefined));
};

/** Types by attribute name. */
const types: Shape = (value, reading, path) => {
  const byName = reading.side === 'terraform' ? map('name', 'type') : map('AttributeName', 'AttributeType');
  return byName(value, reading, path);
};

const projection = {
  projection: field('Projection.ProjectionType', 'projection_type'),
  projected: field('Projection.NonKeyAttributes', 'non_key_attributes', set()),
};

export const dynamodb: Service = {
  kinds: [
    {
      kind: 'dynamodb.table',
      cloudformation: 'AWS::DynamoDB::Table',
      terraform: 'aws_dynamodb_table',
      attributes: {
        name: names('Ref', ['id', 'name']),
        arn: names('Arn', 'arn'),
        streamArn: names('StreamArn', 'stream_arn'),
      },
      properties: {
        name: field('TableName', 'name'),
        billing: field('BillingMode', 'billing_mode', undefined, 'PROVISIONED'),
        keys: field(['KeySchema'], ['hash_key', 'range_key'], keys),
        attributes: field('AttributeDefinitions', 'attribute', types),
        readUnits: field('ProvisionedThroughput.ReadCapacityUnits', 'read_capacity', number),
        writeUnits: field('ProvisionedThroughput.WriteCapacityUnits', 'write_capacity', number),
        expiry: field(
          'TimeToLiveSpecification',
          'ttl',
          object({ attribute: field('AttributeName', 'attribute_name'), enabled: same(flag, true) }),
        ),
        pointInTimeRecovery: field(
          'PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled',
          'point_in_time_recovery.enabled',
          flag,
          false,
        ),
        encrypted: field('SSESpecification.SSEEnabled', 'server_side_encryption.enabled', flag),
        // Terraform has no word for it: with a key of one's own it is KMS, and nothing else can be said.
        encryptionType: field('SSESpecification.SSEType', undefined, undefined, 'KMS'),
        key: field('SSESpecification.KMSMasterKeyId', 'server_side_encryption.kms_key_arn'),
        deletionProtection: field('DeletionProtectionEnabled', 'deletion_protection_enabled', flag, false),
        streamEnabled: field(undefined, 'stream_enabled', flag, true),
        stream: field('StreamSpecification.StreamViewType', 'stream_view_type'),
        class: field('TableClass', 'table_class', undefined, 'STANDARD'),
        globalIndexes: field(
          'GlobalSecondaryIndexes',
          'global_secondary_index',
          set(
            object({
              name: field('IndexName', 'name'),
              keys: field(['KeySchema'], ['hash_key', 'range_key'], keys),
              ...projection,
            }),
          ),
        ),
        tags: same(tags),
      },
    },
  ],
};
