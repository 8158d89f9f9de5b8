import type { Construct } from 'constructs';
import {
  GlueCatalogTable,
  type GlueCatalogTableConfig,
  type GlueCatalogTablePartitionKeys,
  type GlueCatalogTableStorageDescriptor,
  glueCatalogTablePartitionKeysToHclTerraform,
  glueCatalogTablePartitionKeysToTerraform,
  glueCatalogTableStorageDescriptorToHclTerraform,
  glueCatalogTableStorageDescriptorToTerraform,
  TerraformResource,
} from './aws';

/** What a table over files is declared with. */
type Config = Required<
  Pick<GlueCatalogTableConfig, 'catalogId' | 'databaseName' | 'name' | 'description' | 'tableType' | 'parameters'>
> &
  Pick<GlueCatalogTableConfig, 'lifecycle'> & {
    readonly partitionKeys: readonly GlueCatalogTablePartitionKeys[];
    readonly storageDescriptor: GlueCatalogTableStorageDescriptor;
  };

/**
 * `aws_glue_catalog_table` as the provider's own class writes it. That class makes eighteen objects for what may be
 * nested in a table, with a stack trace for each, and tables come by the thousand.
 */
export class GlueTable extends TerraformResource {
  readonly #config: Config;

  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id, { terraformResourceType: GlueCatalogTable.tfResourceType, lifecycle: config.lifecycle });
    this.#config = config;
  }

  get name(): string {
    return this.getStringAttribute('name');
  }

  protected override synthesizeAttributes(): { [name: string]: unknown } {
    const { partitionKeys, storageDescriptor } = this.#config;
    return {
      ...this.#texts(),
      parameters: this.#config.parameters,
      partition_keys: partitionKeys.map(glueCatalogTablePartitionKeysToTerraform),
      storage_descriptor: glueCatalogTableStorageDescriptorToTerraform(storageDescriptor),
    };
  }

  protected override synthesizeHclAttributes(): { [name: string]: unknown } {
    const { parameters, partitionKeys, storageDescriptor } = this.#config;
    const text = (value: string) => ({ value, isBlock: false, type: 'simple', storageClassType: 'string' });
    return {
      ...Object.fromEntries(Object.entries(this.#texts()).map(([name, value]) => [name, text(value)])),
      parameters: { value: parameters, isBlock: false, type: 'map', storageClassType: 'stringMap' },
      partition_keys: {
        value: partitionKeys.map(glueCatalogTablePartitionKeysToHclTerraform),
        isBlock: true,
        type: 'list',
        storageClassType: 'GlueCatalogTablePartitionKeysList',
      },
      storage_descriptor: {
        value: glueCatalogTableStorageDescriptorToHclTerraform(storageDescriptor),
        isBlock: true,
        type: 'list',
        storageClassType: 'GlueCatalogTableStorageDescriptorList',
      },
    };
  }

  #texts() {
    const { catalogId, databaseName, name, description, tableType } = this.#config;
    return { catalog_id: catalogId, database_name: databaseName, name, description, table_type: tableType };
  }
}
