import { parseJson } from '../tables/json';
import type { Wanted } from './wanted';

/** Names under which records hold the key of a subject, in any nesting: of its column, and of the source's columns it is made from. */
export interface Named {
  readonly subject: string;
  readonly names: readonly string[];
}

/** How a text speaks of somebody: by a field of that name, or, where it is no JSON, by a word in it. */
export type Mention = 'field' | 'word' | undefined;

/**
 * Whether the text of a record that was refused, or waits, speaks of somebody who is wanted. JSON does where a field of the
 * name has their key, wherever it stands; any other text where a word of it is their key.
 */
export function mentionIn(text: string, named: readonly Named[], wanted: Wanted): Mention {
  const value = jsonOf(text);
  if (value === undefined) return named.some(({ subject }) => hasWord(text, subject, wanted)) ? 'word' : undefined;
  return named.some(({ subject, names }) => hasField(value, new Set(names.map(lower)), subject, wanted, 0))
    ? 'field'
    : undefined;
}

const lower = (text: string): string => text.toLowerCase();

/** An object or a list; a number or a word alone is a text like any other. */
function jsonOf(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** JSON inside JSON is looked into so often. */
const deepest = 64;

function hasField(value: unknown, names: ReadonlySet<string>, subject: string, wanted: Wanted, depth: number): boolean {
  if (depth > deepest) return false;
  if (typeof value === 'string') {
    const inside = jsonOf(value);
    return inside !== undefined && hasField(inside, names, subject, wanted, depth + 1);
  }
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((one) => hasField(one, names, subject, wanted, depth + 1));
  return Object.entries(value).some(
    ([name, held]) =>
      (names.has(lower(name)) && isKey(held, subject, wanted)) || hasField(held, names, subject, wanted, depth + 1),
  );
}

function isKey(value: unknown, subject: string, wanted: Wanted): boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return spellings(String(value)).some((text) => wanted.isOne(text, subject));
  // Debezium's and Avro's unions: {"long": 42}.
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.values(value).some((held) => typeof held !== 'object' && isKey(held, subject, wanted));
  return false;
}

/** What typing would make of it. */
function spellings(text: string): string[] {
  const trimmed = text.trim();
  const number = /^\+?(-?)0*(\d+)(?:\.0+)?$/.exec(trimmed);
  return [
    ...new Set([
      text,
      trimmed,
      lower(trimmed),
      trimmed.toUpperCase(),
      ...(number === null ? [] : [number[1]! + number[2]!]),
    ]),
  ];
}

function hasWord(text: string, subject: string, wanted: Wanted): boolean {
  const fields = text.split(/[,;|\t\r\n"]+/);
  const words = text.split(/[^\p{L}\p{N}_@.+-]+/u).flatMap((word) => [word, word.replace(/^[.+-]+|[.+-]+$/g, '')]);
  return [...new Set([...fields, ...words])].some(
    (word) => word.trim() !== '' && spellings(word).some((one) => wanted.isOne(one, subject)),
  );
}
