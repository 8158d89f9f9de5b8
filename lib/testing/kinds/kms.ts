import { field, flag, names, number, type Service, same, tags } from '../kind';
import { policy } from '../policy';

export const kms: Service = {
  kinds: [
    {
      kind: 'kms.key',
      cloudformation: 'AWS::KMS::Key',
      terraform: 'aws_kms_key',
      attributes: { id: names(['Ref', 'KeyId'], ['id', 'key_id']), arn: names('Arn', 'arn') },
      properties: {
        description: same(),
        rotation: field('EnableKeyRotation', 'enable_key_rotation', flag, false),
        rotationDays: field('RotationPeriodInDays', 'rotation_period_in_days', number),
        waitDays: field('PendingWindowInDays', 'deletion_window_in_days', number),
        spec: field('KeySpec', 'customer_master_key_spec', undefined, 'SYMMETRIC_DEFAULT'),
        usage: field('KeyUsage', 'key_usage', undefined, 'ENCRYPT_DECRYPT'),
        enabled: field('Enabled', 'is_enabled', flag, true),
        multiRegion: same(flag, false),
        policy: field('KeyPolicy', 'policy', policy('resource')),
        tags: same(tags),
      },
    },
  ],
  satellites: [
    {
      of: 'kms.key',
      cloudformation: 'AWS::KMS::Alias',
      terraform: 'aws_kms_alias',
      owner: names('TargetKeyId', 'target_key_id'),
      attributes: { alias: names('Ref', ['name', 'id']) },
      properties: { aliases: field('AliasName', 'name', (value) => [value]) },
    },
    {
      of: 'kms.key',
      terraform: 'aws_kms_key_policy',
      owner: names(undefined, 'key_id'),
      properties: { policy: field(undefined, 'policy', policy('resource')) },
    },
  ],
};
