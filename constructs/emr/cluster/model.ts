import { resolve as resolvePath } from 'node:path';
import { assertValid } from '../../../lib/errors';
import { deepFreeze } from '../../../lib/freeze';
import type { AssetNode, Node, Statement } from '../../core/nodes';
import { operationsKey, operationsKeyId } from '../../core/operations-key';
import { removalProblems } from '../../core/removal';
import { aws, ref, type Text, text } from '../../core/text';
import { idProblems } from '../../core/unique';
import type { LakeFacts } from '../../lake/model';
import type { VpcFacts } from '../../network/model';
import { noticesId } from '../../pipeline/ids';
import { notices, withoutGiven } from '../../pipeline/notices';
import { lakeSettings } from '../settings';
import { clusterAlarms } from './alarms';
import {
  clusterId,
  jobRoleId,
  primaryGroupId,
  scalingRoleId,
  scriptId,
  serviceGroupId,
  serviceRoleId,
  workersGroupId,
} from './ids';
import { instances, managedScaling, placeholderIsMeant, taskNodes } from './instances';
import { clusterProblems } from './problems';
import type { EmrClusterDeclaration } from './props';
import { clusterArn, managedTag, roles } from './roles';
import { securityConfiguration, securityGroups } from './security';
import { sizesOf } from './sizes';

/** What stands of an EMR cluster once it is decided. */
export interface EmrClusterModel {
  readonly nodes: readonly Node[];
  readonly facts: EmrClusterFacts;
}

/** What others need to know of an EMR cluster. Once rendered, every text is the engine's token. */
export interface EmrClusterFacts {
  readonly clusterId: Text;
  readonly clusterArn: Text;
  /** Of the role that nodes and steps act as. */
  readonly jobRoleArn: Text;
  readonly jobRoleName: Text;
  /** Of the security group of core and task nodes: for databases that let jobs in. */
  readonly workersSecurityGroupId: Text;
  readonly notices: Text;
  /** Names of settings of Spark that its owner has given. */
  readonly settings: readonly string[];
}

