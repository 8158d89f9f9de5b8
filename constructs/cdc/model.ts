import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { regulate } from '../core/compliance';
import type { HandlerSetting } from '../core/handler';
import { manifestLayer, runtimeFile, runtimeLayer } from '../core/layers';
import { logRetentionOf } from '../core/log-retention';
import type { Node } from '../core/nodes';
import { operationsKey, operationsKeyId } from '../core/operations-key';
import { accountAdministersKey } from '../core/policy';
import { removalProblems } from '../core/removal';
import { ref, type Text } from '../core/text';
import { idProblems } from '../core/unique';
import { jobMachineId } from '../emr/ids';
import type { SparkApplicationFacts } from '../emr/model';
import { sparkPackageFile } from '../emr/streaming-job';
import type { LakeFacts } from '../lake/model';
import type { VpcFacts } from '../network/model';
import { deadLettersId, noticesId } from '../pipeline/ids';
import { failedCalls, notices, withoutGiven } from '../pipeline/notices';
import { type DatabaseFacts, inDatabaseNetwork } from '../postgres/facts';
import { deadLetterBucket } from '../stream/dead-letters';
import { deadLettersId as deadRecordsId, keyId, streamId } from '../stream/ids';
import { changeAlarms } from './alarms';
import { applyJob, applyNodes, controlNodes, sourceNodes } from './functions';
import { replicationId, secretId, securityGroupId } from './ids';
import { settingProblems, sourceProblems } from './problems';
import type { ChangeDataCaptureDeclaration } from './props';
import { replication, secretOf, securityGroupOf } from './replication';
import { schedules } from './schedules';
import { type Setting, settingOf } from './setting';

export interface ChangeDataCaptureModel {
  readonly nodes: readonly Node[];
  readonly facts: ChangeDataCaptureFacts;
}

/** What others need to know of change data capture. Once rendered, every text is the engine's token. */
export interface ChangeDataCaptureFacts {
  readonly stream: { readonly arn: Text; readonly name: Text; readonly keyArn: Text };
  readonly replicationArn: Text;
  /** Takes an `ApplyCommand`: `{"action":"release","table":"silver.orders"}`. */
  readonly applyArn: Text;
  /** Takes `{"action":"start"}`, `stop`, `status` and `reload`. */
  readonly controlArn: Text;
  /** Who is in it reaches the source: one that is not the platform's own must let it in. */
  readonly securityGroupId: Text;
  /** What AWS DMS logs in with. */
  readonly secretArn: Text;
  /** Bucket of what the function has given up on; absent where a job of Spark applies changes, which gives up on nothing. */
  readonly deadLetters?: Text;
  /** The state machine that keeps the job of Spark at work; absent where the function applies changes. Takes `{"action":"stop"}`. */
  readonly jobMachineArn?: Text;
  readonly notices: Text;
}

