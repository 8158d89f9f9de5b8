import { assertValid, givenAllowed, type Problem } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { networkProblems, regulate } from '../core/compliance';
import { handlerNodes } from '../core/handler';
import { icebergCatalogProblems } from '../core/iceberg-catalog';
import { logRetentionOf, logRetentionProblems } from '../core/log-retention';
import { pascal } from '../core/names';
import type { Node, QueueNode, SchemaNode, SchemaRegistryNode } from '../core/nodes';
import { operationsKey, operationsKeyId } from '../core/operations-key';
import { tlsOnlyTo } from '../core/policy';
import { removalProblems } from '../core/removal';
import { ref, type Text } from '../core/text';
import { idProblems } from '../core/unique';
import type { LakeFacts, ZoneFacts } from '../lake/model';
import { avroSchema } from './avro';
import { bronzeProblems, bronzeTable } from './bronze';
import { deployedProblems } from './deployed';
import type { CatalogDeclaration } from './props';
import { dataQualityRulesets } from './rulesets';
import { type Arriving, arriving } from './source';
import { icebergTables, optimizerRole, optimizerRoleId, tablesHandler } from './tables';

/** What stands of a catalog once it is decided: its resources, and what others need to know to use it. */
export interface CatalogModel {
  readonly nodes: readonly Node[];
  readonly facts: CatalogFacts;
}

/** What others need to know of a catalog. Once rendered, every text is the engine's token. */
export interface CatalogFacts {
  /** Name of the Glue Schema Registry; absent where no dataset arrives as files. */
  readonly registry?: Text;
  /** The function that makes and changes Iceberg tables. */
  readonly tables: { readonly functionArn: Text; readonly functionName: Text };
  /** ARN of the role in which Glue's table optimizers act. */
  readonly optimizerRole: Text;
  /** The key of its logs and environments. */
  readonly key: { readonly arn: Text; readonly id: Text };
}

