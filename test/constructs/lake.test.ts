import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { TerraformVariable } from 'cdktf';
import fc from 'fast-check';
import * as aws from '../../constructs/core/terraform/aws';
import * as cdk from '../../constructs/lake/cdk';
import { lakeModel } from '../../constructs/lake/model';
import type { LakeDeclaration } from '../../constructs/lake/props';
import * as terraform from '../../constructs/lake/terraform';
import { InvalidInputError } from '../../lib/errors';
import type { ZoneDeclaration } from '../../lib/platform/zones';
import { type Created, cdkStack, engines, terraformStack } from './engines';
import { describedProblemsOf } from './problems';

const name = 'aviation';
const lifecycleOf = (created: Created, bucket: string) => created.find('s3.bucket', bucket).properties.lifecycle;

describe.each(engines)('$name', (engine) => {
  describe('a prop that is false is not a prop that is left out', () => {
    test('accessLogs: false makes no bucket for logs and no bucket that logs', () => {
      const lake = engine.lake({ name, accessLogs: false });
      expect(lake.all('s3.bucket').map(({ id }) => id)).not.toContain('LakeAccessLogsBucket');
      expect(lake.all('s3.bucket').filter(({ properties }) => 'logging' in properties)).toEqual([]);
    });

    test('archiveAfterDays: false archives nothing', () => {
      const lake = engine.lake({ name, zones: [{ name: 'bronze', archiveAfterDays: false }, { name: 'silver' }] });
      expect(lifecycleOf(lake, 'LakeBronzeBucket')).toEqual([
        { id: 'keep', status: true, abortMultipartDays: 7, noncurrentExpirationDays: 30 },
      ]);
    });

    test('retentionDays: false keeps files for ever, also where a number would delete them', () => {
      const files = (retentionDays: number | false) =>
        lifecycleOf(
          engine.lake({ name, zones: [{ name: 'bronze', retentionDays }, { name: 'silver' }] }),
          'LakeBronzeBucket',
        );
      expect(JSON.stringify(files(false))).not.toContain('expirationDays');
      expect(JSON.stringify(files(400))).toContain('"expirationDays":400');
    });
  });

  test('by default each zone has a bucket, a key and a database; files are archived, Iceberg tables never', () => {
    const lake = engine.lake({ name });
    expect(lake.all('glue.database').map(({ properties }) => properties.name)).toEqual([
      'aviation_bronze',
      'aviation_gold',
      'aviation_ops',
      'aviation_silver',
    ]);
    expect(lifecycleOf(lake, 'LakeBronzeBucket')).toEqual([
      {
        id: 'keep',
        status: true,
        abortMultipartDays: 7,
        noncurrentExpirationDays: 30,
        transitions: [{ days: 90, storageClass: 'GLACIER_IR' }],
      },
    ]);
    expect(lifecycleOf(lake, 'LakeSilverBucket')).toEqual([
      { id: 'keep', status: true, abortMultipartDays: 7, noncurrentExpirationDays: 30 },
    ]);
  });

  test('what holds data keeps its logical id and its name: another one would be another, empty one', () => {
    const holding = engine.lake({ name }).resources.filter(({ properties }) => properties.removal !== undefined);
    expect(holding.map(({ kind, id, properties }) => `${kind} ${id} ${properties.name ?? properties.aliases}`)).toEqual(
      [
        'glue.database LakeBronzeDatabase aviation_bronze',
        'glue.database LakeGoldDatabase aviation_gold',
        'glue.database LakeOpsDatabase aviation_ops',
        'glue.database LakeSilverDatabase aviation_silver',
        'kms.key LakeBronzeKey alias/aviation-bronze',
        'kms.key LakeGoldKey alias/aviation-gold',
        'kms.key LakeQueryResultsKey alias/aviation-query-results',
        'kms.key LakeSilverKey alias/aviation-silver',
        's3.bucket LakeAccessLogsBucket aviation-access-logs-{aws.account}-{aws.region}',
        's3.bucket LakeBronzeBucket aviation-bronze-{aws.account}-{aws.region}',
        's3.bucket LakeGoldBucket aviation-gold-{aws.account}-{aws.region}',
        's3.bucket LakeQueryResultsBucket aviation-query-results-{aws.account}-{aws.region}',
        's3.bucket LakeSilverBucket aviation-silver-{aws.account}-{aws.region}',
      ],
    );
    const ids = Object.keys(JSON.parse(engine.lake({ name }).text).Resources ?? {}).filter((id) =>
      /Bucket\w{8}$/.test(id),
    );
    if (engine.name === 'CloudFormation')
      expect(ids).toMatchInlineSnapshot(`
[
  "LakeAccessLogsBucket34D72D04",
  "LakeBronzeBucketB396EEEB",
  "LakeSilverBucketE75DBB2D",
  "LakeGoldBucketA6B2393E",
  "LakeQueryResultsBucket82D364A0",
]
`);
  });

  test('data goes with its stack only where both the prop and the context say so', () => {
    const flag = 'ingot:allow-data-deletion';
    expect(() => engine.lake({ name, removal: 'delete' })).toThrow(
      'Stack/Lake removal: must be retain unless the context says ingot:allow-data-deletion=true as well; given "delete" and no such context',
    );
    expect(() => engine.lake({ name, removal: 'delete' }, { [flag]: false })).toThrow('given "delete" and false');
    const removals = (created: Created) => new Set(created.resources.map(({ properties }) => properties.removal));
    expect(removals(engine.lake({ name }, { [flag]: true }))).not.toEqual(new Set([undefined]));
    expect(removals(engine.lake({ name, removal: 'delete' }, { [flag]: true }))).toEqual(new Set([undefined]));
    expect(removals(engine.lake({ name, removal: 'delete' }, { [flag]: 'true' }))).toEqual(new Set([undefined]));
  });

  test('everything that is wrong is said at once, and nothing is created', () => {
    const wrong: LakeDeclaration = {
      name: 'Aviation Lake',
      zones: [
        { name: 'bronze', archiveAfterDays: 0 },
        { name: 'silver', retentionDays: 0, archiveAfterDays: 30 },
        { name: 'silver' },
        { name: 'query_results' },
        { name: 'Gold' },
        { name: 'a_zone_of_a_name_too_long' },
      ],
      accessLogDays: 0,
      queryResultDays: 1.5,
      queryScanLimitGb: 0,
      removal: 'delete',
    };
    expect(describedProblemsOf(() => engine.lake(wrong))).toEqual([
      'Stack/Lake name: must be 2 to 20 lower-case letters, digits and single hyphens, a letter first; given "Aviation Lake"',
      'Stack/Lake zones[0].archiveAfterDays: must be a whole number of days from 1, or false; given 0',
      'Stack/Lake zones[1].retentionDays: must be a whole number of days from 1, or false; given 0',
      'Stack/Lake zones[1].archiveAfterDays: must be left out where the zone holds Iceberg tables: their live files may be of any age',
      'Stack/Lake zones[1].retentionDays: must be more than archiveAfterDays (30); given 0',
      'Stack/Lake zones[2].name: must be unique, underscores aside; "silver" is given twice',
      'Stack/Lake zones[3].name: must not be query_results: the platform has something else of that name',
      'Stack/Lake zones[4].name: must be 1 to 30 lower-case letters, digits or single underscores, a letter first; given "Gold"',
      'Stack/Lake accessLogDays: must be a whole number from 1; given 0',
      'Stack/Lake queryResultDays: must be a whole number from 1; given 1.5',
      'Stack/Lake queryScanLimitGb: must be a number from 0.01; given 0',
      'Stack/Lake zones[5].name: must be at most 21 characters beside the lake\'s name, since both are in its bucket\'s name; given "a_zone_of_a_name_too_long", 25 characters',
      'Stack/Lake removal: must be retain unless the context says ingot:allow-data-deletion=true as well; given "delete" and no such context',
    ]);
  });

  test('a whole number of zones is needed, one of them for Iceberg tables', () => {
    expect(describedProblemsOf(() => engine.lake({ name, zones: [] }))).toEqual([
      'Stack/Lake zones: must name at least one zone; by default bronze, silver and gold',
    ]);
    expect(describedProblemsOf(() => engine.lake({ name, zones: [{ name: 'bronze' }] }))).toEqual([
      'Stack/Lake zones: must have at least one zone that holds Iceberg tables',
    ]);
  });
});

