import { quarantineSuffix } from '../contract/names';
import type { TablePlace } from '../platform/lookup';
import type { Services, Transaction } from '../runtime/services';
import { literal } from '../sql/quote';
import { columnList } from '../sql/rows';
import { type Change, comparePositions, lsnText, type Position, parseLsn } from './change';
import { type ChangedTable, kept, keptSuffix, lsnOf, type Mode, meta, restOf, sequenceOf } from './columns';
import * as history from './history';
import { rewriteLog } from './log';
import * as mirror from './mirror';
import { pieces } from './pieces';
import { dropStaged, type Rejected, stageChanges, staged } from './stage';

/** Table property: the highest position that the table shows, as PostgreSQL writes it. Written in the commit of its rows. */
const positionProperty = 'ingot.change-position';

/** What became of some changes of one table. */
export interface Applied {
  /** Rows, or versions, that came and went. */
  readonly added: number;
  readonly removed: number;
  /** Changes that are not what the contract says, and are in quarantine. */
  readonly rejected: number;
  /** Keys, or versions, that wait for a change which has not come. */
  readonly waiting: number;
}

/** What applying needs of services. */
export type ApplyServices = Pick<Services, 'lake' | 'clock' | 'log'>;

/** A table that is fed by changes, and where it stands. */
export interface FedTable {
  readonly place: TablePlace;
  readonly mode: Mode;
}

export function changedTable({ place, mode }: FedTable, lake: Services['lake']): ChangedTable {
  const { database, table, dataset } = place;
  return { dataset, mode, name: lake.name(database, table), kept: lake.name(database, table + keptSuffix) };
}

/**
 * Applies changes of one table. They may come in any order, in any batches, and any number of times: the table is then
 * that which all of them, once and in the order of their positions, make.
 *
 * What the table does not show (deletes to be remembered, rows that are not whole) is committed first, to its table of
 * kept changes; then the table. A crash between the two is repaired by applying the same changes again. Where another
 * writer adds to the kept changes meanwhile, the table is decided anew.
 */
export async function applyChanges(
  fed: FedTable,
  changes: readonly Change[],
  services: ApplyServices,
): Promise<Applied> {
  const { lake } = services;
  const table = changedTable(fed, lake);
  const truncations = changes.filter(({ operation }) => operation === 'truncate');
  const rows = truncations.length === 0 ? changes : changes.filter(({ operation }) => operation !== 'truncate');
  const run: Run = { fed, table, truncations, highest: highestOf(changes), services };
  try {
    const rejected = await stageChanges(table, rows, lake);
    await quarantine(fed.place, rejected, services);
    const written = fed.mode === 'log' ? await writeLog(run) : await writeRows(run);
    return { ...written, rejected: rejected.length };
  } finally {
    await dropStaged(lake);
    await lake.run(`DROP TABLE IF EXISTS ${staged.whole}_keys`);
  }
}

interface Run {
  readonly fed: FedTable;
  readonly table: ChangedTable;
  readonly truncations: readonly Change[];
  readonly highest: Position | undefined;
  readonly services: ApplyServices;
}

function highestOf(changes: readonly Change[]): Position | undefined {
  let highest: Position | undefined;
  for (const { position } of changes)
    if (highest === undefined || comparePositions(position, highest) > 0) highest = position;
  return highest;
}

async function writeRows(run: Run): Promise<Omit<Applied, 'rejected'>> {
  const { fed, table, services } = run;
  const { lake } = services;
  const { database, table: name } = fed.place;
  if (fed.mode === 'mirror') await mirror.findLast(table, lake);
  for (;;) {
    const waiting = await commitKept(run);
    const before = await lake.snapshotId(database, name + keptSuffix);
    const written = await lake.commit((tx) => rewrite(run, tx));
    if (written === 'incomplete') continue;
    // Another writer's deletes may have come after this commit has read them, and before it stood.
    const after = await lake.snapshotId(database, name + keptSuffix);
    if (before === after) return { ...written, waiting };
  }
}

/** Commits what the table does not show. */
async function commitKept(run: Run): Promise<number> {
  const { fed, table, truncations, services } = run;
  const { lake, clock } = services;
  const now = literal(new Date(clock.now()).toISOString());
  const { dataset } = table;
  const all = [...dataset.key, ...restOf(dataset)];
  const into = [...all, meta.lsn, meta.sequence, meta.older, kept.kind, meta.at, kept.at];
  return lake.commit(async (tx) => {
    for (const truncation of truncations) await keepMark(table, 'truncate', truncation, now, tx);
    const { waiting } = await judge(run, tx);
    const query = fed.mode === 'mirror' ? mirror.newlyKept(table) : history.newlyKept(table);
    const [any] = await tx.query(`SELECT 1 FROM (${query}) LIMIT 1`);
    if (any !== undefined)
      await tx.run(
        `INSERT INTO ${table.kept} (${columnList(into)})
          SELECT ${columnList(all)}, ${lsnOf('_pos')}, ${sequenceOf('_pos')}, ${meta.older}, change_kind, _at, ${now}::TIMESTAMPTZ FROM (${query})`,
      );
    return waiting;
  });
}

