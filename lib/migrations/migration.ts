import type { ReadyMade } from './ready/ready-made';

/** Every migration of a release, as the manifest holds them: plain JSON. */
export interface Migrations {
  /** Files, by their number. */
  readonly files: readonly Migration[];
  /** Ready-made ones, in the order in which they are applied. */
  readonly uses: readonly ReadyMade[];
}

/** A file of SQL that is applied once. */
export interface Migration {
  /** The file's name without `.sql`, and its name in the ledger: `0001_orders`. */
  readonly name: string;
  /** The file, relative to the platform's folder. */
  readonly file: string;
  /** SHA-256 of the text, in hex: without a byte order mark, with `\n` at the end of lines. */
  readonly checksum: string;
  readonly marks: Marks;
  readonly statements: readonly Statement[];
}

/** What comment lines at the head of a file say of it. */
export interface Marks {
  /** `-- destructive`: data goes. A snapshot is taken before. */
  readonly destructive: boolean;
  /** `-- long`: it may take minutes or hours. It does not run during a deploy. */
  readonly long: boolean;
  /** `-- no transaction`: its statements, `CREATE INDEX CONCURRENTLY` and its like, run in none. */
  readonly noTransaction: boolean;
}

export interface Statement {
  readonly sql: string;
  /** Line of the file on which it begins, from 1. */
  readonly line: number;
  /** The index that it builds concurrently: one that is left invalid is dropped before it is tried again. */
  readonly index?: { readonly schema?: string; readonly name: string };
}

/** A migration whose turn it is. */
export interface Pending extends Migration {
  /** A ready-made one's: what it was made from, for the ledger. */
  readonly made?: { readonly version: number; readonly parameters: unknown };
}

/** Whether a migration is kept out of a deploy: the state machine applies it. */
export const isDeferred = ({ marks }: Pick<Migration, 'marks'>): boolean => marks.destructive || marks.long;

/** The number that a file's name begins with; undefined for a ready-made one. */
export function numberOf(name: string): number | undefined {
  const found = /^(\d+)_/.exec(name);
  return found === null ? undefined : Number(found[1]);
}

/** A migration failed. Nothing of it was applied, unless it says that it runs without a transaction. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}