test.each([
  ['', 'is empty'],
  ['a', 'is too short'],
  ['Aviation', 'has a capital'],
  ['1aviation', 'begins with a digit'],
  ['avi--ation', 'has two hyphens'],
  ['aviation-', 'ends with a hyphen'],
  ['avi_ation', 'has an underscore, which no bucket may have'],
  ['aviation-lakes-of-the-world', 'leaves no room for account and region'],
])('the name %j is refused: it %s', (given) => {
  expect(describedProblemsOf(() => lakeModel('Lake', { name: given }))).toEqual([
    `Lake name: must be 2 to 20 lower-case letters, digits and single hyphens, a letter first; given ${JSON.stringify(given)}`,
  ]);
});

test('a lifecycle rule never archives or expires what an Iceberg table may still need', () => {
  const days = fc.option(fc.oneof(fc.constant(false as const), fc.integer({ min: 1, max: 5000 })), { nil: undefined });
  const zone = fc.record<ZoneDeclaration>({
    name: fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/),
    holds: fc.constantFrom('files', 'iceberg', undefined),
    archiveAfterDays: days,
    retentionDays: days,
  });
  fc.assert(
    fc.property(fc.uniqueArray(zone, { selector: (z) => z.name, minLength: 1, maxLength: 5 }), (zones) => {
      let model: ReturnType<typeof lakeModel>;
      try {
        model = lakeModel('Lake', { name, zones });
      } catch (error) {
        if (error instanceof InvalidInputError) return;
        throw error;
      }
      for (const facts of model.facts.zones.filter((z) => z.holds === 'iceberg')) {
        const bucket = model.nodes.find((node) => JSON.stringify(facts.bucketArn).includes(`"${node.id}"`));
        if (bucket?.kind !== 'bucket') throw new Error(`no bucket of ${facts.name}`);
        for (const rule of bucket.lifecycle) {
          expect(rule.archiveAfterDays).toBeUndefined();
          expect(rule.expireAfterDays).toBeUndefined();
          expect(rule.expireNoncurrentAfterDays).toBe(30);
        }
      }
    }),
  );
});

