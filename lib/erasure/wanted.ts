import { createHash } from 'node:crypto';
import type { Lake } from '../runtime/services';
import { literal } from '../sql/quote';
import type { Erasure } from './ledger';

/** DuckDB's variable that holds the secret, so that no statement and no error shows it. */
const variable = 'ingot_erasure_secret';

/** The hash of a text under a secret. */
export const hashOf = (secret: string, text: string): string =>
  createHash('sha256')
    .update(secret + text)
    .digest('hex');

/** Whom a run erases: a value is judged by its hash, as the ledger has no more. */
export class Wanted {
  private readonly hashes = new Map<string, Set<string>>();

  constructor(
    private readonly secret: string,
    erasures: readonly Pick<Erasure, 'subject' | 'hashes'>[],
  ) {
    for (const { subject, hashes } of erasures) {
      const known = this.hashes.get(subject) ?? new Set();
      for (const hash of hashes) known.add(hash);
      this.hashes.set(subject, known);
    }
  }

  get subjects(): ReadonlySet<string> {
    return new Set(this.hashes.keys());
  }

  isOne(text: string, subject: string): boolean {
    return this.hashes.get(subject)?.has(hashOf(this.secret, text)) ?? false;
  }

  /** Makes conditions of `condition` work in a session. */
  async prepare(lake: Pick<Lake, 'run'>): Promise<void> {
    await lake.run(`SET VARIABLE ${variable} = ${literal(this.secret)}`);
  }

  /** SQL condition: the value of an expression names somebody who is wanted. */
  condition(expression: string, subject: string): string {
    const hashes = [...(this.hashes.get(subject) ?? [])];
    const hash = `sha256(concat(getvariable('${variable}'), CAST(${expression} AS VARCHAR)))`;
    // Of many, DuckDB makes one hash table; a value that is null has the hash of the secret alone, which is nobody's.
    return hashes.length === 0 ? 'false' : `${hash} IN (${hashes.map(literal).join(', ')})`;
  }
}
