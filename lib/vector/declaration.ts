import { z } from 'zod';
import { strict } from '../contract/strict';
import { embeddingModel, embeddingModels } from '../documents/models';
import { givenAllowed } from '../errors';
import type { Element, MetadataType, Metric, Store, StoreIndex } from './store';

/** A vector store as a user declares it. */
export interface StoreDeclaration {
  /**
   * Model that makes the vectors of documents and of questions: one of Amazon Bedrock's.
   * @default none: whoever writes rows brings vectors along
   */
  readonly embedder?: string;
  /**
   * Models that `embedder` takes the place of: their vectors are searched until the new table is filled, so that the
   * function that searches may still call them.
   * @default none
   */
  readonly replaces?: readonly string[];
  /**
   * Numbers in a vector, 1 to 4000.
   * @default the embedder's; must be said where there is none
   */
  readonly dimension?: number;
  /** @default cosine */
  readonly metric?: Metric;
  /**
   * Type of a vector's numbers. Half precision takes half the space.
   * @default vector, above 2000 dimensions halfvec
   */
  readonly element?: Element;
  readonly index?: IndexDeclaration;
  /** Columns beside the text that searches filter by; each has an index. */
  readonly metadata?: Readonly<Record<string, MetadataType>>;
  /**
   * Whether rows belong to tenants. The first folder below an ingestion's prefix names the tenant of a document.
   * @default false
   */
  readonly tenants?: boolean;
  /**
   * Configuration of PostgreSQL's full-text search.
   * @default english
   */
  readonly language?: string;
}

export type IndexDeclaration =
  | {
      readonly type?: 'hnsw';
      /** Neighbours of a vector, 2 to 100. @default 16 */
      readonly m?: number;
      /** Candidates while the index is built, at least twice m, at most 1000. @default 64 */
      readonly efConstruction?: number;
      /** Candidates of a search, 1 to 1000. @default 100 */
      readonly efSearch?: number;
    }
  | {
      readonly type: 'ivfflat';
      /** Groups of vectors, 1 to 32768: about a thousandth of the rows. @default 100 */
      readonly lists?: number;
      /** Groups that a search looks into. @default the root of lists */
      readonly probes?: number;
    };

/** Most dimensions that pgvector's indexes take, by element. */
const mostDimensions: Readonly<Record<Element, number>> = { vector: 2000, halfvec: 4000 };

/** Text search configurations that every PostgreSQL has. */
const languages = [
  ...['arabic', 'danish', 'dutch', 'english', 'finnish', 'french', 'german', 'hungarian', 'indonesian', 'irish'],
  ...['italian', 'norwegian', 'portuguese', 'romanian', 'russian', 'simple', 'spanish', 'swedish', 'turkish'],
] as const;

const word = z.string().regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, {
  error: (issue) =>
    `must be lower-case letters, digits and single underscores, a letter first; given ${JSON.stringify(issue.input)}`,
});

const index = z.union([
  strict({
    type: z.literal('hnsw').optional().describe('A graph of neighbours: hnsw.'),
    m: z.int().min(2).max(100).optional().describe('Neighbours of a vector, 2 to 100. By default 16.'),
    efConstruction: z
      .int()
      .min(4)
      .max(1000)
      .optional()
      .describe('Candidates while the index is built, at least twice m, at most 1000. By default 64.'),
    efSearch: z.int().min(1).max(1000).optional().describe('Candidates of a search, 1 to 1000. By default 100.'),
  }),
  strict({
    type: z.literal('ivfflat').describe('Lists of near vectors: ivfflat.'),
    lists: z.int().min(1).max(32768).optional().describe('Groups of vectors, 1 to 32768. By default 100.'),
    probes: z
      .int()
      .min(1)
      .max(32768)
      .optional()
      .describe('Groups that a search looks into. By default the root of lists.'),
  }),
]);

const store = strict({
  embedder: z
    .enum(Object.keys(embeddingModels))
    .optional()
    .describe('Model that makes the vectors. By default none: whoever writes rows brings vectors along.'),
  replaces: z
    .array(z.enum(Object.keys(embeddingModels)))
    .optional()
    .describe('Models that embedder takes the place of, searched until the new table is filled.'),
  dimension: z.int().min(1).optional().describe("Numbers in a vector, 1 to 4000. By default the embedder's."),
  metric: z.enum(['cosine', 'l2', 'ip']).optional().describe('Distance of vectors. By default cosine.'),
  element: z
    .enum(['vector', 'halfvec'])
    .optional()
    .describe("Type of a vector's numbers. By default vector, above 2000 dimensions halfvec."),
  index: index.optional().describe('hnsw (m, efConstruction, efSearch) or ivfflat (lists, probes). By default hnsw.'),
  metadata: z
    .record(word.max(30), z.enum(['text', 'integer', 'number', 'boolean', 'date', 'timestamp']))
    .optional()
    .describe('Columns beside the text that searches filter by, with their types.'),
  tenants: z.boolean().optional().describe('Whether rows belong to tenants. By default false.'),
  language: z
    .enum(languages)
    .optional()
    .describe("Configuration of PostgreSQL's full-text search. By default english."),
});

