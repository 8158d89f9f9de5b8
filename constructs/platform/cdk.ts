import { Construct } from 'constructs';
import { Catalog } from '../catalog/cdk';
import { Lake } from '../lake/cdk';
import { Pipeline } from '../pipeline/cdk';
import { type IdleCost, idleCost } from './cost';
import { zoneDeclarations } from './model';
import type { PlatformDeclaration } from './props';

export interface PlatformProps extends PlatformDeclaration {
  /**
   * Nested stacks over which tables are spread, and as many for their alarms, 1 to 200: a stack of CloudFormation holds
   * 500 resources, and a dataset needs about 7. Choose it once, since another number moves them into other stacks.
   * @default none: all are in one stack, which is enough for some 50 datasets
   */
  readonly tableStacks?: number;
}

/** A whole data platform: its lake, the catalog of its tables, and the pipeline that fills them. */
export class Platform extends Construct {
  readonly lake: Lake;
  readonly catalog: Catalog;
  readonly pipeline: Pipeline;

  constructor(scope: Construct, id: string, props: PlatformProps) {
    super(scope, id);
    const { manifest } = props;
    this.lake = new Lake(this, 'Lake', { ...props, name: manifest.name, zones: zoneDeclarations(manifest) });
    this.catalog = new Catalog(this, 'Catalog', { ...props, lake: this.lake });
    this.pipeline = new Pipeline(this, 'Pipeline', { ...props, lake: this.lake, key: this.catalog.key });
  }

  /** What the platform costs a month when no data arrives. */
  get idleCost(): IdleCost {
    return idleCost([this.lake, this.catalog, this.pipeline].flatMap(({ model }) => model.nodes));
  }
}
