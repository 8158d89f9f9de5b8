import type { Services } from '../runtime/services';
import { RestCatalog } from '../tables/client';
import type { UpkeepServices } from '../tables/expire';
import { localTableFiles } from '../tables/files';
import { withQuarantine } from '../tables/quarantine';
import { platformSpecs } from '../tables/specs';
import { type DueUpkeep, doUpkeep, dueUpkeep } from '../tables/upkeep';

/** What upkeep of tables needs, on this machine. */
export const localUpkeep = async ({
  lake,
  catalog,
  log,
}: Pick<Services, 'lake' | 'catalog' | 'log'>): Promise<UpkeepServices> => ({
  lake,
  catalog: await RestCatalog.connect(catalog),
  files: localTableFiles,
  log,
});

/**
 * Finds the tables of a platform that need upkeep: on this machine nothing else compacts them, or lets their snapshots
 * expire. Undefined where none does.
 */
export async function upkeepDue(
  services: Pick<Services, 'manifest' | 'zones' | 'lake' | 'catalog' | 'log' | 'clock'>,
): Promise<{ readonly tables: readonly DueUpkeep[]; run(): Promise<string[]> } | undefined> {
  const { manifest, zones, clock } = services;
  const needed = await localUpkeep(services);
  const tables = await dueUpkeep(platformSpecs(manifest, zones).flatMap(withQuarantine), needed, clock.now());
  if (tables.length === 0) return undefined;
  return { tables, run: async () => (await doUpkeep(tables, needed, clock.now())).flatMap(wordsOf) };
}

function wordsOf({
  table,
  compaction,
  snapshots = 0,
  files = 0,
}: Awaited<ReturnType<typeof doUpkeep>>[number]): string[] {
  const said: string[] = [];
  if (compaction?.status === 'compacted')
    said.push(`${compaction.before} files were compacted into ${compaction.after}`);
  if (snapshots > 0) said.push(`${snapshots} snapshots expired, and ${files} files with them`);
  return said.length === 0 ? [] : [`Table ${table}: ${said.join('; ')}`];
}
