import { identifier, literal } from '../../sql/quote';
import { notJson } from '../record';
import type { Texts } from '../texts';
import { isUnreadable } from './records';

/**
 * Texts of records in a table of Spark's. Those that have none are not in it: `tableRefusals` tells of them.
 *
 * @param from what stands behind FROM and gives the records
 */
export const tableTexts = (from: string): Texts => ({
  async write(table, { maxRecordKb }, session) {
    const count = await session.run(
      `CREATE TEMP TABLE ${identifier(table)} AS SELECT r.ordinal, r.shard AS lane, r.arrived, r.text FROM ${from} AS r
       WHERE NOT ${isUnreadable(maxRecordKb)}`,
    );
    return { count, unreadable: new Map() };
  },
  reading: (table, columns) => ({
    from: `ingot_read(${literal(JSON.stringify({ format: 'records', table, columns: columns.map(({ name }) => name) }))})`,
    broken: { when: '_ingot_broken_line IS NOT NULL', raw: '_ingot_broken_line', message: literal(notJson) },
  }),
});
