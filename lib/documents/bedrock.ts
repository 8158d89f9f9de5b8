import type { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import type { Embedder, Embedding, Purpose } from './embedder';
import { embeddingModel } from './models';

/** Requests that are under way at a time: more would only be throttled. */
const atOnce = 8;

/**
 * An embedding model of Amazon Bedrock. The client tries again by itself what is throttled or fails for now, with a pause
 * that grows; what it gives up on is told as `later`.
 */
export function bedrockEmbedder(
  model: string,
  dimension: number,
  bedrock: BedrockRuntimeClient = newClient(),
): Embedder {
  const { family, batch } = embeddingModel(model);
  const { InvokeModelCommand } =
    require('@aws-sdk/client-bedrock-runtime') as typeof import('@aws-sdk/client-bedrock-runtime');
  const { body, vectors } = families[family];
  const ask = async (texts: readonly string[], purpose: Purpose): Promise<Embedding[]> => {
    try {
      const answer = await bedrock.send(
        new InvokeModelCommand({
          modelId: model,
          contentType: 'application/json',
          accept: 'application/json',
          body: JSON.stringify(body(texts, dimension, purpose)),
        }),
      );
      const found = vectors(JSON.parse(Buffer.from(answer.body).toString()));
      return texts.map((_, i) => {
        const vector = found[i];
        if (!Array.isArray(vector)) return { error: 'the model answered without a vector', later: true };
        // JSON knows no NaN: what is no number here becomes one, and is refused by name.
        return { vector: vector.map((value) => (typeof value === 'number' ? value : Number.NaN)) };
      });
    } catch (error) {
      const failure = { error: (error as Error).message, later: isForNow(error) };
      return texts.map(() => failure);
    }
  };
  return {
    model,
    // One request each: many at a time.
    batch: batch === 1 ? atOnce : batch,
    async embed(texts, purpose) {
      const requests: (readonly string[])[] = [];
      for (let from = 0; from < texts.length; from += batch) requests.push(texts.slice(from, from + batch));
      return (await Promise.all(requests.map((some) => ask(some, purpose)))).flat();
    },
  };
}

function newClient(): BedrockRuntimeClient {
  const { BedrockRuntimeClient } =
    require('@aws-sdk/client-bedrock-runtime') as typeof import('@aws-sdk/client-bedrock-runtime');
  return new BedrockRuntimeClient({ retryMode: 'adaptive', maxAttempts: 6 });
}

interface Family {
  body(texts: readonly string[], dimension: number, purpose: Purpose): object;
  vectors(answer: unknown): readonly unknown[];
}

const families: Readonly<Record<'titan' | 'cohere', Family>> = {
  // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
  titan: {
    body: ([inputText], dimensions) => ({ inputText, dimensions, normalize: true }),
    vectors: (answer) => [(answer as { embedding?: unknown }).embedding],
  },
  // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html
  cohere: {
    body: (texts, _, purpose) => ({
      texts,
      input_type: purpose === 'query' ? 'search_query' : 'search_document',
      // A chunk fits: what would be cut is an error, never half a vector.
      truncate: 'NONE',
    }),
    vectors: (answer) => {
      const { embeddings } = answer as { embeddings?: unknown };
      return Array.isArray(embeddings) ? embeddings : [];
    },
  },
};

/** Throttling, a model that warms up or is down, a connection that broke: all but what the service or its caller got wrong. */
function isForNow(error: unknown): boolean {
  const { name, $metadata } = error as {
    readonly name?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return name !== 'CredentialsProviderError';
  return status === 429 || status === 408 || status >= 500;
}
