import type { Manifest } from '../../lib/platform/manifest';
import { platformSpecs } from '../../lib/tables/specs';
import type { HandlerDecision } from '../core/handler';
import { catalogEnvironment, type IcebergCatalog } from '../core/iceberg-catalog';
import { pascal } from '../core/names';
import type { IcebergTableNode, RoleNode, Statement } from '../core/nodes';
import { inThisAccount } from '../core/policy';
import { aws, ref, type Text, text } from '../core/text';
import { glueResources } from '../lake/grants';
import type { LakeFacts, ZoneFacts } from '../lake/model';

export const optimizerRoleId = 'OptimizerRole';

const tablesCome = 'Tables of these databases come with contracts; databases and buckets are named one by one.';

/**
 * The function that makes Iceberg tables and changes them as their contracts change, and that sets Glue's optimizers on
 * them. It touches metadata alone, never rows.
 *
 * @param catalog where the tables are entered; by default in Glue
 * @param deletes whether it may drop a table whose dataset has left
 */
export function tablesHandler(lake: LakeFacts, catalog: IcebergCatalog | undefined, deletes: boolean): HandlerDecision {
  const zones = icebergZones(lake);
  const tables = glueResources([...zones.map((zone) => zone.database), lake.ops.database]);
  return {
    id: 'Tables',
    bundle: 'tables',
    functionName: `${lake.name}-tables`,
    description: 'Makes and changes Iceberg tables as their contracts say',
    memoryMb: 512,
    timeoutSeconds: 300,
    diskMb: 512,
    layers: [],
    environment: {
      ...catalogEnvironment(catalog),
      INGOT_OPTIMIZER_ROLE: ref(optimizerRoleId, 'arn'),
      INGOT_ALLOW_DROP: String(deletes),
    },
    statements: [
      {
        sid: 'MakeAndChangeTables',
        because: tablesCome,
        effect: 'Allow',
        actions: [
          'glue:CreateTable',
          'glue:CreateTableOptimizer',
          'glue:GetCatalog',
          'glue:GetDatabase',
          'glue:GetTable',
          'glue:GetTableOptimizer',
          'glue:GetTables',
          'glue:UpdateTable',
          'glue:UpdateTableOptimizer',
          ...(deletes ? ['glue:DeleteTable', 'glue:DeleteTableOptimizer'] : []),
        ],
        resources: tables,
      },
      {
        sid: 'ReadAndWriteMetadata',
        because: 'Each change of a table is a metadata file with a name of its own; data files are out of reach.',
        effect: 'Allow',
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: zones.map((zone) => text`${zone.bucketArn}/*/metadata/*`),
      },
      ...useKeys(zones),
      {
        sid: 'GiveOptimizersTheirRole',
        effect: 'Allow',
        actions: ['iam:PassRole'],
        resources: [ref(optimizerRoleId, 'arn')],
        conditions: { StringEquals: { 'iam:PassedToService': 'glue.amazonaws.com' } },
      },
    ],
  };
}

/** The role in which Glue compacts Iceberg tables, lets their snapshots expire and removes orphaned files. */
export function optimizerRole(lake: LakeFacts): RoleNode {
  const zones = icebergZones(lake);
  const logGroup = (optimizer: string): Text =>
    text`arn:${aws.partition}:logs:${aws.region}:${aws.account}:log-group:/aws-glue/${optimizer}/logs:*`;
  return {
    kind: 'role',
    id: optimizerRoleId,
    description: `${lake.name}: Glue's optimizers of Iceberg tables`,
    assumedBy: { service: 'glue.amazonaws.com' },
    assumeConditions: inThisAccount,
    statements: [
      {
        sid: 'RewriteFiles',
        because: 'Compaction and orphan removal read, write and delete whatever files the tables have.',
        effect: 'Allow',
        actions: ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
        resources: zones.map((zone) => text`${zone.bucketArn}/*`),
      },
      {
        sid: 'FindOrphans',
        effect: 'Allow',
        actions: ['s3:ListBucket'],
        resources: zones.map((zone) => zone.bucketArn),
      },
      ...useKeys(zones),
      {
        sid: 'CommitTables',
        because: tablesCome,
        effect: 'Allow',
        actions: ['glue:GetTable', 'glue:UpdateTable'],
        resources: glueResources([...zones.map((zone) => zone.database), lake.ops.database]),
      },
      {
        sid: 'WriteLogs',
        because: 'Glue makes these log groups itself, one stream a run.',
        effect: 'Allow',
        actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: ['iceberg-compaction', 'iceberg-retention', 'iceberg-orphan-file-deletion'].map(logGroup),
      },
    ],
  };
}

/**
 * Every Iceberg table: those of datasets, those beside them that hold refused rows, the platform's own, and those that
 * windows of streams keep their state in. What says
 * where they are comes from the lake, so that they are made after it.
 */
export function icebergTables(
  { datasets, streams, cdc }: Pick<Manifest, 'datasets' | 'streams' | 'cdc'>,
  lake: LakeFacts,
): IcebergTableNode[] {
  const ops = 'ops';
  const databases = new Map([
    ...lake.zones.map(({ name, database }) => [name, database] as const),
    [ops, lake.ops.database],
  ]);
  const buckets = new Map(lake.zones.map(({ name, bucketName }) => [name, bucketName]));
  const specs = platformSpecs(
    {
      zones: lake.zones.map((zone) => ({ ...zone, database: zone.name })),
      ops: { database: ops, zone: lake.ops.zone },
      datasets,
      ...(streams === undefined ? {} : { streams }),
      ...(cdc === undefined ? {} : { cdc }),
    },
    Object.fromEntries(lake.zones.map(({ name }) => [name, name])),
  );
  return specs.map((spec) => {
    const [zone = '', ...path] = spec.location.split('/');
    return {
      kind: 'icebergTable',
      id: icebergTableId(spec.database, spec.table),
      functionArn: ref('TablesFunction', 'arn'),
      functionName: ref('TablesFunction', 'name'),
      timeoutSeconds: 900,
      spec: {
        ...spec,
        database: databases.get(spec.database)!,
        location: text`s3://${buckets.get(zone)!}/${path.join('/')}`,
      },
    };
  });
}

/** Id of the node that makes the table of a zone. */
export const icebergTableId = (zone: string, table: string): string => `${pascal(zone)}${pascal(table)}Table`;

const icebergZones = (lake: LakeFacts): ZoneFacts[] => lake.zones.filter((zone) => zone.holds === 'iceberg');

function useKeys(zones: readonly ZoneFacts[]): Statement[] {
  const keys = zones.flatMap((zone) => (zone.keyArn === undefined ? [] : [zone.keyArn]));
  if (keys.length === 0) return [];
  return [{ sid: 'UseKeys', effect: 'Allow', actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: keys }];
}
