import type { Services } from '../runtime/services';
import { type Applied, applyTable } from './apply';
import { RestCatalog } from './client';
import { withQuarantine } from './quarantine';
import { platformSpecs } from './specs';

/** How many tables are worked on at once. */
const atOnce = 4;

/**
 * Makes every table of a platform, or changes it into what its contract says now, as a deployment does. What became of
 * each stands under its name, `database.table`.
 *
 * @throws BreakingChangeError where a contract cannot be applied; the other tables have been made and changed
 * @throws AggregateError of all that failed, where it is more than one
 */
export async function makeTables(
  services: Pick<Services, 'manifest' | 'zones' | 'catalog' | 'log'>,
): Promise<Map<string, Applied>> {
  const catalog = await RestCatalog.connect(services.catalog);
  const specs = platformSpecs(services.manifest, services.zones).flatMap(withQuarantine);
  const results = new Map<string, Applied>();
  const failures: unknown[] = [];
  const left = [...specs];
  const work = async () => {
    for (let spec = left.shift(); spec !== undefined; spec = left.shift()) {
      try {
        results.set(`${spec.database}.${spec.table}`, await applyTable(spec, catalog, { log: services.log }));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1)
    throw new AggregateError(
      failures,
      failures.map((error) => (error instanceof Error ? error.message : error)).join('\n'),
    );
  return results;
}
