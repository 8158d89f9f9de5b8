import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Applied, applyChanges } from '../../lib/cdc/apply';
import type { Change, Operation, Value } from '../../lib/cdc/change';
import { keptSuffix, type Mode } from '../../lib/cdc/columns';
import type { Column } from '../../lib/contract/dataset';
import { quarantineSuffix } from '../../lib/contract/names';
import type { Lake, Row } from '../../lib/runtime/services';
import { openLocalSpark } from '../../lib/spark/local';
import { changesManifest, fedTable } from '../cdc/platform';
import { column, dataset } from '../ingest/datasets';
import { quiet } from '../ingest/platform';
import { type IcebergLake, icebergLake } from '../publish/iceberg-lake';
import { hasSpark } from './turns';

const modes: readonly Mode[] = ['mirror', 'history', 'log'];
const people: readonly Column[] = [
  column('id', 'long', { required: true }),
  column('name', 'string', { required: true }),
  column('bio', 'string'),
  column('amount', 'decimal(9, 2)'),
];

/** Each table is there twice: one that DuckDB alone writes, and one that Spark writes, or both. */
const engines = ['duckdb', 'spark'] as const;
type Engine = (typeof engines)[number];
const named = (name: string, mode: Mode, engine: Engine) => `${name}_${mode}_${engine}`;
const table = (name: string, columns: readonly Column[], key: readonly string[]) =>
  modes.flatMap((mode) =>
    engines.map((engine) => [dataset(named(name, mode, engine), [...columns], { key: [...key] }), mode] as const),
  );

const manifest = changesManifest([...table('people', people, ['id'])]);

let lakes: Record<Engine, Lake> | undefined;
let open: IcebergLake;
beforeAll(async () => {
  if (!(await hasSpark())) return;
  open = await icebergLake(manifest);
  const { catalog, lake } = open.services;
  const scratch = mkdtempSync(join(tmpdir(), 'ingot-cdc-'));
  lakes = { duckdb: lake, spark: await openLocalSpark({ manifest, catalog, scratch }) };
}, 300_000);
afterAll(async () => {
  await lakes?.spark.close();
  await open?.close();
});

const clock = { now: () => Date.UTC(2026, 0, 2) };
const apply = (name: string, mode: Mode, table: Engine, engine: Engine, changes: readonly Change[]): Promise<Applied> =>
  applyChanges(fedTable(manifest, `silver.${named(name, mode, table)}`), changes, {
    lake: lakes![engine],
    clock,
    log: quiet,
  });

/** A table, its kept changes and its quarantine, row by row. */
async function content(name: string, mode: Mode, engine: Engine): Promise<Record<string, Row[]>> {
  const tables: Record<string, Row[]> = {};
  for (const suffix of ['', keptSuffix, quarantineSuffix])
    tables[`${mode}${suffix}`] = await lakes!.duckdb.query(
      `SELECT * FROM silver.${named(name, mode, engine)}${suffix} ORDER BY ALL`,
    );
  return tables;
}

/** Applies batches to both tables: to one by DuckDB, to the other by the engines given, in turns. */
async function expectAlike(
  name: string,
  mode: Mode,
  batches: readonly (readonly Change[])[],
  turns: readonly Engine[] = ['spark'],
): Promise<Record<string, Row[]>> {
  for (const [i, batch] of batches.entries()) {
    const expected = await apply(name, mode, 'duckdb', 'duckdb', batch);
    const given = await apply(name, mode, 'spark', turns[i % turns.length]!, batch);
    expect({ batch: i, ...given }).toEqual({ batch: i, ...expected });
    expect(await content(name, mode, 'spark')).toEqual(await content(name, mode, 'duckdb'));
  }
  return content(name, mode, 'duckdb');
}

const change = (operation: Operation, lsn: number, row: Record<string, Value>, more: Partial<Change> = {}): Change => ({
  operation,
  position: { lsn: 2n ** 40n + BigInt(lsn), sequence: lsn % 3 },
  at: new Date(Date.UTC(2026, 0, 1) + lsn * 1000).toISOString(),
  row,
  origin: { id: `record/${lsn}`, arrivedAt: '2026-01-02T00:00:00.000Z', raw: `{"lsn":${lsn}}` },
  ...more,
});

test.each(modes)(
  'a batch of inserts, updates, deletes and refused values makes the same %s',
  async (mode) => {
    if (lakes === undefined) return;
    const made = await expectAlike('people', mode, [
      [
        change('load', 0, { id: '1', name: 'Ada', bio: 'x', amount: '1.50' }),
        change('insert', 10, { id: '2', name: "O'Hara", bio: null, amount: '-0.01' }),
        change('update', 11, { id: '1', name: 'Ada L', bio: 'y', amount: null }),
        change('insert', 12, { id: '3', name: 'Bob', bio: '', amount: '7' }),
        change('delete', 13, { id: '3' }),
        change('insert', 14, { id: 'x', name: null, bio: 'long', amount: 'much' }),
      ],
    ]);
    expect(Object.entries(made).map(([of, { length }]) => [of, length])).toMatchInlineSnapshot(`
[
  [
    "mirror",
    2,
  ],
  [
    "mirror_changes",
    1,
  ],
  [
    "mirror_quarantine",
    1,
  ],
]
`);
  },
  600_000,
);
