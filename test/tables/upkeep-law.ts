import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import { type LocalServices, localServices } from '../../lib/runtime/local';
import { applyTable } from '../../lib/tables/apply';
import { RestCatalog } from '../../lib/tables/client';
import { compactTable } from '../../lib/tables/compact';
import { expireSnapshots, removeOrphans, type UpkeepServices } from '../../lib/tables/expire';
import { localTableFiles } from '../../lib/tables/files';
import { quiet } from '../ingest/platform';
import { column, required, specOf } from './fixture';

/** What is done to a table, by one of two writers. */
export type Step =
  | { readonly do: 'add' | 'change' | 'remove'; readonly from: number; readonly every: number }
  | { readonly do: 'compact' | 'orphans' }
  | { readonly do: 'expire'; readonly keep: number }
  /** A writer that has read the table before the compaction, and writes after it. */
  | { readonly do: 'race'; readonly from: number; readonly every: number };

const rows = { from: fc.nat(99), every: fc.integer({ min: 1, max: 9 }) };
export const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('add' as const, 'change', 'remove'), ...rows }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('compact' as const, 'orphans') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('expire' as const), keep: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('race' as const), ...rows }) },
  ),
  { minLength: 4, maxLength: 14 },
);

/** A lake with two writers. Each table that it makes is partitioned, and sorted by its key, downwards. */
export class Lakes {
  private count = 0;

  private constructor(
    readonly folder: string,
    readonly catalog: LocalCatalog,
    readonly client: RestCatalog,
    readonly writers: readonly [LocalServices, LocalServices],
  ) {}

  static async open(): Promise<Lakes> {
    const folder = await mkdtemp(join(tmpdir(), 'ingot-upkeep-'));
    const catalog = await startCatalog({ folder: join(folder, 'catalog'), roots: [join(folder, 'lake')] });
    const address = { uri: catalog.uri, warehouse: 'test', auth: { kind: 'none' } } as const;
    const client = await RestCatalog.connect(address);
    const manifest = {
      name: 'test',
      zones: [],
      datasets: [],
      models: [],
      groups: [],
      ops: { database: 'test_silver', zone: 'silver' },
    };
    await client.createNamespace('test_silver');
    const services = () => localServices({ manifest, zones: {}, catalog: address, log: quiet });
    return new Lakes(folder, catalog, client, [await services(), await services()]);
  }

  upkeep(writer = 0): UpkeepServices {
    return { lake: this.writers[writer]!.lake, catalog: this.client, files: localTableFiles, log: quiet };
  }

  async table() {
    const table = `t${++this.count}`;
    const location = `file://${this.folder}/lake/${table}`;
    const columns = [
      column('id', 'long', required),
      column('text', 'string'),
      column('day', 'date'),
      column('tags', { kind: 'list', element: 'string' } as never),
    ];
    const spec = specOf('1.0.0', columns, {
      table,
      location,
      partitionBy: [{ column: 'day', transform: 'month' }] as never,
      sortBy: [{ column: 'id', direction: 'desc' }] as never,
    });
    await applyTable(spec, this.client, { log: quiet });
    return { database: 'test_silver', table, location, name: this.writers[0].lake.name('test_silver', table) };
  }

  async close(): Promise<void> {
    for (const writer of this.writers) await writer.close();
    await this.catalog.close();
    await rm(this.folder, { recursive: true });
  }
}

export type Table = Awaited<ReturnType<Lakes['table']>>;

const valuesOf = (id: string, version: number) =>
  `${id}, 'v${version}-' || ${id}, DATE '2026-01-01' + (${id} % 70)::INTEGER, [${id}::VARCHAR, NULL]`;

/** Does the steps, and to a map what they say of rows. Gives the map, by id, with the version of each row. */
export async function doSteps(all: readonly Step[], table: Table, lakes: Lakes): Promise<Map<number, number>> {
  const expected = new Map<number, number>();
  const { name } = table;
  for (const [version, step] of all.entries()) {
    const writer = version % 2;
    const { lake } = lakes.writers[writer]!;
    const upkeep = lakes.upkeep(writer);
    const ids = 'every' in step ? Array.from({ length: 20 }, (_, i) => step.from + i * step.every) : [];
    const list = ids.join(', ');
    const write = (to = lake, before: () => Promise<unknown> = async () => {}) =>
      to.commit(async (tx) => {
        await tx.run(`DELETE FROM ${name} WHERE id IN (${list})`);
        await before();
        if (step.do !== 'remove')
          await tx.run(`INSERT INTO ${name} SELECT ${valuesOf('id', version)} FROM (SELECT unnest([${list}]) AS id)`);
      });
    if (step.do === 'compact') await compactTable(table, upkeep);
    else if (step.do === 'orphans') await removeOrphans(table, Date.now() + 1000, upkeep);
    else if (step.do === 'expire') await expireSnapshots(table, { keep: step.keep }, upkeep);
    else if (step.do === 'race') await race(() => compactTable(table, lakes.upkeep(1 - writer)), write);
    else await write();
    for (const id of ids) {
      if (step.do === 'remove') expected.delete(id);
      else expected.set(id, version);
    }
  }
  return expected;
}

/** Compacts in the middle of the first try of a commit, which has read the table by then: it has to try again. */
async function race(
  compact: () => Promise<unknown>,
  write: (to: undefined, before: () => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  let tries = 0;
  let compacted: unknown;
  await write(undefined, async () => {
    if (++tries === 1) compacted = await compact();
  });
  const isThere = (compacted as { status: string }).status === 'compacted';
  if (isThere && tries !== 2) throw new Error(`A commit on top of what was compacted needs 2 tries; it took ${tries}`);
}

/** What another process reads of the table. */
export async function rowsOf(table: Table, lakes: Lakes): Promise<string[]> {
  const read = await lakes.writers[1].lake.query<{ line: string }>(
    `SELECT concat_ws(' ', id, text, day, tags::VARCHAR) AS line FROM ${table.name} ORDER BY id`,
  );
  return read.map(({ line }) => line);
}

export async function linesOf(expected: ReadonlyMap<number, number>, lakes: Lakes): Promise<string[]> {
  if (expected.size === 0) return [];
  const values = [...expected].map(([id, version]) => `(${id}, ${version})`).join(', ');
  const read = await lakes.writers[1].lake.query<{ line: string }>(
    `SELECT concat_ws(' ', id, 'v' || version || '-' || id, DATE '2026-01-01' + (id % 70)::INTEGER, [id::VARCHAR, NULL]::VARCHAR) AS line
      FROM (VALUES ${values}) AS v(id, version) ORDER BY id`,
  );
  return read.map(({ line }) => line);
}

/** Names of a table's files, but for the catalog's own. */
export async function filesOf({ location }: Table): Promise<string[]> {
  const all = await readdir(location.slice('file://'.length), { recursive: true });
  return all.filter((file) => /\.(parquet|avro)$/.test(file)).map((file) => `${location}/${file}`);
}
