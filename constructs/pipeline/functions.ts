import type { Manifest } from '../../lib/platform/manifest';
import type { HandlerDecision } from '../core/handler';
import { catalogEnvironment, type IcebergCatalog } from '../core/iceberg-catalog';
import type { Statement } from '../core/nodes';
import { ref, type Text, text } from '../core/text';
import { glueResources, readStatements, writeStatements } from '../lake/grants';
import type { LakeFacts, ZoneFacts } from '../lake/model';
import { arrivalsId } from './ids';

/** The functions that runs and schedules call, each with what it alone may do. */
export function handlers(
  manifest: Manifest,
  lake: LakeFacts,
  size: { memoryMb: number; diskMb: number },
  catalog?: IcebergCatalog,
): HandlerDecision[] {
  const { name } = manifest;
  const queueIds = manifest.groups
    .filter((group) => group.ingests.length > 0)
    .map((group) => [group.name, arrivalsId(group)] as const);
  const environment = lakeEnvironment(lake, catalog);
  const layers = [ref('RuntimeLayer', 'arn'), ref('ManifestLayer', 'arn')];
  const sql = { ...size, timeoutSeconds: 900, layers };
  return [
    {
      id: 'Ingest',
      bundle: 'ingest',
      functionName: `${name}-ingest`,
      description: 'Plans what has arrived and loads it: types, validates, de-duplicates, merges',
      ...sql,
      environment: { ...environment, INGOT_QUEUES: json(queueIds.map(([group, id]) => [group, ref(id, 'url')])) },
      statements: [
        ...writeStatements(lake, zonesFor(lake, manifest, 'ingest')),
        ...writeOps(lake),
        ...(queueIds.length === 0
          ? []
          : [
              {
                sid: 'TakeArrivals',
                effect: 'Allow' as const,
                actions: [
                  'sqs:ChangeMessageVisibility',
                  'sqs:DeleteMessage',
                  'sqs:GetQueueAttributes',
                  'sqs:ReceiveMessage',
                ],
                resources: queueIds.map(([, id]) => ref(id, 'arn')),
              },
            ]),
      ],
    },
    {
      id: 'Quality',
      bundle: 'quality',
      functionName: `${name}-quality`,
      description: "Answers every rule of a table's contract by one scan",
      ...sql,
      environment,
      statements: [...readStatements(lake, icebergZones(lake)), ...writeOps(lake)],
    },
    {
      id: 'Transform',
      bundle: 'transform',
      functionName: `${name}-transform`,
      description: 'Runs one SQL model into its table',
      ...sql,
      environment,
      statements: [
        ...readStatements(lake, icebergZones(lake)),
        ...writeTables(lake, zonesFor(lake, manifest, 'transform')),
      ],
    },
    {
      id: 'Publish',
      bundle: 'publish',
      functionName: `${name}-publish`,
      description: 'Emits metrics and lineage after a run, and measures freshness between runs',
      ...sql,
      environment,
      statements: [...readStatements(lake, icebergZones(lake)), ...writeOps(lake)],
    },
    {
      id: 'Retain',
      bundle: 'retain',
      functionName: `${name}-retain`,
      description: 'Deletes rows that have been kept for as long as their contracts say',
      ...sql,
      environment,
      statements: [...writeStatements(lake, icebergZones(lake)), ...writeOps(lake)],
    },
  ];
}

/** What each handler is told of the lake. */
export const lakeEnvironment = (lake: LakeFacts, catalog: IcebergCatalog | undefined): Record<string, Text> => ({
  ...catalogEnvironment(catalog),
  INGOT_ZONES: zoneRoots(lake.zones),
});

/** Roots of zones by name, as functions read them. */
export const zoneRoots = (zones: readonly ZoneFacts[]): Text =>
  json(zones.map(({ name, bucketName }) => [name, text`s3://${bucketName}`]));

const icebergZones = (lake: LakeFacts): ZoneFacts[] => lake.zones.filter((zone) => zone.holds === 'iceberg');

/** Zones that a step touches: those it reads files from and writes tables in. */
function zonesFor(lake: LakeFacts, manifest: Manifest, step: 'ingest' | 'transform'): ZoneFacts[] {
  const names = new Set(
    step === 'ingest'
      ? manifest.datasets.flatMap((d) => (d.source === undefined ? [] : [d.zone, d.source.zone]))
      : manifest.models.flatMap((m) => (m.writes === undefined ? [] : [m.writes.split('.')[0]!])),
  );
  return lake.zones.filter((zone) => names.has(zone.name));
}

/** Writing alone; reading is said once for all zones. */
function writeTables(lake: LakeFacts, zones: readonly ZoneFacts[]): Statement[] {
  const reading = new Set(readStatements(lake, zones).map((statement) => statement.sid));
  return zones.length === 0 ? [] : writeStatements(lake, zones).filter((statement) => !reading.has(statement.sid));
}

const opsCome = "Objects of the platform's own tables come with runs; the prefix and the database are named.";

/** The platform's own tables and lineage, which every handler adds to. */
export function writeOps(lake: LakeFacts): Statement[] {
  const zone = lake.zones.find((z) => z.name === lake.ops.zone)!;
  return [
    {
      sid: 'ReadWriteOps',
      because: opsCome,
      effect: 'Allow',
      actions: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      resources: [text`${zone.bucketArn}/_ops/*`],
    },
    {
      sid: 'ListOps',
      effect: 'Allow',
      actions: ['s3:GetBucketLocation', 's3:ListBucket'],
      resources: [zone.bucketArn],
    },
    ...(zone.keyArn === undefined
      ? []
      : [
          {
            sid: 'OpsKey',
            effect: 'Allow' as const,
            actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
            resources: [zone.keyArn],
          },
        ]),
    {
      sid: 'OpsCatalog',
      because: opsCome,
      effect: 'Allow',
      actions: ['glue:GetCatalog', 'glue:GetDatabase', 'glue:GetTable', 'glue:GetTables', 'glue:UpdateTable'],
      resources: glueResources([lake.ops.database]),
    },
  ];
}

/** A JSON object whose values may be known only at deploy. */
export function json(entries: readonly (readonly [string, Text])[]): Text {
  return text`{${entries.reduce<Text>((all, [key, value], i) => text`${all}${i === 0 ? '' : ','}${JSON.stringify(key)}:"${value}"`, '')}}`;
}
