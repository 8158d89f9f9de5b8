import { CfnResource, Stack } from 'aws-cdk-lib';
import {
  CfnDatabase,
  CfnDataQualityRuleset,
  CfnRegistry,
  CfnSchema,
  CfnSchemaVersion,
  CfnTable,
} from 'aws-cdk-lib/aws-glue';
import { onDemand } from '../on-demand';
import { lean } from './lean';
import { applyRemoval } from './removal';
import type { Renderer } from './render';
import { fields, free, list, tags, text } from './shape';

export const renderGlueDatabase: Renderer<'glueDatabase'> = (scope, node) => {
  const database = new CfnDatabase(scope, node.id, {
    catalogId: Stack.of(scope).account,
    databaseInput: { name: node.name, description: node.description, locationUri: node.location },
  });
  applyRemoval(database, node.removal);
  return { name: database.ref };
};

const columns = list(fields({ name: text }, { type: text, comment: text }));

const tableShape = fields({
  catalogId: text,
  databaseName: text,
  tableInput: fields({
    name: text,
    description: text,
    tableType: text,
    parameters: free,
    partitionKeys: columns,
    storageDescriptor: fields({
      columns,
      location: text,
      inputFormat: text,
      outputFormat: text,
      serdeInfo: fields({ serializationLibrary: text, parameters: free }),
    }),
  }),
});

export const renderGlueTable: Renderer<'glueTable'> = (scope, node) => {
  const table = lean(
    new CfnTable(scope, node.id, {
      catalogId: Stack.of(scope).account,
      databaseName: node.database,
      tableInput: {
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
          serdeInfo: { serializationLibrary: node.serde.library, parameters: node.serde.parameters },
        },
      },
    }),
    tableShape,
  );
  applyRemoval(table, node.removal);
  return onDemand({ name: () => table.ref });
};

export const renderSchemaRegistry: Renderer<'schemaRegistry'> = (scope, node) => {
  const registry = new CfnRegistry(scope, node.id, { name: node.name, description: node.description });
  return { arn: registry.attrArn, name: node.name };
};

const schemaShape = fields(
  { registry: fields({ arn: text }), name: text, description: text, dataFormat: text, compatibility: text },
  { tags },
);
const schemaVersionShape = fields({ schema: fields({ schemaArn: text }), schemaDefinition: text });

export const renderSchema: Renderer<'schema'> = (scope, node) => {
  const schema = lean(
    new CfnSchema(scope, node.id, {
      registry: { arn: node.registryArn },
      name: node.name,
      description: node.description,
      dataFormat: node.dataFormat,
      compatibility: node.compatibility,
    }),
    schemaShape,
  );
  const arn = schema.attrArn;
  // A definition given to the schema itself could never change: CloudFormation would make a new schema of that name.
  const version = lean(
    new CfnSchemaVersion(scope, `${node.id}Version`, {
      schema: { schemaArn: arn },
      schemaDefinition: node.definition,
    }),
    schemaVersionShape,
  );
  // What was written under an earlier version is read by it. The schema takes its versions along when it goes.
  applyRemoval(version, 'retain');
  return { arn, name: node.name };
};

export const renderIcebergTable: Renderer<'icebergTable'> = (scope, node) => {
  const resource = lean(
    new CfnResource(scope, node.id, {
      type: 'Custom::IngotTable',
      properties: { ServiceToken: node.functionArn, ServiceTimeout: node.timeoutSeconds, spec: node.spec },
    }),
    free,
  );
  applyRemoval(resource, 'delete');
  return onDemand({ id: () => resource.ref });
};

export const renderDataQualityRuleset: Renderer<'dataQualityRuleset'> = (scope, node) => {
  const ruleset = lean(
    new CfnDataQualityRuleset(scope, node.id, {
      name: node.name,
      description: node.description,
      ruleset: node.ruleset,
      targetTable: { databaseName: node.database, tableName: node.table },
    }),
  );
  ruleset.node.addDependency(scope.node.findChild(node.after));
  return onDemand({ name: () => ruleset.ref });
};
