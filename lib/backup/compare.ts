import { type Fingerprint, type Rows, rowCount } from './fingerprint';

/** What a restored database is held against. */
export interface Expected {
  /** Of the source, no later than the moment that was backed up. */
  readonly before: Fingerprint;
  /** Of the source, no earlier than that moment; absent: `before` is of that very moment. */
  readonly after?: Fingerprint;
  /**
   * Tables whose rows are not compared, as `schema.table`: queues and sessions, whose rows come and go, so that what
   * was there in between may be in neither fingerprint.
   * @default none
   */
  readonly volatile?: readonly string[];
}

/** What came out when a restored database was compared. */
export interface Validation {
  readonly passed: boolean;
  /** One sentence each, for whoever must act. */
  readonly findings: readonly Finding[];
  /** Rows that were there in `before`. */
  readonly rows: number;
  /** Those of them whose values were compared; the others were being written while the backup was taken. */
  readonly rowsCompared: number;
  readonly tables: number;
}

export interface Finding {
  readonly check: 'extensions' | 'structure' | 'rows' | 'newest' | 'sequences';
  /** The extension, `schema.table` or sequence. */
  readonly subject: string;
  readonly message: string;
}

/**
 * Compares a restored database with its source. A backup holds a moment between two fingerprints, so the law is: what is
 * the same in both was not touched in between, and must be the same in the restored one. It is applied to 64 buckets of
 * each table, by a hash of the key, so that a table which is being written all the time is compared all the same, but
 * for the buckets that were written to. What differs in the two may be either.
 */
export function compareFingerprints(
  restored: Fingerprint,
  { before, after = before, volatile = [] }: Expected,
): Validation {
  const stored = Object.keys(before.rows).filter((table) => !volatile.includes(table));
  const compared = stored.map((table) =>
    compareRows(table, before.rows[table]!, after.rows[table], restored.rows[table]),
  );
  const findings = [
    ...extensions(restored, before, after),
    ...structure(restored, before, after),
    ...compared.flatMap(({ findings }) => findings),
    ...stored.flatMap((table) => newest(table, before.rows[table]!, after.rows[table], restored.rows[table])),
    ...sequences(restored, before, after),
  ];
  return {
    passed: findings.length === 0,
    findings,
    rows: rowCount(before),
    rowsCompared: compared.reduce((sum, { rows }) => sum + rows, 0),
    tables: Object.keys(before.structure).length,
  };
}

function extensions(restored: Fingerprint, before: Fingerprint, after: Fingerprint): Finding[] {
  return Object.entries(before.extensions).flatMap(([name, version]): Finding[] => {
    if (after.extensions[name] === undefined) return [];
    const found = restored.extensions[name];
    if (found !== undefined && compareVersions(found, version) >= 0) return [];
    const message = `${name} must be there in version ${version} or newer; found ${found ?? 'none'}`;
    return [{ check: 'extensions', subject: name, message }];
  });
}

/** `0.10` is newer than `0.9`. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/\D+/).map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function structure(restored: Fingerprint, before: Fingerprint, after: Fingerprint): Finding[] {
  const names = new Set([...Object.keys(before.structure), ...Object.keys(restored.structure)]);
  return [...names].sort().flatMap((table): Finding[] => {
    const [was, became, is] = [before, after, restored].map((fingerprint) => fingerprint.structure[table]);
    const finding = (message: string): Finding => ({ check: 'structure', subject: table, message });
    if (is === undefined) return was !== undefined && became !== undefined ? [finding(`${table} is missing`)] : [];
    if (was === undefined && became === undefined) return [finding(`${table} is there and was not in the source`)];
    return (['columns', 'indexes', 'constraints'] as const).flatMap((part) => {
      const known = [was, became].flatMap((one) => (one === undefined ? [] : [one[part]]));
      if (known.some((one) => one.join('\n') === is[part].join('\n'))) return [];
      const [expected] = known as [readonly string[]];
      const missing = expected.filter((one) => !is[part].includes(one));
      const extra = is[part].filter((one) => !expected.includes(one));
      const said = [
        ...(missing.length === 0 ? [] : [`missing: ${missing.join('; ')}`]),
        ...(extra.length === 0 ? [] : [`not in the source: ${extra.join('; ')}`]),
        ...(missing.length + extra.length === 0 ? ['in another order'] : []),
      ];
      return [finding(`${table} has other ${part}; ${said.join('; ')}`)];
    });
  });
}

/** The number of rows is that of the buckets that were compared. */
function compareRows(
  table: string,
  before: Rows,
  after: Rows | undefined,
  restored: Rows | undefined,
): { readonly rows: number; readonly findings: readonly Finding[] } {
  // A table that has come or gone meanwhile, or is missing: its structure is what tells.
  if (after === undefined || restored === undefined) return { rows: 0, findings: [] };
  const all = new Set([before, after, restored].flatMap(({ buckets }) => Object.keys(buckets)));
  const still = [...all].filter((bucket) => before.buckets[bucket] === after.buckets[bucket]);
  const wrong = still.filter((bucket) => before.buckets[bucket] !== restored.buckets[bucket]);
  const count = (rows: Rows, buckets: readonly string[]) =>
    rowCount({ rows: { '': { buckets: Object.fromEntries(buckets.map((b) => [b, rows.buckets[b] ?? '0:0'])) } } });
  const rows = count(before, still);
  if (wrong.length === 0) return { rows, findings: [] };
  const [had, has] = [count(before, wrong), count(restored, wrong)];
  const what =
    had === has
      ? `${has} of its rows are in parts that hold other values`
      : `it has ${has} rows where the source had ${had}`;
  return { rows, findings: [{ check: 'rows', subject: table, message: `${table}: ${what}` }] };
}

/** The newest row is no older than it was; rows that were deleted in the source may have been the newest. */
function newest(table: string, before: Rows, after: Rows | undefined, restored: Rows | undefined): Finding[] {
  if (before.newest === undefined || after === undefined || restored === undefined) return [];
  const least = after.newest === undefined || after.newest < before.newest ? (after.newest ?? '') : before.newest;
  if ((restored.newest ?? '') >= least) return [];
  const message = `${table}: its newest row is of ${restored.newest ?? 'never'}; in the source it was of ${before.newest}`;
  return [{ check: 'newest', subject: table, message }];
}

function sequences(restored: Fingerprint, before: Fingerprint, after: Fingerprint): Finding[] {
  return Object.entries(before.sequences).flatMap(([name, value]): Finding[] => {
    if (after.sequences[name] === undefined) return [];
    const least = BigInt(after.sequences[name]) < BigInt(value) ? after.sequences[name] : value;
    const found = restored.sequences[name];
    if (found !== undefined && BigInt(found) >= BigInt(least)) return [];
    const message = `${name} must be at ${least} or beyond, or it would give numbers twice; found ${found ?? 'no such sequence'}`;
    return [{ check: 'sequences', subject: name, message }];
  });
}
