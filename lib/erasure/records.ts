/*
 * Text files as records whose bytes stay as they are. Texts are Latin-1 here: each character is one byte, whatever the
 * encoding, so that what is kept is written as it was read.
 */

/** A record of a CSV file, with the line end behind it. */
export interface CsvRecord {
  readonly bytes: string;
  /** UTF-8. */
  readonly fields: readonly string[];
}

export const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');
export const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** A quoted field that is longer than this was never closed. */
const longestRecord = 16 * 1024 * 1024;

/** Records of a CSV file with quotes as in RFC 4180. A quote that is never closed ends with its line. */
export async function* csvRecords(chunks: AsyncIterable<string>, delimiter: string): AsyncIterable<CsvRecord> {
  const apart = latin1(delimiter);
  let rest = '';
  for await (const chunk of chunks) {
    rest += chunk;
    const { records, from } = cut(rest, apart, false);
    yield* records;
    rest = rest.slice(from);
  }
  yield* cut(rest, apart, true).records;
}

function cut(text: string, apart: string, isEnd: boolean): { records: CsvRecord[]; from: number } {
  const records: CsvRecord[] = [];
  let from = 0;
  while (from < text.length) {
    const mustEnd = isEnd || text.length - from > longestRecord;
    const found = recordAt(text, from, apart, mustEnd);
    if (found === undefined) break;
    records.push({ bytes: text.slice(from, found.end), fields: found.fields });
    from = found.end;
  }
  return { records, from };
}

function recordAt(text: string, from: number, apart: string, mustEnd: boolean) {
  const fields: string[] = [];
  for (let at = from; ; ) {
    const quoted = text[at] === '"' ? closing(text, at + 1) : undefined;
    if (quoted === -1) {
      if (!mustEnd) return undefined;
      const end = lineEnd(text, from);
      return { end, fields: withoutEnd(text.slice(from, end)).split(apart).map(utf8) };
    }
    const start = quoted ?? at;
    const next = text.indexOf(apart, start);
    const newline = text.indexOf('\n', start);
    if (newline === -1 && !mustEnd && next === -1) return undefined;
    const ends = next === -1 || (newline !== -1 && newline < next);
    const end = ends ? (newline === -1 ? text.length : newline) : next;
    const raw = ends ? withoutEnd(text.slice(start, end)) : text.slice(start, end);
    fields.push(utf8(quoted === undefined ? raw : text.slice(at + 1, quoted - 1).replaceAll('""', '"') + raw));
    if (ends) return newline === -1 && !mustEnd ? undefined : { end: Math.min(end + 1, text.length), fields };
    at = end + apart.length;
  }
}

/** The place behind the quote that closes a field; -1 where there is none. A quote that may be half of two counts when the text goes on. */
function closing(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2))
    if (text[at + 1] !== '"') return at + 1;
  return -1;
}

const lineEnd = (text: string, from: number): number => {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline + 1;
};

const withoutEnd = (line: string): string => line.replace(/\r?\n?$/, '');

/** Lines with their ends. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of chunks) {
    rest += chunk;
    const last = rest.lastIndexOf('\n') + 1;
    if (last === 0) continue;
    for (let from = 0; from < last; ) {
      const end = lineEnd(rest, from);
      yield rest.slice(from, end);
      from = end;
    }
    rest = rest.slice(last);
  }
  if (rest !== '') yield rest;
}

/** A JSON text that is no lines: one array of values, or values one after another. */
export interface JsonValues {
  /** What is before the first value and behind the last: the brackets of an array. */
  readonly before: string;
  readonly after: string;
  readonly between: string;
  readonly values: readonly string[];
}

/** Cuts a whole JSON text into its values; undefined where it is cut off or something else. */
export function jsonValues(text: string): JsonValues | undefined {
  const isArray = /^(?:\u00ef\u00bb\u00bf)?\s*\[/.exec(text);
  const values: string[] = [];
  let at = isArray === null ? 0 : isArray[0].length;
  for (;;) {
    while (at < text.length && /[\s,]/.test(text[at]!)) at += 1;
    if (at === text.length) return isArray === null ? { before: '', after: '\n', between: '\n', values } : undefined;
    if (isArray !== null && text[at] === ']') return { before: '[', after: text.slice(at), between: ',\n', values };
    const end = valueEnd(text, at);
    if (end === undefined) return undefined;
    values.push(text.slice(at, end));
    at = end;
  }
}

/** The place behind an object or list; undefined where it does not end, or there is none. */
function valueEnd(text: string, from: number): number | undefined {
  if (text[from] !== '{' && text[from] !== '[') return undefined;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') {
      at += 1;
      while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    } else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
