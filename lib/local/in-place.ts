import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidInputError } from '../errors';
import { locationPath } from '../tables/location';
import { pathProblem } from './ascii-path';
import { folderFiles } from './catalog/files';
import { Store } from './catalog/store';
import type { Layout } from './layout';

/**
 * Iceberg tables name their files by whole paths, so a platform's folder that was moved or copied, or of whose data
 * something was removed, has tables that nobody can read.
 *
 * @throws InvalidInputError with what happened and what to do about it
 */
export async function assertInPlace(layout: Layout): Promise<void> {
  const root = resolve(layout.root);
  const message = pathProblem(root, "move the platform's folder");
  if (message !== undefined) throw new InvalidInputError([{ where: root, path: '', message }]);
  const store = new Store(layout.catalog, [], folderFiles);
  const remedy = `remove ${layout.catalog} to make all tables anew from the files in bronze`;
  for (const namespace of await store.namespaces())
    for (const name of await store.tables(namespace)) {
      const location = await store.location(namespace, name);
      if (location === undefined) continue;
      const file = locationPath(location);
      if (!file.startsWith(`${layout.root}/`)) {
        const [before = file] = file.split('/.ingot/');
        throw lost(layout, `was made for the platform in ${before}, where its tables have their files; ${remedy}`);
      }
      // Commits of another process may have removed it since: then the table is at another file by now.
      if (!existsSync(file) && (await store.location(namespace, name)) === location)
        throw lost(layout, `has lost files of ${namespace}.${name}: ${file} is gone; ${remedy}`);
    }
}

const lost = ({ root }: Layout, message: string) => new InvalidInputError([{ where: root, path: '', message }]);
