import { CfnEnvironment } from 'aws-cdk-lib/aws-mwaa';
import type { Renderer } from './render';

export const renderAirflowEnvironment: Renderer<'airflowEnvironment'> = (scope, node) => {
  const log = (logLevel: string) => ({ enabled: true, logLevel });
  const environment = new CfnEnvironment(scope, node.id, {
    name: node.name,
    airflowVersion: node.version,
    environmentClass: node.size,
    minWorkers: node.workers.min,
    maxWorkers: node.workers.max,
    schedulers: node.schedulers,
    sourceBucketArn: node.bucketArn,
    dagS3Path: node.dags,
    requirementsS3Path: node.requirements,
    executionRoleArn: node.roleArn,
    kmsKey: node.keyArn,
    networkConfiguration: { subnetIds: [...node.subnetIds], securityGroupIds: [...node.securityGroupIds] },
    webserverAccessMode: 'PRIVATE_ONLY',
    loggingConfiguration: {
      dagProcessingLogs: log(node.logs.dagProcessing),
      schedulerLogs: log(node.logs.scheduler),
      taskLogs: log(node.logs.task),
      webserverLogs: log(node.logs.webserver),
      workerLogs: log(node.logs.worker),
    },
    airflowConfigurationOptions: node.options,
    weeklyMaintenanceWindowStart: node.maintenance,
  });
  return { arn: environment.attrArn, webserver: environment.attrWebserverUrl };
};
