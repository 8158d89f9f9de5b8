import type { Dataset, Source } from '../contract/dataset';
import { wantedColumns } from '../ingest/cells';
import type { Reading } from '../ingest/read';
import type { Session } from '../ingest/stage';
import { reasonsType, staged, stagingSelect } from '../ingest/typed';
import { type RowCheck, rowRules } from '../quality/row';
import { DuckdbError } from '../runtime/duckdb';
import { condition } from '../sql/condition';
import { identifier, literal } from '../sql/quote';
import { duckdbType } from '../sql/types';
import type { Delivery } from './delivery';
import type { RecordFault } from './record';
import type { Stream } from './stream';
import { type Texts, textColumns } from './texts';

/** Columns of judged records beside the contract's own. */
export const judged = {
  /** Place of the record among those that were given, from 0. */
  ordinal: '_ingot_ordinal',
  lane: '_ingot_lane',
  reasons: '_ingot_reasons',
  /** Whether the i-th window counts it. */
  counted: (window: number) => `_ingot_counted_${window}`,
} as const;

/** Records that were judged by the contract, by their ordinals. */
export interface Judged {
  /** Temporary table of all records that are JSON, typed, each with its reasons (null: it is good). */
  readonly table: string;
  /** What could not even be typed. */
  readonly unreadable: ReadonlyMap<number, RecordFault>;
  /** Whether a check has failed itself, so that there may be records that nobody can judge. */
  readonly mayHoldPoison: boolean;
  drop(): Promise<void>;
}

/** Before this nobody sent events: a time before it is a number that was read in the wrong unit. */
const earliest = '1980-01-01';

/**
 * Judges records by their table's contract, as files are judged: by the same SQL. Besides, the time of an event must be
 * plausible, for a clock that is wrong would close every window.
 *
 * @throws Error where the contract does not fit any record, or the machine fails
 */
export async function judge(
  { texts: given }: Pick<Delivery, 'texts'>,
  stream: Stream,
  dataset: Dataset,
  session: Session,
): Promise<Judged> {
  const texts = `ingot_texts_${stream.name}`;
  const table = `ingot_judged_${stream.name}`;
  const drop = async () => {
    for (const one of [texts, table]) await session.run(`DROP TABLE IF EXISTS ${identifier(one)}`);
  };
  await drop();
  try {
    await session.run(emptyTable(table, dataset, stream));
    const { from, unreadable, count } = await given.write(texts, stream, session);
    let isPatient = false;
    if (count > 0) {
      const insert = () =>
        session.run(`INSERT INTO ${identifier(table)} ${judgement(from, given, stream, dataset, isPatient)}`);
      await insert().catch((error: unknown) => {
        if (!isFaultOfValues(error)) throw error;
        isPatient = true;
        return insert();
      });
    }
    await session.run(`DROP TABLE IF EXISTS ${identifier(texts)}`);
    return { table, unreadable, mayHoldPoison: isPatient, drop };
  } catch (error) {
    await drop();
    if (error instanceof DuckdbError && ['Binder', 'Catalog', 'Parser'].includes(error.kind)) {
      const [first] = error.message.split('\n');
      const { contract, zone, name } = dataset;
      const where = contract.file ?? contract.id;
      throw new Error(`${where}: the expressions of ${zone}.${name} do not fit its events: ${first}`, { cause: error });
    }
    throw error;
  }
}

/** Errors of a statement that some value in it is to blame for. */
export const isFaultOfValues = (error: unknown): error is DuckdbError =>
  error instanceof DuckdbError && ['Conversion', 'Out of Range', 'Invalid Input'].includes(error.kind);

/** Rule of a record at which the contract's own SQL fails: no one can say whether it is good. */
export const poisonRule = 'record.poison';

/**
 * Checks that survive an error of their own: where one cannot be evaluated, that is a reason against the record. They cost
 * more, so that they are tried only where the checks themselves have failed.
 */