/** What the user brought along. */
export interface CatalogGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`. */
  readonly nodes: ReadonlySet<string>;
  /** The context's `ingot:allow-data-deletion`. */
  readonly deletionFlag?: unknown;
}

/**
 * Decides the catalog of a lake: Glue tables and schemas of what arrives, and Iceberg tables of all else.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function catalogModel(
  path: string,
  catalog: CatalogDeclaration,
  lake: LakeFacts,
  given: CatalogGiven = { nodes: new Set() },
): CatalogModel {
  const { datasets } = catalog.manifest;
  const since = catalog.arrivalsSince ?? '2000-01-01';
  const architecture = catalog.architecture ?? 'arm64';
  const logRetentionDays = logRetentionOf(catalog);
  const removal = catalog.removal ?? 'retain';
  const sources = arriving(path, datasets);
  assertValid([
    ...placeProblems(path, datasets, lake),
    ...sources.problems,
    ...sources.arriving.flatMap((each) => bronzeProblems(path, each)),
    ...dateProblems(path, since),
    ...deployedProblems(path, catalog.deployed ?? [], datasets),
    ...networkProblems(path, catalog),
    ...icebergCatalogProblems(path, catalog.icebergCatalog),
    ...logRetentionProblems(path, logRetentionDays),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const keyArn = ref(operationsKeyId, 'arn');
  const registry: SchemaRegistryNode = {
    kind: 'schemaRegistry',
    id: 'SchemaRegistry',
    name: lake.name,
    description: `${lake.name}: schemas of what arrives, from its contracts`,
  };
  const nodes: Node[] = [
    ...(given.nodes.has(operationsKeyId) ? [] : [operationsKey(lake.name, 'operations', removal)]),
    ...sources.arriving.map((each) => bronzeTable(zoneOf(lake, each.source.zone), each, since)),
    ...(sources.arriving.length === 0 ? [] : [registry]),
    ...sources.arriving.map((each) => schema(lake.name, registry, each)),
    optimizerRole(lake),
    ...(catalog.compliance === 'regulated' ? [deadLetters(lake.name, keyArn)] : []),
    ...handlerNodes(tablesHandler(lake, catalog.icebergCatalog, removal === 'delete'), {
      architecture,
      logRetentionDays,
      keyArn,
      removal,
    }),
    ...icebergTables(catalog.manifest, lake),
    ...(catalog.dataQualityRulesets === true ? dataQualityRulesets(catalog.manifest, lake) : []),
  ];
  assertValid(idProblems(path, nodes));
  return deepFreeze({
    nodes: regulate(nodes, {
      compliance: catalog.compliance,
      network: catalog.network,
      deadLetterArn: ref(deadLettersId, 'arn'),
      keyArn,
      // CloudFormation sends all tables of a deployment at once, and again what was refused.
      concurrency: () => 10,
    }),
    facts: {
      ...(sources.arriving.length === 0 ? {} : { registry: ref(registry.id, 'name') }),
      tables: { functionArn: ref('TablesFunction', 'arn'), functionName: ref('TablesFunction', 'name') },
      optimizerRole: ref(optimizerRoleId, 'arn'),
      key: { arn: keyArn, id: ref(operationsKeyId, 'id') },
    },
  });
}

const deadLettersId = 'DeadLettersQueue';

/** Where calls of the tables function are kept that failed, for two weeks. */
function deadLetters(name: string, keyArn: Text): QueueNode {
  return {
    kind: 'queue',
    id: deadLettersId,
    name: `${name}-tables-dead-letters`,
    keyArn,
    visibilitySeconds: 900,
    retentionSeconds: 14 * 86_400,
    policy: [tlsOnlyTo('sqs:*')],
  };
}

function schema(platform: string, registry: SchemaRegistryNode, { source, datasets, columns }: Arriving): SchemaNode {
  return {
    kind: 'schema',
    id: `${pascal(source.zone)}${pascal(source.prefix)}Schema`,
    registryArn: ref(registry.id, 'arn'),
    registryName: ref(registry.id, 'name'),
    name: `${source.zone}-${source.prefix}`,
    description: `Rows as they arrive for ${datasets.map(({ zone, name }) => `${zone}.${name}`).join(', ')}`,
    dataFormat: 'AVRO',
    compatibility: 'BACKWARD',
    definition: avroSchema(source.prefix, `${platform}.${source.zone}`, columns),
  };
}

const zoneOf = (lake: LakeFacts, name: string): ZoneFacts => lake.zones.find((zone) => zone.name === name)!;

/** Datasets whose zones the lake does not have, or has for something else. */
function placeProblems(
  where: string,
  datasets: CatalogDeclaration['manifest']['datasets'],
  lake: LakeFacts,
): Problem[] {
  const names = (holds: ZoneFacts['holds']) =>
    lake.zones.filter((zone) => zone.holds === holds).map(({ name }) => name);
  const [files, iceberg] = [names('files'), names('iceberg')];
  return datasets.flatMap(({ zone, name, source }) => {
    const path = `manifest.datasets.${zone}.${name}`;
    return [
      ...(iceberg.includes(zone)
        ? []
        : [{ where, path, message: `must be in a zone that holds Iceberg tables; ${givenAllowed(zone, iceberg)}` }]),
      ...(source === undefined || files.includes(source.zone)
        ? []
        : [
            {
              where,
              path: `${path}.source`,
              message: `must be a zone that holds files; ${givenAllowed(source.zone, files)}`,
            },
          ]),
    ];
  });
}

function dateProblems(where: string, since: string): Problem[] {
  if (/^\d{4}-\d{2}-\d{2}$/.test(since) && new Date(`${since}T00:00:00Z`).toJSON()?.startsWith(since) === true)
    return [];
  const message = `must be a date such as 2000-01-01; given ${JSON.stringify(since)}`;
  return [{ where, path: 'arrivalsSince', message }];
}
