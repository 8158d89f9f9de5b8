import type { Manifest } from '../../lib/platform/manifest';
import type { ZoneDeclaration } from '../../lib/platform/zones';

/** A manifest's zones as a lake is told of them: what the manifest leaves out is decided to be never. */
export function zoneDeclarations(manifest: Manifest): ZoneDeclaration[] {
  return manifest.zones.map(({ name, holds, archiveAfterDays, retentionDays }) => ({
    name,
    holds,
    archiveAfterDays: archiveAfterDays ?? false,
    retentionDays: retentionDays ?? false,
  }));
}
