import fc from 'fast-check';
import type { Change, Operation } from '../../lib/cdc/change';
import type { Dataset } from '../../lib/contract/dataset';
import { column, dataset } from '../ingest/datasets';

/** A table of the source that many histories share, each with rows of its own: so one apply tries many of them. */
export const people: Dataset = dataset(
  'people',
  [
    column('h', 'int', { required: true }),
    column('id', 'int', { required: true }),
    column('name', 'string', { required: true }),
    column('bio', 'string'),
    column('score', 'decimal(9, 2)'),
  ],
  { key: ['h', 'id'] },
);

/** What the source does, in words that fit whatever its rows are at the time. */
interface Step {
  readonly kind: 'write' | 'delete' | 'move' | 'none';
  readonly id: number;
  readonly to: number;
  readonly name: string;
  /** Undefined: this column is not touched, and PostgreSQL sends no value for it. */
  readonly bio: string | null | undefined;
  readonly score: string | null;
  /** Seconds that the source's clock goes on, or back. */
  readonly clock: number;
  readonly newTransaction: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('write', 'write', 'write', 'write', 'delete', 'move', 'none'),
  id: fc.integer({ min: 1, max: 3 }),
  to: fc.integer({ min: 1, max: 3 }),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  bio: fc.constantFrom('x', 'y', 'z', null, undefined, undefined, undefined),
  score: fc.constantFrom('1.00', '2.50', null),
  clock: fc.integer({ min: -2, max: 6 }),
  newTransaction: fc.boolean(),
});

/** A history and how it arrives: `order` sorts what is delivered, `copies` delivers some of it twice, `cuts` makes batches. */
export interface Plan {
  readonly steps: readonly Step[];
  /** The snapshot shows the rows as they are after so many steps; the stream begins `overlap` steps before. */
  readonly snapshotAt: number;
  readonly overlap: number;
  readonly order: readonly number[];
  readonly copies: readonly boolean[];
  readonly batches: readonly number[];
}

const most = 14;
export const plan = (batches: number): fc.Arbitrary<Plan> =>
  fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: most }),
    snapshotAt: fc.integer({ min: 0, max: 5 }),
    overlap: fc.integer({ min: 0, max: 3 }),
    order: fc.array(fc.nat(1000), { minLength: 50, maxLength: 50 }),
    copies: fc.array(fc.boolean(), { minLength: 50, maxLength: 50 }),
    batches: fc.array(fc.nat(batches - 1), { minLength: 100, maxLength: 100 }),
  });

type Person = Readonly<Record<'name' | 'bio' | 'score', string | null>>;

/** The source's rows at the end, and the changes that it sent, in their order. */
export interface Told {
  readonly rows: ReadonlyMap<number, Person>;
  readonly changes: readonly Change[];
}

/** Empties the table that all histories share, at one place of the log. */
export const truncation: Change = {
  operation: 'truncate',
  position: { lsn: 50n, sequence: 0 },
  at: new Date(Date.UTC(2026, 0, 1, 0, 0, 8)).toISOString(),
  row: {},
  origin: { id: 'truncate', arrivedAt: '2026-01-01T00:00:00Z', raw: '{}' },
};

/** Lets the source do what a plan says; with `truncated` the table is emptied once. */
export function tell({ steps, snapshotAt, overlap }: Plan, history: number, truncated = false): Told {
  const rows = new Map<number, Person>();
  const sent: { readonly step: number; readonly change: Change }[] = [];
  const loads: Change[] = [];
  let [lsn, sequence, clock] = [16n, 0, Date.UTC(2026, 0, 1)];
  const cut = Math.min(snapshotAt, steps.length);
  const load = () => {
    for (const [id, row] of rows) loads.push(changeOf(history, 'load', id, row, 0n, 0, Date.UTC(2025, 0, 1)));
  };
  for (const [i, { kind, id, to, name, bio, score, clock: tick, newTransaction }] of steps.entries()) {
    if (i === cut) load();
    if (newTransaction) {
      const before = lsn;
      [lsn, sequence, clock] = [lsn + 8n, 0, clock + tick * 1000];
      if (truncated && before < truncation.position.lsn && lsn > truncation.position.lsn) {
        rows.clear();
        sent.push({ step: i, change: truncation });
      }
    }
    const send = (operation: Operation, key: number, row: Partial<Person>, unchanged?: readonly string[]) => {
      sequence += 1;
      sent.push({ step: i, change: changeOf(history, operation, key, row, lsn, sequence, clock, unchanged) });
    };
    const before = rows.get(id);
    if (kind === 'write' && before === undefined) {
      const row = { name, bio: bio ?? null, score };
      rows.set(id, row);
      send('insert', id, row);
    } else if (kind === 'write') {
      const row = { name, bio: bio === undefined ? before!.bio : bio, score };
      rows.set(id, row);
      if (bio === undefined) send('update', id, { name, score }, ['bio']);
      else send('update', id, row);
    } else if (kind === 'delete' && before !== undefined) {
      rows.delete(id);
      send('delete', id, {});
    } else if (kind === 'move' && before !== undefined && !rows.has(to)) {
      rows.delete(id);
      rows.set(to, before);
      send('delete', id, {});
      send('insert', to, before);
    }
  }
  if (cut === steps.length) load();
  const stream = sent.filter(({ step: at }) => at >= cut - overlap).map(({ change }) => change);
  return { rows, changes: [...loads, ...stream] };
}

