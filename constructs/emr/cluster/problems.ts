import { givenAllowed, type Problem } from '../../../lib/errors';
import { isToken } from '../../../lib/token';
import { icebergCatalogProblems } from '../../core/iceberg-catalog';
import { nameProblems, numberProblems } from '../../core/names';
import type { VpcFacts } from '../../network/model';
import { releaseProblems, settingProblems } from '../problems';
import { type ClusterNodes, type EmrClusterDeclaration, type ScalingRule, spotAllocations } from './props';
import type { ClusterSizes } from './sizes';

export function clusterProblems(
  where: string,
  declared: EmrClusterDeclaration,
  sizes: ClusterSizes,
  network: VpcFacts,
): Problem[] {
  const problem = (path: string, message: string): Problem => ({ where, path, message });
  const whole = (path: string, given: number, min: number, max?: number) =>
    numberProblems(where, path, given, { min, max, whole: true });
  const { certificates, capacity, authentication = 'none', alarms = {} } = declared;
  const { idleMinutes, task } = sizes;
  return [
    ...nameProblems(where, 'name', declared.name),
    ...releaseProblems(where, declared.release),
    ...(inS3(certificates)
      ? []
      : [
          problem(
            'certificates',
            `must be a zip in S3 such as s3://bucket/emr.zip; given ${JSON.stringify(certificates)}`,
          ),
        ]),
    ...(capacity === undefined || capacity === 'fleets' || capacity === 'groups'
      ? []
      : [problem('capacity', `must say how instances are chosen; ${givenAllowed(capacity, ['fleets', 'groups'])}`)]),
    ...(network.subnetIds.length === 0
      ? [problem('network.subnetIds', 'must name at least one private subnet; given none')]
      : []),
    ...nodesProblems(where, 'primary', sizes.primary, sizes.capacity),
    ...nodesProblems(where, 'core', sizes.core, sizes.capacity),
    ...whole('core.count', sizes.core.count, 1),
    ...(task === undefined
      ? []
      : [
          ...nodesProblems(where, 'task', task, sizes.capacity),
          ...whole('task.count', task.count, 1),
          ...taskProblems(where, declared, sizes),
        ]),
    ...processorProblems(where, sizes),
    ...scalingProblems(where, sizes),
    ...kerberosProblems(where, declared),
    ...whole('stepsAtOnce', sizes.stepsAtOnce, 1, 256),
    ...(idleMinutes === 'never' ? [] : whole('idleMinutes', idleMinutes, 1, 10_080)),
    ...bootstrapProblems(where, declared),
    ...settingProblems(where, declared.settings),
    ...icebergCatalogProblems(where, declared.icebergCatalog),
    ...(['idleMinutes', 'failedApplications'] as const).flatMap((alarm) =>
      alarms[alarm] === undefined || alarms[alarm] === false ? [] : whole(`alarms.${alarm}`, alarms[alarm], 1),
    ),
    ...(['hdfsPercent', 'memoryPercent'] as const).flatMap((alarm) =>
      alarms[alarm] === undefined || alarms[alarm] === false ? [] : whole(`alarms.${alarm}`, alarms[alarm], 1, 100),
    ),
    ...(declared.compliance === 'regulated' && authentication === 'none'
      ? [problem('authentication', 'must be kerberos, since compliance is "regulated"; given none')]
      : []),
  ];
}

const inS3 = (url: string): boolean => /^s3:\/\/[^/]+\/.+$/.test(url);

type Sized = Required<ClusterNodes>;

function nodesProblems(where: string, path: string, nodes: Sized, capacity: 'fleets' | 'groups'): Problem[] {
  const { instanceTypes: types, diskGb } = nodes;
  const problem = (message: string): Problem => ({ where, path: `${path}.instanceTypes`, message });
  return [
    ...(types.length === 0 || (capacity === 'groups' && types.length > 1)
      ? [problem(`must name ${capacity === 'groups' ? 'one type' : '1 to 30 types'}; given ${types.length}`)]
      : []),
    ...(capacity === 'fleets' && types.length > 30 ? [problem(`must name 1 to 30 types; given ${types.length}`)] : []),
    ...types
      .filter((type) => !isToken(type) && !/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(type))
      .map((type) => problem(`must be types of EC2 instances such as m7g.xlarge; given ${JSON.stringify(type)}`)),
    ...(new Set(types).size < types.length ? [problem(`must name each type once; given ${types.join(', ')}`)] : []),
    ...numberProblems(where, `${path}.diskGb`, diskGb, { min: 10, max: 16_384, whole: true }),
  ];
}

/** AWS's own processors have a `g` after the generation. */
const isArm = (type: string): boolean => /^[a-z]+\d+g/.test(type);

function processorProblems(where: string, { primary, core, task }: ClusterSizes): Problem[] {
  const types = [primary, core, ...(task === undefined ? [] : [task])].flatMap(({ instanceTypes }) => instanceTypes);
  const arm = types.filter(isArm);
  if (types.some(isToken) || arm.length === 0 || arm.length === types.length) return [];
  const other = types.find((type) => !isArm(type));
  const message = `must all have one processor, since what is compiled for one does not run on another; given ${arm[0]} (arm64) and ${other} (x86_64)`;
  return [{ where, path: 'instanceTypes', message }];
}

