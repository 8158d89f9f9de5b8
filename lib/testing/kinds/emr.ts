import { field, flag, names, number, object, type Service, type Shape, same, set, tags } from '../kind';

/** `SPARK`, `Spark` and `spark` are the same to the service. */
const lower: Shape = (value) => (typeof value === 'string' ? value.toLowerCase() : value);

const resources = { cpu: same(), memory: same(), disk: same() };

export const emr: Service = {
  kinds: [
    {
      kind: 'emr.serverlessApplication',
      cloudformation: 'AWS::EMRServerless::Application',
      terraform: 'aws_emrserverless_application',
      attributes: { id: names(['Ref', 'ApplicationId'], 'id'), arn: names('Arn', 'arn') },
      properties: {
        name: same(),
        type: same(lower),
        release: field('ReleaseLabel', 'release_label'),
        architecture: same(undefined, 'X86_64'),
        maximumCapacity: same(object(resources)),
        initialCapacity: field(
          'InitialCapacity',
          'initial_capacity',
          set(
            object({
              role: field('Key', 'initial_capacity_type'),
              count: field('Value.WorkerCount', 'initial_capacity_config.worker_count', number),
              worker: field(
                'Value.WorkerConfiguration',
                'initial_capacity_config.worker_configuration',
                object(resources),
              ),
            }),
          ),
        ),
        autoStart: field('AutoStartConfiguration.Enabled', 'auto_start_configuration.enabled', flag, true),
        autoStop: field('AutoStopConfiguration.Enabled', 'auto_stop_configuration.enabled', flag, true),
        idleMinutes: field(
          'AutoStopConfiguration.IdleTimeoutMinutes',
          'auto_stop_configuration.idle_timeout_minutes',
          number,
          15,
        ),
        subnets: field('NetworkConfiguration.SubnetIds', 'network_configuration.subnet_ids', set()),
        securityGroups: field(
          'NetworkConfiguration.SecurityGroupIds',
          'network_configuration.security_group_ids',
          set(),
        ),
        logs: field(
          'MonitoringConfiguration.CloudWatchLoggingConfiguration',
          'monitoring_configuration.cloudwatch_logging_configuration',
          object({
            enabled: same(flag),
            group: field('LogGroupName', 'log_group_name'),
            streamPrefix: field('LogStreamNamePrefix', 'log_stream_name_prefix'),
            key: field('EncryptionKeyArn', 'encryption_key_arn'),
            types: field(
              'LogTypeMap',
              'log_types',
              set(object({ worker: field('Key', 'name'), outputs: field('Value', 'values', set()) })),
            ),
          }),
        ),
        managedLogs: field(
          'MonitoringConfiguration.ManagedPersistenceMonitoringConfiguration.Enabled',
          'monitoring_configuration.managed_persistence_monitoring_configuration.enabled',
          flag,
          true,
        ),
        settings: field(
          'RuntimeConfiguration',
          'runtime_configuration',
          set(object({ classification: same(), properties: same() })),
        ),
        tags: same(tags),
      },
    },
  ],
};
