import { isObject } from '../json';
import { field, flag, map, names, number, object, type Service, type Shape, same, set, tags } from '../kind';

/** `HASH` and `RANGE` attributes by their part, as CloudFormation lists them and Terraform names them. */
const keys: Shape = (value, reading, path) => {
  const byType = map('KeyType', 'AttributeName')(value, reading, path);
  if (!isObject(byType ?? null)) return byType;
  const { HASH, RANGE, hash_key, range_key } = byType as { [part: string]: string };
  return Object.fromEntries(
    Object.entries({ partition: HASH ?? hash_key, sort: RANGE ?? range_key }).filter(([, name]) => name !== undefined),
  ) as { [part: string]: string };
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
        attributes: field('AttributeDefinitions', 'attribute', (value, reading, path) =>
          map('name', 'type')(map('AttributeName', 'AttributeType')(value, reading, path) ?? null, reading, path),
        ),
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
