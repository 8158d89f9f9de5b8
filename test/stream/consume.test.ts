import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TransientError } from '../../lib/errors';
import { DuckdbError } from '../../lib/runtime/duckdb';
import { consumeEvent, kinesisEvent } from '../../lib/stream/handle';
import { streamMetrics } from '../../lib/stream/metrics';
import { recordsOf } from '../../lib/stream/record';
import { release } from '../../lib/stream/release';
import type { StreamServices } from '../../lib/stream/services';
import { type ConsumeJobEvent, consumeJob, follow } from '../../lib/stream/spark/follow';
import { recordSource } from '../../lib/stream/spark/source';
import { arrived, click, records } from './records';
import { tableWorld } from './tables';
import { clicks, events, type World, world } from './world';

let made: World[] = [];
const fresh = async (...of: Parameters<typeof world>): Promise<World> => {
  const one = await world(...of);
  made.push(one);
  return one;
};
afterEach(async () => {
  for (const one of made) await one.close();
  made = [];
});

const idsOf = async ({ rows }: World) => (await rows('silver.events')).map(({ id }) => id);
const reasonsOf = async ({ rows }: World) =>
  (
    await rows<{ file: string; reasons: { rule: string; message: string }[] }>(
      'lake.test_silver.events_quarantine',
      'file',
    )
  ).map(({ reasons }) => reasons.map(({ rule, message }) => `${rule}: ${message}`).join('; '));

describe('bad input', () => {
  const cases: readonly [string, object | string | Buffer, RegExp][] = [
    ['broken JSON', '{"id": "1", "user"', /^row.unreadable: the record is not a JSON object$/],
    ['JSON that is no object', '[1, 2]', /^row.unreadable: the record is not a JSON object$/],
    ['an empty record', '', /^row.unreadable/],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x01]), /^row.unreadable/],
    [
      'records packed by the Kinesis Producer Library',
      Buffer.from([0xf3, 0x89, 0x9a, 0xc2, 1]),
      /turn its aggregation off/,
    ],
    ['an unknown event', click('x', { event_type: 'hover' }), /^event_type.known: /],
    ['a type that does not fit', click('x', { amount: 'many' }), /^amount.type: amount cannot be read as long: many$/],
    ['no key', { user: 'ann', event_type: 'click', at: '2026-01-01T12:00:00Z' }, /^id.required: /],
    [
      'a clock that is ahead',
      click('x', { at: '2026-01-01T12:06:00Z' }),
      /^at.plausible: .* at most 300 s ahead are allowed$/,
    ],
    [
      'an oversized record',
      click('x', { code: '1'.repeat(70_000) }),
      /^record.size: the record has 700\d\d bytes; allowed are 65536$/,
    ],
  ];
  test('in a table, as Spark has them, they get the same reasons, are kept as they came, and nothing is left over', async () => {
    const [listed, inTable] = [await fresh(), await tableWorld()];
    made.push(inTable);
    const all = records([click('a'), ...cases.map(([, bad]) => bad), click('b')]);
    for (const one of [listed, inTable])
      expect(await one.consume(all)).toMatchObject({ records: all.length, quarantined: cases.length, changed: 2 });
    const kept = ({ rows }: World) => rows('lake.test_silver.events_quarantine', 'file');
    expect(await kept(inTable)).toEqual(await kept(listed));
    const { lake } = inTable.services;
    const left = await lake.query('SELECT table_name AS name FROM duckdb_tables() WHERE temporary');
    expect(left).toEqual([{ name: 'ingot_records' }]);
  });

  test.each(cases)(
    '%s goes to quarantine as it came, with its reason, and the others go on',
    async (_, bad, reason) => {
      const one = await fresh();
      const consumed = await one.consume(records([click('a'), bad, click('b')]));
      expect(consumed).toMatchObject({ records: 3, quarantined: 1, parked: 0 });
      expect(await idsOf(one)).toEqual(['a', 'b']);
      expect(await reasonsOf(one)).toEqual([expect.stringMatching(reason)]);
      const [kept] = await one.rows<{ raw: string; file: string }>('lake.test_silver.events_quarantine');
      expect(kept?.file).toBe('clicks/shard-0/2');
      const raw = kept!.raw.startsWith('base64:') ? Buffer.from(kept!.raw.slice(7), 'base64') : Buffer.from(kept!.raw);
      expect(raw).toEqual(records([bad])[0]!.data);
    },
  );

  test('an epoch in the wrong unit is told from a time, whichever way it is wrong', async () => {
    const epoch = (transform: string) => ({
      ...events,
      columns: events.columns.map((column) =>
        column.name === 'at' ? { ...column, transform, sourceColumns: ['at'], sourceType: 'long' as const } : column,
      ),
    });
    const seconds = await fresh(clicks, epoch('to_timestamp("at")'));
    await seconds.consume(records([click('ok', { at: arrived / 1000 }), click('ms', { at: arrived })]));
    expect(await idsOf(seconds)).toEqual(['ok']);
    expect(await reasonsOf(seconds)).toEqual([
      expect.stringMatching(/^at.plausible: .* are milliseconds read as seconds\?$/),
    ]);
    const milliseconds = await fresh(clicks, epoch('make_timestamptz("at" * 1000)'));
    await milliseconds.consume(records([click('ok', { at: arrived }), click('s', { at: arrived / 1000 })]));
    expect(await idsOf(milliseconds)).toEqual(['ok']);
    expect(await reasonsOf(milliseconds)).toEqual([
      expect.stringMatching(
        /^at.plausible: at is 1970-01-\S+Z, before 1980-01-01; are seconds read as milliseconds\?$/,
      ),
    ]);
  });

  test('a bound on how old an event may be is held where the stream has one', async () => {
    const one = await fresh({ ...clicks, maxBehindSeconds: 3600 });
    await one.consume(records([click('new'), click('old', { at: '2026-01-01T10:00:00Z' })]));
    expect(await idsOf(one)).toEqual(['new']);
    expect(await reasonsOf(one)).toEqual([expect.stringMatching(/at most 3600 s behind are allowed$/)]);
  });
});