function changeOf(
  h: number,
  operation: Operation,
  id: number,
  row: Partial<Person>,
  lsn: bigint,
  sequence: number,
  clock: number,
  unchanged?: readonly string[],
): Change {
  const at = new Date(clock).toISOString();
  const origin = { id: `${h}/${lsn}/${sequence}/${id}`, arrivedAt: '2026-01-01T00:00:00Z', raw: '{}' };
  const values = { h: String(h), id: String(id), ...row };
  return { operation, position: { lsn, sequence }, at, row: values, origin, ...(unchanged ? { unchanged } : {}) };
}

/** What arrives, batch by batch: out of order, some of it twice. */
export function arrivals(changes: readonly Change[], { order, copies, batches }: Plan, count: number): Change[][] {
  const result: Change[][] = Array.from({ length: count }, () => []);
  const delivered = changes
    .flatMap((change, i) => (copies[i % copies.length] ? [change, change] : [change]))
    .map((change, i) => ({ change, rank: order[i % order.length]!, batch: batches[i % batches.length]! }))
    .sort((a, b) => a.rank - b.rank);
  for (const { change, batch } of delivered) result[batch]!.push(change);
  return result;
}

type Shown = Record<string, unknown>;

/** The tables that the changes make, applied once and in their order: written as plainly as possible. */
export const inOrder = {
  mirror(changes: readonly Change[]): Shown[] {
    const rows = new Map<string, Shown>();
    for (const change of changes) {
      const { id } = change.row;
      if (change.operation === 'truncate') rows.clear();
      else if (change.operation === 'delete') rows.delete(id!);
      else rows.set(id!, { ...rows.get(id!), ...change.row });
    }
    return [...rows.values()];
  },
  history(changes: readonly Change[]): Shown[] {
    const versions: Shown[] = [];
    const current = new Map<string, Shown>();
    const clocks = new Map<string, string>();
    const emptied = new Map<string, Shown>();
    for (const change of changes) {
      // Of a table that is emptied, only rows that were there have a time at which they ended.
      const ids = change.operation === 'truncate' ? [...current.keys()] : [change.row.id!];
      for (const id of ids) {
        const before = clocks.get(id);
        const from = before !== undefined && before > change.at! ? before : change.at!;
        const last = current.get(id);
        if (last !== undefined) Object.assign(last, { valid_to: from, is_current: false });
        current.delete(id);
        if (change.operation === 'truncate') {
          emptied.set(id, last!);
          continue;
        }
        clocks.set(id, from);
        const ended = emptied.get(id);
        // Where the clock went back, a version that the truncation ended does not reach into the next.
        if (ended !== undefined && (ended.valid_to as string) > from) ended.valid_to = from;
        emptied.delete(id);
        if (change.operation === 'delete') continue;
        const version = { ...last, ...change.row, valid_from: from, valid_to: null, is_current: true };
        versions.push(version);
        current.set(id, version);
      }
    }
    // One that began before the snapshot, and had ended when that was taken, was never told whole.
    return versions.filter((version) => 'bio' in version);
  },
  log: (changes: readonly Change[]): Shown[] =>
    changes.map(({ operation, position, row }) => ({
      h: null,
      id: null,
      name: null,
      bio: null,
      score: null,
      ...row,
      change_operation: operation,
      change_lsn: position.lsn.toString(),
    })),
};
