import { variables } from '../../lib/airflow/dag';
import type { Statement } from '../core/nodes';
import { useOperationsKey } from '../core/operations-key';
import { ref, type Text } from '../core/text';
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
    ...(jobs === undefined || 'clusterId' in jobs.target ? {} : { [names.spark]: jobsOf(jobs.target) }),
  };
}

function jobsOf(target: Exclude<Jobs['target'], { readonly clusterId: Text }>): AirflowVariables {
  const { applicationId, jobRoleArn, main, package: zip, platform, bucketName: bucket, settings } = target;
  return { applicationId, jobRoleArn, main, package: zip, platform, bucket, settings };
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
    ...(spark === undefined || 'clusterId' in spark
      ? []
      : [
          {
            sid: 'BeginApplication',
            effect: 'Allow' as const,
            actions: ['emr-serverless:GetApplication', 'emr-serverless:StartApplication'],
            resources: [spark.applicationArn],
          },
          ...runStatements(spark),
          ...readAnswers(lake),
        ]),
  ];
}
