import type { Manifest } from '../../lib/platform/manifest';
import { metricNamespace } from '../../lib/publish/metrics';
import { clusterVariable } from '../../lib/runtime/step';
import { type SparkOn, sparkOnVariable } from '../../lib/spark/memory';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import type { AssetNode, Statement } from '../core/nodes';
import { aws, ref, type Text, text } from '../core/text';
import { type EmrClusterFacts, stepStatements } from '../emr/cluster/model';
import { runStatements, type SparkApplicationFacts } from '../emr/model';
import { readStatements, writeStatements } from '../lake/grants';
import type { LakeFacts } from '../lake/model';
import { lakeEnvironment, writeOps } from './functions';
import type { SparkTarget } from './spark-states';

/** Where jobs run. */
export type SparkPlace = SparkApplicationFacts | EmrClusterFacts;

export const [mainId, packageId, platformId] = ['SparkMain', 'SparkPackage', 'SparkPlatform'];

/**
 * What jobs are made of, in S3: what they begin with, their package, and the platform's contracts and models.
 *
 * @param prefix begins their keys: two constructs must not share objects, which go with the first that goes
 */
export function jobFiles(
  manifest: Manifest,
  lake: LakeFacts,
  packageZip: string,
  remedy: string,
  prefix = '_ops/spark/',
): AssetNode[] {
  const { bucketName } = lake.zones.find((zone) => zone.name === lake.ops.zone)!;
  const asset = (id: string, file: AssetNode['file']): AssetNode => ({
    kind: 'asset',
    id,
    file,
    bucketName,
    prefix,
  });
  return [
    asset(mainId, { packaged: 'spark/main.py' }),
    asset(packageId, { file: packageZip, remedy }),
    asset(platformId, { entries: { 'ingot/manifest.json': JSON.stringify(manifest) } }),
  ];
}

/** Where the state machines' jobs run. Answers and what jobs put aside pass away with results of queries. */
export function sparkTarget(
  place: SparkPlace,
  lake: LakeFacts,
  tables: SparkTarget['tables'],
  catalog: IcebergCatalog | undefined,
): SparkTarget {
  const { bucketName } = lake.queryResults;
  const on: SparkOn = 'clusterId' in place ? 'cluster' : 'serverless';
  return {
    ...('clusterId' in place
      ? { clusterId: place.clusterId }
      : { applicationId: place.applicationId, jobRoleArn: place.jobRoleArn, diskKeyArn: place.diskKeyArn }),
    main: ref(mainId, 'uri'),
    package: ref(packageId, 'uri'),
    platform: ref(platformId, 'uri'),
    bucketName,
    settings: {
      environment: {
        ...lakeEnvironment(lake, catalog),
        AWS_REGION: aws.region,
        [sparkOnVariable]: on,
        ...('clusterId' in place ? { [clusterVariable]: place.clusterId } : {}),
      },
      scratch: text`s3://${bucketName}/spark/scratch`,
    },
    tables,
    given: place.settings,
  };
}

/** What jobs may do beside writing their logs: what the functions in whose place they are may do. */
export function jobStatements(lake: LakeFacts, place: SparkPlace): Statement[] {
  return [
    ...jobOwnStatements(lake),
    ...('clusterId' in place
      ? [
          {
            sid: 'AskHowStepsAre',
            effect: 'Allow',
            actions: ['elasticmapreduce:DescribeStep', 'elasticmapreduce:ListSteps'],
            resources: [place.clusterArn],
          } as const,
        ]
      : []),
    ...readStatements(lake),
    ...writeStatements(
      lake,
      lake.zones.filter((zone) => zone.holds === 'iceberg'),
    ).filter(({ sid }) => sid?.startsWith('Write')),
    ...writeOps(lake),
  ];
}

/** What every job must be allowed, whatever it does: to fetch its files, to put rows aside, to answer, to put metrics. */
export function jobOwnStatements(lake: LakeFacts): Statement[] {
  const { bucketArn, keyArn } = lake.queryResults;
  return [
    {
      sid: 'FetchJobs',
      effect: 'Allow',
      actions: ['s3:GetObject'],
      resources: [mainId, packageId, platformId].map((id) => ref(id, 'arn')),
    },
    {
      sid: 'AnswerAndPutAside',
      because: 'Each job puts rows aside and answers in objects of its own, in a bucket whose objects pass away.',
      effect: 'Allow',
      actions: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      resources: [text`${bucketArn}/spark/*`],
    },
    {
      sid: 'ListPutAside',
      effect: 'Allow',
      actions: ['s3:GetBucketLocation', 's3:ListBucket'],
      resources: [bucketArn],
    },
    {
      sid: 'PutAsideKey',
      effect: 'Allow',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [keyArn],
    },
    {
      sid: 'PutMetrics',
      because: 'CloudWatch has no resources that a statement could name; the namespace is a condition.',
      effect: 'Allow',
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      conditions: { StringEquals: { 'cloudwatch:namespace': metricNamespace } },
    },
  ];
}

/** What a state machine may do with jobs: run them, hear of their end, and read their answers. */
export function followStatements(place: SparkPlace, lake: LakeFacts): Statement[] {
  const isCluster = 'clusterId' in place;
  const name = isCluster
    ? 'StepFunctionsGetEventForEMRAddJobFlowStepsRule'
    : 'StepFunctionsGetEventsForEMRServerlessJobRule';
  const rule: Text = text`arn:${aws.partition}:events:${aws.region}:${aws.account}:rule/${name}`;
  return [
    ...(isCluster ? stepStatements(place) : runStatements(place)),
    {
      sid: 'HearOfJobs',
      effect: 'Allow',
      actions: ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
      resources: [rule],
    },
    ...readAnswers(lake),
  ];
}

export function readAnswers(lake: LakeFacts): Statement[] {
  const { bucketArn, keyArn } = lake.queryResults;
  return [
    {
      sid: 'ReadAnswers',
      because: 'Each job answers in an object of its own.',
      effect: 'Allow',
      actions: ['s3:GetObject'],
      resources: [text`${bucketArn}/spark/answers/*`],
    },
    { sid: 'ReadAnswersKey', effect: 'Allow', actions: ['kms:Decrypt'], resources: [keyArn] },
  ];
}