describe('values that are known only at deploy', () => {
  test('pass where they go into the template as they are', () => {
    const lake = cdkStack((stack) => {
      const days = new CfnParameter(stack, 'Days', { type: 'Number' }).valueAsNumber;
      new cdk.Lake(stack, 'Lake', {
        name,
        accessLogDays: days,
        queryResultDays: days,
        zones: [{ name: 'bronze', retentionDays: days, archiveAfterDays: days }, { name: 'silver' }],
      });
    });
    expect(lake.text.match(/"ExpirationInDays":\{"Ref":"Days"\}/g)).toHaveLength(3);
    const inTerraform = terraformStack((stack) => {
      const days = new TerraformVariable(stack, 'days', { type: 'number' }).numberValue;
      new terraform.Lake(stack, 'Lake', { name, queryResultDays: days, accessLogDays: days });
    });
    expect(inTerraform.text.match(/"days":"\$\{var\.days\}"/g)).toHaveLength(2);
  });

  test('are refused where something is made of them', () => {
    const problems = describedProblemsOf(() => {
      const stack = new Stack(new App(), 'Stack');
      const text = new CfnParameter(stack, 'Name').valueAsString;
      const limit = new CfnParameter(stack, 'Limit', { type: 'Number' }).valueAsNumber;
      new cdk.Lake(stack, 'Lake', { name: text, queryScanLimitGb: limit });
    });
    expect(problems).toEqual([
      'Stack/Lake name: must be known at synth, since other names are made from it; given a token',
      'Stack/Lake queryScanLimitGb: must be known at synth; given a token',
    ]);
  });
});

