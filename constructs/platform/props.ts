import type { CatalogDeclaration } from '../catalog/props';
import type { LakeDeclaration } from '../lake/props';
import type { PipelineDeclaration } from '../pipeline/props';

/**
 * What may be said of a whole platform, whichever engine makes it: its manifest, and how it is deployed. Zones, tables,
 * rules and models stand in the manifest and are said nowhere else.
 */
export interface PlatformDeclaration
  extends PipelineDeclaration,
    Omit<LakeDeclaration, 'name' | 'zones'>,
    Omit<CatalogDeclaration, 'manifest'> {}
