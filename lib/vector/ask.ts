import type { Embedder } from '../documents/embedder';
import { embedAll } from '../documents/embedder';
import { givenAllowed, InvalidInputError } from '../errors';
import type { Postgres } from '../runtime/postgres';
import { asReader, type SearchMode, type SearchPage, type SearchQuestion, searchStore } from './search';
import type { Store } from './store';
import { currentVersion, type StoreVersion } from './versions';

/** What the search function is sent. */
export interface SearchEvent extends Omit<SearchQuestion, 'mode' | 'vector'> {
  /** The store, by its name. @default the only one */
  readonly store?: string;
  /** @default hybrid; text where words cannot be made a vector, vector where there are no words */
  readonly mode?: SearchMode;
  /** In the place of the words' vector: one of the dimension of the version that is searched. */
  readonly vector?: readonly number[];
}

/** What questions are answered from. */
export interface Answering {
  readonly stores: readonly Store[];
  readonly postgres: Postgres;
  /** The model that made a version's vectors. */
  readonly embedder: (model: string, dimension: number) => Promise<Embedder>;
}

/**
 * Answers a question: its words become a vector by the model that made the vectors of the version that is searched.
 *
 * @throws InvalidInputError with every problem of the question
 * @throws StoreError where the store has no table
 */
export async function answerSearch(event: SearchEvent, answering: Answering): Promise<SearchPage> {
  const { stores, postgres } = answering;
  const store = findStore(event.store, stores);
  const version = await asReader(postgres, (tx) => currentVersion(store.name, tx));
  const { store: _, vector: given, ...question } = event;
  const canEmbed = version.embedder !== null && typeof event.words === 'string';
  const mode = event.mode ?? (event.words === undefined ? 'vector' : given || canEmbed ? 'hybrid' : 'text');
  const vector =
    given ?? (mode === 'text' || !canEmbed ? undefined : await vectorOf(event.words!, store, version, answering));
  return searchStore(store, { ...question, mode, ...(vector === undefined ? {} : { vector }) }, postgres, version);
}

function findStore(name: string | undefined, stores: readonly Store[]): Store {
  const names = stores.map((store) => store.name);
  const found = name === undefined && stores.length === 1 ? stores[0] : stores.find((store) => store.name === name);
  if (found !== undefined) return found;
  const message =
    name === undefined
      ? `must name one of the stores: ${names.join(', ')}`
      : `must be a store; ${givenAllowed(name, names)}`;
  throw new InvalidInputError([{ where: 'search', path: 'store', message }]);
}

async function vectorOf(
  words: string,
  { metric }: Store,
  { embedder: model, dimension, element }: StoreVersion,
  { embedder }: Answering,
): Promise<ArrayLike<number>> {
  if (!/[\p{L}\p{N}]/u.test(words))
    throw new InvalidInputError([{ where: 'search', path: 'words', message: 'must hold a word to search for' }]);
  let found: ArrayLike<number> = [];
  const keep = (_: number, vector: ArrayLike<number>) => {
    found = vector;
  };
  await embedAll([words], await embedder(model!, dimension), { dimension, metric, element }, keep, {
    purpose: 'query',
  });
  return found;
}
