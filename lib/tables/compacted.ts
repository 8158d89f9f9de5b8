/** Table property that says what a compaction has made, written in its commit. */
export const compactedProperty = 'ingot.compacted';

/** Ids as texts, as they have 64 bits. */
export interface CompactedMark {
  /** The snapshot that the compaction made. */
  readonly snapshot: string;
  /** The snapshot that had these rows before it, which may have expired since. */
  readonly rows: string;
  /** When that one was made, in milliseconds since 1970. */
  readonly at: number;
  /** How many files the table had after it: fewer it will not get. */
  readonly files: number;
}

/** @param property value of a table's `ingot.compacted` */
export const compactedMark = (property: string | undefined): CompactedMark | undefined =>
  property === undefined ? undefined : (JSON.parse(property) as CompactedMark);

/** The snapshot that a table's rows are of: who asks whether they have changed does not care for how they lie in files. */
export function rowsSnapshot(current: string | undefined, property: string | undefined): string | undefined {
  const mark = compactedMark(property);
  return mark !== undefined && mark.snapshot === current ? mark.rows : current;
}
