import { jobsAtOnce } from '../../../lib/pipeline/run';
import type {
  ClusterNodes,
  CountedNodes,
  EmrClusterDeclaration,
  ManagedScaling,
  RuleScaling,
  SpotAllocation,
} from './props';

/** What a declaration says of sizes once its defaults are applied. */
export interface ClusterSizes {
  readonly capacity: 'fleets' | 'groups';
  readonly primary: Required<ClusterNodes>;
  readonly core: Required<CountedNodes>;
  readonly task?: Required<CountedNodes> & {
    readonly allocation: SpotAllocation;
    readonly fallback: 'on-demand' | 'terminate';
    readonly spotMinutes: number;
  };
  readonly scaling: Required<ManagedScaling> | Required<RuleScaling> | 'none';
  readonly stepsAtOnce: number;
  readonly idleMinutes: number | 'never';
}

/** Types of one size, so that each counts as one; several, since Spot and zones run out of one. */
const usual = {
  groups: { primary: ['m7g.xlarge'], core: ['m7g.xlarge'], task: ['m7g.xlarge'] },
  fleets: {
    primary: ['m7g.xlarge', 'm6g.xlarge'],
    core: ['m7g.xlarge', 'm6g.xlarge', 'r7g.xlarge'],
    task: ['m7g.xlarge', 'm6g.xlarge', 'r7g.xlarge', 'r6g.xlarge', 'm6gd.xlarge'],
  },
} as const;

export function sizesOf(declared: EmrClusterDeclaration): ClusterSizes {
  const { scaling = {}, task } = declared;
  const capacity = declared.capacity ?? (scaling !== false && 'rules' in scaling ? 'groups' : 'fleets');
  const nodes = (kind: 'primary' | 'core' | 'task', given: ClusterNodes = {}): Required<ClusterNodes> => ({
    // A capacity that is none is a problem of its own.
    instanceTypes: given.instanceTypes ?? (usual[capacity] ?? usual.fleets)[kind],
    diskGb: given.diskGb ?? 64,
  });
  const core = { ...nodes('core', declared.core), count: declared.core?.count ?? 2 };
  const limits = scalingOf(scaling, core.count, task !== undefined, capacity);
  return {
    capacity,
    primary: nodes('primary', declared.primary),
    core,
    ...(task === undefined
      ? {}
      : {
          task: {
            ...nodes('task', task),
            count: task.count ?? 1,
            allocation: task.allocation ?? 'price-capacity-optimized',
            fallback: task.fallback ?? 'on-demand',
            spotMinutes: task.spotMinutes ?? 10,
          },
        }),
    scaling: limits,
    stepsAtOnce: declared.stepsAtOnce ?? usualSteps(limits),
    idleMinutes: declared.idleMinutes === false ? 'never' : (declared.idleMinutes ?? 'never'),
  };
}

/**
 * Each step has a driver, whose node may then have no room for an executor: so many steps as a pipeline adds, where EMR adds
 * nodes as long as executors find none. EMR sees what waits in YARN, and no step that waits for its turn.
 */
const usualSteps = (scaling: ClusterSizes['scaling']): number =>
  scaling !== 'none' && !('rules' in scaling) && scaling.max > jobsAtOnce ? jobsAtOnce : 1;

function scalingOf(
  scaling: ManagedScaling | RuleScaling | false,
  cores: number,
  hasTasks: boolean,
  capacity: 'fleets' | 'groups',
): ClusterSizes['scaling'] {
  if (scaling === false) return 'none';
  const max = scaling.max ?? 10;
  if ('rules' in scaling) return { rules: scaling.rules, min: scaling.min ?? (hasTasks ? 0 : 2), max };
  return {
    min: scaling.min ?? 2,
    max,
    maxOnDemand: scaling.maxOnDemand ?? (hasTasks && capacity === 'fleets' ? cores : max),
  };
}
