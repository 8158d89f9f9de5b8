import { createHash } from 'node:crypto';
import { sourceNameOf } from '../../lib/cdc/feed';
import { heartbeatSchema } from '../../lib/cdc/migrations';
import { findTable } from '../../lib/platform/lookup';
import type { Manifest } from '../../lib/platform/manifest';
import type { Node, Statement } from '../core/nodes';
import { inThisAccount } from '../core/policy';
import { aws, ref, type Text, text } from '../core/text';
import { streamId } from '../stream/ids';
import {
  databaseEndpointId,
  loginId,
  prepareId,
  replicationId,
  secretId,
  securityGroupId,
  startId,
  streamEndpointId,
  subnetGroupId,
} from './ids';
import type { Setting } from './setting';

/** How often AWS DMS writes to the source, in minutes. */
const heartbeatMinutes = 5;

/** The secret that AWS DMS logs in with. */
export const secretOf = ({ database, deployed }: Setting): Text =>
  database === undefined ? (deployed.from as { secretArn: string }).secretArn : ref(secretId, 'arn');

/** The security group of what reaches the source. */
export const securityGroupOf = ({ database }: Setting): Text =>
  database?.clientSecurityGroupId ?? ref(securityGroupId, 'id');

/** AWS DMS reads the database and writes to the stream: both ends, what is between them, and who starts it. */
export function replication(setting: Setting, manifest: Manifest): Node[] {
  const { own, deployed, database, keyArn, vpc } = setting;
  const outside = deployed.from === 'own' ? undefined : deployed.from;
  const tableMappings = mappings(setting, manifest);
  const settings = replicationSettings(setting);
  const { capacity, multiAz } = deployed;
  const heartbeat = database === undefined ? outside?.heartbeatSchema : heartbeatSchema;
  const decided = { tableMappings, settings, capacity, multiAz, outside, heartbeat };
  const told = (action: 'stop' | 'start') => ({ action, change: hash(decided) });
  const control = { functionArn: ref('ControlFunction', 'arn'), functionName: ref('ControlFunction', 'name') };
  return [
    ...roles(setting),
    ...(database === undefined
      ? []
      : [
          {
            kind: 'invocation' as const,
            id: loginId,
            resourceType: 'Custom::IngotReplicationLogin' as const,
            functionArn: ref('SourceFunction', 'arn'),
            functionName: ref('SourceFunction', 'name'),
            timeoutSeconds: 300,
            input: { secret: ref(secretId, 'arn'), host: database.host },
          },
        ]),
    {
      kind: 'invocation',
      id: prepareId,
      resourceType: 'Custom::IngotReplication',
      ...control,
      timeoutSeconds: 900,
      input: told('stop'),
    },
    {
      kind: 'dmsSubnetGroup',
      id: subnetGroupId,
      name: own,
      description: `${own}: where the source is reached from`,
      subnetIds: vpc.subnetIds,
    },
    {
      kind: 'dmsPostgres',
      id: databaseEndpointId,
      name: `${own}-source`,
      engine: database?.engine === 'aurora' ? 'aurora-postgresql' : 'postgres',
      database: database?.database ?? outside!.database,
      secretArn: secretOf(setting),
      secretRoleArn: ref('SecretRole', 'arn'),
      keyArn,
      ...(heartbeat === undefined ? {} : { heartbeat: { schema: heartbeat, minutes: heartbeatMinutes } }),
      // With the password that it is given there; and what reads it must not run while it is changed.
      after: [...(database === undefined ? [] : [loginId]), prepareId],
    },
    {
      kind: 'dmsKinesis',
      id: streamEndpointId,
      name: `${own}-target`,
      streamArn: ref(streamId, 'arn'),
      roleArn: ref('WriteRole', 'arn'),
      keyArn,
      // Without them a change has no place in the log, and null looks like a value that was not sent.
      transactionDetails: true,
      nullAndEmpty: true,
      controlDetails: true,
    },
    {
      kind: 'dmsReplication',
      id: replicationId,
      name: own,
      type: 'full-load-and-cdc',
      sourceArn: ref(databaseEndpointId, 'arn'),
      targetArn: ref(streamEndpointId, 'arn'),
      tableMappings,
      settings,
      capacity,
      multiAz,
      subnetGroup: ref(subnetGroupId, 'name'),
      securityGroupIds: [securityGroupOf(setting)],
      keyArn,
      after: [prepareId],
    },
    {
      kind: 'invocation',
      id: startId,
      resourceType: 'Custom::IngotReplication',
      ...control,
      timeoutSeconds: 900,
      input: { ...told('start'), replication: ref(replicationId, 'arn') },
    },
  ];
}

