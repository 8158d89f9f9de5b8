import { isObject, parseJson } from '../json';
import {
  either,
  field,
  flag,
  json,
  names,
  number,
  object,
  ordered,
  type Service,
  type Shape,
  same,
  set,
  tags,
} from '../kind';

/** `SPARK`, `Spark` and `spark` are the same to the service. */
const lower: Shape = (value) => (typeof value === 'string' ? value.toLowerCase() : value);

const disks = field(
  'EbsConfiguration.EbsBlockDeviceConfigs',
  'ebs_config',
  set(
    object({
      type: field('VolumeSpecification.VolumeType', 'type'),
      gb: field('VolumeSpecification.SizeInGB', 'size', number),
      iops: field('VolumeSpecification.Iops', 'iops', number),
      throughput: field('VolumeSpecification.Throughput', 'throughput', number),
      count: field('VolumesPerInstance', 'volumes_per_instance', number, 1),
    }),
  ),
);

/** CloudFormation writes rules as its own properties, Terraform as the JSON that EMR's API takes: the same words. */
const group = {
  name: same(),
  instanceType: same(),
  instanceCount: same(number, 1),
  bidPrice: same(),
  market: field('Market', undefined, undefined, 'ON_DEMAND'),
  scaling: field('AutoScalingPolicy', 'autoscaling_policy', json),
  disks,
};

const fleet = {
  name: same(),
  onDemand: field('TargetOnDemandCapacity', 'target_on_demand_capacity', number, 0),
  spot: field('TargetSpotCapacity', 'target_spot_capacity', number, 0),
  types: field(
    'InstanceTypeConfigs',
    'instance_type_configs',
    set(object({ instanceType: same(), weightedCapacity: same(number), bidPrice: same(), disks })),
  ),
  onDemandAllocation: field(
    'LaunchSpecifications.OnDemandSpecification.AllocationStrategy',
    'launch_specifications.on_demand_specification.allocation_strategy',
  ),
  spotAllocation: field(
    'LaunchSpecifications.SpotSpecification.AllocationStrategy',
    'launch_specifications.spot_specification.allocation_strategy',
  ),
  spotMinutes: field(
    'LaunchSpecifications.SpotSpecification.TimeoutDurationMinutes',
    'launch_specifications.spot_specification.timeout_duration_minutes',
    number,
  ),
  spotFallback: field(
    'LaunchSpecifications.SpotSpecification.TimeoutAction',
    'launch_specifications.spot_specification.timeout_action',
  ),
};

const scaling = object({
  unit: field('UnitType', 'unit_type'),
  min: field('MinimumCapacityUnits', 'minimum_capacity_units', number),
  max: field('MaximumCapacityUnits', 'maximum_capacity_units', number),
  maxCore: field('MaximumCoreCapacityUnits', 'maximum_core_capacity_units', number),
  maxOnDemand: field('MaximumOnDemandCapacityUnits', 'maximum_ondemand_capacity_units', number),
});

/** Classifications and their settings: CloudFormation says `ConfigurationProperties` where EMR's API says `Properties`. */
const settings: Shape = (value, reading, path) =>
  set(
    object({ classification: same(), properties: field(['ConfigurationProperties', 'Properties'], undefined, either) }),
  )(parseJson(value), { ...reading, side: 'cloudformation' }, path);

