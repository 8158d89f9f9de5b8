import { field, flag, names, number, object, type Service, same, set, tags } from '../kind';

const log = object({ enabled: same(flag), level: field('LogLevel', 'log_level') });

export const mwaa: Service = {
  kinds: [
    {
      kind: 'mwaa.environment',
      cloudformation: 'AWS::MWAA::Environment',
      terraform: 'aws_mwaa_environment',
      attributes: {
        name: names('Ref', ['name', 'id']),
        arn: names('Arn', 'arn'),
        webserver: names('WebserverUrl', 'webserver_url'),
      },
      properties: {
        name: same(),
        version: field('AirflowVersion', 'airflow_version'),
        size: field('EnvironmentClass', 'environment_class'),
        minWorkers: same(number),
        maxWorkers: same(number),
        schedulers: same(number),
        bucket: field('SourceBucketArn', 'source_bucket_arn'),
        dags: field('DagS3Path', 'dag_s3_path'),
        requirements: field('RequirementsS3Path', 'requirements_s3_path'),
        role: field('ExecutionRoleArn', 'execution_role_arn'),
        key: field('KmsKey', 'kms_key'),
        subnets: field('NetworkConfiguration.SubnetIds', 'network_configuration.subnet_ids', set()),
        securityGroups: field(
          'NetworkConfiguration.SecurityGroupIds',
          'network_configuration.security_group_ids',
          set(),
        ),
        access: field('WebserverAccessMode', 'webserver_access_mode', undefined, 'PRIVATE_ONLY'),
        logs: field(
          'LoggingConfiguration',
          'logging_configuration',
          object({
            dagProcessingLogs: same(log),
            schedulerLogs: same(log),
            taskLogs: same(log),
            webserverLogs: same(log),
            workerLogs: same(log),
          }),
        ),
        options: field('AirflowConfigurationOptions', 'airflow_configuration_options'),
        maintenance: field('WeeklyMaintenanceWindowStart', 'weekly_maintenance_window_start'),
        tags: same(tags),
      },
    },
  ],
};
