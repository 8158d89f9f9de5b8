import type { TableFiles } from '../tables/files';
import type { ErasableObjects } from './services';

/** Files of Iceberg tables that are objects of S3, whose locations are their URIs. */
export const objectTableFiles = (objects: ErasableObjects): TableFiles => ({
  read: (location) => objects.read(location),
  writeNew: (location, content) => objects.write(location, content),
  remove: (location) => objects.remove(location),
  async *list(folder) {
    for await (const { uri, modified } of objects.list(`${folder}/`))
      yield { location: uri, modified: Date.parse(modified) };
  },
});
