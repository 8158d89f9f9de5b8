import { migrate } from '../../lib/migrations/migrate';
import type { Postgres } from '../../lib/runtime/postgres';
import type { Log } from '../../lib/runtime/services';
import { resolveStores, type StoreDeclaration } from '../../lib/vector/declaration';
import { storeMigrations } from '../../lib/vector/migrations';
import type { Store } from '../../lib/vector/store';
import { declaredVersion } from '../../lib/vector/versions';
import { asWriter, type StoreRow, upsertRows } from '../../lib/vector/write';

export const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Applies a platform's stores, as a deploy does; gives the last of them. */
export async function applyStore(name: string, declaration: StoreDeclaration, postgres: Postgres): Promise<Store> {
  const stores = resolveStores({ [name]: declaration });
  await migrate({ files: [], uses: storeMigrations(stores) }, postgres, { log: quiet });
  return stores[0]!;
}

/** Writes rows of the source `test` to the version that the store's declaration asks for. */
export async function writeRows(store: Store, rows: readonly StoreRow[], postgres: Postgres): Promise<void> {
  const version = await declaredVersion(store, postgres);
  await asWriter(postgres, (tx) => upsertRows('test', rows, { store, version }, tx));
}

/** A row with a vector, whose text says its number. */
export const row = (n: number, embedding: readonly number[], more: Partial<StoreRow> = {}): StoreRow => ({
  object: `object ${n}`,
  position: 0,
  content: `text number ${n}`,
  embedding,
  ...more,
});

/** Numbers from 0 to 1 that are the same in each run. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
