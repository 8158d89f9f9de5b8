import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import fc from 'fast-check';
import * as cdk from '../../constructs/cdk';
import { networkModel } from '../../constructs/network/model';
import type { NetworkDeclaration } from '../../constructs/network/props';
import * as terraform from '../../constructs/terraform';
import { InvalidInputError } from '../../lib/errors';
import { sixteenth } from '../../lib/network/declaration';
import { definePlatform } from '../../lib/platform/load';
import { cdkStack, terraformStack } from './engines';
import { problemsOf } from './problems';

const name = 'aviation';
const cidr = '10.42.0.0/16';
const engines = [
  {
    engine: 'CloudFormation',
    network: (props: Partial<NetworkDeclaration> = {}) =>
      cdkStack((stack) => new cdk.Network(stack, 'Network', { name, cidr, ...props })),
  },
  {
    engine: 'Terraform',
    network: (props: Partial<NetworkDeclaration> = {}) =>
      terraformStack((stack) => new terraform.Network(stack, 'Network', { name, cidr, ...props })),
  },
];

describe.each(engines)('$engine', ({ network }) => {
  test('there is no way out: no gateway to the internet, no NAT, no public address, a closed default security group', () => {
    const { resources, text, all } = network({ endpoints: ['sts'] });
    expect(text).not.toMatch(/InternetGateway|internet_gateway|NatGateway|nat_gateway|AWS::EC2::EIP|aws_eip/);
    expect(resources.filter(({ kind }) => /route$/i.test(kind))).toEqual([]);
    for (const { properties } of all('ec2.subnet')) expect(properties).not.toHaveProperty('publicAddresses');
    expect(all('ec2.vpc').map(({ properties }) => properties.defaultSecurityGroupClosed)).toEqual([true]);
  });

  test('each zone has a subnet, in a zone and with addresses of its own', () => {
    const subnets = (zones?: number) =>
      network(zones === undefined ? {} : { zones })
        .all('ec2.subnet')
        .map(({ properties }) => `${properties.zone} ${properties.cidr}`);
    expect(subnets()).toEqual(['{aws.zones}[0] 10.42.0.0/20', '{aws.zones}[1] 10.42.16.0/20']);
    expect(subnets(3)).toHaveLength(3);
  });

  test('S3 and DynamoDB have gateways; an interface endpoint is there only for what is used, with a security group and a policy', () => {
    const services = (endpoints: string[]) =>
      network({ endpoints })
        .all('ec2.endpoint')
        .map(({ properties }) => `${properties.type ?? 'Gateway'} ${properties.service}`);
    const gateways = ['Gateway com.amazonaws.{aws.region}.dynamodb', 'Gateway com.amazonaws.{aws.region}.s3'];
    expect(services([])).toEqual(gateways);
    expect(services(['sts', 'secretsmanager', 'sts'])).toEqual([
      gateways[0],
      gateways[1],
      'Interface com.amazonaws.{aws.region}.secretsmanager',
      'Interface com.amazonaws.{aws.region}.sts',
    ]);
    const sts = network({ endpoints: ['sts'] }).find('ec2.endpoint', 'NetworkStsEndpoint');
    expect(sts.properties.securityGroups).toEqual(['{ec2.securityGroup:NetworkEndpointsSecurityGroup}.id']);
    for (const { id, statements } of network({ endpoints: ['sts'] }).all('ec2.endpoint')) {
      const others = statements.filter(
        ({ conditions }) => !JSON.stringify(conditions).includes('"aws:PrincipalAccount":["{aws.account}"]'),
      );
      // What CloudFormation has signed for a custom resource is not of this account.
      expect(others).toEqual(
        id.endsWith('S3Endpoint')
          ? [
              expect.objectContaining({
                actions: ['s3:PutObject'],
                resources: ['arn:{aws.partition}:s3:::cloudformation-custom-resource-response-*/*'],
                conditions: { StringEquals: { 's3:authType': ['REST-QUERY-STRING'] } },
              }),
            ]
          : [],
      );
    }
  });

  test('every connection is logged, with a key, for as long as was said', () => {
    const { find, all } = network({ logRetentionDays: 30 });
    expect(find('logs.group', 'NetworkFlowLogGroup').properties).toMatchObject({
      key: '{kms.key:NetworkOperationsKey}.arn',
      retentionDays: 30,
    });
    expect(all('ec2.flowLog').map(({ properties }) => properties.traffic)).toEqual(['ALL']);
  });

  test('everything that is wrong is said at once, and nothing is created', () => {
    const wrong = { name: 'A', cidr: '10.42.0.1/16', zones: 1, endpoints: ['s3', 'S T S'], logRetentionDays: 0 };
    expect(problemsOf(() => network(wrong))).toEqual([
      'name: must be 2 to 20 lower-case letters, digits and single hyphens, a letter first; given "A"',
      'cidr: must be a block of private addresses of 16 to 24 bits that begins at its own first address, such as 10.42.0.0/16; given "10.42.0.1/16"',
      'zones: must be 2 or 3; given 1',
      'endpoints[0]: must not be s3: every new VPC has a gateway endpoint for it',
      'endpoints[1]: must be a service as its endpoint is named after the region, such as sts; given "S T S"',
      expect.stringMatching(/^logRetentionDays: must be a number of days that CloudWatch Logs knows; given 0;/),
    ]);
  });
});

