import type { Source } from '../contract/dataset';
import { duckdbPath } from '../ingest/read';
import type { DateRange } from '../pipeline/events';
import { findTable } from '../platform/lookup';
import type { ObjectInfo } from '../runtime/services';
import { identifier, literal } from '../sql/quote';
import { apply } from './apply';
import { replayed } from './delivery';
import { judge, judged } from './judge';
import { paneOf } from './partials';
import { rebuild } from './rebuild';
import type { StreamRecord } from './record';
import { refusedOf } from './refused';
import type { StreamServices } from './services';
import type { Stream } from './stream';

/** What became of a replay. */
export interface Replayed {
  readonly files: number;
  readonly records: number;
  /** Rows that the table got or changed: what it holds already is left as it is. */
  readonly changed: number;
  /** Records that the contract refuses. They are in quarantine since they came, and are not put there again. */
  readonly refused: number;
}

/** How many records are applied at once. */
const recordsAtOnce = 10_000;

/**
 * Reads a stream's events again, from the files of bronze that arrived on these days, into its table; a row that the table
 * holds in a later version, by the time of the event, stays. Windows that these events fall into are then made anew from
 * the table, where late events count. Done again, it changes nothing.
 *
 * @throws Error where the table has no key, and would hold its rows twice
 * @throws TransientError where the catalog or the store fails in a way that may pass
 */
export async function replay(range: DateRange, stream: Stream, services: StreamServices): Promise<Replayed> {
  const { dataset } = findTable(stream.table, services.manifest);
  if (dataset.key.length === 0)
    throw new Error(
      `${stream.table} has no primary key, so a replay would add its rows a second time; give its contract a primaryKey, or clear the table first`,
    );
  const result = { files: 0, records: 0, changed: 0, refused: 0 };
  const panes = stream.windows.map(() => new Set<bigint>());
  for (const file of await filesOf(range, dataset.source!, services)) {
    result.files += 1;
    for await (const records of recordsIn(file, stream, services)) {
      const done = await replayRecords(records, panes, stream, services);
      result.records += records.length;
      result.changed += done.changed;
      result.refused += done.refused;
    }
  }
  for (const [i, window] of stream.windows.entries()) await rebuild([...panes[i]!], window, stream, services);
  return result;
}

/** Files that arrived on the days of a range, in the order in which they were written. */
async function filesOf(range: DateRange, { zone, prefix }: Source, services: StreamServices): Promise<ObjectInfo[]> {
  const files: ObjectInfo[] = [];
  for await (const object of services.objects.list(`${services.zones[zone]}/${prefix}/`)) {
    const date = /\/date=(\d{4}-\d{2}-\d{2})\//.exec(object.uri)?.[1];
    const isData = !/(^|\/)([._][^/]*)?$/.test(object.uri) && object.size > 0;
    if (date !== undefined && date >= range.from && date <= range.to && isData) files.push(object);
  }
  return files.sort((a, b) =>
    a.modified === b.modified ? (a.uri < b.uri ? -1 : 1) : a.modified < b.modified ? -1 : 1,
  );
}

/** A file's records, by their place in it. Parquet, as Firehose writes it, becomes JSON again. */
async function* recordsIn(
  { uri, modified }: ObjectInfo,
  stream: Stream,
  { lake }: StreamServices,
): AsyncIterable<StreamRecord[]> {
  const table = identifier(`ingot_replay_${stream.name}`);
  const path = literal(duckdbPath(uri));
  const from = /\.parquet$/i.test(uri)
    ? `SELECT CAST(to_json(r) AS VARCHAR) AS text FROM read_parquet(${path}, hive_partitioning = false) AS r`
    : `SELECT text FROM read_csv(${path}, columns = {text: 'VARCHAR'}, auto_detect = false, header = false,
        delim = chr(0), quote = '', escape = '', hive_partitioning = false) WHERE trim(text) <> ''`;
  await lake.run(`DROP TABLE IF EXISTS ${table}`);
  await lake.run(`CREATE TEMP TABLE ${table} AS SELECT row_number() OVER () AS place, text FROM (${from})`);
  try {
    for (let start = 0; ; start += recordsAtOnce) {
      const rows = await lake.query<{ place: bigint; text: string }>(
        `SELECT place, text FROM ${table} WHERE place > ${start} AND place <= ${start + recordsAtOnce} ORDER BY place`,
      );
      if (rows.length === 0) return;
      yield rows.map(({ place, text }) => ({
        shard: `bronze:${uri}`,
        sequence: String(place),
        key: '',
        data: Buffer.from(text),
        arrived: Date.parse(modified),
      }));
    }
  } finally {
    await lake.run(`DROP TABLE IF EXISTS ${table}`);
  }
}

async function replayRecords(
  records: readonly StreamRecord[],
  panes: readonly Set<bigint>[],
  stream: Stream,
  services: StreamServices,
): Promise<{ changed: number; refused: number }> {
  const { lake, manifest } = services;
  const { dataset } = findTable(stream.table, manifest);
  const delivery = replayed(records, stream.eventTime);
  const given = await judge(delivery, stream, dataset, lake);
  try {
    const refused = await refusedOf(delivery.records, given, lake);
    const { changed } = await apply(delivery, given, { ...stream, windows: [] }, services);
    for (const [i, { everySeconds }] of stream.windows.entries()) {
      const rows = await lake.query<{ pane: bigint }>(
        `SELECT DISTINCT epoch_us(${paneOf(stream.eventTime, everySeconds)}) AS pane FROM ${identifier(given.table)}
         WHERE ${judged.counted(i)}`,
      );
      for (const { pane } of rows) panes[i]!.add(pane);
    }
    return { changed, refused: refused.length };
  } finally {
    await given.drop();
  }
}
