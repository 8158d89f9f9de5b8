import type { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import type { TerraformStack } from 'cdktf';
import * as cdk from '../../constructs/cdk';
import * as aws from '../../constructs/core/terraform/aws';
import * as terraform from '../../constructs/terraform';
import { resolveDocuments } from '../../lib/documents/declaration';
import { refusedMessage } from '../../lib/documents/refused';
import type { Manifest } from '../../lib/platform/manifest';
import { resolveDatabase } from '../../lib/postgres/resolve';
import { engineDifferences } from '../../lib/testing';
import { resolveStores, type StoreDeclaration } from '../../lib/vector/declaration';
import { type Created, cdkStack, terraformStack } from './engines';
import { manifest } from './manifest';
import { findings } from './nag';
import { describeRows, type Row } from './rows';

const { defaultSecurityGroup, invocationLifecycle, retain } = engineDifferences;
const name = 'aviation';
const network = { vpcId: 'vpc-00000000000000001', subnetIds: ['subnet-00000000000000001', 'subnet-00000000000000002'] };
const existing = {
  name,
  identifier: 'theirs',
  resourceId: 'db-ABCDEFGHIJKL01234',
  host: 'theirs.abc.eu-west-1.rds.amazonaws.com',
  databaseName: 'flights',
  network,
};

/** A platform with a store that has a model, one that has none, and documents. */
function platform(store: StoreDeclaration = {}, query?: string): Manifest {
  const stores = resolveStores({
    knowledge: { embedder: 'amazon.titan-embed-text-v2:0', ...store },
    own: { dimension: 3 },
  });
  const guide = { store: 'knowledge', ...(query === undefined ? {} : { query }) };
  return { ...manifest, stores, documents: resolveDocuments({ guide }, stores, manifest.zones) };
}

const query = "select origin as id, origin as title, 'text' as text from gold.fct_flights";
const runtime = __filename;
type Options = { readonly compliance?: 'regulated' };
const functions = { subnetIds: network.subnetIds, securityGroupIds: ['sg-00000000000000002'] };

const inCdk = (stack: Stack, given: Manifest, { compliance }: Options = {}) => {
  const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-00000000000000001');
  const database = cdk.PostgresDatabase.fromExisting(stack, 'Database', { ...existing, securityGroup });
  const lake = new cdk.Lake(stack, 'Lake', { name });
  const search = new cdk.VectorStore(stack, 'Search', { database, manifest: given, compliance });
  const more = compliance === undefined ? {} : { network: functions };
  new cdk.DocumentIngestion(stack, 'Documents', { database, lake, manifest: given, runtime, compliance, ...more });
  return search;
};
const inTerraform = (stack: TerraformStack, given: Manifest) => {
  const securityGroupId = 'sg-00000000000000001';
  const database = terraform.PostgresDatabase.fromExisting(stack, 'Database', { ...existing, securityGroupId });
  const lake = new terraform.Lake(stack, 'Lake', { name });
  const search = new terraform.VectorStore(stack, 'Search', { database, manifest: given });
  new terraform.DocumentIngestion(stack, 'Documents', { database, lake, manifest: given, runtime });
  return search;
};

const whole = () => ({
  ...platform({}, query),
  network: { cidr: '10.42.0.0/16', zones: 2, endpoints: [] },
  database: resolveDatabase(name, { proxy: true }),
});

const rows: readonly Row[] = [
  {
    title: 'search and documents of a database that is there',
    cdk: (stack) =>
      inCdk(stack, platform({}, query)).grantInvoke(
        new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }),
      ),
    terraform: (stack) => {
      const assumeRolePolicy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
      });
      inTerraform(stack, platform({}, query)).grantInvoke(new aws.IamRole(stack, 'Caller', { assumeRolePolicy }));
    },
    differences: [retain],
    isReviewed: true,
  },
  {
    title: 'a platform with stores and documents',
    cdk: (stack) => new cdk.Platform(stack, 'Platform', { manifest: whole(), runtime }),
    terraform: (stack) => new terraform.Platform(stack, 'Platform', { manifest: whole(), runtime }),
    differences: [retain, defaultSecurityGroup, invocationLifecycle],
    isReviewed: false,
  },
];

