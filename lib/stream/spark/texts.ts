import { identifier, literal } from '../../sql/quote';
import { notJson } from '../record';
import type { Texts } from '../texts';
import { isUnreadable } from './records';

/** How Spark reads the fields of texts: the table function `ingot_read`, of which `spark/` knows. */
export const sparkReading: Texts['reading'] = (table, columns) => {
  const nested = columns.filter(({ type }) => type === 'JSON').map(({ name }) => name);
  const given = { format: 'records', table, columns: columns.map(({ name }) => name) };
  return {
    from: `ingot_read(${literal(JSON.stringify(nested.length === 0 ? given : { ...given, nested }))})`,
    broken: { when: '_ingot_broken_line IS NOT NULL', raw: '_ingot_broken_line', message: literal(notJson) },
  };
};

/**
 * Texts of records in a table. Those that have none are not in it: `tableRefusals` tells of them.
 *
 * @param from what stands behind FROM and gives the records
 */
export const tableTexts = (from: string, reading: Texts['reading']): Texts => ({
  async write(table, { maxRecordKb }, session) {
    await session.run(
      `CREATE TEMP TABLE ${identifier(table)} (ordinal INTEGER, lane VARCHAR, arrived BIGINT, text VARCHAR)`,
    );
    const count = await session.run(
      `INSERT INTO ${identifier(table)} SELECT r.ordinal, r.shard, r.arrived, r.text FROM ${from} AS r
       WHERE NOT ${isUnreadable(maxRecordKb)}`,
    );
    return { count, unreadable: new Map() };
  },
  reading,
});
