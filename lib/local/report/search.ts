import type { Reason } from '../../documents/ingest';
import type { SearchMode } from '../../vector/search';

/** What the vector stores of a platform hold after a run, and what searches find in them. */
export interface SearchReport {
  readonly stores: readonly StoreReport[];
  readonly documents: readonly DocumentsReport[];
  readonly searches: readonly ShownSearch[];
}

export interface StoreReport {
  readonly name: string;
  /** The table that is searched, for example `search.knowledge_v1`. */
  readonly table: string;
  /** Chunks in it. */
  readonly rows: number;
  readonly dimension: number;
  /** What made its vectors; absent where rows bring their own. */
  readonly embedder?: string;
  /** The model that is deployed, where another stands for it on this machine. */
  readonly deployed?: string;
}

export interface DocumentsReport {
  readonly name: string;
  readonly store: string;
  readonly objects: number;
  readonly documents: number;
  readonly chunks: number;
  /** What this run did; absent where it did nothing. */
  readonly change?: string;
  /** Objects, and documents in them, that could not be read, and why. */
  readonly quarantine: readonly (Reason & { readonly object: string })[];
  /** Objects that the next run tries again, and what went wrong. */
  readonly failures: readonly { readonly object: string; readonly message: string }[];
}

export interface ShownSearch {
  readonly store: string;
  readonly words: string;
  readonly mode: SearchMode;
  readonly hits: readonly {
    readonly document: string;
    readonly heading?: string;
    /** The greater the better, within one search. */
    readonly score: number;
    /** The beginning of the text. */
    readonly text: string;
  }[];
}