export interface ChangeDataCaptureGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`, `NoticesTopic`. */
  readonly nodes: ReadonlySet<string>;
  /** Where synth runs, for the runtime's default place. */
  readonly folder: string;
  readonly deletionFlag?: unknown;
  /** The platform's own database, where that is the source. */
  readonly database?: DatabaseFacts;
  /** Where another source is reached from. */
  readonly vpc?: VpcFacts;
  /** Where a job of Spark applies changes, in the place of the function. */
  readonly spark?: SparkApplicationFacts;
}

/**
 * Decides how changes of a PostgreSQL database get into a lake: a serverless replication of AWS DMS, a stream, the function
 * that applies them, and those that start, watch and compare.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function changeDataCaptureModel(
  path: string,
  declared: ChangeDataCaptureDeclaration,
  lake: LakeFacts,
  given: ChangeDataCaptureGiven,
): ChangeDataCaptureModel {
  const { manifest, architecture = 'arm64', removal = 'retain', compliance } = declared;
  const logRetentionDays = logRetentionOf(declared);
  assertValid(sourceProblems(path, declared, lake, given));
  const setting = settingOf(declared, lake, ref(keyId, 'arn'), given);
  assertValid([
    ...settingProblems(path, declared, setting, logRetentionDays),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);
  const { own, job } = setting;
  const runtime = declared.runtime ?? runtimeFile(given.folder, architecture);
  const operations = ref(operationsKeyId, 'arn');
  const handler: HandlerSetting = { architecture, logRetentionDays, keyArn: operations, removal };
  const regulation = {
    compliance,
    deadLetterArn: ref(deadLettersId, 'arn'),
    keyArn: operations,
    // Of the function that applies, one for each shard.
    concurrency: (id: string) => (id === 'ApplyFunction' ? 10 : 2),
  };
  const catalog = declared.icebergCatalog;
  const besideSource = regulate(sourceNodes(setting, handler, catalog), { ...regulation, network: undefined });
  const inside = { subnetIds: setting.vpc.subnetIds, clientSecurityGroupId: securityGroupOf(setting) };
  const all: Node[] = [
    operationsKey(own, 'operations', removal),
    ...notices(own, declared.emails ?? [], operations),
    ...failedCalls(own, operations, 'schedules and functions'),
    ...kept(setting, declared, removal),
    runtimeLayer(own, runtime, architecture),
    manifestLayer(own, `Contracts and sources of changes of ${manifest.name}`, manifest, architecture),
    ...regulate(applyNodes(setting, handler, catalog), { ...regulation, network: declared.network }),
    ...(job === undefined
      ? []
      : regulate(
          applyJob(setting, job, handler, {
            manifest,
            catalog,
            sparkPackage: sparkPackageFile(declared.sparkPackage, runtime, job.spark),
          }),
          { ...regulation, network: undefined },
        )),
    ...inDatabaseNetwork(besideSource, inside),
    ...regulate(controlNodes(setting, handler), { ...regulation, network: declared.network }),
    ...regulate([...replication(setting, manifest), ...schedules(setting)], {
      ...regulation,
      network: undefined,
    }),
    ...changeAlarms(setting),
  ];
  const nodes = withoutGiven(all, given.nodes);
  assertValid(idProblems(path, nodes));
  return deepFreeze({
    nodes,
    facts: {
      stream: { arn: ref(streamId, 'arn'), name: ref(streamId, 'name'), keyArn: setting.keyArn },
      replicationArn: ref(replicationId, 'arn'),
      applyArn: ref('ApplyFunction', 'arn'),
      controlArn: ref('ControlFunction', 'arn'),
      securityGroupId: securityGroupOf(setting),
      secretArn: secretOf(setting),
      ...(job === undefined
        ? { deadLetters: ref(deadRecordsId, 'name') }
        : { jobMachineArn: ref(jobMachineId, 'arn') }),
      notices: ref(noticesId, 'arn'),
    },
  });
}

/** What holds changes, or the way to them: the stream, what was given up on, the secret; and who reaches another source. */
function kept(
  setting: Setting,
  { compliance, deadLetterReplica }: ChangeDataCaptureDeclaration,
  removal: HandlerSetting['removal'],
): Node[] {
  const { own, stream, consumer, job, keyArn, lake, database, deployed, vpc } = setting;
  return [
    {
      kind: 'key',
      id: keyId,
      alias: `alias/${own}`,
      description: `${own}: changes in the stream and on their way to it, the secret, dead letters`,
      policy: [accountAdministersKey],
      removal,
    },
    {
      kind: 'kinesisStream',
      id: streamId,
      name: own,
      ...stream,
      keyArn,
      exceptions: [
        {
          rule: 'AwsSolutions-KDS3',
          reason: 'A key of its own decides who may read changes, and is worth what its calls cost.',
        },
      ],
      removal,
    },
    ...(job === undefined
      ? deadLetterBucket({
          name: `${own}-dead`,
          own,
          days: consumer.deadLetterDays,
          keyArn,
          lake,
          removal,
          replica: deadLetterReplica,
          regulated: compliance === 'regulated',
        })
      : []),
    ...(database !== undefined
      ? [
          {
            kind: 'secret' as const,
            id: secretId,
            description: `${own}: how AWS DMS logs into the database`,
            keyArn,
            exceptions: rotationRules.map((rule) => ({ rule, reason: notRotated })),
            removal,
          },
        ]
      : reaching(own, vpc, deployed.from === 'own' ? 0 : deployed.from.port)),
  ];
}

const rotationRules = [
  'AwsSolutions-SMG4',
  'HIPAA.Security-SecretsManagerRotationEnabled',
  'NIST.800.53.R5-SecretsManagerRotationEnabled',
];
const notRotated =
  'AWS DMS reads the password when it connects; its role reads the tables of the source and nothing else, from inside the network alone.';

/** Who reaches a database that is not the platform's own. It must let this group in itself. */
const reaching = (own: string, { vpcId }: VpcFacts, port: number): Node[] => [
  { kind: 'securityGroup', id: securityGroupId, name: own, description: `${own}: what reaches the source`, vpcId },
  ...(
    [
      ['DatabaseOut', port, 'PostgreSQL to the source'],
      ['HttpsOut', 443, 'HTTPS to services of AWS, as far as the subnets route it'],
    ] as const
  ).map(
    ([id, at, description]): Node => ({
      kind: 'securityGroupRule',
      id,
      direction: 'out',
      securityGroupId: ref(securityGroupId, 'id'),
      description,
      port: at,
      peer: { cidr: '0.0.0.0/0' },
    }),
  ),
];