test.each(['10.42.0.0', '10.42.0.0/15', '10.42.0.0/25', '8.8.0.0/16', '172.32.0.0/16', '192.168.1.0/16', 'ten/16', ''])(
  'the block %j is refused',
  (given) => {
    expect(problemsOf(() => networkModel('Network', { name, cidr: given }))).toEqual([
      expect.stringMatching(/^cidr: must be a block of private addresses/),
    ]);
  },
);

test('the sixteen parts of a block follow one another and fill it', () => {
  const start = (block: string) =>
    block
      .split('/')[0]!
      .split('.')
      .reduce((sum, byte) => sum * 256 + Number(byte), 0);
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 24 }), fc.integer({ min: 0, max: 255 }), (bits, second) => {
      const block = `10.${second}.0.0/${bits}`;
      const size = 2 ** (28 - bits);
      for (let n = 0; n < 16; n++) {
        expect(start(sixteenth(block, n))).toBe(start(block) + n * size);
        expect(sixteenth(block, n)).toMatch(new RegExp(`/${bits + 4}$`));
      }
    }),
  );
});

describe('in the CDK', () => {
  test('the function that closes the default security group is where the CDK keeps it', () => {
    const folder = join(
      require.resolve('aws-cdk-lib/package.json'),
      '../custom-resource-handlers/dist/aws-ec2/restrict-default-security-group-handler',
    );
    expect(existsSync(join(folder, 'index.js'))).toBe(true);
  });

  test('a VPC of the CDK in the same stack shares it', () => {
    const stack = new Stack(new App(), 'Stack');
    new cdk.Network(stack, 'Network', { name, cidr });
    new ec2.Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: true, natGateways: 0 });
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 1);
    Template.fromStack(stack).resourceCountIs('Custom::VpcRestrictDefaultSG', 2);
  });

  test('its vpc has the isolated subnets, for constructs of the CDK', () => {
    const stack = new Stack(new App(), 'Stack');
    const { vpc, facts } = new cdk.Network(stack, 'Network', { name, cidr, zones: 3 });
    expect(vpc.isolatedSubnets.map(({ subnetId }) => subnetId)).toEqual(facts.subnetIds);
    expect(vpc.publicSubnets).toEqual([]);
  });

  test.each([AwsSolutionsChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks])(
    'cdk-nag finds nothing in a network for regulated data',
    (Checks) => {
      const app = new App();
      const pack = new Checks(app);
      const stack = new Stack(app, 'Stack');
      new cdk.Network(stack, 'Network', { name, cidr, endpoints: ['sts'], compliance: 'regulated' });
      Template.fromStack(stack);
      expect(pack.validateScope(app).violations).toEqual([]);
    },
  );
});

describe('platform.yaml', () => {
  const platform = (words: object) => definePlatform({ name, contracts: [], models: {}, ...words });
  const problems = async (words: object) => {
    const error = await platform(words).catch((caught: unknown) => caught);
    return error instanceof InvalidInputError
      ? error.problems
          .map(({ path, message }) => `${path}: ${message}`)
          .filter((one) => /^(network|database)/.test(one))
      : [];
  };

  test('is resolved into the manifest with its defaults', async () => {
    const { manifest } = await platform({ network: { cidr }, database: { alarms: { cpuPercent: false } } });
    expect(manifest.network).toEqual({ cidr, zones: 2, endpoints: [] });
    expect(manifest.database).toMatchObject({
      engine: 'instance',
      version: '17',
      databaseName: name,
      instanceClass: 'db.t4g.medium',
      storageGb: 20,
      maxStorageGb: 100,
      multiAz: true,
      readReplicas: 0,
      proxy: false,
      alarms: { cpuPercent: false, freeStorageGb: 2, connections: 324 },
    });
  });

  test('says one form of a network and not both, and every problem of a database', async () => {
    expect(await problems({ network: {} })).toEqual([
      'network: must give cidr for a new VPC, or vpcId and subnetIds of an existing one',
    ]);
    expect(await problems({ network: { cidr, vpcId: 'vpc-00000000000000001' } })).toEqual([
      'network.vpcId: must be left out where cidr asks for a new VPC',
    ]);
    expect(await problems({ network: { vpcId: 'mine', zones: 2 } })).toEqual([
      'network.zones: must be left out where vpcId names an existing VPC',
      'network.vpcId: must be the id of a VPC, vpc-…; given "mine"',
      'network.subnetIds: must name private subnets in two availability zones or more; given []',
    ]);
    expect(
      await problems({ database: { port: 1, parameters: { 'rds.force_ssl': 0 }, proxy: { borrowSeconds: -1 } } }),
    ).toEqual([
      'database.port: must be a whole number from 1150 to 65535; given 1',
      'database.proxy.borrowSeconds: must be a whole number from 0 to 300; given -1',
      'database.parameters.rds.force_ssl: must be left out: TLS is not optional',
    ]);
    expect(await problems({ database: { multiAZ: true } })).toEqual([
      expect.stringMatching(/^database\.multiAZ: is not a field here; .*did you mean multiAz\?$/),
    ]);
  });
});
