import type { EmrClusterNode, GroupScaling, InstanceFleet, InstanceGroup, Node, NodeDisk } from '../../core/nodes';
import { ref } from '../../core/text';
import { clusterId } from './ids';
import type { ClusterNodes, RuleScaling } from './props';
import type { ClusterSizes } from './sizes';

/** EMR puts the id of the cluster in its place. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: EMR's own placeholder.
const thisCluster = '${emr.clusterId}';

/** Where rules are, the CDK takes the placeholder for a forgotten `Fn::Sub`. */
export const placeholderIsMeant = (group: InstanceGroup) =>
  group.rules === undefined
    ? []
    : [
        {
          rule: 'CloudFormation-Validate::E1029',
          reason: 'It is a placeholder of EMR, which puts the id of the cluster in its place.',
        },
      ];

export function instances(sizes: ClusterSizes): EmrClusterNode['instances'] {
  const { primary, core, task, scaling } = sizes;
  if (sizes.capacity === 'fleets')
    return { primaryFleet: onDemandFleet('primary', primary, 1), coreFleet: onDemandFleet('core', core, core.count) };
  return {
    primaryGroup: group('primary', primary, 1),
    coreGroup: {
      ...group('core', core, core.count),
      ...(scaling !== 'none' && 'rules' in scaling && task === undefined ? { rules: groupScaling(scaling) } : {}),
    },
  };
}

/** Task nodes, which are a resource of their own beside the cluster. */
export function taskNodes({ capacity, task, scaling }: ClusterSizes): Node[] {
  if (task === undefined) return [];
  const cluster = ref(clusterId, 'id');
  if (capacity === 'groups') {
    const rules = scaling !== 'none' && 'rules' in scaling ? { rules: groupScaling(scaling) } : {};
    const tasks: InstanceGroup = { ...group('task', task, task.count), ...rules };
    return [
      { kind: 'emrTaskGroup', id: 'Task', clusterId: cluster, group: tasks, exceptions: placeholderIsMeant(tasks) },
    ];
  }
  const fleet: InstanceFleet = {
    ...onDemandFleet('task', task, 0),
    spot: {
      count: task.count,
      allocation: task.allocation,
      waitMinutes: task.spotMinutes,
      thereafter: task.fallback === 'on-demand' ? 'SWITCH_TO_ON_DEMAND' : 'TERMINATE_CLUSTER',
    },
  };
  return [{ kind: 'emrTaskFleet', id: 'Task', clusterId: cluster, fleet }];
}

/** Nodes beyond the first core nodes are task nodes, where there are any: they come and go without HDFS moving. */
export function managedScaling({ capacity, scaling, core, task }: ClusterSizes): EmrClusterNode['managedScaling'] {
  if (scaling === 'none' || 'rules' in scaling) return undefined;
  const { min, max, maxOnDemand } = scaling;
  return {
    unit: capacity === 'fleets' ? 'InstanceFleetUnits' : 'Instances',
    min,
    max,
    maxCore: task === undefined ? max : core.count,
    maxOnDemand,
  };
}

const disk = (gb: number): NodeDisk => ({ type: 'gp3', gb });

const group = (name: string, nodes: Required<ClusterNodes>, count: number): InstanceGroup => ({
  name,
  instanceType: nodes.instanceTypes[0]!,
  count,
  disk: disk(nodes.diskGb),
});

const onDemandFleet = (name: string, nodes: Required<ClusterNodes>, count: number): InstanceFleet => ({
  name,
  instanceTypes: nodes.instanceTypes,
  disk: disk(nodes.diskGb),
  onDemand: { count, allocation: 'lowest-price' },
});

function groupScaling({ rules, min, max }: Required<RuleScaling>): GroupScaling {
  return {
    min,
    max,
    rules: rules.map((rule) => {
      const { name, metric, below, above, addNodes, coolDownSeconds = 300, periods = 1 } = rule;
      const threshold = (below ?? above)!;
      return {
        name,
        description: `${addNodes > 0 ? 'Adds' : 'Takes'} ${Math.abs(addNodes)} where ${metric} is ${below === undefined ? 'above' : 'below'} ${threshold}`,
        addNodes,
        coolDownSeconds,
        metric,
        // EMR's metrics that are percentages say so in their names.
        unit: /Percentage$|Utilization$/.test(metric) ? 'PERCENT' : 'COUNT',
        comparison: below === undefined ? 'GREATER_THAN' : 'LESS_THAN',
        threshold,
        periods,
        periodSeconds: 300,
        cluster: thisCluster,
      };
    }),
  };
}
