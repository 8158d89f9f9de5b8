import { field, names, type Service, same, tags } from '../kind';

export const secretsmanager: Service = {
  kinds: [
    {
      kind: 'secretsmanager.secret',
      cloudformation: 'AWS::SecretsManager::Secret',
      terraform: 'aws_secretsmanager_secret',
      attributes: { arn: names(['Ref', 'Id'], ['arn', 'id']) },
      properties: {
        name: same(),
        description: same(),
        key: field('KmsKeyId', 'kms_key_id'),
        tags: same(tags),
      },
    },
  ],
};
