import type { GroupScaling, InstanceFleet, InstanceGroup, NodeDisk } from '../nodes';
import {
  DataAwsSecretsmanagerSecretVersion,
  EmrCluster,
  type EmrClusterConfig,
  EmrInstanceFleet,
  EmrInstanceGroup,
  EmrManagedScalingPolicy,
  EmrSecurityConfiguration,
} from './aws';
import { permissionsOf } from './iam';
import type { NodeOf, Renderer } from './render';

export const renderEmrSecurity: Renderer<'emrSecurity'> = (scope, node) => ({
  name: new EmrSecurityConfiguration(scope, node.id, { configuration: JSON.stringify(node.configuration) }).name,
});

export const renderEmrCluster: Renderer<'emrCluster'> = (scope, node) => {
  const { securityGroups, managedScaling: scaling, kerberos } = node;
  const cluster = new EmrCluster(scope, node.id, {
    name: node.name,
    releaseLabel: node.release,
    applications: [...node.applications],
    ...instances(node),
    ec2Attributes: {
      ...('primaryGroup' in node.instances ? { subnetId: node.subnetIds[0] } : { subnetIds: [...node.subnetIds] }),
      emrManagedMasterSecurityGroup: securityGroups.primary,
      emrManagedSlaveSecurityGroup: securityGroups.workers,
      serviceAccessSecurityGroup: securityGroups.service,
      instanceProfile: node.instanceProfile,
    },
    keepJobFlowAliveWhenNoSteps: true,
    terminationProtection: false,
    serviceRole: node.serviceRoleArn,
    autoscalingRole: node.scalingRoleArn,
    securityConfiguration: node.security,
    kerberosAttributes:
      kerberos === undefined
        ? undefined
        : {
            realm: kerberos.realm,
            kdcAdminPassword: new DataAwsSecretsmanagerSecretVersion(scope, `${node.id}KdcPassword`, {
              secretId: kerberos.passwordSecret,
            }).secretString,
          },
    stepConcurrencyLevel: node.stepsAtOnce,
    autoTerminationPolicy: node.idleMinutes === 'never' ? undefined : { idleTimeout: node.idleMinutes * 60 },
    bootstrapAction: node.bootstrap.map((action) => ({
      name: action.name,
      path: action.script,
      args: [...action.arguments],
    })),
    logUri: node.logs.uri,
    logEncryptionKmsKeyId: node.logs.keyArn,
    configurationsJson: JSON.stringify(
      Object.entries(node.settings).map(([classification, properties]) => ({
        Classification: classification,
        Properties: properties,
      })),
    ),
    scaleDownBehavior: 'TERMINATE_AT_TASK_COMPLETION',
    tags: node.tags,
    dependsOn: [node.serviceRoleArn, node.scalingRoleArn].flatMap((role) =>
      role === undefined ? [] : (permissionsOf(scope, role) ?? []),
    ),
  });
  if (scaling !== undefined)
    new EmrManagedScalingPolicy(scope, `${node.id}Scaling`, {
      clusterId: cluster.id,
      computeLimits: [
        {
          unitType: scaling.unit,
          minimumCapacityUnits: scaling.min,
          maximumCapacityUnits: scaling.max,
          maximumCoreCapacityUnits: scaling.maxCore,
          maximumOndemandCapacityUnits: scaling.maxOnDemand,
        },
      ],
    });
  return { id: cluster.id };
};

function instances({ instances }: NodeOf<'emrCluster'>): Partial<EmrClusterConfig> {
  return 'primaryGroup' in instances
    ? { masterInstanceGroup: group(instances.primaryGroup), coreInstanceGroup: group(instances.coreGroup) }
    : { masterInstanceFleet: fleet(instances.primaryFleet), coreInstanceFleet: fleet(instances.coreFleet) };
}

export const renderEmrTaskGroup: Renderer<'emrTaskGroup'> = (scope, node) => {
  const made = new EmrInstanceGroup(scope, node.id, { clusterId: node.clusterId, ...group(node.group) });
  return { id: made.id };
};

export const renderEmrTaskFleet: Renderer<'emrTaskFleet'> = (scope, node) => {
  const { launchSpecifications, ...config } = fleet(node.fleet);
  const made = new EmrInstanceFleet(scope, node.id, { clusterId: node.clusterId, ...config, launchSpecifications });
  return { id: made.id };
};

const group = ({ name, instanceType, count, disk, rules }: InstanceGroup) => ({
  name,
  instanceType,
  instanceCount: count,
  ebsConfig: [ebs(disk)],
  autoscalingPolicy: rules === undefined ? undefined : JSON.stringify(autoScaling(rules)),
});

const fleet = ({ name, instanceTypes, disk, onDemand, spot }: InstanceFleet) => ({
  name,
  instanceTypeConfigs: instanceTypes.map((instanceType) => ({
    instanceType,
    weightedCapacity: 1,
    ebsConfig: [ebs(disk)],
  })),
  targetOnDemandCapacity: onDemand.count,
  targetSpotCapacity: spot?.count,
  launchSpecifications: {
    onDemandSpecification: [{ allocationStrategy: onDemand.allocation }],
    spotSpecification:
      spot === undefined
        ? undefined
        : [
            {
              allocationStrategy: spot.allocation,
              timeoutDurationMinutes: spot.waitMinutes,
              timeoutAction: spot.thereafter,
            },
          ],
  },
});

const ebs = ({ type, gb }: NodeDisk) => ({ type, size: gb, volumesPerInstance: 1 });

/** In the words of EMR's API, which the provider passes on. */
const autoScaling = ({ min, max, rules }: GroupScaling) => ({
  Constraints: { MinCapacity: min, MaxCapacity: max },
  Rules: rules.map((rule) => ({
    Name: rule.name,
    Description: rule.description,
    Action: {
      SimpleScalingPolicyConfiguration: {
        AdjustmentType: 'CHANGE_IN_CAPACITY',
        ScalingAdjustment: rule.addNodes,
        CoolDown: rule.coolDownSeconds,
      },
    },
    Trigger: {
      CloudWatchAlarmDefinition: {
        Namespace: 'AWS/ElasticMapReduce',
        MetricName: rule.metric,
        Dimensions: [{ Key: 'JobFlowId', Value: rule.cluster }],
        Statistic: 'AVERAGE',
        Unit: rule.unit,
        ComparisonOperator: rule.comparison,
        Threshold: rule.threshold,
        EvaluationPeriods: rule.periods,
        Period: rule.periodSeconds,
      },
    },
  })),
});
