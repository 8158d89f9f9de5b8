import type { Tiktoken } from 'js-tiktoken/lite';

/** Words of which the count is remembered: language repeats itself. */
const remembered = 100_000;

let encoder: Tiktoken | undefined;
const counts = new Map<string, number>();

/**
 * Tokens of a word with the blank before it, counted as OpenAI's `cl100k_base` does. Titan's tokens are not public, and
 * Cohere's are others: counts are near theirs for prose, and a chunk stays well below what a model takes.
 */
export function countTokens(word: string): number {
  const known = counts.get(word);
  if (known !== undefined) return known;
  encoder ??= open();
  // No text is a command: `<|endoftext|>` in a document is thirteen characters.
  const count = encoder.encode(word, [], []).length;
  if (counts.size < remembered) counts.set(word, count);
  return count;
}

/** Reads a table of 100,000 ranks: a quarter of a second, once. */
function open(): Tiktoken {
  const { Tiktoken } = require('js-tiktoken/lite') as typeof import('js-tiktoken/lite');
  const ranks = require('js-tiktoken/ranks/cl100k_base') as typeof import('js-tiktoken/ranks/cl100k_base').default;
  return new Tiktoken(ranks);
}
