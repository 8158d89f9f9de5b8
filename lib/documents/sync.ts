import type { Postgres } from '../runtime/postgres';
import type { ObjectInfo } from '../runtime/services';
import { qualified } from '../sql/quote';
import { searchSchema } from '../vector/store';
import { asWriter } from '../vector/write';
import { fingerprintOf, type Ingesting, isDocument, objectName } from './ingest';

/** How a store differs from the objects of an ingestion. */
export interface Difference {
  /** Objects that are new or changed. */
  readonly changed: readonly ObjectInfo[];
  /** Names of objects that are gone. */
  readonly gone: readonly string[];
  readonly unchanged: number;
}

/** Compares what lies below an ingestion's prefix with what the store has of it. */
export async function differenceOf(ingesting: Ingesting): Promise<Difference> {
  const { ingestion, version, postgres, objects, root } = ingesting;
  const rows = await asWriter(postgres, (tx) =>
    tx.query<{ object: string; fingerprint: string | null }>(
      `SELECT object, fingerprint FROM ${qualified(searchSchema, 'objects')} WHERE relation = $1 AND source = $2`,
      [version.relation, ingestion.name],
    ),
  );
  const known = new Map(rows.map(({ object, fingerprint }) => [object, fingerprint]));
  const changed: ObjectInfo[] = [];
  let unchanged = 0;
  for await (const info of objects.list(`${root}/${ingestion.prefix}/`)) {
    const object = objectName(info.uri, ingesting);
    if (!isDocument(object)) continue;
    const fingerprint = known.get(object);
    known.delete(object);
    if (fingerprint === fingerprintOf(info, ingesting)) unchanged++;
    else changed.push(info);
  }
  return { changed, gone: [...known.keys()], unchanged };
}

/** Lets the version be searched, once all that there is has been ingested. True where that changed anything. */
export async function publishVersion({ version }: Pick<Ingesting, 'version'>, postgres: Postgres): Promise<boolean> {
  const [row] = await asWriter(postgres, (tx) =>
    tx.query<{ published: boolean }>(`SELECT ${qualified(searchSchema, 'publish')}($1, $2) AS published`, [
      version.store,
      version.version,
    ]),
  );
  return row!.published;
}