describe('what exists already is used and not made', () => {
  const both: { engine: string; lake: Created }[] = [
    {
      engine: 'CloudFormation',
      lake: cdkStack((stack) => {
        const key = kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k1');
        new cdk.Lake(stack, 'Lake', {
          name,
          zones: [
            { name: 'raw', holds: 'files', bucket: s3.Bucket.fromBucketName(stack, 'Raw', 'raw-files') },
            {
              name: 'silver',
              bucket: s3.Bucket.fromBucketAttributes(stack, 'S', { bucketName: 'ours', encryptionKey: key }),
            },
            { name: 'gold', key },
          ],
        });
      }),
    },
    {
      engine: 'Terraform',
      lake: terraformStack((stack) => {
        const arn = 'arn:aws:kms:eu-west-1:123456789012:key/k1';
        const key = { arn, keyId: 'k1' };
        new terraform.Lake(stack, 'Lake', {
          name,
          zones: [
            { name: 'raw', holds: 'files', bucket: { arn: 'arn:aws:s3:::raw-files', bucket: 'raw-files' } },
            { name: 'silver', bucket: { arn: 'arn:aws:s3:::ours', bucket: 'ours' }, key },
            { name: 'gold', key },
          ],
        });
      }),
    },
  ];

  test.each(both)('in $engine', ({ lake }) => {
    expect(lake.all('s3.bucket').map(({ id }) => id)).toEqual([
      'LakeAccessLogsBucket',
      'LakeGoldBucket',
      'LakeQueryResultsBucket',
    ]);
    expect(lake.all('kms.key').map(({ id }) => id)).toEqual(['LakeQueryResultsKey']);
    expect(lake.find('s3.bucket', 'LakeGoldBucket').properties.encryption).toEqual([
      { algorithm: 'aws:kms', bucketKey: true, key: 'arn:aws:kms:eu-west-1:123456789012:key/k1' },
    ]);
    expect(lake.find('glue.database', 'LakeRawDatabase').properties.location).toBe('s3://raw-files/');
  });
});

