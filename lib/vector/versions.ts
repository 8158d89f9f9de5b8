import type { Postgres } from '../runtime/postgres';
import { qualified } from '../sql/quote';
import { type Element, type Store, searchSchema, signature } from './store';

/** A version of a store: one table. */
export interface StoreVersion {
  readonly store: string;
  /** Counts up from 1. */
  readonly version: number;
  /** Its table, `knowledge_v1`. */
  readonly relation: string;
  readonly signature: string;
  /** Model that made its vectors; null where rows bring their own. */
  readonly embedder: string | null;
  readonly dimension: number;
  readonly element: Element;
  readonly tenants: boolean;
  /** Whether it has held all that there was to hold. */
  readonly isFilled: boolean;
  /** Whether it is the one that is searched. */
  readonly isCurrent: boolean;
}

/** The store, or its version, is not there, or not in the state that is asked for. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** All versions of a store, the oldest first. */
export async function storeVersions(store: string, postgres: Postgres): Promise<StoreVersion[]> {
  return postgres.query<StoreVersion>(
    `SELECT store, version, relation, signature, embedder, dimension, element, tenants,
       filled_at IS NOT NULL AS "isFilled", is_current AS "isCurrent"
     FROM ${qualified(searchSchema, 'stores')} WHERE store = $1 ORDER BY version`,
    [store],
  );
}

/**
 * The version that a store's declaration asks for: rows are written to it.
 *
 * @throws StoreError where no migration has made it
 */
export async function declaredVersion(store: Store, postgres: Postgres): Promise<StoreVersion> {
  const wanted = signature(store);
  const versions = await storeVersions(store.name, postgres);
  const found = versions.find((version) => version.signature === wanted);
  if (found !== undefined) return found;
  const there = versions.map((version) => `version ${version.version} (${version.signature})`).join(', ');
  throw new StoreError(
    `Store ${store.name} has no table of ${wanted}; the migrations of this release must be applied first. ${there === '' ? 'It has no table at all' : `There is ${there}`}`,
  );
}

/**
 * The version that is searched.
 *
 * @throws StoreError where there is none
 */
export async function currentVersion(store: string, postgres: Postgres): Promise<StoreVersion> {
  const found = (await storeVersions(store, postgres)).find((version) => version.isCurrent);
  if (found === undefined)
    throw new StoreError(`Store ${store} has no table yet: its migrations must be applied first`);
  return found;
}

/** The quoted name of a version's table. */
export const tableOf = ({ relation }: Pick<StoreVersion, 'relation'>): string => qualified(searchSchema, relation);
