import { TransientError } from '../errors';
import type { DateRange, TransformEvent, TransformResult } from '../pipeline/events';
import { findModel, findTable, type TablePlace } from '../platform/lookup';
import type { Model } from '../platform/manifest';
import { expired } from '../retention/expired';
import type { Services, Transaction } from '../runtime/services';
import { scratch } from '../sql/change';
import { identifier } from '../sql/quote';
import { columnList } from '../sql/rows';
import { castColumns } from './columns';
import { inputsOf, inputsProperty, sqlChanged, written } from './inputs';
import { materialize } from './materialize';
import { selectOf } from './select';

type Rows = TransformResult['rows'];
const none: Rows = { inserted: 0, updated: 0, deleted: 0 };

/**
 * Runs a SQL model into its table, in one commit, as its contract's materialization says. Where the table was made from
 * just these inputs, nothing is written, and where its rows would stay the same, only the property that says so.
 *
 * @throws Error that names the model where its SQL fails, or where its columns or keys are not those of its contract
 */
export async function transform(event: TransformEvent, services: Services): Promise<TransformResult> {
  const { lake, manifest, clock, log } = services;
  const model = findModel(event.model, manifest);
  const place = findTable(written(model), manifest);
  const run: Run = {
    model,
    place,
    name: lake.name(place.database, place.table),
    select: selectOf(model, manifest),
    inputs: await inputsOf(model, services),
    startedAt: new Date(clock.now()).toISOString(),
    expired: expired(place.dataset, manifest.zones.find((zone) => zone.name === place.dataset.zone)!, clock.now()),
    ...(event.range ? { range: event.range } : {}),
  };
  const rows = await lake.commit((tx) => write(run, tx));
  const status = rows === 'fresh' ? 'fresh' : 'written';
  log.info(`Model ${model.name} is ${status}`, { model: model.name, run: event.run, rows });
  return { model: model.name, status, rows: rows === 'fresh' ? none : rows };
}

/** All that one run of a model is about. */
interface Run {
  readonly model: Model;
  readonly place: TablePlace;
  /** The table's quoted SQL name. */
  readonly name: string;
  readonly select: string;
  readonly inputs: string;
  readonly startedAt: string;
  /** Condition on rows that are too old to be kept: made again, they would only be deleted again. */
  readonly expired: string | undefined;
  readonly range?: DateRange;
}

async function write(run: Run, tx: Transaction): Promise<Rows | 'fresh'> {
  const { model, place, name, inputs, startedAt, range } = run;
  const before = (await tx.properties(place.database, place.table))[inputsProperty];
  const changed = sqlChanged(before, inputs);
  const empty = (await tx.query(`SELECT 1 FROM ${name} LIMIT 1`)).length === 0;
  const { where, byKey, change, whole } = materialize(place.dataset, name, { startedAt, empty, changed, range });
  if (whole && before === inputs) return 'fresh';

  await byName(model, () => createRows(run, where, tx));
  if (byKey) await checkKeys(run, tx);
  await byName(model, async () => {
    for (const statement of change.prepare) await tx.run(statement);
  });
  const rows = await countsOf(change.counts, tx);
  if (rows.deleted + rows.updated > 0) await tx.run(`DELETE FROM ${name} AS t WHERE ${change.remove}`);
  if (rows.inserted + rows.updated > 0) {
    await tx.run(`INSERT INTO ${name} (${columnList(change.into)}) ${change.add}`);
  }
  if (whole) await tx.setProperties(place.database, place.table, { [inputsProperty]: inputs });
  for (const table of Object.values(scratch)) await tx.run(`DROP TABLE IF EXISTS ${table}`);
  return rows;
}

/** Runs the model's SQL once, into a temporary table with the contract's columns. */
async function createRows(
  { model, place, select, expired }: Run,
  where: string | undefined,
  tx: Transaction,
): Promise<void> {
  const described = await tx.query(`DESCRIBE ${select}`);
  const given = described.map((column) => String(column.column_name));
  const cast = `SELECT ${castColumns(model, place.dataset, given)} FROM (${select})`;
  const kept = expired === undefined || place.dataset.retentionColumn === undefined ? [] : [`(${expired}) IS NOT TRUE`];
  const conditions = [...(where === undefined ? [] : [`(${where})`]), ...kept];
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  await tx.run(`CREATE TEMP TABLE ${scratch.rows} AS SELECT * FROM (${cast})${filter}`);
}

/** An error of SQL says what is wrong, but not in which of many models. */
async function byName(model: Model, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof TransientError || message.startsWith('Model ')) throw error;
    throw new Error(`Model ${model.name} (${model.file}): ${message}`, { cause: error });
  }
}

/** Merging by key is only well defined where each key comes once: which of two rows would win is nobody's to guess. */
async function checkKeys({ model, place }: Run, tx: Transaction): Promise<void> {
  const { key } = place.dataset;
  const missing = key.map((name) => `${identifier(name)} IS NULL`).join(' OR ');
  const [nulls] = await tx.query(`SELECT count(*) AS n FROM ${scratch.rows} WHERE ${missing}`);
  if (Number(nulls?.n) > 0) {
    throw new Error(
      `Model ${model.name} (${model.file}) gives ${nulls?.n} rows without a value of key ${key.join(', ')}`,
    );
  }
  const [twice] = await tx.query(
    `SELECT ${columnList(key)}, count(*) AS n FROM ${scratch.rows} GROUP BY ${columnList(key)} HAVING count(*) > 1
      ORDER BY ALL LIMIT 1`,
  );
  if (twice !== undefined) {
    const example = key.map((name) => `${name} ${String(twice[name])}`).join(', ');
    throw new Error(`Model ${model.name} (${model.file}) gives ${twice.n} rows for one key: ${example}`);
  }
}

async function countsOf(sql: string, tx: Transaction): Promise<Rows> {
  const [row] = await tx.query(sql);
  return { inserted: Number(row?.inserted), updated: Number(row?.updated), deleted: Number(row?.deleted) };
}
