import { onDemand } from '../on-demand';
import { GlueCatalogDatabase, GlueDataQualityRuleset, GlueRegistry, GlueSchema, LambdaInvocation } from './aws';
import { GlueTable } from './glue-table';
import { lean } from './lean';
import { lifecycle } from './removal';
import type { Renderer } from './render';
import { whereabouts } from './whereabouts';

export const renderGlueDatabase: Renderer<'glueDatabase'> = (scope, node) => {
  const database = new GlueCatalogDatabase(scope, node.id, {
    catalogId: whereabouts(scope).account,
    name: node.name,
    description: node.description,
    locationUri: node.location,
    lifecycle: lifecycle(node.removal),
  });
  return { name: database.name };
};

export const renderGlueTable: Renderer<'glueTable'> = (scope, node) => {
  const table = lean(
    new GlueTable(scope, node.id, {
      catalogId: whereabouts(scope).account!,
      databaseName: node.database,
      name: node.name,
      description: node.description,
      tableType: 'EXTERNAL_TABLE',
      parameters: node.parameters,
      partitionKeys: [...node.partitionKeys],
      storageDescriptor: {
        columns: [...node.columns],
        location: node.location,
        inputFormat: node.inputFormat,
        outputFormat: node.outputFormat,
        serDeInfo: { serializationLibrary: node.serde.library, parameters: node.serde.parameters },
      },
      lifecycle: lifecycle(node.removal),
    }),
  );
  return onDemand({ name: () => table.name });
};

export const renderSchemaRegistry: Renderer<'schemaRegistry'> = (scope, node) => {
  const registry = new GlueRegistry(scope, node.id, { registryName: node.name, description: node.description });
  return { arn: registry.arn, name: node.name };
};

export const renderSchema: Renderer<'schema'> = (scope, node) => {
  const schema = lean(
    new GlueSchema(scope, node.id, {
      registryArn: node.registryArn,
      schemaName: node.name,
      description: node.description,
      dataFormat: node.dataFormat,
      compatibility: node.compatibility,
      schemaDefinition: node.definition,
    }),
  );
  return onDemand({ arn: () => schema.arn, name: () => node.name });
};

export const renderIcebergTable: Renderer<'icebergTable'> = (scope, node) => {
  const invocation = lean(
    new LambdaInvocation(scope, node.id, {
      functionName: node.functionName,
      lifecycleScope: 'CRUD',
      input: JSON.stringify({ spec: node.spec }),
    }),
  );
  return onDemand({ id: () => invocation.id });
};

export const renderDataQualityRuleset: Renderer<'dataQualityRuleset'> = (scope, node) => {
  const ruleset = lean(
    new GlueDataQualityRuleset(scope, node.id, {
      name: node.name,
      description: node.description,
      ruleset: node.ruleset,
      targetTable: { databaseName: node.database, tableName: node.table },
      dependsOn: [scope.node.findChild(node.after) as LambdaInvocation],
    }),
  );
  return onDemand({ name: () => ruleset.name });
};
