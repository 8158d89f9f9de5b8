import type { CatalogAddress } from '../../runtime/services';
import { parseJson } from '../../tables/json';
import { prefix } from '../catalog/routes';
import type { SnapshotReport } from './report';

/** How many snapshots of a table are shown. */
const shown = 10;

interface Loaded {
  readonly metadata: {
    readonly snapshots?: readonly {
      readonly 'snapshot-id': number | bigint;
      readonly 'timestamp-ms': number | bigint;
      readonly summary?: { readonly operation?: string };
    }[];
  };
}

/** A table's last snapshots, newest first, as the embedded catalog tells them: DuckDB does not say the operation. */
export async function snapshotsOf(database: string, table: string, catalog: CatalogAddress): Promise<SnapshotReport[]> {
  const url = `${catalog.uri}/v1/${prefix}/namespaces/${encodeURIComponent(database)}/tables/${encodeURIComponent(table)}`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The catalog answered ${response.status} to ${url}`);
  const { metadata } = parseJson(await response.text()) as Loaded;
  return [...(metadata.snapshots ?? [])]
    .sort((a, b) => Number(b['timestamp-ms']) - Number(a['timestamp-ms']))
    .slice(0, shown)
    .map((snapshot) => ({
      id: String(snapshot['snapshot-id']),
      at: new Date(Number(snapshot['timestamp-ms'])).toISOString(),
      operation: snapshot.summary?.operation ?? 'unknown',
    }));
}
