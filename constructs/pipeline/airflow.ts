import { variables } from '../../lib/airflow/variables';
import type { Statement } from '../core/nodes';
import { useOperationsKey } from '../core/operations-key';
import { ref } from '../core/text';
import { stepStatements } from '../emr/cluster/model';
import { runStatements } from '../emr/model';
import type { LakeFacts } from '../lake/model';
import { deadLettersId, noticesId } from './ids';
import type { Jobs } from './runs';
import { readAnswers, type SparkPlace } from './spark';

/** Variables of Airflow by their names, as `airflow variables import` reads them. */
export type AirflowVariables = Readonly<Record<string, unknown>>;

/** What the DAGs of a platform must know of where it is deployed. */
export function airflowVariables(platform: string, jobs: Jobs | undefined): AirflowVariables {
  const names = variables(platform);
  return {
    [names.notices]: ref(noticesId, 'arn'),
    [names.deadLetters]: ref(deadLettersId, 'url'),
    ...(jobs === undefined ? {} : { [names.spark]: jobsOf(jobs.target) }),
  };
}

function jobsOf(target: Jobs['target']): AirflowVariables {
  const { main, package: zip, platform, bucketName: bucket, settings, given } = target;
  const place =
    'clusterId' in target
      ? { clusterId: target.clusterId }
      : {
          applicationId: target.applicationId,
          jobRoleArn: target.jobRoleArn,
          ...(target.diskKeyArn === undefined ? {} : { diskKeyArn: target.diskKeyArn }),
        };
  return { ...place, main, package: zip, platform, bucket, settings, given };
}

/** What a principal must be allowed to run a platform's DAGs: the steps of its state machines, without these. */
export function dagStatements(spark: SparkPlace | undefined, lake: LakeFacts): Statement[] {
  return [
    {
      sid: 'CallHandlers',
      effect: 'Allow',
      actions: ['lambda:InvokeFunction'],
      resources: ['Ingest', 'Quality', 'Transform', 'Publish'].map((handler) => ref(`${handler}Function`, 'arn')),
    },
    { sid: 'KeepDeadLetters', effect: 'Allow', actions: ['sqs:SendMessage'], resources: [ref(deadLettersId, 'arn')] },
    { sid: 'TellPeople', effect: 'Allow', actions: ['sns:Publish'], resources: [ref(noticesId, 'arn')] },
    useOperationsKey,
    ...(spark === undefined ? [] : [...placeStatements(spark), ...readAnswers(lake)]),
  ];
}

function placeStatements(spark: SparkPlace): Statement[] {
  return 'clusterId' in spark
    ? [
        {
          // Airflow links to the logs of what it runs, and asks the cluster where they are.
          sid: 'FindLogs',
          effect: 'Allow',
          actions: ['elasticmapreduce:DescribeCluster'],
          resources: [spark.clusterArn],
        },
        ...stepStatements(spark),
      ]
    : [
        {
          sid: 'BeginApplication',
          effect: 'Allow',
          actions: ['emr-serverless:GetApplication', 'emr-serverless:StartApplication'],
          resources: [spark.applicationArn],
        },
        ...runStatements(spark),
      ];
}
