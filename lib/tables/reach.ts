import type { Lake } from '../runtime/services';
import { literal } from '../sql/quote';
import type { Snapshot } from './metadata';

/** What snapshots are made of: the files that name files, and those that hold rows or deletes. */
export interface Reached {
  readonly lists: ReadonlySet<string>;
  readonly manifests: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
}

/** Every file that at least one of these snapshots is made of. */
export async function reached(snapshots: readonly Snapshot[], lake: Pick<Lake, 'query'>): Promise<Reached> {
  const lists = new Set(snapshots.map((snapshot) => snapshot['manifest-list']));
  const manifests = await manifestsOf([...lists], lake);
  return { lists, manifests, files: await filesOf([...manifests], lake) };
}

/** The manifests that lists of them name. */
export const manifestsOf = (lists: readonly string[], lake: Pick<Lake, 'query'>): Promise<Set<string>> =>
  readAll(lists, (list) => `SELECT manifest_path AS path FROM read_avro(${list})`, lake);

/** The files that manifests name, but for those of which a manifest says that they are gone. */
export const filesOf = (manifests: readonly string[], lake: Pick<Lake, 'query'>): Promise<Set<string>> =>
  readAll(manifests, (file) => `SELECT data_file.file_path AS path FROM read_avro(${file}) WHERE status <> 2`, lake);

/** How many files a statement reads. Each is read by itself, as writers differ in the fields that they write. */
const atOnce = 100;

async function readAll(files: readonly string[], sql: (file: string) => string, lake: Pick<Lake, 'query'>) {
  const found = new Set<string>();
  for (let i = 0; i < files.length; i += atOnce) {
    const selects = files.slice(i, i + atOnce).map((file) => sql(literal(file)));
    for (const { path } of await lake.query<{ path: string }>(selects.join(' UNION ALL '))) found.add(path);
  }
  return found;
}
