import type { StreamRecord } from '../../lib/stream/record';

/** When all of these records arrived. */
export const arrived = Date.UTC(2026, 0, 1, 12);

/** Records of one shard, from the given sequence on. */
export function records(bodies: readonly (object | string | Buffer)[], from = 1, shard = 'shard-0'): StreamRecord[] {
  return bodies.map((body, i) => ({
    shard,
    sequence: String(from + i),
    key: typeof body === 'object' && 'user' in body ? String(body.user) : 'none',
    data: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    arrived,
  }));
}

export const click = (id: string, more: object = {}) => ({
  id,
  user: 'ann',
  event_type: 'click',
  at: '2026-01-01T12:00:10Z',
  amount: 1,
  ...more,
});
