import type { Embedder } from './embedder';
import { wordVectors } from './models';

const opened = new Map<string, Promise<Embedder>>();

/** The embedder of a model by its name, as the registry of stores has it; each is opened once. */
export function openEmbedder(model: string, dimension: number): Promise<Embedder> {
  const key = `${model} ${dimension}`;
  const known = opened.get(key) ?? open(model, dimension);
  opened.set(key, known);
  known.catch(() => opened.delete(key));
  return known;
}

async function open(model: string, dimension: number): Promise<Embedder> {
  if (model === wordVectors.model) {
    const { wordVectorEmbedder } = require('./word-vectors') as typeof import('./word-vectors');
    return wordVectorEmbedder();
  }
  const { bedrockEmbedder } = require('./bedrock') as typeof import('./bedrock');
  return bedrockEmbedder(model, dimension);
}