describe('poison', () => {
  test('in the middle stops its key alone: a rule that fails itself, and a value that makes an aggregate fail', async () => {
    const one = await fresh();
    const consumed = await one.consume(
      records([
        click('a'),
        click('b', { code: 'x' }),
        click('c'),
        click('d', { user: 'bob' }),
        click('e', { user: 'bob' }),
      ]),
    );
    expect(consumed).toMatchObject({ quarantined: 1, parked: 2 });
    expect(await idsOf(one)).toEqual(['a', 'd', 'e']);
    expect([...one.objects.keys()].filter((uri) => uri.includes('/_parked/clicks/'))).toHaveLength(2);

    const broken = await fresh();
    const failing: StreamServices = {
      ...broken.services,
      lake: {
        ...broken.services.lake,
        commit: (work) =>
          broken.services.lake.commit((tx) =>
            work({
              ...tx,
              run: async (sql, params) => {
                const [found] = sql.includes('INSERT INTO "lake"."test_ops"')
                  ? await tx.query('SELECT 1 FROM "ingot_partials_clicks" WHERE user = \'eve\'')
                  : [];
                if (found !== undefined) throw new DuckdbError('Out of Range Error: Overflow in sum');
                return tx.run(sql, params);
              },
            }),
          ),
      },
    };
    const all = records([
      click('a'),
      click('b', { user: 'eve' }),
      click('c', { user: 'eve' }),
      click('d', { user: 'bob' }),
    ]);
    expect(await broken.consume(all, failing)).toMatchObject({ quarantined: 1, parked: 2 });
    expect(await idsOf(broken)).toEqual(['a', 'd']);
    expect(await reasonsOf(broken)).toEqual(['record.poison: Out of Range Error: Overflow in sum']);
  });

  test('a key that is no text, with NUL in it, stops and is released as any other, by function and by Spark', async () => {
    const [listed, inTable] = [await fresh(), await tableWorld()];
    made.push(inTable);
    const key = '\0k\0\x1ey';
    const ofKey = (all: ReturnType<typeof records>) => all.map((record) => ({ ...record, key }));
    // As Lambda brings them; a table of Spark's has the key as it is.
    const asEvent = (all: ReturnType<typeof records>) =>
      recordsOf({
        records: {
          'shard-0': all.map((record) => ({
            offset: Number(record.sequence),
            timestamp: record.arrived,
            key: Buffer.from(record.key).toString('base64'),
            value: record.data.toString('base64'),
          })),
        },
      });
    const first = [
      ...ofKey(records([click('a'), click('b', { code: 'x' }), click('c')])),
      ...records([click('d', { user: 'bob' })], 4),
    ];
    const second = ofKey(records([click('e')], 5));
    for (const [one, given] of [
      [listed, asEvent],
      [inTable, (all: ReturnType<typeof records>) => all],
    ] as const) {
      expect(await one.consume(given(first))).toMatchObject({ quarantined: 1, parked: 2 });
      expect(await one.consume(given([...first, ...second]))).toMatchObject({ repeated: 4, parked: 1 });
      expect(await idsOf(one)).toEqual(['a', 'd']);
      expect((await one.services.parked.list('clicks')).map((waits) => waits.key)).toEqual(['ky']);
      expect(await release({ key: 'ky', skip: true }, clicks, one.services)).toMatchObject({ applied: 2, skipped: 1 });
      expect(await one.consume(given([...first, ...second]))).toMatchObject({ repeated: 5 });
      expect(await idsOf(one)).toEqual(['a', 'c', 'd', 'e']);
    }
  });

  test('a stream that parks what is invalid keeps the order of its keys', async () => {
    const stream = { ...clicks, onInvalid: 'park' } as const;
    const one = await fresh(stream);
    await one.consume(records([click('a'), click('b', { amount: 'many' }), click('c'), click('d', { user: 'bob' })]));
    await one.consume(records([click('e'), click('f', { user: 'bob' })], 5));
    expect(await idsOf(one)).toEqual(['a', 'd', 'f']);
    expect(
      (await one.services.parked.list('clicks')).map(({ key, reason, last }) => [key, reason, last.sequence]),
    ).toEqual([['ann', 'amount.type: amount cannot be read as long: many', '5']]);
  });
});

