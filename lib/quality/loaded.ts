/**
 * Table property that says what the last run that loaded files into the table read, and how much of it went to
 * quarantine, and why: `{"run":"…","read":100,"quarantined":3,"reasons":{"delay.type":2,"origin.notNull":1}}`. Written in
 * the same commit as the rows.
 */
const loadedProperty = 'ingot.loaded';

export interface Loaded {
  readonly run: string;
  /** Rows read from the run's files. */
  readonly read: number;
  /** Those of them that went to quarantine. */
  readonly quarantined: number;
  /** Rows that went there for a reason, by the reason's rule. A row may have several. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** What the property says; undefined where nothing was ever loaded. */
export function loadedOf(properties: Readonly<Record<string, string>>): Loaded | undefined {
  const text = properties[loadedProperty];
  return text === undefined ? undefined : (JSON.parse(text) as Loaded);
}

/** The property after one more batch: batches of one run add up, those of the next begin anew. */
export function withLoaded(properties: Readonly<Record<string, string>>, batch: Loaded): Record<string, string> {
  const before = loadedOf(properties);
  const loaded = before?.run === batch.run ? sum(before, batch) : batch;
  return { [loadedProperty]: JSON.stringify(loaded) };
}

function sum(before: Loaded, batch: Loaded): Loaded {
  const reasons = { ...before.reasons };
  for (const [rule, rows] of Object.entries(batch.reasons)) reasons[rule] = (reasons[rule] ?? 0) + rows;
  const { run } = batch;
  return { run, read: before.read + batch.read, quarantined: before.quarantined + batch.quarantined, reasons };
}