/** A file of this machine in a bucket of the CDK's, or in one that is named. */
const asset: Shape = (value) =>
  typeof value === 'string' && /^s3:\/\/cdk-|\/bootstrap\/[0-9a-f]{64}\/|s3\.object/.test(value) ? '{asset}' : value;

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
    {
      kind: 'emr.securityConfiguration',
      cloudformation: 'AWS::EMR::SecurityConfiguration',
      terraform: 'aws_emr_security_configuration',
      attributes: { name: names('Ref', ['name', 'id']) },
      properties: { name: same(), configuration: field('SecurityConfiguration', 'configuration', json) },
    },
    {
      kind: 'emr.cluster',
      cloudformation: 'AWS::EMR::Cluster',
      terraform: 'aws_emr_cluster',
      attributes: { id: names(['Ref', 'Id'], 'id'), arn: names(undefined, 'arn') },
      properties: {
        name: same(),
        release: field('ReleaseLabel', 'release_label'),
        applications: same(set((value) => (isObject(value) ? value.Name : value))),
        primaryGroup: field('Instances.MasterInstanceGroup', 'master_instance_group', object(group)),
        coreGroup: field('Instances.CoreInstanceGroup', 'core_instance_group', object(group)),
        primaryFleet: field('Instances.MasterInstanceFleet', 'master_instance_fleet', object(fleet)),
        coreFleet: field('Instances.CoreInstanceFleet', 'core_instance_fleet', object(fleet)),
        subnet: field('Instances.Ec2SubnetId', 'ec2_attributes.subnet_id'),
        subnets: field('Instances.Ec2SubnetIds', 'ec2_attributes.subnet_ids', set()),
        primarySecurityGroup: field(
          'Instances.EmrManagedMasterSecurityGroup',
          'ec2_attributes.emr_managed_master_security_group',
        ),
        workersSecurityGroup: field(
          'Instances.EmrManagedSlaveSecurityGroup',
          'ec2_attributes.emr_managed_slave_security_group',
        ),
        serviceSecurityGroup: field(
          'Instances.ServiceAccessSecurityGroup',
          'ec2_attributes.service_access_security_group',
        ),
        sshKey: field('Instances.Ec2KeyName', 'ec2_attributes.key_name'),
        jobRole: field('JobFlowRole', 'ec2_attributes.instance_profile'),
        keepAlive: field('Instances.KeepJobFlowAliveWhenNoSteps', 'keep_job_flow_alive_when_no_steps', flag, false),
        terminationProtection: field('Instances.TerminationProtected', 'termination_protection', flag, false),
        serviceRole: same(),
        scalingRole: field('AutoScalingRole', 'autoscaling_role'),
        managedScaling: field('ManagedScalingPolicy.ComputeLimits', undefined, scaling),
        securityConfiguration: same(),
        kerberosRealm: field('KerberosAttributes.Realm', 'kerberos_attributes.realm'),
        // A reference to a secret in the one, an attribute of a data source in the other.
        kerberosPassword: field(
          'KerberosAttributes.KdcAdminPassword',
          'kerberos_attributes.kdc_admin_password',
          () => '{secret}',
        ),
        stepsAtOnce: field('StepConcurrencyLevel', 'step_concurrency_level', number, 1),
        idleSeconds: field('AutoTerminationPolicy.IdleTimeout', 'auto_termination_policy.idle_timeout', number),
        bootstrap: field(
          'BootstrapActions',
          'bootstrap_action',
          ordered(
            object({
              name: same(),
              // The CDK has a bucket for files of this machine, Terraform puts them where it is told.
              script: field('ScriptBootstrapAction.Path', 'path', asset),
              arguments: field('ScriptBootstrapAction.Args', 'args', ordered()),
            }),
          ),
        ),
        logs: field('LogUri', 'log_uri'),
        logsKey: field('LogEncryptionKmsKeyId', 'log_encryption_kms_key_id'),
        settings: field('Configurations', 'configurations_json', settings),
        scaleDownBehavior: same(),
        visibleToAllUsers: same(flag, true),
        tags: same(tags),
      },
    },
    {
      kind: 'emr.taskGroup',
      cloudformation: 'AWS::EMR::InstanceGroupConfig',
      terraform: 'aws_emr_instance_group',
      attributes: { id: names(['Ref', 'Id'], 'id') },
      properties: {
        cluster: field('JobFlowId', 'cluster_id'),
        role: field('InstanceRole', undefined, undefined, 'TASK'),
        ...group,
      },
    },
    {
      kind: 'emr.taskFleet',
      cloudformation: 'AWS::EMR::InstanceFleetConfig',
      terraform: 'aws_emr_instance_fleet',
      attributes: { id: names(['Ref', 'Id'], 'id') },
      properties: {
        cluster: field('ClusterId', 'cluster_id'),
        role: field('InstanceFleetType', undefined, undefined, 'TASK'),
        ...fleet,
      },
    },
  ],
  satellites: [
    {
      of: 'emr.cluster',
      terraform: 'aws_emr_managed_scaling_policy',
      owner: names(undefined, 'cluster_id'),
      properties: { managedScaling: field(undefined, 'compute_limits', scaling) },
    },
  ],
};