describe('what fails outside', () => {
  const throttled = (services: StreamServices, after: number): StreamServices => {
    let commits = 0;
    return {
      ...services,
      lake: {
        ...services.lake,
        commit: (work) => {
          commits += 1;
          if (commits > after) throw new TransientError('The catalog answers 429');
          return services.lake.commit(work);
        },
      },
    };
  };

  test('a catalog that fails from the start fails the call; one that fails later says from which record on', async () => {
    const one = await fresh();
    const event = kinesisEvent(records(Array.from({ length: 5_001 }, (_, i) => click(`id-${i}`))));
    await expect(consumeEvent(event, clicks, throttled(one.services, 0))).rejects.toThrow(TransientError);
    // The first part needs five commits: two windows, their results, and the table.
    expect(await consumeEvent(event, clicks, throttled(one.services, 5))).toEqual({
      batchItemFailures: [{ itemIdentifier: '5001' }],
    });
    expect((await idsOf(one)).length).toBe(5_000);
    expect(await consumeEvent(event, clicks, one.services)).toEqual({ batchItemFailures: [] });
    expect((await idsOf(one)).length).toBe(5_001);
    const [total] = await one.rows('(SELECT sum(events) AS events FROM gold.per_minute)');
    expect(Number(total?.events)).toBe(5_001);
  });

  test('records of Kafka come by topic and partition; a failure fails the call, and what was done is known', async () => {
    const value = (body: object) => Buffer.from(JSON.stringify(body)).toString('base64');
    const event = {
      records: {
        'clicks-0': [
          { offset: 7, timestamp: arrived, key: Buffer.from('ann').toString('base64'), value: value(click('a')) },
          { offset: 8, timestamp: arrived, key: null, value: null },
        ],
        'clicks-1': [{ offset: 7, timestamp: arrived, value: value(click('b')) }],
      },
    };
    expect(recordsOf(event).map(({ shard, sequence, key }) => [shard, sequence, key])).toEqual([
      ['clicks-0', '7', 'ann'],
      ['clicks-0', '8', ''],
      ['clicks-1', '7', ''],
    ]);
    // Bytes that are no text are the key that Spark makes of them, which a test of spark/ says.
    const texts = JSON.parse(readFileSync(join(__dirname, '../../spark/tests/keys.json'), 'utf8')) as Record<
      string,
      string
    >;
    const keyed = Object.keys(texts).map((hex, offset) => ({
      offset,
      timestamp: arrived,
      key: Buffer.from(hex, 'hex').toString('base64'),
    }));
    const known = Object.values(texts).map((text) => text.replaceAll('\0', ''));
    expect(recordsOf({ records: { 'clicks-0': keyed } }).map(({ key }) => key)).toEqual(known);
    const one = await fresh();
    await expect(consumeEvent(event, clicks, throttled(one.services, 3))).rejects.toThrow(TransientError);
    await consumeEvent(event, clicks, one.services);
    expect(await idsOf(one)).toEqual(['a', 'b']);
  });

  test('metrics say how many records came, were refused, wait, and the share of events that came too late', async () => {
    const one = await fresh();
    await one.consume(
      records([click('a', { at: '2026-01-01T12:00:00Z' }), click('b', { at: '2026-01-01T11:30:00Z' }), '{']),
    );
    expect(one.metrics.map(({ name, value }) => [name, value])).toEqual([
      ['StreamRecords', 3],
      ['StreamQuarantined', 1],
      ['StreamLateShare', 50],
    ]);
  });
});

