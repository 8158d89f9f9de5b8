import type { Reading, SourceColumn } from '../ingest/read';
import type { Session } from '../ingest/stage';
import { identifier, literal } from '../sql/quote';
import { notJson, type RecordFault, type StreamRecord, separator, textOf } from './record';
import type { Stream } from './stream';

/** What records say, brought to where SQL can judge it. */
export interface Texts {
  /** Brings all texts that there are to where SQL reads them; `table` is a temporary one that it may make for that. */
  write(table: string, stream: Stream, session: Session): Promise<Written>;
  /** How the fields of texts are read, as those of a file are: `file_index` is the ordinal, and `textColumns` are passed on. */
  reading(from: string, columns: readonly SourceColumn[]): Pick<Reading, 'from' | 'broken'>;
}

/** What is passed on of a text: the lane of its record, and when that arrived, in milliseconds since 1970. */
export const textColumns = { lane: '_ingot_lane', arrived: '_ingot_arrived' } as const;

export interface Written {
  /** What stands behind FROM and gives the texts: `ordinal`, `text`, and `textColumns`. */
  readonly from: string;
  /** How many there are at most. */
  readonly count: number;
  /** Records that have no text, by their ordinals, where whoever writes it is who tells. */
  readonly unreadable: ReadonlyMap<number, RecordFault>;
}

/** Texts of records that this process holds. */
export const listedTexts = (records: readonly StreamRecord[], laneOf: (record: StreamRecord) => string): Texts => ({
  async write(table, stream, session) {
    const unreadable = new Map<number, RecordFault>();
    const readable: { ordinal: number; text: string }[] = [];
    records.forEach((record, ordinal) => {
      const text = textOf(record, stream.maxRecordKb);
      if (typeof text === 'string') readable.push({ ordinal, text });
      else unreadable.set(ordinal, text);
    });
    await session.run(
      `CREATE TEMP TABLE ${identifier(table)} (ordinal INTEGER, ${textColumns.lane} VARCHAR, ${textColumns.arrived} BIGINT, text VARCHAR)`,
    );
    if (readable.length > 0)
      await session.run(
        `INSERT INTO ${identifier(table)} SELECT unnest(string_split($ordinals, ','))::INTEGER,
          unnest(string_split($lanes, ${literal(separator)})), unnest(string_split($arrived, ','))::BIGINT, unnest(string_split($texts, ${literal(separator)}))`,
        {
          ordinals: readable.map(({ ordinal }) => ordinal).join(','),
          lanes: readable.map(({ ordinal }) => laneOf(records[ordinal]!).replaceAll(separator, '')).join(separator),
          arrived: readable.map(({ ordinal }) => records[ordinal]!.arrived).join(','),
          texts: readable.map(({ text }) => text).join(separator),
        },
      );
    return { from: identifier(table), count: readable.length, unreadable };
  },
  reading: readJson,
});

/** As DuckDB reads JSON. */
export function readJson(from: string, columns: readonly SourceColumn[]): Pick<Reading, 'from' | 'broken'> {
  const shape = `{${columns.map(({ name, type }) => `${JSON.stringify(name)}: ${JSON.stringify(type)}`).join(', ')}}`;
  const passed = Object.values(textColumns).join(', ');
  const fields = columns.map(({ name }) => `row.${identifier(name)} AS ${identifier(name)}`);
  return {
    from: `(
      SELECT ${[...fields, 'NOT is_object AS is_broken', 'text AS line', 'ordinal AS file_index', passed].join(', ')} FROM (
        SELECT text, ordinal, ${passed}, is_object, json_transform(CASE WHEN is_object THEN text ELSE '{}' END, ${literal(shape)}) AS row
        FROM (
          SELECT text, ordinal, ${passed}, coalesce(CASE WHEN json_valid(text) THEN json_type(text) = 'OBJECT' END, false) AS is_object
          FROM ${from})))`,
    broken: { when: 'is_broken', raw: 'line', message: literal(notJson) },
  };
}