function patientChecks(checks: readonly RowCheck[], stream: Stream): RowCheck[] {
  const poison = (what: string, sql: string): RowCheck => ({
    rule: poisonRule,
    message: `${what} cannot be evaluated`,
    predicate: `TRY(${sql}) IS NULL`,
  });
  return [
    ...checks.map((check) => ({ ...check, predicate: `coalesce(TRY(${check.predicate}), false)` })),
    ...checks.map((check) => poison(`the rule ${check.rule}`, check.predicate)),
    ...stream.windows.flatMap(({ name, filter }) =>
      filter === undefined ? [] : poison(`the filter of window ${name}`, `${condition(filter)} IS TRUE`),
    ),
  ];
}

function emptyTable(table: string, dataset: Dataset, stream: Stream): string {
  const columns = [
    ...dataset.columns.map(({ name, type }) => `${identifier(name)} ${duckdbType(type)}`),
    `${judged.ordinal} INTEGER`,
    `${judged.lane} VARCHAR`,
    `${judged.reasons} ${reasonsType}`,
    ...stream.windows.map((_, i) => `${judged.counted(i)} BOOLEAN`),
  ];
  return `CREATE TEMP TABLE ${identifier(table)} (${columns.join(', ')})`;
}

function judgement(from: string, given: Texts, stream: Stream, dataset: Dataset, patient: boolean): string {
  const source: Source = { zone: '', prefix: '', nullValues: dataset.source?.nullValues, format: 'json' };
  const strict = rowRules(dataset);
  const checks = patient ? patientChecks(strict, stream) : strict;
  const columns = wantedColumns(dataset, source);
  const reading: Reading = { files: [0], columns, passed: Object.values(textColumns), ...given.reading(from, columns) };
  const rows = stagingSelect(dataset, source, reading, checks);
  const counted = stream.windows.map(({ filter = 'true' }, i) => {
    const passes = `${condition(filter)} IS TRUE`;
    return `CASE WHEN reasons IS NULL THEN ${patient ? `TRY(${passes})` : passes} ELSE false END AS ${judged.counted(i)}`;
  });
  const own = dataset.columns.map(({ name }) => identifier(name));
  const select = [...own, staged.file, textColumns.lane, 'reasons', ...counted];
  return `
    SELECT ${select.join(', ')}
    FROM (
      SELECT rows.*,
        CASE WHEN ${staged.reasons} IS NULL THEN ${implausible(stream)} ELSE ${staged.reasons} END AS reasons
      FROM (${rows}) AS rows
    )`;
}

/** The reason against a time that can't be right, or null. Arrival is by the stream's clock. */
function implausible({ eventTime, maxAheadSeconds, maxBehindSeconds }: Stream): string {
  const time = `${identifier(eventTime)}::TIMESTAMPTZ`;
  const arrived = `make_timestamptz(${textColumns.arrived} * 1000)`;
  const when = (at: string) => `strftime(${at}, '%Y-%m-%d'), 'T', strftime(${at}, '%H:%M:%S'), 'Z'`;
  const because = (message: string) =>
    `[{'rule': ${literal(`${eventTime}.plausible`)}, 'column': ${literal(eventTime)}, 'message': ${message}}]`;
  const tooLate = `concat(${literal(`${eventTime} is `)}, ${when(time)}, ', but the record arrived at ', ${when(arrived)}, ${literal(
    `; at most ${maxAheadSeconds} s ahead are allowed`,
  )}, CASE WHEN ${time} > ${arrived} + INTERVAL 100 YEARS THEN '; are milliseconds read as seconds?' ELSE '' END)`;
  const tooEarly = `concat(${literal(`${eventTime} is `)}, ${when(time)}, ', before ${earliest}; are seconds read as milliseconds?')`;
  const behind =
    maxBehindSeconds === undefined
      ? ''
      : `WHEN ${time} < ${arrived} - INTERVAL ${maxBehindSeconds} SECONDS THEN ${because(
          `concat(${literal(`${eventTime} is `)}, ${when(time)}, ', but the record arrived at ', ${when(arrived)}, ${literal(`; at most ${maxBehindSeconds} s behind are allowed`)})`,
        )}`;
  return `CASE
    WHEN ${time} > ${arrived} + INTERVAL ${maxAheadSeconds} SECONDS THEN ${because(tooLate)}
    WHEN ${time} < TIMESTAMPTZ '${earliest} 00:00:00Z' THEN ${because(tooEarly)}
    ${behind} END`;
}