/** What `platform.yaml` may say under `stores`. */
export const storesWords = z
  .record(word.max(24), store)
  .describe('Vector stores by name: tables of PostgreSQL that are searched by meaning and by words.');

/** Columns of a store's table, which no metadata can be named like. */
const ownColumns = [
  ...['id', 'source', 'object', 'document', 'position', 'title', 'heading', 'content', 'content_hash'],
  ...['embedding', 'words', 'tenant', 'written_at', 'distance', 'score'],
];

/** One sentence for each thing that is wrong with stores and that their words alone do not show. */
export function storeProblems(
  stores: Readonly<Record<string, StoreDeclaration>>,
): { readonly path: readonly (string | number)[]; readonly message: string }[] {
  return Object.entries(stores).flatMap(([name, store]) => {
    const problems: { path: readonly string[]; message: string }[] = [];
    const add = (path: readonly string[], message: string) => problems.push({ path: [name, ...path], message });
    const model = store.embedder === undefined ? undefined : embeddingModel(store.embedder);
    const dimension = store.dimension ?? model?.dimensions[0];
    if (dimension === undefined) add(['dimension'], 'is missing: a store without an embedder must say its dimension');
    else if (model !== undefined && !model.dimensions.includes(dimension))
      add(
        ['dimension'],
        `must be one that ${store.embedder} makes; ${givenAllowed(dimension, model.dimensions.map(String))}`,
      );
    const element = store.element ?? elementFor(dimension ?? 1);
    if (dimension !== undefined && dimension > mostDimensions[element])
      add(
        ['dimension'],
        element === 'vector'
          ? `must be at most 2000 where element is vector, 4000 where it is halfvec; given ${dimension}`
          : `must be at most 4000: no index of pgvector takes more; given ${dimension}`,
      );
    const { index } = store;
    if (index !== undefined && index.type !== 'ivfflat') {
      const { m = 16, efConstruction = 64 } = index;
      if (efConstruction < 2 * m)
        add(['index', 'efConstruction'], `must be at least twice m, ${2 * m}; given ${efConstruction}`);
    } else if (index !== undefined) {
      const { lists = 100, probes = 1 } = index;
      if (probes > lists) add(['index', 'probes'], `must be at most lists, ${lists}; given ${probes}`);
    }
    for (const column of Object.keys(store.metadata ?? {}))
      if (ownColumns.includes(column)) add(['metadata', column], `must not be ${column}: the store has such a column`);
    if (store.replaces !== undefined && store.embedder === undefined)
      add(['replaces'], 'must be left out where there is no embedder');
    return problems;
  });
}

const elementFor = (dimension: number): Element => (dimension > mostDimensions.vector ? 'halfvec' : 'vector');

/** Stores with every default applied, in the order of their names. Says nothing of validity: see `storeProblems`. */
export function resolveStores(stores: Readonly<Record<string, StoreDeclaration>> = {}): Store[] {
  return Object.entries(stores)
    .map(([name, store]): Store => {
      const dimension = store.dimension ?? embeddingModel(store.embedder!).dimensions[0]!;
      return {
        name,
        dimension,
        element: store.element ?? elementFor(dimension),
        metric: store.metric ?? 'cosine',
        index: resolveIndex(store.index ?? {}),
        metadata: store.metadata ?? {},
        tenants: store.tenants ?? false,
        language: store.language ?? 'english',
        ...(store.embedder === undefined ? {} : { embedder: store.embedder }),
        replaces: store.replaces ?? [],
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function resolveIndex(index: IndexDeclaration): StoreIndex {
  if (index.type === 'ivfflat') {
    const lists = index.lists ?? 100;
    return { type: 'ivfflat', lists, probes: index.probes ?? Math.ceil(Math.sqrt(lists)) };
  }
  const { m = 16, efConstruction = 64, efSearch = 100 } = index;
  return { type: 'hnsw', m, efConstruction, efSearch };
}