describe('a grant covers objects, keys and catalog in one call', () => {
  const inCdk = (use: (lake: cdk.Lake, role: iam.IRole) => void) =>
    cdkStack((stack) => {
      const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('glue.amazonaws.com') });
      use(new cdk.Lake(stack, 'Lake', { name }), role);
    });
  const inTerraform = (use: (lake: terraform.Lake, role: aws.IamRole) => void) =>
    terraformStack((stack) => {
      const role = new aws.IamRole(stack, 'Role', { assumeRolePolicy: '{"Version":"2012-10-17","Statement":[]}' });
      use(new terraform.Lake(stack, 'Lake', { name }), role);
    });
  const allowed = (created: Created) =>
    created
      .find('iam.role', 'Role')
      .statements.filter(({ policy }) => policy === 'identity')
      .flatMap(({ actions = [], resources = [] }) => actions.flatMap((a) => resources.map((r) => `${a} ${r}`)));

  test.each([
    { engine: 'CloudFormation', read: inCdk((lake, role) => lake.grantRead(role, 'silver')) },
    { engine: 'Terraform', read: inTerraform((lake, role) => lake.grantRead(role, 'silver')) },
  ])('$engine: reading one zone reaches no other and writes nothing', ({ read }) => {
    const can = allowed(read);
    expect(can).toEqual(
      expect.arrayContaining([
        's3:GetObject {s3.bucket:LakeSilverBucket}.arn/*',
        's3:ListBucket {s3.bucket:LakeSilverBucket}.arn',
        'kms:Decrypt {kms.key:LakeSilverKey}.arn',
        'glue:GetTable arn:{aws.partition}:glue:{aws.region}:{aws.account}:catalog',
        'glue:GetTable arn:{aws.partition}:glue:{aws.region}:{aws.account}:database/{glue.database:LakeSilverDatabase}.name',
        'glue:GetTable arn:{aws.partition}:glue:{aws.region}:{aws.account}:table/{glue.database:LakeSilverDatabase}.name/*',
      ]),
    );
    expect(can.filter((one) => /Gold|Bronze|Ops|Put|Delete|Update|Create|GenerateDataKey/.test(one))).toEqual([]);
  });

  test.each([
    { engine: 'CloudFormation', write: inCdk((lake, role) => lake.grantWrite(role)) },
    { engine: 'Terraform', write: inTerraform((lake, role) => lake.grantWrite(role)) },
  ])('$engine: writing without a zone named is writing to all, and deletes no table', ({ write }) => {
    const can = allowed(write);
    for (const zone of ['Bronze', 'Silver', 'Gold'])
      expect(can).toEqual(
        expect.arrayContaining([
          `s3:PutObject {s3.bucket:Lake${zone}Bucket}.arn/*`,
          `kms:GenerateDataKey {kms.key:Lake${zone}Key}.arn`,
          `glue:UpdateTable arn:{aws.partition}:glue:{aws.region}:{aws.account}:table/{glue.database:Lake${zone}Database}.name/*`,
        ]),
      );
    expect(can.filter((one) => /^glue:(Delete|Create)/.test(one))).toEqual([]);
  });

  test('two grants to one role make a policy that IAM takes: no statement id is there twice', () => {
    const twice = inCdk((lake, role) => {
      lake.grantRead(role, 'bronze');
      lake.grantRead(role, 'silver');
      lake.grantWrite(role, 'gold');
    });
    const { Resources } = JSON.parse(twice.text) as { Resources: Record<string, { Type: string; Properties: object }> };
    const policies = Object.values(Resources).filter(({ Type }) => Type === 'AWS::IAM::Policy');
    expect(policies).toHaveLength(1);
    expect(JSON.stringify(policies)).not.toContain('"Sid"');
  });

  test('a role that was imported and cannot be changed is an error that names it, not a grant that is lost', () => {
    const stack = new Stack(new App(), 'Stack');
    const lake = new cdk.Lake(stack, 'Lake', { name });
    const role = iam.Role.fromRoleArn(stack, 'Analyst', 'arn:aws:iam::123456789012:role/analyst', { mutable: false });
    expect(() => lake.grantRead(role)).toThrow(
      'Stack/Lake cannot grant to Stack/Analyst: it was imported and cannot be changed here; import it with mutable: true from its own account, or pass a role that this app creates',
    );
  });

  test('a role that was imported and can be changed gets the policy, in both engines', () => {
    const imported = cdkStack((stack) => {
      const role = iam.Role.fromRoleArn(stack, 'Analyst', 'arn:aws:iam::123456789012:role/analyst');
      new cdk.Lake(stack, 'Lake', { name }).grantRead(role, 'gold');
    });
    expect(imported.text).toContain('"Roles":["analyst"]');
    const looked = terraformStack((stack) => {
      const role = new aws.DataAwsIamRole(stack, 'Analyst', { name: 'analyst' });
      new terraform.Lake(stack, 'Lake', { name }).grantRead(role, 'gold');
    });
    expect(looked.text).toMatch(/"role":"\$\{data\.aws_iam_role\.Analyst\.name\}"/);
  });

  test.each([
    { engine: 'CloudFormation', grant: () => inCdk((lake, role) => lake.grantRead(role, 'sliver')) },
    { engine: 'Terraform', grant: () => inTerraform((lake, role) => lake.grantRead(role, 'sliver')) },
  ])('$engine: a zone that the lake has not is an error that lists those it has', ({ grant }) => {
    expect(describedProblemsOf(grant)).toEqual([
      'Stack/Lake zones: must be names of its zones; given "sliver"; allowed: bronze, silver, gold; did you mean silver?',
    ]);
  });
});

test('what a user adds to the policy of a bucket of the lake joins the policy that is there', () => {
  const lake = cdkStack((stack) => {
    const { bucket } = new cdk.Lake(stack, 'Lake', { name }).zones.bronze!;
    bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [bucket.arnForObjects('*')],
        principals: [new iam.AccountPrincipal('123456789012')],
      }),
    );
  });
  const { statements } = lake.find('s3.bucket', 'LakeBronzeBucket');
  expect(statements.map(({ effect, actions }) => `${effect} ${actions}`)).toEqual(['Deny s3:*', 'Allow s3:GetObject']);
});
