import { inventory, inventorySnapshot, snapshotSerializer } from '../../lib/testing';

expect.addSnapshotSerializer(snapshotSerializer);

const hash = 'a1'.repeat(32);
const template = (asset: string) => ({
  Resources: { Function: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Key: `${asset}.zip` } } } },
});
const config = (asset: string, folder: string, version: string) => ({
  '//': { metadata: { version, stackName: 'Stack', backend: 'local' } },
  terraform: {
    backend: { local: { path: `${folder}/terraform.Stack.tfstate` } },
    required_providers: { aws: { source: 'aws', version: '6.25.0' } },
  },
  resource: { aws_lambda_function: { F: { filename: `assets/F/${asset}/archive.zip`, timeout: 3 } } },
});

test('a template is kept without the hashes of its assets', () => {
  expect(template(hash)).toMatchInlineSnapshot(`
{
  "Resources": {
    "Function": {
      "Properties": {
        "Code": {
          "S3Key": "{hash}.zip",
        },
      },
      "Type": "AWS::Lambda::Function",
    },
  },
}
`);
});

test('Terraform JSON is kept without hashes, folders of this machine and versions', () => {
  expect(config(hash, '/home/me/work', '0.21.0')).toMatchInlineSnapshot(`
{
  "//": {
    "metadata": {
      "backend": "local",
      "stackName": "Stack",
      "version": "{version}",
    },
  },
  "resource": {
    "aws_lambda_function": {
      "F": {
        "filename": "assets/F/{hash}/archive.zip",
        "timeout": 3,
      },
    },
  },
  "terraform": {
    "backend": {
      "local": {
        "path": "{state}/terraform.Stack.tfstate",
      },
    },
    "required_providers": {
      "aws": {
        "source": "aws",
        "version": "{version}",
      },
    },
  },
}
`);
});

test('the text that Testing.synth gives is read and masked in the same way', () => {
  expect(JSON.stringify(template(hash))).toMatchInlineSnapshot(`
{
  "Resources": {
    "Function": {
      "Properties": {
        "Code": {
          "S3Key": "{hash}.zip",
        },
      },
      "Type": "AWS::Lambda::Function",
    },
  },
}
`);
});

test('what is no template is left to Jest', () => {
  for (const value of ['{', '{}', '{"a":1}', 'text', 1, null, undefined, [], {}, { Resources: 1 }]) {
    expect(snapshotSerializer.test(value)).toBe(false);
  }
});

test('an inventory is a text of one decision a line', () => {
  const source = {
    Resources: {
      LakeBucket12345678: {
        Type: 'AWS::S3::Bucket',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          VersioningConfiguration: { Status: 'Suspended' },
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [
              {
                BucketKeyEnabled: true,
                ServerSideEncryptionByDefault: {
                  SSEAlgorithm: 'aws:kms',
                  KMSMasterKeyID: { 'Fn::GetAtt': ['Key', 'Arn'] },
                },
              },
            ],
          },
          Shiny: 1,
        },
      },
      Policy: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: {
          Bucket: { Ref: 'LakeBucket12345678' },
          PolicyDocument: {
            Statement: {
              Effect: 'Deny',
              NotAction: 's3:GetObject',
              Resource: '*',
              Principal: '*',
              Condition: { Bool: { 'aws:SecureTransport': false } },
            },
          },
        },
      },
      Key: { Type: 'AWS::KMS::Key', Properties: {} },
      Domain: { Type: 'AWS::OpenSearchService::Domain' },
    },
    Outputs: { Name: { Value: { Ref: 'LakeBucket12345678' } } },
  };
  expect(inventorySnapshot(source)).toMatchInlineSnapshot(`
"kms.key Key

s3.bucket LakeBucket
  encryption:
    -
      algorithm: aws:kms
      bucketKey: true
      key: {kms.key:Key}.arn
  removal: retain
  versioning: false
  resource: deny all but s3:GetObject on * by * if {"Bool":{"aws:SecureTransport":["false"]}}
  encryption.key -> kms.key:Key
  not mapped: Shiny

output Name: {s3.bucket:LakeBucket}.name
unknown AWS::OpenSearchService::Domain Domain
"
`);
  expect(inventorySnapshot(inventory(source))).toBe(inventorySnapshot(source));
});
