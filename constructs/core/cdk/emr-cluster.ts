import { Tags } from 'aws-cdk-lib';
import {
  CfnCluster,
  CfnInstanceFleetConfig,
  CfnInstanceGroupConfig,
  CfnSecurityConfiguration,
} from 'aws-cdk-lib/aws-emr';
import type { GroupScaling, InstanceFleet, InstanceGroup, NodeDisk } from '../nodes';
import { acknowledge } from './acknowledge';
import type { NodeOf, Renderer } from './render';

export const renderEmrSecurity: Renderer<'emrSecurity'> = (scope, node) => ({
  name: new CfnSecurityConfiguration(scope, node.id, { securityConfiguration: node.configuration }).ref,
});

export const renderEmrCluster: Renderer<'emrCluster'> = (scope, node) => {
  const { securityGroups, managedScaling: scaling } = node;
  const cluster = new CfnCluster(scope, node.id, {
    name: node.name,
    releaseLabel: node.release,
    applications: node.applications.map((name) => ({ name })),
    instances: {
      ...instances(node),
      emrManagedMasterSecurityGroup: securityGroups.primary,
      emrManagedSlaveSecurityGroup: securityGroups.workers,
      serviceAccessSecurityGroup: securityGroups.service,
      keepJobFlowAliveWhenNoSteps: true,
      terminationProtected: false,
    },
    managedScalingPolicy:
      scaling === undefined
        ? undefined
        : {
            computeLimits: {
              unitType: scaling.unit,
              minimumCapacityUnits: scaling.min,
              maximumCapacityUnits: scaling.max,
              maximumCoreCapacityUnits: scaling.maxCore,
              maximumOnDemandCapacityUnits: scaling.maxOnDemand,
            },
          },
    serviceRole: node.serviceRoleArn,
    jobFlowRole: node.instanceProfile,
    autoScalingRole: node.scalingRoleArn,
    securityConfiguration: node.security,
    kerberosAttributes:
      node.kerberos === undefined
        ? undefined
        : {
            realm: node.kerberos.realm,
            // CloudFormation reads it when it makes the cluster: the template never holds it.
            kdcAdminPassword: `{{resolve:secretsmanager:${node.kerberos.passwordSecret}:SecretString}}`,
          },
    stepConcurrencyLevel: node.stepsAtOnce,
    autoTerminationPolicy: node.idleMinutes === 'never' ? undefined : { idleTimeout: node.idleMinutes * 60 },
    bootstrapActions: node.bootstrap.map((action) => ({
      name: action.name,
      scriptBootstrapAction: { path: action.script, args: [...action.arguments] },
    })),
    logUri: node.logs.uri,
    logEncryptionKmsKeyId: node.logs.keyArn,
    configurations: Object.entries(node.settings).map(([classification, settings]) => ({
      classification,
      configurationProperties: { ...settings },
    })),
    scaleDownBehavior: 'TERMINATE_AT_TASK_COMPLETION',
  });
  for (const [name, value] of Object.entries(node.tags)) Tags.of(cluster).add(name, value);
  acknowledge(cluster, node.exceptions);
  return { id: cluster.ref };
};

function instances({ instances, subnetIds }: NodeOf<'emrCluster'>): Partial<CfnCluster.JobFlowInstancesConfigProperty> {
  return 'primaryGroup' in instances
    ? {
        ec2SubnetId: subnetIds[0],
        masterInstanceGroup: group(instances.primaryGroup),
        coreInstanceGroup: group(instances.coreGroup),
      }
    : {
        ec2SubnetIds: [...subnetIds],
        masterInstanceFleet: fleet(instances.primaryFleet),
        coreInstanceFleet: fleet(instances.coreFleet),
      };
}

export const renderEmrTaskGroup: Renderer<'emrTaskGroup'> = (scope, node) => {
  const made = new CfnInstanceGroupConfig(scope, node.id, {
    jobFlowId: node.clusterId,
    instanceRole: 'TASK',
    market: 'ON_DEMAND',
    ...group(node.group),
  });
  acknowledge(made, node.exceptions);
  return { id: made.ref };
};

export const renderEmrTaskFleet: Renderer<'emrTaskFleet'> = (scope, node) => {
  const made = new CfnInstanceFleetConfig(scope, node.id, {
    clusterId: node.clusterId,
    instanceFleetType: 'TASK',
    ...fleet(node.fleet),
  });
  return { id: made.ref };
};

const group = ({ name, instanceType, count, disk, rules }: InstanceGroup) => ({
  name,
  instanceType,
  instanceCount: count,
  ebsConfiguration: ebs(disk),
  autoScalingPolicy: rules === undefined ? undefined : autoScaling(rules),
});

const fleet = ({ name, instanceTypes, disk, onDemand, spot }: InstanceFleet) => ({
  name,
  instanceTypeConfigs: instanceTypes.map((instanceType) => ({
    instanceType,
    weightedCapacity: 1,
    ebsConfiguration: ebs(disk),
  })),
  targetOnDemandCapacity: onDemand.count,
  targetSpotCapacity: spot?.count,
  launchSpecifications: {
    onDemandSpecification: { allocationStrategy: onDemand.allocation },
    spotSpecification:
      spot === undefined
        ? undefined
        : {
            allocationStrategy: spot.allocation,
            timeoutDurationMinutes: spot.waitMinutes,
            timeoutAction: spot.thereafter,
          },
  },
});

const ebs = ({ type, gb }: NodeDisk) => ({
  ebsBlockDeviceConfigs: [{ volumeSpecification: { volumeType: type, sizeInGb: gb }, volumesPerInstance: 1 }],
});

const autoScaling = ({ min, max, rules }: GroupScaling) => ({
  constraints: { minCapacity: min, maxCapacity: max },
  rules: rules.map((rule) => ({
    name: rule.name,
    description: rule.description,
    action: {
      simpleScalingPolicyConfiguration: {
        adjustmentType: 'CHANGE_IN_CAPACITY',
        scalingAdjustment: rule.addNodes,
        coolDown: rule.coolDownSeconds,
      },
    },
    trigger: {
      cloudWatchAlarmDefinition: {
        namespace: 'AWS/ElasticMapReduce',
        metricName: rule.metric,
        dimensions: [{ key: 'JobFlowId', value: rule.cluster }],
        statistic: 'AVERAGE',
        unit: rule.unit,
        comparisonOperator: rule.comparison,
        threshold: rule.threshold,
        evaluationPeriods: rule.periods,
        period: rule.periodSeconds,
      },
    },
  })),
});