/** What the user brought along, beside the declaration. */
export interface EmrClusterGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`, `NoticesTopic`. */
  readonly nodes: ReadonlySet<string>;
  readonly network: VpcFacts;
  /** Where synth runs: scripts are found from there. */
  readonly folder: string;
  readonly deletionFlag?: unknown;
}

/**
 * Decides an EMR cluster on EC2 for the tables of a lake: its nodes and how many they become, encryption, who may do
 * what, its security groups, its alarms.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function emrClusterModel(
  path: string,
  declared: EmrClusterDeclaration,
  lake: LakeFacts,
  given: EmrClusterGiven,
): EmrClusterModel {
  const { certificates, bootstrap = [], authentication = 'none' } = declared;
  const { network } = given;
  const removal = declared.removal ?? 'retain';
  const sizes = sizesOf(declared);
  assertValid([
    ...clusterProblems(path, declared, sizes, network),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const own = `${declared.name}-emr`;
  const zone = lake.zones.find(({ name }) => name === lake.ops.zone)!;
  const prefix = `_ops/emr/${declared.name}`;
  const hasRules = sizes.scaling !== 'none' && 'rules' in sizes.scaling;
  const scripts = bootstrap.map(({ script }, i) =>
    script.startsWith('s3://')
      ? { uri: script, arn: objectArn(script), nodes: [] }
      : {
          uri: ref(scriptId(i), 'uri'),
          arn: ref(scriptId(i), 'arn'),
          nodes: [
            {
              kind: 'asset',
              id: scriptId(i),
              file: resolvePath(given.folder, script),
              bucketName: zone.bucketName,
              prefix: `${prefix}/bootstrap/`,
            } satisfies AssetNode,
          ],
        },
  );
  const keyOf = zone.keyArn === undefined ? {} : { keyArn: zone.keyArn };
  const scaling = managedScaling(sizes);
  const chosen = instances(sizes);
  const all: Node[] = [
    operationsKey(own, 'operations', removal),
    ...notices(own, declared.emails ?? [], ref(operationsKeyId, 'arn')),
    ...scripts.flatMap((script) => script.nodes),
    ...securityGroups(own, network.vpcId),
    securityConfiguration(declared, lake),
    ...roles({
      own,
      subnetIds: network.subnetIds,
      logs: { arn: text`${zone.bucketArn}/${prefix}/logs/`, ...keyOf },
      objects: [objectArn(certificates), ...scripts.map(({ arn }) => arn)],
      certificates: objectArn(certificates),
      hasRules,
      isRegulated: declared.compliance === 'regulated',
    }),
    { kind: 'instanceProfile', id: 'InstanceProfile', roleName: ref(jobRoleId, 'name') },
    {
      kind: 'emrCluster',
      id: clusterId,
      name: own,
      release: declared.release ?? 'emr-spark-8.0.0',
      applications: ['Spark'],
      instances: chosen,
      ...(scaling === undefined ? {} : { managedScaling: scaling }),
      subnetIds: sizes.capacity === 'groups' ? network.subnetIds.slice(0, 1) : network.subnetIds,
      securityGroups: {
        primary: ref(primaryGroupId, 'id'),
        workers: ref(workersGroupId, 'id'),
        service: ref(serviceGroupId, 'id'),
      },
      serviceRoleArn: ref(serviceRoleId, 'arn'),
      instanceProfile: ref('InstanceProfile', 'name'),
      ...(hasRules ? { scalingRoleArn: ref(scalingRoleId, 'arn') } : {}),
      security: ref('Security', 'name'),
      ...(authentication === 'none'
        ? {}
        : {
            kerberos: {
              realm: authentication.kerberos.realm ?? 'EC2.INTERNAL',
              passwordSecret: authentication.kerberos.passwordSecret,
            },
          }),
      stepsAtOnce: sizes.stepsAtOnce,
      idleMinutes: sizes.idleMinutes,
      bootstrap: bootstrap.map(({ name, arguments: given = [] }, i) => ({
        name,
        script: scripts[i]!.uri,
        arguments: given,
      })),
      logs: { uri: text`s3://${zone.bucketName}/${prefix}/logs/`, ...keyOf },
      settings: {
        'iceberg-defaults': { 'iceberg.enabled': 'true' },
        'spark-defaults': { ...lakeSettings(declared.icebergCatalog), ...oneAttempt, ...declared.settings },
      },
      tags: { [managedTag]: 'true', Name: own },
      exceptions: [
        ...encryptionIsInside,
        ...(authentication === 'none' ? nobodyLogsIn : []),
        ...('coreGroup' in chosen ? placeholderIsMeant(chosen.coreGroup) : []),
      ],
    },
    ...taskNodes(sizes),
    ...clusterAlarms(own, declared.alarms),
  ];
  const nodes = withoutGiven(all, given.nodes);
  assertValid(idProblems(path, nodes));
  return deepFreeze({
    nodes,
    facts: {
      clusterId: ref(clusterId, 'id'),
      clusterArn,
      jobRoleArn: ref(jobRoleId, 'arn'),
      jobRoleName: ref(jobRoleId, 'name'),
      workersSecurityGroupId: ref(workersGroupId, 'id'),
      notices: ref(noticesId, 'arn'),
      settings: Object.keys(declared.settings ?? {}),
    },
  });
}

/** YARN begins an ended driver once more: also one that ended since its step was cancelled, and each that failed. */
const oneAttempt = { 'spark.yarn.maxAppAttempts': '1' };

/** Of an object that is named as `s3://bucket/key`. */
const objectArn = (uri: string): Text => text`arn:${aws.partition}:s3:::${uri.slice('s3://'.length)}`;

const encryptionIsInside = ['EMR4', 'EMR5'].map((rule) => ({
  rule: `AwsSolutions-${rule}`,
  reason: 'The rule looks for encryption outside of EncryptionConfiguration, where EMR does not read it; it is inside.',
}));

const nobodyLogsIn = [
  {
    rule: 'AwsSolutions-EMR6',
    reason: 'Nobody logs in: there is no SSH key, and no security group lets anything in from outside of the cluster.',
  },
];

/** What a principal must be allowed to run steps, to ask how they are, and to cancel them. */
export const stepStatements = ({ clusterArn: arn }: EmrClusterFacts): Statement[] => [
  {
    sid: 'RunSteps',
    effect: 'Allow',
    actions: ['elasticmapreduce:AddJobFlowSteps', 'elasticmapreduce:CancelSteps', 'elasticmapreduce:DescribeStep'],
    resources: [arn],
  },
];