function taskProblems(where: string, { task }: EmrClusterDeclaration, { capacity }: ClusterSizes): Problem[] {
  const problem = (path: string, message: string): Problem => ({ where, path: `task.${path}`, message });
  const { allocation, fallback, spotMinutes = 10 } = task ?? {};
  if (capacity === 'groups')
    return (['allocation', 'fallback', 'spotMinutes'] as const)
      .filter((option) => task?.[option] !== undefined)
      .map((option) => problem(option, `must stay away where capacity is "groups"; given ${task?.[option]}`));
  return [
    ...(allocation === undefined || spotAllocations.includes(allocation)
      ? []
      : [problem('allocation', `must be a strategy that EMR has; ${givenAllowed(allocation, spotAllocations)}`)]),
    ...(fallback === undefined || fallback === 'on-demand' || fallback === 'terminate'
      ? []
      : [problem('fallback', `must be one that EMR has; ${givenAllowed(fallback, ['on-demand', 'terminate'])}`)]),
    ...numberProblems(where, 'task.spotMinutes', spotMinutes, { min: 5, max: 1440, whole: true }),
  ];
}

function scalingProblems(where: string, { scaling, capacity, core, task }: ClusterSizes): Problem[] {
  if (scaling === 'none') return [];
  const problem = (path: string, message: string): Problem => ({ where, path: `scaling${path}`, message });
  const { min, max } = scaling;
  const size = [
    ...numberProblems(where, 'scaling.min', min, {
      min: task !== undefined && 'rules' in scaling ? 0 : 1,
      whole: true,
    }),
    ...numberProblems(where, 'scaling.max', max, { min: 1, whole: true }),
  ];
  if (size.length === 0 && min > max) size.push(problem('.max', `must not be less than min; given ${min} to ${max}`));
  if ('rules' in scaling) {
    return [
      ...size,
      ...(capacity === 'groups'
        ? []
        : [problem('.rules', 'must stay away where capacity is "fleets"; EMR has none for them')]),
      ...(scaling.rules.length === 0 ? [problem('.rules', 'must hold at least one rule; given none')] : []),
      ...scaling.rules.flatMap((rule, i) => ruleProblems(where, `scaling.rules[${i}]`, rule)),
    ];
  }
  const nodes = core.count + (task?.count ?? 0);
  return [
    ...size,
    ...(size.length === 0 && nodes > max
      ? [problem('.max', `must not be less than the ${nodes} nodes at first; given ${max}`)]
      : []),
    ...numberProblems(where, 'scaling.maxOnDemand', scaling.maxOnDemand, { min: 0, max, whole: true }),
  ];
}

function ruleProblems(where: string, path: string, rule: ScalingRule): Problem[] {
  const problem = (message: string): Problem => ({ where, path, message });
  const given = [rule.below, rule.above].filter((limit) => limit !== undefined);
  return [
    ...(/^[A-Za-z][\w-]{0,63}$/.test(rule.name)
      ? []
      : [problem(`must have a name of 1 to 64 letters, digits, - and _; given ${JSON.stringify(rule.name)}`)]),
    ...(/^[A-Za-z][A-Za-z0-9]*$/.test(rule.metric)
      ? []
      : [
          problem(
            `must have a metric of EMR such as YARNMemoryAvailablePercentage; given ${JSON.stringify(rule.metric)}`,
          ),
        ]),
    ...(given.length === 1
      ? []
      : [problem(`must have either below or above; given ${given.length === 0 ? 'none' : 'both'}`)]),
    ...(Number.isInteger(rule.addNodes) && rule.addNodes !== 0
      ? []
      : [problem(`must add or take a whole number of nodes; given ${rule.addNodes}`)]),
    ...numberProblems(where, `${path}.coolDownSeconds`, rule.coolDownSeconds ?? 300, { min: 0, whole: true }),
    ...numberProblems(where, `${path}.periods`, rule.periods ?? 1, { min: 1, whole: true }),
  ];
}

function kerberosProblems(where: string, { authentication = 'none' }: EmrClusterDeclaration): Problem[] {
  if (authentication === 'none') return [];
  const problem = (path: string, message: string): Problem => ({
    where,
    path: `authentication.kerberos${path}`,
    message,
  });
  if (typeof authentication !== 'object' || authentication.kerberos === undefined)
    return [
      {
        where,
        path: 'authentication',
        message: `must say who logs in how; ${givenAllowed(JSON.stringify(authentication), ['none', '{ kerberos }'])}`,
      },
    ];
  const { realm = 'EC2.INTERNAL', passwordSecret, ticketHours = 24 } = authentication.kerberos;
  return [
    ...(isToken(realm) || /^[A-Z0-9][A-Z0-9.-]*$/.test(realm)
      ? []
      : [problem('.realm', `must be capital letters, digits, dots and hyphens; given ${JSON.stringify(realm)}`)]),
    ...(passwordSecret === '' ? [problem('.passwordSecret', 'must be the name or ARN of a secret; given ""')] : []),
    ...numberProblems(where, 'authentication.kerberos.ticketHours', ticketHours, { min: 1, whole: true }),
  ];
}

function bootstrapProblems(where: string, { bootstrap = [] }: EmrClusterDeclaration): Problem[] {
  const names = bootstrap.map(({ name }) => name);
  return bootstrap.flatMap(({ name, script }, i) => [
    ...(/^[A-Za-z][\w -]{0,63}$/.test(name)
      ? []
      : [
          {
            where,
            path: `bootstrap[${i}].name`,
            message: `must be 1 to 64 letters, digits, spaces, - and _; given ${JSON.stringify(name)}`,
          },
        ]),
    ...(names.indexOf(name) === i
      ? []
      : [
          {
            where,
            path: `bootstrap[${i}].name`,
            message: `must be of this action alone; given ${JSON.stringify(name)} again`,
          },
        ]),
    ...(script.startsWith('s3://') && !inS3(script)
      ? [
          {
            where,
            path: `bootstrap[${i}].script`,
            message: `must be a file, or an object such as s3://bucket/agent.sh; given ${JSON.stringify(script)}`,
          },
        ]
      : []),
  ]);
}
