import type { Statement } from '../core/nodes';
import { aws, type Text, text } from '../core/text';
import type { LakeFacts, ZoneFacts } from './model';

const tablesCome =
  'Objects and tables of these zones come with contracts and files, and the zones are named one by one.';

/** What a principal must be allowed to read zones: objects, their key, and the catalog's word on the tables. */
export function readStatements(lake: LakeFacts, zones: readonly ZoneFacts[] = lake.zones): Statement[] {
  return [
    {
      sid: 'ReadObjects',
      because: tablesCome,
      effect: 'Allow',
      actions: ['s3:GetBucketLocation', 's3:GetObject', 's3:ListBucket'],
      resources: zones.flatMap((zone) => [zone.bucketArn, text`${zone.bucketArn}/*`]),
    },
    ...keyStatements('ReadKeys', zones, ['kms:Decrypt', 'kms:DescribeKey']),
    {
      sid: 'ReadCatalog',
      because: tablesCome,
      effect: 'Allow',
      actions: [
        'glue:GetCatalog',
        'glue:GetDatabase',
        'glue:GetDatabases',
        'glue:GetPartition',
        'glue:GetPartitions',
        'glue:GetTable',
        'glue:GetTables',
      ],
      resources: glueResources(zones.map((zone) => zone.database)),
    },
  ];
}

/** What a principal must be allowed to write zones, beside reading them: objects, their key, and new table metadata. */
export function writeStatements(lake: LakeFacts, zones: readonly ZoneFacts[] = lake.zones): Statement[] {
  return [
    ...readStatements(lake, zones),
    {
      sid: 'WriteObjects',
      because: tablesCome,
      effect: 'Allow',
      actions: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:PutObject'],
      resources: zones.map((zone) => text`${zone.bucketArn}/*`),
    },
    ...keyStatements('WriteKeys', zones, ['kms:GenerateDataKey']),
    {
      sid: 'WriteCatalog',
      because: tablesCome,
      effect: 'Allow',
      actions: ['glue:UpdateTable'],
      resources: glueResources(zones.map((zone) => zone.database)),
    },
  ];
}

/** What a principal must be allowed to query the lake with Athena, beside reading it. */
export function queryStatements(lake: LakeFacts): Statement[] {
  const { bucketArn, keyArn } = lake.queryResults;
  return [
    {
      sid: 'Query',
      effect: 'Allow',
      actions: [
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:GetWorkGroup',
        'athena:StartQueryExecution',
        'athena:StopQueryExecution',
      ],
      resources: [text`arn:${aws.partition}:athena:${aws.region}:${aws.account}:workgroup/${lake.workgroup}`],
    },
    {
      sid: 'QueryResults',
      because: 'Athena names each result itself, in a bucket of its own.',
      effect: 'Allow',
      actions: ['s3:AbortMultipartUpload', 's3:GetBucketLocation', 's3:GetObject', 's3:ListBucket', 's3:PutObject'],
      resources: [bucketArn, text`${bucketArn}/*`],
    },
    {
      sid: 'QueryResultsKey',
      effect: 'Allow',
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
      resources: [keyArn],
    },
  ];
}

/** Glue judges a call on a table by catalog, database and table alike. */
export function glueResources(databases: readonly Text[]): Text[] {
  const glue = text`arn:${aws.partition}:glue:${aws.region}:${aws.account}`;
  return [
    text`${glue}:catalog`,
    ...databases.flatMap((database) => [text`${glue}:database/${database}`, text`${glue}:table/${database}/*`]),
  ];
}

function keyStatements(sid: string, zones: readonly ZoneFacts[], actions: readonly string[]): Statement[] {
  const keys = zones.flatMap((zone) => (zone.keyArn === undefined ? [] : [zone.keyArn]));
  return keys.length === 0 ? [] : [{ sid, effect: 'Allow', actions, resources: keys }];
}
