import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { compareFingerprints } from '../../lib/backup/compare';
import type { Fingerprint, Rows } from '../../lib/backup/fingerprint';

/** Rows of one table, by key. */
type State = ReadonlyMap<number, string>;

const hash = (text: string) => BigInt(`0x${createHash('md5').update(text).digest('hex').slice(0, 15)}`);

function rowsOf(state: State): Rows {
  const buckets = new Map<number, { count: number; sum: bigint }>();
  for (const [key, value] of state) {
    const bucket = Number(hash(String(key)) % 64n);
    const { count, sum } = buckets.get(bucket) ?? { count: 0, sum: 0n };
    buckets.set(bucket, { count: count + 1, sum: sum + hash(`${key} ${value}`) });
  }
  return { buckets: Object.fromEntries([...buckets].map(([bucket, { count, sum }]) => [bucket, `${count}:${sum}`])) };
}

function fingerprint(rows: Record<string, State>, more: Partial<Fingerprint> = {}): Fingerprint {
  return {
    takenAt: '2026-11-21T12:00:00.000Z',
    server: '17.6',
    extensions: { plpgsql: '1.0', vector: '0.8.0' },
    sequences: {},
    structure: Object.fromEntries(
      Object.keys(rows).map((table) => [table, { columns: ['id integer'], indexes: [], constraints: [] }]),
    ),
    rows: Object.fromEntries(Object.entries(rows).map(([table, state]) => [table, rowsOf(state)])),
    ...more,
  };
}

type Step = { readonly kind: 'insert' | 'update' | 'delete'; readonly at: number };
const steps = fc.array(
  fc.record({ kind: fc.constantFrom('insert', 'update', 'delete'), at: fc.nat(10_000) }) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);

/** No step makes a row what it was before, and no key comes twice. */
function after(state: State, taken: readonly Step[], round: string, next: number): Map<number, string> {
  const rows = new Map(state);
  for (const [i, { kind, at }] of taken.entries()) {
    const keys = [...rows.keys()];
    if (kind === 'insert') rows.set(next + i, round);
    else if (keys.length > 0 && kind === 'update') rows.set(keys[at % keys.length]!, `${round} ${i}`);
    else if (keys.length > 0) rows.delete(keys[at % keys.length]!);
  }
  return rows;
}

const start: State = new Map(Array.from({ length: 400 }, (_, i) => [i, 'first']));

test('whatever is written between two fingerprints, a backup of in between passes', () => {
  fc.assert(
    fc.property(steps, steps, (first, second) => {
      const then = after(start, first, 'then', 1000);
      const last = after(then, second, 'last', 2000);
      // A row that came after the first fingerprint and went before the second is the one thing that neither knows.
      fc.pre([...then.keys()].every((key) => start.has(key) || last.has(key)));
      const validation = compareFingerprints(fingerprint({ t: then }), {
        before: fingerprint({ t: start }),
        after: fingerprint({ t: last }),
      });
      expect(validation.findings).toEqual([]);
    }),
  );
});

test('a row that was not touched is missed, and so is its value, while others are being written', () => {
  fc.assert(
    fc.property(steps, fc.nat(399), fc.boolean(), (written, key, lost) => {
      const last = after(start, written, 'last', 2000);
      const [before, later] = [rowsOf(start), rowsOf(last)];
      const bucket = String(hash(String(key)) % 64n);
      fc.pre(before.buckets[bucket] === later.buckets[bucket]);
      const damaged = new Map(last);
      if (lost) damaged.delete(key);
      else damaged.set(key, 'rotten');
      const { passed, findings } = compareFingerprints(fingerprint({ t: damaged }), {
        before: fingerprint({ t: start }),
        after: fingerprint({ t: last }),
      });
      expect(passed).toBe(false);
      expect(findings.map(({ check, subject }) => `${check} ${subject}`)).toEqual(['rows t']);
    }),
  );
});

test('how many rows were compared is told, so that nobody takes a table that changes all the time for a proven one', () => {
  const last = new Map([...start].map(([key, value]) => [key, key < 100 ? 'new' : value]));
  const { rows, rowsCompared, passed } = compareFingerprints(fingerprint({ t: last }), {
    before: fingerprint({ t: start }),
    after: fingerprint({ t: last }),
  });
  expect({ rows, passed }).toEqual({ rows: 400, passed: true });
  expect(rowsCompared).toBeGreaterThan(0);
  expect(rowsCompared).toBeLessThan(300);
});

test('rows of volatile tables are not compared, but the table must be there', () => {
  const before = fingerprint({ queue: start, t: start });
  const restored = fingerprint({ queue: new Map(), t: start });
  expect(compareFingerprints(restored, { before }).passed).toBe(false);
  expect(compareFingerprints(restored, { before, volatile: ['queue'] }).passed).toBe(true);
  const { findings } = compareFingerprints(fingerprint({ t: start }), { before, volatile: ['queue'] });
  expect(findings).toEqual([{ check: 'structure', subject: 'queue', message: 'queue is missing' }]);
});

describe('what else is compared', () => {
  const before = fingerprint({ t: start }, { sequences: { s: '41' } });
  const findings = (restored: Partial<Fingerprint>, later?: Partial<Fingerprint>) =>
    compareFingerprints(
      { ...before, ...restored },
      { before, ...(later && { after: { ...before, ...later } }) },
    ).findings.map(({ message }) => message);
  const table = { columns: ['id integer'], indexes: ['CREATE INDEX i ON t (id)'], constraints: [] };

  test('extensions, which may be newer', () => {
    expect(findings({ extensions: { plpgsql: '1.0', vector: '0.10.0' } })).toEqual([]);
    expect(findings({ extensions: { plpgsql: '1.0', vector: '0.7.4' } })).toEqual([
      'vector must be there in version 0.8.0 or newer; found 0.7.4',
    ]);
    expect(findings({ extensions: { plpgsql: '1.0' } })).toEqual([
      'vector must be there in version 0.8.0 or newer; found none',
    ]);
    expect(findings({ extensions: { plpgsql: '1.0' } }, { extensions: { plpgsql: '1.0' } })).toEqual([]);
  });

  test('structure, which may be that of before or of after a migration', () => {
    expect(findings({ structure: { t: table } }, { structure: { t: table } })).toEqual([]);
    expect(findings({ structure: { t: table } })).toEqual([
      't has other indexes; not in the source: CREATE INDEX i ON t (id)',
    ]);
    expect(findings({ structure: { ...before.structure, u: table } })).toEqual([
      'u is there and was not in the source',
    ]);
    expect(findings({ structure: {} }, { structure: {} })).toEqual([]);
  });

  test('sequences, which must not give a number twice', () => {
    expect(findings({ sequences: { s: '73' } })).toEqual([]);
    expect(findings({ sequences: { s: '40' } })).toEqual([
      's must be at 41 or beyond, or it would give numbers twice; found 40',
    ]);
  });

  test('the newest row, unless it was deleted meanwhile', () => {
    const of = (newest: string) => ({ rows: { t: { ...rowsOf(start), newest } } });
    const was = { ...before, ...of('2026-11-21 12:00:00+00') };
    const compare = (restored: string, later = was) =>
      compareFingerprints({ ...before, ...of(restored) }, { before: was, after: later }).findings;
    expect(compare('2026-11-21 12:00:00+00')).toEqual([]);
    expect(compare('2026-11-21 11:00:00+00')).toMatchObject([{ check: 'newest', subject: 't' }]);
    expect(compare('2026-11-21 11:00:00+00', { ...before, ...of('2026-11-21 10:00:00+00') })).toEqual([]);
  });
});
