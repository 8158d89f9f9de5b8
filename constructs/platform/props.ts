import type { CatalogDeclaration } from '../catalog/props';
import type { LakeDeclaration, Replica } from '../lake/props';
import type { PipelineDeclaration } from '../pipeline/props';

/**
 * What may be said of a whole platform, whichever engine makes it: its manifest, and how it is deployed. Zones, tables,
 * rules and models stand in the manifest and are said nowhere else.
 */
export interface PlatformDeclaration
  extends PipelineDeclaration,
    Omit<LakeDeclaration, 'name' | 'zones'>,
    Omit<CatalogDeclaration, 'manifest'> {
  /**
   * A bucket elsewhere that results, reports and dumps of backups are copied to. Must be given where the manifest has
   * backups and compliance is `regulated`.
   * @default none
   */
  readonly backupReplica?: Replica;
  /**
   * A bucket elsewhere that dead letters of streams and of change data capture are copied to. Must be given where the
   * manifest has either and compliance is `regulated`.
   * @default none
   */
  readonly deadLetterReplica?: Replica;
}