const hash = (decided: unknown): string =>
  createHash('sha256').update(JSON.stringify(decided)).digest('hex').slice(0, 16);

/** The tables by their exact names, and, where only the contract's columns may leave the database, those. */
function mappings({ source, deployed }: Setting, manifest: Manifest): object {
  const rules: object[] = [];
  const rule = (words: object) => {
    const id = String(rules.length + 1);
    rules.push({ 'rule-id': id, 'rule-name': id, ...words });
  };
  for (const { schema, name } of source.tables)
    rule({
      'rule-type': 'selection',
      'rule-action': 'explicit',
      'object-locator': { 'schema-name': schema, 'table-name': name },
    });
  if (deployed.columns === 'contract')
    for (const { table, schema, name } of source.tables)
      for (const column of findTable(table, manifest).dataset.columns)
        rule({
          'rule-type': 'transformation',
          'rule-action': 'include-column',
          'rule-target': 'column',
          'object-locator': { 'schema-name': schema, 'table-name': name, 'column-name': sourceNameOf(column) },
        });
  return { rules };
}

const replicationSettings = ({ deployed }: Setting): object => ({
  TargetMetadata: { SupportLobs: true, FullLobMode: false, LimitedSizeLobMode: true, LobMaxSize: deployed.maxValueKb },
  FullLoadSettings: { TargetTablePrepMode: 'DO_NOTHING' },
  // By it a change of a key is seen.
  BeforeImageSettings: {
    EnableBeforeImage: true,
    FieldName: 'before-image',
    ColumnFilter: deployed.replicaIdentity === 'full' ? 'all' : 'pk-only',
  },
  ChangeProcessingDdlHandlingPolicy: {
    HandleSourceTableAltered: true,
    HandleSourceTableDropped: true,
    HandleSourceTableTruncated: true,
  },
  // By default a row that makes an error is logged and left out, and nobody is told.
  ErrorBehavior: {
    DataErrorPolicy: 'SUSPEND_TABLE',
    DataTruncationErrorPolicy: 'SUSPEND_TABLE',
    TableErrorPolicy: 'SUSPEND_TABLE',
  },
  Logging: { EnableLogging: true },
});

/** Whom AWS DMS acts as: to read the secret, and to write to the stream. */
function roles(setting: Setting): Node[] {
  const { own, deployed, keyArn } = setting;
  const secretKey = deployed.from === 'own' ? keyArn : deployed.from.keyArn;
  const decrypt: Statement[] =
    secretKey === undefined
      ? []
      : [
          {
            sid: 'DecryptSecret',
            effect: 'Allow',
            actions: ['kms:Decrypt', 'kms:DescribeKey'],
            resources: [secretKey],
          },
        ];
  return [
    {
      kind: 'role',
      id: 'SecretRole',
      description: `${own}: AWS DMS reads how to log into the source`,
      // For secrets AWS DMS comes under the name that it has in its region.
      assumedBy: { service: text`dms.${aws.region}.${aws.urlSuffix}` },
      statements: [
        {
          sid: 'ReadSecret',
          effect: 'Allow',
          actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
          resources: [secretOf(setting)],
        },
        ...decrypt,
      ],
    },
    {
      kind: 'role',
      id: 'WriteRole',
      description: `${own}: AWS DMS writes changes to the stream`,
      assumedBy: { service: 'dms.amazonaws.com' },
      assumeConditions: inThisAccount,
      statements: [
        {
          sid: 'WriteChanges',
          effect: 'Allow',
          actions: ['kinesis:DescribeStream', 'kinesis:PutRecord', 'kinesis:PutRecords'],
          resources: [ref(streamId, 'arn')],
        },
        { sid: 'EncryptChanges', effect: 'Allow', actions: ['kms:GenerateDataKey'], resources: [keyArn] },
      ],
    },
  ];
}