test('a table without a key takes each record once by its position alone', async () => {
  const one = await fresh(clicks, { ...events, key: [] });
  const all = records([click('a'), click('a'), click('b')]);
  await one.consume(all.slice(0, 2));
  await one.consume(all);
  expect(await idsOf(one)).toEqual(['a', 'a', 'b']);
  const [row] = await one.rows('gold.per_minute');
  expect(Number(row?.events)).toBe(3);
});

/** Services whose commits fail from the given one on, counted from 1. */
function failingFrom(services: StreamServices, first: number): StreamServices {
  let commits = 0;
  return {
    ...services,
    lake: {
      ...services.lake,
      commit: (work) => {
        commits += 1;
        if (commits >= first) throw new TransientError('The process dies');
        return services.lake.commit(work);
      },
    },
  };
}

test('where a consumer dies between a window and its results, the next delivery writes the results', async () => {
  const one = await fresh();
  const all = records([click('a'), click('b')]);
  await expect(one.consume(all, failingFrom(one.services, 2))).rejects.toThrow('The process dies');
  expect(await one.rows('gold.per_minute')).toEqual([]);
  expect((await one.rows('lake.test_ops.window_clicks_per_minute')).length).toBe(1);
  await one.consume(all);
  expect((await one.rows('gold.per_minute')).map(({ events: n }) => n)).toEqual([2n]);
});

