import type { Origin } from '../change';
import type { Feed } from '../feed';
import { readDebezium } from './debezium';
import { readDms } from './dms';
import { readOwn } from './own';
import { isObject, type Read, reading, readObject, Unreadable } from './record';

/**
 * Reads a record in whichever envelope it came: AWS DMS's, Debezium's, or the one of changes that were read from PostgreSQL
 * itself. What cannot be read is said, and never thrown.
 */
export const readRecord = (feeds: ReadonlyMap<string, Feed>, origin: Origin): Read =>
  reading(() => {
    // What Debezium writes after a delete, for the compaction of Kafka's topics.
    if (origin.raw.trim() === '' || origin.raw.trim() === 'null') return { kind: 'nothing' };
    const record = readObject(origin.raw);
    if (isObject(record.ingot ?? null)) return readOwn(feeds, record, origin);
    if ('metadata' in record) return readDms(feeds, record, origin);
    if ('payload' in record || 'op' in record || 'ts_ms' in record || 'status' in record)
      return readDebezium(feeds, record, origin);
    throw new Unreadable(
      `is in no envelope that is known: AWS DMS has metadata, Debezium payload or op; given ${Object.keys(record).slice(0, 10).join(', ') || 'an empty object'}`,
    );
  });