function judge({ fed, table, truncations }: Run, tx: Transaction): Promise<mirror.Missing> {
  if (fed.mode === 'mirror') return mirror.judgeColumns(table, tx);
  const last = highestOf(truncations);
  const position = last === undefined ? undefined : (last.lsn << 32n) + BigInt(last.sequence);
  return history.makeVersions(table, position, tx);
}

/** Keeps a change that is of the table as a whole, unless it is kept already. */
async function keepMark(
  { kept: name }: ChangedTable,
  kind: 'truncate',
  { position, at }: Change,
  now: string,
  tx: Transaction,
): Promise<void> {
  const { lsn, sequence } = position;
  await tx.run(
    `INSERT INTO ${name} (${columnList([meta.lsn, meta.sequence, kept.kind, meta.at, kept.at])})
      SELECT ${lsn}::BIGINT, ${sequence}::BIGINT, ${literal(kind)}, ${literal(at ?? null)}::TIMESTAMPTZ, ${now}::TIMESTAMPTZ
      WHERE NOT EXISTS (SELECT 1 FROM ${name} AS k
        WHERE k.${kept.kind} = ${literal(kind)} AND k.${meta.lsn} = ${lsn} AND k.${meta.sequence} = ${sequence})`,
  );
}

type Written = { readonly added: number; readonly removed: number };

async function rewrite(run: Run, tx: Transaction): Promise<Written | 'incomplete'> {
  const { fed, table } = run;
  const { missing } = await judge(run, tx);
  const isMirror = fed.mode === 'mirror';
  if (missing > 0) {
    // Since the kept changes were committed, another writer has taken away what made these whole.
    const [left] = await tx.query(
      `SELECT 1 FROM (${isMirror ? mirror.newlyKept(table) : history.newlyKept(table)}) LIMIT 1`,
    );
    if (left !== undefined) return 'incomplete';
  }
  const change = isMirror
    ? await mirror.rewriteRows(table, run.truncations.length > 0, tx)
    : await history.rewriteVersions(table, tx);
  return write(run, change, tx);
}

async function write({ fed, table, highest }: Run, change: mirror.Rewrite, tx: Transaction): Promise<Written> {
  const { removed, added, remove, add, into } = change;
  if (removed > 0) await tx.run(`DELETE FROM ${table.name} AS t WHERE ${remove}`);
  if (added > 0) await tx.run(`INSERT INTO ${table.name} (${columnList(into)}) ${add}`);
  // Never alone: no catalog refuses a commit of properties because others were first.
  if (removed + added > 0 && highest !== undefined) {
    const { database, table: name } = fed.place;
    const before = (await tx.properties(database, name))[positionProperty];
    await tx.setProperties(database, name, { [positionProperty]: higher(before, highest) });
  }
  return { removed, added };
}

function higher(before: string | undefined, now: Position): string {
  return before !== undefined && parseLsn(before) > now.lsn ? before : lsnText(now.lsn);
}

async function writeLog(run: Run): Promise<Omit<Applied, 'rejected'>> {
  const { table, truncations, services } = run;
  for (const [i, { position, at }] of truncations.entries())
    await services.lake.run(
      `INSERT INTO ${staged.changes} (_n, _op, _lsn, _seq, _pos, _dead, _at)
        VALUES (${-1 - i}, 'truncate', ${position.lsn}, ${position.sequence}, ${position.lsn}::HUGEINT * 4294967296 + ${position.sequence},
          TRUE, ${literal(at ?? null)}::TIMESTAMPTZ)`,
    );
  const written = await services.lake.commit(async (tx) => write(run, await rewriteLog(table, tx), tx));
  return { ...written, waiting: 0 };
}

/** Puts changes that are not what the contract says beside the table, with every reason, each once. */
export async function quarantine(
  { database, table }: TablePlace,
  rejected: readonly Rejected[],
  { lake, log }: ApplyServices,
): Promise<void> {
  if (rejected.length === 0) return;
  const name = lake.name(database, table + quarantineSuffix);
  // Of a record that is two changes, the first that is refused says why.
  const first = new Map<string, Rejected>();
  for (const one of rejected) if (!first.has(one.change.origin.id)) first.set(one.change.origin.id, one);
  const shape = `[{"at":"TIMESTAMPTZ","file":"VARCHAR","n":"BIGINT","reasons":[{"rule":"VARCHAR","column":"VARCHAR","message":"VARCHAR"}],"raw":"VARCHAR"}]`;
  const added = await lake.commit(async (tx) => {
    let count = 0;
    for (const some of pieces([...first.values()], rejected.length, ({ change }) => change.origin.raw.length))
      count += await tx.run(
        `INSERT INTO ${name} (quarantined_at, run, batch, file, row_number, reasons, raw)
          SELECT n.at, 'cdc', 0, n.file, n.n, n.reasons, n.raw
          FROM (SELECT unnest(json_transform($json::JSON, ${literal(shape)})) AS n)
          WHERE NOT EXISTS (SELECT 1 FROM ${name} AS q WHERE q.file = n.file)`,
        { json: JSON.stringify(some.map(inQuarantine)) },
      );
    return count;
  });
  if (added > 0) log.warn('Changes are not what the contract says, and are in quarantine', { table, changes: added });
}

const inQuarantine = ({ change: { origin, position }, reasons }: Rejected) => ({
  at: origin.arrivedAt,
  file: origin.id,
  n: position.sequence,
  reasons,
  raw: origin.raw,
});
