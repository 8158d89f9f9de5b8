import { gzipSync } from 'node:zlib';
import type { Source } from '../../../lib/contract/dataset';
import type { Random } from './declarations';

/** A source file with something wrong in it. */
export interface BadFile {
  readonly name: string;
  readonly format: Source['format'];
  readonly content: Buffer;
  readonly what: string;
  /** How many rows it holds, good or bad, where that is known whatever was done to it. */
  readonly rows?: number;
  /** Ids of rows that nothing was done to: they are loaded, unless the file as a whole cannot be read. */
  readonly untouched: readonly number[];
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

/** What may become of one line: it stays one line, and no quote opens in it. */
const lineChanges: Readonly<Record<string, (line: string, random: Random) => string | Buffer>> = {
  'too short': (line) => line.slice(0, Math.max(1, Math.floor(line.length / 2))).replaceAll('"', ''),
  'a column too many': (line) => `${line},more`,
  'a column too few': (line) => line.replace(/,[^,]*$/, ''),
  'another word': (line, random) =>
    line.replace(
      /\d+/,
      pick(random, ['x', '1e999', '-', 'NaN', '1.5', '99999999999999999999', 'true', '0x1F', '１', 'null', '1_000']),
    ),
  'Latin-1': (line) => Buffer.from(line.replace(/[a-z]/, 'é'), 'latin1'),
  'a NUL': (line) => `${line.slice(0, 3)}\u0000${line.slice(3)}`,
  'a control character': (line) => line.replace(/[a-z]/, '\u0007'),
  'very long': (line, random) => line.replace(/[a-z]/, 'y'.repeat(Math.floor(random() * 200_000))),
  'blanks around': (line) => `  ${line}  `,
  emoji: (line) => line.replace(/[a-z]/, '😀'),
  'no row at all': () => '???',
};

interface Line {
  readonly id: number;
  readonly text: string;
}

const words = ['ann', 'bob', 'cem', 'dora'];

function linesOf(count: number, random: Random, text: (id: number, word: string) => string): Line[] {
  return Array.from({ length: count }, (_, i) => ({ id: i + 1, text: text(i + 1, pick(random, words)) }));
}

/** Lines of which some were changed, and the ids of the others. */
function changeLines(lines: readonly Line[], random: Random) {
  const [what, change] = pick(random, Object.entries(lineChanges));
  const touched = new Set(lines.filter(() => random() < 0.2).map(({ id }) => id));
  const bytes = lines.map(({ id, text }) => Buffer.from(touched.has(id) ? change(text, random) : text));
  return {
    what: touched.size === 0 ? 'nothing' : `lines: ${what}`,
    bytes,
    untouched: lines.filter(({ id }) => !touched.has(id)).map(({ id }) => id),
  };
}

const joined = (lines: readonly Buffer[], end: string): Buffer =>
  Buffer.concat(lines.flatMap((line) => [line, Buffer.from(end)]));

/** What may become of a whole file: nothing is known of its rows then. */
const fileChanges: Readonly<Record<string, (content: Buffer, random: Random) => Buffer>> = {
  'cut off': (content, random) => content.subarray(0, Math.floor(random() * content.length)),
  'bytes changed': (content, random) => {
    const changed = Buffer.from(content);
    for (let i = 0; i < 1 + random() * 4; i++)
      changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
    return changed;
  },
  'bytes inserted': (content, random) => {
    const at = Math.floor(random() * content.length);
    const inserted = Buffer.from(
      pick(random, ['"', '""', '\n"', '\\', '{', '}', '[', ']', '\r', '\u0000\u0000', '\ufeff', ',,,,', '\n\n\n']),
    );
    return Buffer.concat([content.subarray(0, at), inserted, content.subarray(at)]);
  },
  'UTF-16': (content) => Buffer.from(`\ufeff${content.toString()}`, 'utf16le'),
  'UTF-16 without a mark': (content) => Buffer.from(content.toString(), 'utf16le'),
  'old Mac line ends': (content) => Buffer.from(content.toString().replaceAll('\n', '\r')),
  'mixed line ends': (content) => Buffer.from(content.toString().replace('\n', '\r\n')),
  empty: () => Buffer.alloc(0),
  'one line end': () => Buffer.from('\n'),
  'only a mark': () => Buffer.from('\ufeff'),
  'zero bytes': () => Buffer.alloc(5000),
  'random bytes': (_content, random) => Buffer.from(Array.from({ length: 3000 }, () => Math.floor(random() * 256))),
  'a web page': () => Buffer.from('<!DOCTYPE html>\n<html><body>403 Forbidden</body></html>\n'),
  'gzip inside': (content) => gzipSync(content),
  'an executable': () => Buffer.from('7f454c460201010000000000', 'hex'),
};

/** A file of ids, words and amounts in a text format or in `parquet`'s bytes, with something wrong in it. */
export function badFile(random: Random, parquet: Buffer): BadFile {
  const count = 1 + Math.floor(random() * 30);
  const kind = pick(random, ['csv', 'csv', 'json', 'json', 'array', 'parquet'] as const);
  const byLine = random() < 0.5;
  const compress = random() < 0.15;
  if (kind === 'parquet') {
    const [what, change] = pick(random, Object.entries(fileChanges));
    return { name: 'a.parquet', format: 'parquet', content: change(parquet, random), what, untouched: [] };
  }
  const csv = kind === 'csv';
  const lines = linesOf(count, random, (id, word) =>
    csv ? `${id},${word},${id}.5` : JSON.stringify({ id, word, amount: id + 0.5 }),
  );
  const name = `a.${csv ? 'csv' : 'json'}${compress ? '.gz' : ''}`;
  const pack = (content: Buffer) => (compress ? gzipSync(content) : content);
  const format = csv ? 'csv' : 'json';
  const content = (bytes: readonly Buffer[], end = '\n') => {
    if (kind === 'array')
      return Buffer.concat([
        Buffer.from('['),
        Buffer.concat(bytes.flatMap((line, i) => (i === 0 ? [line] : [Buffer.from(',\n'), line]))),
        Buffer.from(']'),
      ]);
    return Buffer.concat([Buffer.from(csv ? `id,word,amount${end}` : ''), joined(bytes, end)]);
  };
  if (!byLine || kind === 'array') {
    const [what, change] = pick(random, Object.entries(fileChanges));
    const whole = content(lines.map(({ text }) => Buffer.from(text)));
    // Of what was packed, the bytes themselves or the packed ones change.
    const changed = random() < 0.5 ? pack(change(whole, random)) : change(pack(whole), random);
    return { name, format, content: changed, what, untouched: [] };
  }
  const { what, bytes, untouched } = changeLines(lines, random);
  const end = pick(random, ['\n', '\r\n']);
  return {
    name,
    format,
    content: pack(content(bytes, end)),
    what: `${what}, ${JSON.stringify(end)}`,
    rows: count,
    untouched,
  };
}
