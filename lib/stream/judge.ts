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
import { notJson, type RecordFault, separator, textOf } from './record';
import type { Stream } from './stream';

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
  { records, laneOf }: Delivery,
  stream: Stream,
  dataset: Dataset,
  session: Session,
): Promise<Judged> {
  const texts = `ingot_texts_${stream.name}`;
  const table = `ingot_judged_${stream.name}`;
  const unreadable = new Map<number, RecordFault>();
  const readable: { ordinal: number; text: string }[] = [];
  records.forEach((record, ordinal) => {
    const text = textOf(record, stream.maxRecordKb);
    if (typeof text === 'string') readable.push({ ordinal, text });
    else unreadable.set(ordinal, text);
  });
  const drop = async () => {
    for (const one of [texts, table]) await session.run(`DROP TABLE IF EXISTS ${identifier(one)}`);
  };
  await drop();
  try {
    await session.run(emptyTable(table, dataset, stream));
    await session.run(
      `CREATE TEMP TABLE ${identifier(texts)} (ordinal INTEGER, lane VARCHAR, arrived BIGINT, text VARCHAR)`,
    );
    if (readable.length > 0) {
      await session.run(
        `INSERT INTO ${identifier(texts)} SELECT unnest(string_split($ordinals, ','))::INTEGER,
          unnest(string_split($lanes, ${literal(separator)})), unnest(string_split($arrived, ','))::BIGINT, unnest(string_split($texts, ${literal(separator)}))`,
        {
          ordinals: readable.map(({ ordinal }) => ordinal).join(','),
          lanes: readable.map(({ ordinal }) => laneOf(records[ordinal]!).replaceAll(separator, '')).join(separator),
          arrived: readable.map(({ ordinal }) => records[ordinal]!.arrived).join(','),
          texts: readable.map(({ text }) => text).join(separator),
        },
      );
      const insert = (patient: boolean) =>
        session.run(`INSERT INTO ${identifier(table)} ${judgement(texts, stream, dataset, patient)}`);
      await insert(false).catch((error: unknown) => {
        if (!isFaultOfValues(error)) throw error;
        return insert(true);
      });
    }
    await session.run(`DROP TABLE ${identifier(texts)}`);
    return { table, unreadable, drop };
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

function judgement(texts: string, stream: Stream, dataset: Dataset, patient: boolean): string {
  const source: Source = { zone: '', prefix: '', nullValues: dataset.source?.nullValues, format: 'json' };
  const strict = rowRules(dataset);
  const checks = patient ? patientChecks(strict, stream) : strict;
  const rows = stagingSelect(dataset, source, readingOf(texts, source, dataset), checks);
  const counted = stream.windows.map(({ filter = 'true' }) => {
    const passes = `${condition(filter)} IS TRUE`;
    return `CASE WHEN reasons IS NULL THEN ${patient ? `TRY(${passes})` : passes} ELSE false END`;
  });
  const columns = [...dataset.columns.map(({ name }) => identifier(name)), staged.file, 'lane', 'reasons', ...counted];
  return `
    SELECT ${columns.join(', ')}
    FROM (
      SELECT rows.*, texts.lane,
        CASE WHEN ${staged.reasons} IS NULL THEN ${implausible(stream)} ELSE ${staged.reasons} END AS reasons
      FROM (${rows}) AS rows JOIN ${identifier(texts)} AS texts ON texts.ordinal = ${staged.file}
    )`;
}

function readingOf(texts: string, source: Source, dataset: Dataset): Reading {
  const columns = wantedColumns(dataset, source);
  const shape = `{${columns.map(({ name, type }) => `${JSON.stringify(name)}: ${JSON.stringify(type)}`).join(', ')}}`;
  const fields = columns.map(({ name }) => `row.${identifier(name)} AS ${identifier(name)}`);
  return {
    files: [0],
    columns,
    from: `(
      SELECT ${[...fields, 'NOT is_object AS is_broken', 'text AS line', 'ordinal AS file_index'].join(', ')} FROM (
        SELECT text, ordinal, is_object, json_transform(CASE WHEN is_object THEN text ELSE '{}' END, ${literal(shape)}) AS row
        FROM (
          SELECT text, ordinal, coalesce(CASE WHEN json_valid(text) THEN json_type(text) = 'OBJECT' END, false) AS is_object
          FROM ${identifier(texts)})))`,
    broken: { when: 'is_broken', raw: 'line', message: literal(notJson) },
  };
}

/** The reason against a time that can't be right, or null. Arrival is by the stream's clock. */
function implausible({ eventTime, maxAheadSeconds, maxBehindSeconds }: Stream): string {
  const time = `${identifier(eventTime)}::TIMESTAMPTZ`;
  const arrived = 'make_timestamptz(texts.arrived * 1000)';
  const when = (at: string) => `strftime(${at}, '%Y-%m-%dT%H:%M:%SZ')`;
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
