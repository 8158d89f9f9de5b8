import type { Problem } from '../errors';
import type { Document, Path } from './document';

/**
 * What was found while a document is read: problems, which it must not have, and notices, which say what Ingot keeps
 * but does not act on.
 */
export class Notes {
  readonly problems: Problem[] = [];
  readonly notices: Problem[] = [];

  constructor(private readonly document: Document) {}

  problem(path: Path, message: string): void {
    this.problems.push(this.document.problem(path, message));
  }

  notice(path: Path, message: string): void {
    this.notices.push(this.document.problem(path, message));
  }
}
