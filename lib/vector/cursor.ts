import { createHash } from 'node:crypto';
import { InvalidInputError } from '../errors';

/** Where a page of hits ended: the next one begins behind it. */
export interface Position {
  /** The last hit's distance or score, as PostgreSQL writes it, so that no digit is lost. */
  readonly key: string;
  readonly id: string;
}

/** A page's end as text, which holds only for the search `of` that gave it. */
export function writeCursor({ key, id }: Position, of: unknown): string {
  return Buffer.from(JSON.stringify([identity(of), key, id])).toString('base64url');
}

/** @throws InvalidInputError where the text is no cursor, or another search's */
export function readCursor(text: string, of: unknown): Position {
  const parts = parse(text);
  if (parts === undefined) throw invalid(`must be the text "next" of a search's answer; given ${JSON.stringify(text)}`);
  if (parts[0] !== identity(of))
    throw invalid(
      'belongs to another search: question, mode, filter and tenant must be the same, and the store unchanged',
    );
  return { key: parts[1], id: parts[2] };
}

function parse(text: string): [string, string, string] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) return undefined;
    const [of, key, id, ...more] = parts as string[];
    if (of === undefined || key === undefined || id === undefined || more.length > 0) return undefined;
    return Number.isFinite(Number(key)) && /^\d{1,18}$/.test(id) ? [of, key, id] : undefined;
  } catch {
    return undefined;
  }
}

const identity = (of: unknown): string =>
  createHash('sha256').update(JSON.stringify(of)).digest('base64url').slice(0, 16);

const invalid = (message: string) => new InvalidInputError([{ where: 'search', path: 'cursor', message }]);
