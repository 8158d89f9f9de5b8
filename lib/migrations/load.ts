import type { Dataset } from '../contract/dataset';
import { assertValid } from '../errors';
import { deepFreeze } from '../freeze';
import { resolveUses, type UseDeclaration } from './declaration';
import type { Migrations } from './migration';
import { readMigrations } from './read';

/**
 * Migrations of a database that no platform has: a folder of SQL files, and ready-made ones.
 *
 * @param folder relative to the working directory, or absolute
 * @param datasets those whose contracts the ready-made ones speak of
 * @throws InvalidInputError with every problem of all of them
 */
export async function loadMigrations(
  folder: string,
  uses: readonly UseDeclaration[] = [],
  datasets: readonly Dataset[] = [],
): Promise<Migrations> {
  const { migrations, problems } = await readMigrations(process.cwd(), folder);
  const resolved = resolveUses(uses, datasets);
  const wrong = resolved.problems.map(({ path, message }) => ({ where: 'uses', path: path.join('.'), message }));
  assertValid([...problems, ...wrong]);
  return deepFreeze({ files: migrations, uses: resolved.uses });
}