test('a batch of which a window holds a part already, and the table nothing, is applied once, in a table too', async () => {
  for (const make of [fresh, tableWorld]) {
    const one = await make();
    if (make === tableWorld) made.push(one);
    const all = records([click('a'), click('b'), click('c'), click('d')]);
    await expect(one.consume(all.slice(0, 2), failingFrom(one.services, 5))).rejects.toThrow('The process dies');
    expect(await idsOf(one)).toEqual([]);
    await one.consume(all);
    expect(await idsOf(one)).toEqual(['a', 'b', 'c', 'd']);
    expect((await one.rows('gold.per_minute')).map(({ events: n }) => n)).toEqual([4n]);
  }
});

test('where a window holds all of a delivery but a shard that has no event, nothing is left over', async () => {
  const one = await fresh();
  const counted = records([click('a')], 1, 'shard-1');
  await expect(one.consume(counted, failingFrom(one.services, 4))).rejects.toThrow('The process dies');
  await one.consume([...counted, ...records(['broken'], 1, 'shard-2')]);
  expect(await idsOf(one)).toEqual(['a']);
  const left = await one.services.lake.query('SELECT table_name AS name FROM duckdb_tables() WHERE temporary');
  expect(left).toEqual([]);
});

test('records that were released before their delivery comes again are not applied twice', async () => {
  const one = await fresh(clicks, { ...events, key: [] });
  const all = records([click('a'), click('b', { code: 'x' }), click('c'), click('d', { user: 'bob' })]);
  // Quarantine, two windows and their results are written; the table is not, when it dies.
  await expect(one.consume(all, failingFrom(one.services, 6))).rejects.toThrow('The process dies');
  expect(await idsOf(one)).toEqual([]);
  expect(await release({ key: 'ann', skip: true }, clicks, one.services)).toMatchObject({ applied: 1, skipped: 1 });
  await one.consume(all);
  await one.consume(all);
  expect(await idsOf(one)).toEqual(['a', 'c', 'd']);
  // The record that stopped the key does not stop it again.
  expect(await one.services.parked.list('clicks')).toEqual([]);
  const [counted] = await one.rows('(SELECT sum(events)::INT AS n FROM gold.per_minute)');
  expect(counted?.n).toBe(3);
});

test('Spark reads a stream of Kinesis, and a topic of MSK with IAM or of any Kafka, from its oldest record on', () => {
  const pace = { checkpoint: 's3://ops/checkpoints/clicks', seconds: 30, records: 1_000_000 };
  expect(recordSource({ kind: 'kinesis', stream: 'shop-clicks', region: 'eu-west-1' }, pace)).toEqual({
    format: 'aws-kinesis',
    options: {
      'kinesis.region': 'eu-west-1',
      'kinesis.streamName': 'shop-clicks',
      'kinesis.endpointUrl': 'https://kinesis.eu-west-1.amazonaws.com',
      'kinesis.consumerType': 'GetRecords',
      'kinesis.startingposition': 'TRIM_HORIZON',
      'kinesis.maxFetchTimePerShardSec': '30',
    },
    checkpoint: 's3://ops/checkpoints/clicks',
    seconds: 30,
  });
  const often = recordSource({ kind: 'kinesis', stream: 'shop-clicks', region: 'eu-west-1' }, { ...pace, seconds: 1 });
  expect(often.options['kinesis.maxFetchTimePerShardSec']).toBe('10');
  const inChina = recordSource({ kind: 'kinesis', stream: 'shop-clicks', region: 'cn-north-1' }, pace);
  expect(inChina.options['kinesis.endpointUrl']).toBe('https://kinesis.cn-north-1.amazonaws.com.cn');
  const kafka = { kind: 'kafka', topic: 'clicks', brokers: 'b-1:9098,b-2:9098' } as const;
  const plain = {
    'kafka.bootstrap.servers': 'b-1:9098,b-2:9098',
    subscribe: 'clicks',
    startingOffsets: 'earliest',
    maxOffsetsPerTrigger: '1000000',
  };
  expect(recordSource({ ...kafka, authentication: 'none' }, pace)).toMatchObject({ format: 'kafka', options: plain });
  expect(recordSource({ ...kafka, authentication: 'none' }, pace).options).toEqual(plain);
  expect(recordSource({ ...kafka, authentication: 'iam' }, pace).options).toEqual({
    ...plain,
    'kafka.security.protocol': 'SASL_SSL',
    'kafka.sasl.mechanism': 'AWS_MSK_IAM',
    'kafka.sasl.jaas.config': 'software.amazon.msk.auth.iam.IAMLoginModule required;',
    'kafka.sasl.client.callback.handler.class': 'software.amazon.msk.auth.iam.IAMClientCallbackHandler',
  });
});

