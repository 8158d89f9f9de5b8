import { literal } from '../../sql/quote';
import { notJson } from '../record';
import { type Texts, textColumns } from '../texts';
import { isUnreadable } from './records';

/** How Spark reads the fields of texts: the table function `ingot_read`, of which `spark/` knows. */
export const sparkReading: Texts['reading'] = (from, columns) => {
  const nested = columns.filter(({ type }) => type === 'JSON').map(({ name }) => name);
  const texts = `SELECT ordinal, text, ${Object.values(textColumns).join(', ')} FROM ${from}`;
  const given = { format: 'records', texts, columns: columns.map(({ name }) => name) };
  return {
    from: `ingot_read(${literal(JSON.stringify(nested.length === 0 ? given : { ...given, nested }))})`,
    broken: { when: '_ingot_broken_line IS NOT NULL', raw: '_ingot_broken_line', message: literal(notJson) },
  };
};

/**
 * Texts of records that are in a table, where they stay. Those that have none are not among them: `tableRefusals` tells of
 * these.
 *
 * @param from what stands behind FROM and gives the records
 * @param count how many these are
 */
export const tableTexts = (from: string, count: number, reading: Texts['reading']): Texts => ({
  write: async (_table, { maxRecordKb }) => ({
    from: `(SELECT r.ordinal, r.shard AS ${textColumns.lane}, r.arrived AS ${textColumns.arrived}, r.text FROM ${from} AS r
      WHERE NOT ${isUnreadable(maxRecordKb)}) AS texts`,
    count,
    unreadable: new Map(),
  }),
  reading,
});
