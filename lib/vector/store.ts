import { wordVectors } from '../documents/models';

/** A vector store, resolved: what it holds, how it is searched. Plain frozen JSON, part of the manifest. */
export interface Store {
  /** For example `knowledge`: begins the names of its tables, `search.knowledge_v1`. */
  readonly name: string;
  /** Numbers in a vector. */
  readonly dimension: number;
  /** Type of a vector's numbers: `vector` has 4 bytes each, `halfvec` 2. */
  readonly element: Element;
  readonly metric: Metric;
  readonly index: StoreIndex;
  /** Columns beside the text, each with an index, by name. */
  readonly metadata: Readonly<Record<string, MetadataType>>;
  /** Whether rows belong to tenants, and a search sees those of one alone. */
  readonly tenants: boolean;
  /** Configuration of PostgreSQL's full-text search, for example `english`. */
  readonly language: string;
  /** Model that makes its vectors. Absent: whoever writes rows brings vectors along. */
  readonly embedder?: string;
  /** Models whose vectors may still be searched while the table of the new model is being filled. */
  readonly replaces: readonly string[];
}

export type Element = 'vector' | 'halfvec';

/** Distance by which vectors are near: cosine, Euclidean, or the (negative) inner product. */
export type Metric = 'cosine' | 'l2' | 'ip';

export type StoreIndex =
  /** A graph. `m` neighbours a vector; candidates when it is built (`efConstruction`) and searched (`efSearch`). */
  | { readonly type: 'hnsw'; readonly m: number; readonly efConstruction: number; readonly efSearch: number }
  /** `lists` groups of vectors, of which a search looks into `probes`. */
  | { readonly type: 'ivfflat'; readonly lists: number; readonly probes: number };

export type MetadataType = 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'timestamp';

/** PostgreSQL's types of metadata. */
export const metadataTypes: Readonly<Record<MetadataType, string>> = {
  text: 'text',
  integer: 'bigint',
  number: 'double precision',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp with time zone',
};

/** A store as it is on this machine: where a model makes its vectors, word vectors stand for it. */
export function onThisMachine(store: Store): Store {
  if (store.embedder === undefined) return store;
  return { ...store, embedder: wordVectors.model, dimension: wordVectors.dimension, element: 'vector', replaces: [] };
}

/** How each metric is said: pgvector's operator, and the class of operators that an index is made for. */
export const metrics: Readonly<Record<Metric, { readonly operator: string; readonly operators: string }>> = {
  cosine: { operator: '<=>', operators: 'cosine_ops' },
  l2: { operator: '<->', operators: 'l2_ops' },
  ip: { operator: '<#>', operators: 'ip_ops' },
};

/** The schema that holds every store's tables. */
export const searchSchema = 'search';

/** Database roles of the functions that write and that search; each logs in by IAM. */
export const documentsRole = 'ingot_documents';
export const searchRole = 'ingot_search';

/** The setting that names the tenant whose rows a transaction sees. */
export const tenantSetting = 'ingot.tenant';

/**
 * All that decides what a table of the store can hold. Where it changes, vectors of before and after cannot be compared,
 * or rows do not fit: a new version of the table is made, beside the old one.
 */
export function signature({
  embedder,
  dimension,
  element,
  language,
  tenants,
}: Pick<Store, 'embedder' | 'dimension' | 'element' | 'language' | 'tenants'>): string {
  return [embedder ?? 'own vectors', `${element}(${dimension})`, language, ...(tenants ? ['tenants'] : [])].join(', ');
}