test('a batch that cannot be read is asked for again where that may help, and fails the job where it may not', async () => {
  const { services } = await fresh();
  const soon = jest.spyOn(Math, 'random').mockReturnValue(0);
  const source = recordSource(
    { kind: 'kinesis', stream: 'shop-clicks', region: 'eu-west-1' },
    { checkpoint: 's3://ops/checkpoints/clicks', seconds: 0, records: 1 },
  );
  const asked = async (error: Error) => {
    const nextBatch = jest.fn(async (): Promise<string | undefined> => undefined).mockRejectedValueOnce(error);
    const consumed: unknown[] = [];
    const all = async () => {
      for await (const one of follow(source, { nextBatch }, clicks, services)) consumed.push(one);
    };
    const failure = await all().catch((thrown: unknown) => thrown);
    return { failure, consumed, times: nextBatch.mock.calls.length };
  };
  const lost = await asked(new TransientError('Executor Lost Error: it is gone'));
  expect(lost).toEqual({ failure: undefined, consumed: [], times: 2 });
  const broken = new Error('the sequence number 17 does not say its shard');
  expect(await asked(broken)).toEqual({ failure: broken, consumed: [], times: 1 });
  soon.mockRestore();
});

test('a job to which nothing comes for a minute says and sends that it is not behind, and asks again', async () => {
  const { services } = await fresh();
  const put = jest.fn();
  const nextBatch = jest.fn(async (): Promise<string | null | undefined> => undefined);
  nextBatch.mockResolvedValueOnce(null).mockResolvedValueOnce(null);
  const flush = jest.fn(async () => {});
  const event: ConsumeJobEvent = {
    stream: clicks.name,
    source: { kind: 'kinesis', stream: 'shop-clicks', region: 'eu-west-1' },
    pace: { checkpoint: 's3://ops/checkpoints/clicks', seconds: 30, records: 1 },
  };
  const clock = { now: () => 0 };
  const told = await consumeJob(event, { nextBatch }, { ...services, clock, metrics: { put } }, flush);
  expect(told).toEqual({ stream: 'clicks', batches: 0, records: 0, changed: 0 });
  expect(put.mock.calls).toEqual(Array(2).fill([streamMetrics.behind, 0, 'Seconds', { Stream: 'clicks' }]));
  expect(flush).toHaveBeenCalledTimes(2);
  expect(flush.mock.invocationCallOrder[0]).toBeLessThan(put.mock.invocationCallOrder[1]!);
});

test('the event of a job that docs/streams.md shows is one, of a topic with IAM', () => {
  const page = readFileSync(join(__dirname, '../../docs/streams.md'), 'utf8');
  const [, text] = /^```json\n(.*?)^```/ms.exec(page)!;
  const { source, pace, ...rest } = JSON.parse(text!) as ConsumeJobEvent;
  expect(rest).toEqual({ stream: 'clicks' });
  const kafka = { kind: 'kafka', topic: 'clicks', brokers: 'b-1:9098,b-2:9098', authentication: 'iam' } as const;
  const checkpoint = 's3://shop-silver/_ops/checkpoints/clicks';
  expect(recordSource(source, pace)).toEqual(recordSource(kafka, { checkpoint, seconds: 30, records: 1_000_000 }));
});
