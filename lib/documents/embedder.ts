import { setTimeout as sleep } from 'node:timers/promises';
import { TransientError } from '../errors';
import type { Store } from '../vector/store';
import { vectorProblem } from '../vector/vector';

/** Makes vectors of texts. */
export interface Embedder {
  /** Name of the model, as the registry of stores keeps it. */
  readonly model: string;
  /** Texts of one call of `embed`. */
  readonly batch: number;
  /** One answer a text, in their order. A request that fails is a failure of its texts, and no error of the rest. */
  embed(texts: readonly string[], purpose: Purpose): Promise<readonly Embedding[]>;
}

/** Some models make another vector of a question than of the text that answers it. */
export type Purpose = 'document' | 'query';

export type Embedding =
  | { readonly vector: ArrayLike<number> }
  /** `later`: the same request may succeed (throttling, a server that is down). */
  | { readonly error: string; readonly later: boolean };

/** Some texts could not be embedded. */
export class EmbeddingError extends Error {
  override readonly name: string = 'EmbeddingError';
}

const attempts = 5;
/** Milliseconds before the second attempt; twice as many before each further one. */
const firstPause = 500;

/**
 * Embeds texts in batches. What fails for now is asked again, alone, up to five times; what succeeded is handed to `keep`
 * as it comes, so that it is kept whatever becomes of the rest.
 *
 * @throws EmbeddingError where a vector does not fit the store, or a text was refused
 * @throws TransientError where the model kept failing for now
 */
export async function embedAll(
  texts: readonly string[],
  embedder: Embedder,
  shape: Pick<Store, 'dimension' | 'metric' | 'element'>,
  keep: (index: number, vector: ArrayLike<number>) => void,
  options: { readonly purpose?: Purpose; readonly pause?: (milliseconds: number) => Promise<unknown> } = {},
): Promise<void> {
  const { purpose = 'document', pause = sleep } = options;
  const refused: string[] = [];
  let waiting = texts.map((_, index) => index);
  for (let attempt = 1; waiting.length > 0; attempt++) {
    const later: number[] = [];
    let why = '';
    for (let from = 0; from < waiting.length; from += embedder.batch) {
      const some = waiting.slice(from, from + embedder.batch);
      const answers = await embedder.embed(
        some.map((index) => texts[index]!),
        purpose,
      );
      if (answers.length !== some.length)
        throw new EmbeddingError(`${embedder.model} gave ${answers.length} vectors for ${some.length} texts`);
      for (const [i, answer] of answers.entries()) {
        if ('vector' in answer) {
          const problem = vectorProblem(answer.vector, shape);
          if (problem === undefined) keep(some[i]!, answer.vector);
          else refused.push(problem);
        } else if (answer.later) {
          later.push(some[i]!);
          why = answer.error;
        } else refused.push(answer.error);
      }
    }
    if (later.length > 0 && attempt === attempts)
      throw new TransientError(`${embedder.model} failed for ${later.length} of ${texts.length} texts: ${why}`);
    waiting = later;
    if (waiting.length > 0) await pause(firstPause * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
  }
  if (refused.length > 0)
    throw new EmbeddingError(`${embedder.model} failed for ${refused.length} of ${texts.length} texts: ${refused[0]}`);
}