describeRows(rows);

const both: readonly { readonly engine: string; readonly make: (given: Manifest) => Created }[] = [
  { engine: 'CloudFormation', make: (given) => cdkStack((stack) => inCdk(stack, given)) },
  { engine: 'Terraform', make: (given) => terraformStack((stack) => inTerraform(stack, given)) },
];

describe.each(both)('$engine', ({ make }) => {
  const policies = (made: Created, id: string) => JSON.stringify(made.find('iam.role', id));

  test('the functions may call the models of their stores and no other, and log in as their own roles alone', () => {
    const made = make(platform({ replaces: ['cohere.embed-english-v3'] }));
    const search = policies(made, 'SearchSearchRole');
    const documents = policies(made, 'DocumentsDocumentsRole');
    const models = (text: string) => [...text.matchAll(/foundation-model\/([a-z0-9.:-]+)/g)].map(([, model]) => model);
    // What is being replaced is still searched, and written no more.
    expect(models(search)).toEqual(['amazon.titan-embed-text-v2:0', 'cohere.embed-english-v3']);
    expect(models(documents)).toEqual(['amazon.titan-embed-text-v2:0']);
    expect(search).toContain('dbuser:db-ABCDEFGHIJKL01234/ingot_search');
    expect(documents).toContain('dbuser:db-ABCDEFGHIJKL01234/ingot_documents');
    expect(search).not.toMatch(/ingot_documents|s3:|secretsmanager/);
    expect(documents).not.toMatch(/ingot_search|s3:Put|s3:Delete|secretsmanager/);
  });

  test('messages come again one by one, five times, and then are dead letters with an alarm', () => {
    const made = make(platform());
    expect(made.find('lambda.eventSource', 'DocumentsDocumentsSource').properties).toMatchObject({
      responseTypes: ['ReportBatchItemFailures'],
      batchSize: 10,
    });
    expect(made.find('sqs.queue', 'DocumentsDocumentsQueue').properties).toMatchObject({
      visibilitySeconds: 5400,
      redrive: { maxReceiveCount: 5 },
    });
    expect(made.find('cloudwatch.alarm', 'DocumentsDeadLettersAlarm')).toBeDefined();
    const { pattern, group } = made.find('logs.metricFilter', 'DocumentsRefusedDocuments').properties;
    expect(pattern).toBe(`"${refusedMessage}"`);
    expect(String(group)).toContain('DocumentsDocumentsLogGroup');
    expect(JSON.stringify(made.find('cloudwatch.alarm', 'DocumentsRefusedAlarm').properties)).toContain('NoticesTopic');
  });

  test('what runs queries is there only where documents have one', () => {
    const names = (given: Manifest) =>
      make(given)
        .all('lambda.function')
        .map(({ id }) => id)
        .sort();
    expect(names(platform())).toEqual(['DocumentsDocumentsFunction', 'SearchSearchFunction']);
    expect(names(platform({}, query))).toEqual([
      'DocumentsDocumentsFunction',
      'DocumentsExportFunction',
      'SearchSearchFunction',
    ]);
  });

  test('without a store, or without documents, it says so', () => {
    expect(() => make({ ...platform(), stores: undefined })).toThrow(/must name a vector store at least; given none/);
    expect(() => make({ ...platform(), documents: undefined })).toThrow(/must name documents; given none/);
  });
});

test.each([AwsSolutionsChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks])(
  'cdk-nag finds nothing in search and documents',
  (Checks) => {
    const options: Options = Checks === AwsSolutionsChecks ? {} : { compliance: 'regulated' };
    const found = findings(Checks, (stack) => void inCdk(stack, platform({}, query), options));
    // The lake's buckets have a test of their own.
    expect(found.filter((one) => !one.includes('Stack/Lake/'))).toEqual([]);
  },
);
