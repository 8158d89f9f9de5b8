import type { Block } from './text/block';
import { countTokens } from './tokens';

/** How documents are cut into what is embedded and found. */
export interface Chunker {
  /**
   * `headings`: a chunk holds text below one heading only, and several blocks of it where they fit. `tokens`: the text as
   * one, whatever its headings.
   */
  readonly by: 'headings' | 'tokens';
  /** The most tokens of a chunk. */
  readonly tokens: number;
  /** Tokens at the end of a chunk that the next one begins with, where the text between them was cut. */
  readonly overlap: number;
  /** The most characters of a chunk: what the embedder takes. */
  readonly maxCharacters: number;
}

export interface Chunk {
  /** Headings that it stands under, parted by ` › `. Absent where there is none. */
  readonly heading?: string;
  readonly content: string;
}

/** Words of more characters are cut: the time to count tokens grows with the square of a word's length. */
const longestWord = 64;

/** Cuts the blocks of a document. Every word of them is in a chunk, in the order of the text; none is empty. */
export function chunk(blocks: readonly Block[], chunker: Chunker): Chunk[] {
  return sections(blocks, chunker.by).flatMap(({ headings, text }) => {
    const heading = headings.join(' › ');
    const room = chunker.maxCharacters - heading.length - 2;
    return cut(text, { ...chunker, maxCharacters: Math.max(longestWord, room) })
      .filter((content) => /[\p{L}\p{N}]/u.test(content))
      .map((content) => (heading === '' ? { content } : { heading, content }));
  });
}

/** What must not be in a chunk together stays apart. */
function sections(blocks: readonly Block[], by: Chunker['by']): Block[] {
  const joined: { headings: readonly string[]; texts: string[] }[] = [];
  for (const { headings, text } of blocks) {
    const last = joined.at(-1);
    const together = last !== undefined && (by === 'tokens' || last.headings.join('\n') === headings.join('\n'));
    if (together) last.texts.push(text);
    else joined.push({ headings: by === 'tokens' ? [] : headings, texts: [text] });
  }
  return joined.map(({ headings, texts }) => ({ headings, text: texts.join('\n\n') }));
}

interface Word {
  readonly from: number;
  readonly to: number;
  readonly tokens: number;
}

/** Pieces of a text of at most so many tokens and characters, cut between words, best between paragraphs. */
function cut(text: string, { tokens, overlap, maxCharacters }: Chunker): string[] {
  const words = wordsOf(text);
  const pieces: string[] = [];
  let first = 0;
  while (first < words.length) {
    let end = first;
    let sum = 0;
    const from = words[first]!.from;
    while (end < words.length) {
      const word = words[end]!;
      if (end > first && (sum + word.tokens > tokens || word.to - from > maxCharacters)) break;
      sum += word.tokens;
      end++;
    }
    if (end < words.length) end = betterEnd(text, words, first, end);
    pieces.push(text.slice(from, words[end - 1]!.to).trim());
    if (end >= words.length) break;
    let next = end;
    for (let shared = 0; next - 1 > first; next--) {
      shared += words[next - 1]!.tokens;
      if (shared > overlap) break;
    }
    first = next;
  }
  return pieces;
}

/** An end of a paragraph, else of a line or sentence, in the last third of a piece; else its last word. */
function betterEnd(text: string, words: readonly Word[], first: number, end: number): number {
  const least = first + Math.max(1, Math.ceil(((end - first) * 2) / 3));
  const gap = (at: number) => text.slice(words[at - 1]!.to, words[at]!.from);
  const endsSentence = (at: number) => /[.!?。]["')\]]?$/.test(text.slice(words[at - 1]!.to - 2, words[at - 1]!.to));
  for (let at = end; at >= least; at--) if (gap(at).includes('\n\n')) return at;
  for (let at = end; at >= least; at--) if (gap(at).includes('\n') || endsSentence(at)) return at;
  return end;
}

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  // A blank belongs to the word after it, as tokens have it.
  for (const match of text.matchAll(new RegExp(`[^\\S\\n]?\\S{1,${longestWord}}`, 'gu'))) {
    const blank = /^\s/u.test(match[0]) ? 1 : 0;
    words.push({ from: match.index + blank, to: match.index + match[0].length, tokens: countTokens(match[0]) });
  }
  return words;
}
