import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import type { Node, SecurityGroupRuleNode } from '../core/nodes';
import { operationsKey, operationsKeyId } from '../core/operations-key';
import { bucketOverTls } from '../core/policy';
import { removalProblems } from '../core/removal';
import { aws, ref, type Text, text } from '../core/text';
import type { LakeFacts } from '../lake/model';
import type { VpcFacts } from '../network/model';
import { airflowProblems } from './problems';
import type { AirflowEnvironmentDeclaration } from './props';
import { dagsBucketId, executionRole, executionRoleId } from './role';

/** What stands of an environment of MWAA once it is decided. */
export interface AirflowEnvironmentModel {
  readonly nodes: readonly Node[];
  readonly facts: AirflowEnvironmentFacts;
}

/** What others need to know of an environment. Once rendered, every text is the engine's token. */
export interface AirflowEnvironmentFacts {
  /** Address of Airflow's pages, which only the VPC reaches. */
  readonly webserver: Text;
  /** Name of the bucket whose folder `dags/` Airflow reads. */
  readonly bucketName: Text;
  readonly executionRoleName: Text;
  readonly securityGroupId: Text;
}

/** What the user brought along, beside the declaration. */
export interface AirflowEnvironmentGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`. */
  readonly nodes: ReadonlySet<string>;
  readonly network: VpcFacts;
  readonly deletionFlag?: unknown;
}

const environmentId = 'Environment';
const securityGroupId = 'SecurityGroup';

/**
 * Decides an environment of Amazon MWAA: a bucket for DAGs, a role, a security group, and Airflow itself.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function airflowEnvironmentModel(
  path: string,
  declared: AirflowEnvironmentDeclaration,
  lake: LakeFacts,
  given: AirflowEnvironmentGiven,
): AirflowEnvironmentModel {
  const { network } = given;
  const removal = declared.removal ?? 'retain';
  const workers = { min: declared.workers?.min ?? 1, max: declared.workers?.max ?? 5 };
  assertValid([
    ...airflowProblems(path, declared, workers, network),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const own = `${declared.name}-airflow`;
  const key = ref(operationsKeyId, 'arn');
  const nodes: Node[] = [
    ...(given.nodes.has(operationsKeyId) ? [] : [operationsKey(own, 'operations', removal)]),
    {
      kind: 'bucket',
      id: dagsBucketId,
      name: text`${own}-${aws.account}-${aws.region}`,
      // MWAA wants the environment's own key here.
      keyArn: key,
      versioned: true,
      lifecycle: [{ id: 'versions', expireNoncurrentAfterDays: 30, abortUploadsAfterDays: 7 }],
      ...(lake.accessLogs === undefined ? {} : { accessLogs: { bucketName: lake.accessLogs, prefix: 'airflow/' } }),
      policy: [bucketOverTls],
      eventBridge: false,
      exceptions: dagsAreWritten,
      removal,
    },
    ...securityGroup(own, network.vpcId, declared.readers ?? []),
    executionRole(own, declared.compliance === 'regulated'),
    {
      kind: 'airflowEnvironment',
      id: environmentId,
      name: own,
      version: declared.version ?? '3.0.6',
      size: declared.size ?? 'mw1.small',
      workers,
      schedulers: declared.schedulers ?? 2,
      bucketArn: ref(dagsBucketId, 'arn'),
      dags: 'dags',
      ...(declared.requirements === undefined ? {} : { requirements: declared.requirements }),
      roleArn: ref(executionRoleId, 'arn'),
      keyArn: key,
      // MWAA takes two, no more.
      subnetIds: network.subnetIds.slice(0, 2),
      securityGroupIds: [ref(securityGroupId, 'id')],
      logs: { dagProcessing: 'WARNING', scheduler: 'WARNING', task: 'INFO', webserver: 'WARNING', worker: 'WARNING' },
      options: declared.options ?? {},
      maintenance: declared.maintenance ?? 'SUN:03:00',
    },
  ];
  return deepFreeze({
    nodes,
    facts: {
      webserver: ref(environmentId, 'webserver'),
      bucketName: ref(dagsBucketId, 'name'),
      executionRoleName: ref(executionRoleId, 'name'),
      securityGroupId: ref(securityGroupId, 'id'),
    },
  });
}

/** Airflow's parts speak to one another and to their database; to the outside they speak HTTPS, and readers come by it. */
function securityGroup(own: string, vpcId: Text, readers: readonly string[]): Node[] {
  const group = ref(securityGroupId, 'id');
  const rule = (
    id: string,
    direction: 'in' | 'out',
    description: string,
    port: SecurityGroupRuleNode['port'],
    peer: SecurityGroupRuleNode['peer'],
  ): Node => ({ kind: 'securityGroupRule', id, direction, securityGroupId: group, description, port, peer });
  return [
    {
      kind: 'securityGroup',
      id: securityGroupId,
      name: own,
      description: `${own}: Airflow, and who opens its pages`,
      vpcId,
    },
    ...[443, 5432].flatMap((port) => [
      rule(`FromItself${port}`, 'in', `From one another: port ${port}`, port, { securityGroupId: group }),
      rule(`ToItself${port}`, 'out', `To one another: port ${port}`, port, { securityGroupId: group }),
    ]),
    rule('HttpsOut', 'out', 'HTTPS to services of AWS', 443, { cidr: '0.0.0.0/0' }),
    ...readers.map((cidr, i) => rule(`Readers${i + 1}`, 'in', "To Airflow's pages", 443, { cidr })),
  ];
}

const dagsAreWritten = ['HIPAA.Security', 'NIST.800.53.R5', 'PCI.DSS.321'].map((pack) => ({
  rule: `${pack}-S3BucketReplicationEnabled`,
  reason: 'It holds DAGs alone, which are written from a repository.',
}));
