import type { Lake } from '../../lib/runtime/services';
import { identifier, literal } from '../../lib/sql/quote';
import { consumeBatch } from '../../lib/stream/consume';
import { delivered } from '../../lib/stream/delivery';
import { keptText, type StreamRecord, textOf } from '../../lib/stream/record';
import { tableBatch } from '../../lib/stream/spark/batch';
import { readJson } from '../../lib/stream/texts';
import { clicks, type World, world } from './world';

/** A world whose records are in a table when they are consumed, as Spark has them; here it is one of DuckDB's. */
export async function tableWorld(...of: Parameters<typeof world>): Promise<World> {
  const one = await world(...of);
  const [stream = clicks] = of;
  return {
    ...one,
    async consume(records, services = one.services) {
      const table = await putRecords(records, services.lake);
      return consumeBatch(await tableBatch(table, stream, services.lake, readJson), stream, services);
    },
  };
}

/** Puts records into a temporary table, as `spark/ingot_spark/streaming.py` does; gives its name. */
export async function putRecords(records: readonly StreamRecord[], lake: Lake): Promise<string> {
  const table = 'ingot_records';
  await lake.run(`DROP TABLE IF EXISTS ${identifier(table)}`);
  await lake.run(`CREATE TEMP TABLE ${identifier(table)} (ordinal INTEGER, shard VARCHAR, sequence VARCHAR,
    key VARCHAR, arrived BIGINT, bytes BIGINT, packed BOOLEAN, text VARCHAR, data BLOB)`);
  const rows = delivered(records).records.map(rowOf);
  if (rows.length > 0) await lake.run(`INSERT INTO ${identifier(table)} VALUES ${rows.join(', ')}`);
  return table;
}

function rowOf(record: StreamRecord, ordinal: number): string {
  const { shard, sequence, key, arrived, data } = record;
  const isPacked = data.subarray(0, 4).equals(Buffer.from([0xf3, 0x89, 0x9a, 0xc2]));
  const kept = keptText(record);
  const text = typeof textOf(record, Infinity) === 'string' ? literal(kept) : 'NULL';
  // As the stream has it, whatever it holds.
  const asCame = `decode(from_base64(${literal(Buffer.from(key).toString('base64'))}))`;
  const values = [literal(shard), literal(sequence), asCame, arrived, data.length, isPacked, text];
  return `(${[ordinal, ...values, `from_base64(${literal(data.toString('base64'))})`].join(', ')})`;
}
