import fc from 'fast-check';
import { publishVersion } from '../../lib/documents/sync';
import { InvalidInputError } from '../../lib/errors';
import type { Postgres } from '../../lib/runtime/postgres';
import { type SearchMode, type SearchQuestion, searchStore } from '../../lib/vector/search';
import type { Store } from '../../lib/vector/store';
import { currentVersion, declaredVersion, storeVersions, tableOf } from '../../lib/vector/versions';
import { applyStore, random, row, writeRows } from './stores';

/** What every PostgreSQL must do with stores: PGlite and a real one alike. */
export function storeSuite(open: () => Postgres): void {
  let postgres: Postgres;
  /** The second number of pgvector's version: 7 is the first that knows halfvec, 8 the first that iterates. */
  let pgvector: number;
  beforeAll(async () => {
    postgres = open();
    const [known] = await postgres.query<{ version: string }>(
      "SELECT default_version AS version FROM pg_available_extensions WHERE name = 'vector'",
    );
    pgvector = Number(known!.version.split('.')[1]);
  });
  const all = async (store: Store, question: SearchQuestion) => {
    const hits = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await searchStore(store, { ...question, cursor }, postgres);
      hits.push(...page.hits);
      cursor = page.next;
      pages++;
    } while (cursor !== undefined && pages < 200);
    return hits;
  };

  describe('versions', () => {
    it('a changed dimension is a new table beside the old one, which is searched until the new one is filled', async () => {
      const old = await applyStore('grows', { dimension: 2 }, postgres);
      await writeRows(old, [row(1, [1, 0])], postgres);
      const changed = await applyStore('grows', { dimension: 3 }, postgres);
      await writeRows(changed, [row(1, [1, 0, 0]), row(2, [0, 1, 0])], postgres);
      expect((await storeVersions('grows', postgres)).map(({ relation, isCurrent }) => [relation, isCurrent])).toEqual([
        ['grows_v1', true],
        ['grows_v2', false],
      ]);
      const before = await searchStore(changed, { mode: 'vector', vector: [1, 0] }, postgres);
      expect([before.version, before.hits.length]).toEqual([1, 1]);

      const version = await declaredVersion(changed, postgres);
      expect(await publishVersion({ version }, postgres)).toBe(true);
      expect(await publishVersion({ version }, postgres)).toBe(false);

      const after = await searchStore(changed, { mode: 'vector', vector: [1, 0, 0] }, postgres);
      expect([after.version, after.hits.length]).toEqual([2, 2]);
      const [left] = await postgres.query<{ n: number }>('SELECT count(*)::int AS n FROM search.grows_v1');
      expect(left!.n).toBe(1);
    });

    it('an older declaration finds its table again, and nothing is lost', async () => {
      const first = await applyStore('back', { dimension: 2 }, postgres);
      await writeRows(first, [row(1, [1, 0])], postgres);
      await applyStore('back', { dimension: 2, language: 'german' }, postgres);
      const again = await applyStore('back', { dimension: 2 }, postgres);
      expect((await declaredVersion(again, postgres)).version).toBe(1);
      expect((await searchStore(again, { mode: 'text', words: 'text' }, postgres)).hits).toHaveLength(1);
    });

    it('metadata that is added is a column of every version; metadata of another type is refused', async () => {
      const store = await applyStore('wider', { dimension: 2 }, postgres);
      await writeRows(store, [row(1, [1, 0])], postgres);
      const wider = await applyStore('wider', { dimension: 2, metadata: { pages: 'integer' } }, postgres);
      await writeRows(wider, [row(2, [0, 1], { metadata: { pages: 7 } })], postgres);
      const { hits } = await searchStore(
        wider,
        { mode: 'text', words: 'text', filter: { pages: { from: 5 } } },
        postgres,
      );
      expect(hits.map(({ metadata }) => metadata)).toEqual([{ pages: 7 }]);
      await expect(applyStore('wider', { dimension: 2, metadata: { pages: 'text' } }, postgres)).rejects.toThrow(
        /metadata pages of the store cannot become text, since it is integer/,
      );
    });

    it('other parameters of the index build another index, and the old one goes', async () => {
      await applyStore('tuned', { dimension: 2 }, postgres);
      await applyStore('tuned', { dimension: 2, metric: 'l2', index: { m: 8, efConstruction: 32 } }, postgres);
      const indexes = await postgres.query<{ indexdef: string }>(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'tuned_v1' AND indexdef ~ 'hnsw|ivfflat'",
      );
      expect(indexes.map(({ indexdef }) => indexdef)).toEqual([
        expect.stringMatching(/USING hnsw \(embedding vector_l2_ops\) WITH \(m='8', ef_construction='32'\)/),
      ]);
    });

    it('a version that is searched is not dropped; an old one is, with its rows', async () => {
      const store = await applyStore('drops', { dimension: 2 }, postgres);
      await expect(postgres.query("SELECT search.drop_version('drops', 1)")).rejects.toThrow(
        /the one that is searched/,
      );
      const changed = await applyStore('drops', { dimension: 3 }, postgres);
      await publishVersion({ version: await declaredVersion(changed, postgres) }, postgres);
      await postgres.query("SELECT search.drop_version('drops', 1)");
      expect(await storeVersions(store.name, postgres)).toHaveLength(1);
    });
  });

  describe('writing', () => {
    let store: Store;
    beforeAll(async () => {
      store = await applyStore('writes', { dimension: 2, metadata: { author: 'text', published: 'date' } }, postgres);
    });

    it('the same rows again change nothing; a changed one is replaced', async () => {
      const rows = [row(1, [1, 0]), row(2, [0, 1], { metadata: { author: 'A' } })];
      await writeRows(store, rows, postgres);
      const state = () =>
        postgres.query('SELECT id, content, author, xmin::text AS version FROM search.writes_v1 ORDER BY id');
      const before = await state();
      await writeRows(store, rows, postgres);
      expect(await state()).toEqual(before);
      await writeRows(store, [row(2, [0, 1], { content: 'other' })], postgres);
      expect(await state()).toMatchObject([before[0], { content: 'other', author: null }]);
    });

    it.each([
      ['another dimension', { embedding: [1, 0, 0] }, /has 2 dimensions; given one of 3/],
      ['NaN', { embedding: [Number.NaN, 0] }, /finite numbers; given NaN at position 0/],
      ['infinity', { embedding: [0, Number.POSITIVE_INFINITY] }, /finite numbers; given Infinity at position 1/],
      ['nothing but zeros', { embedding: [0, 0] }, /has no direction/],
      ['metadata that it has no column for', { metadata: { colour: 'red' } }, /is no metadata of store writes/],
      ['metadata of another type', { metadata: { published: 'soon' } }, /must be of type date; given "soon"/],
      ['a tenant', { tenant: 'acme' }, /has no tenants/],
      ['NUL', { content: 'a\0b' }, /no NUL character/],
    ])('a row with %s is refused, and none of its statement is written', async (_, wrong, message) => {
      const count = async () => (await postgres.query('SELECT 1 FROM search.writes_v1')).length;
      const before = await count();
      const rows = [row(90, [1, 1]), row(91, [1, 1], wrong)];
      await expect(writeRows(store, rows, postgres)).rejects.toThrow(message);
      await expect(writeRows(store, rows, postgres)).rejects.toThrow(InvalidInputError);
      expect(await count()).toBe(before);
    });

    it('SQL in names, texts and metadata is text', async () => {
      const hostile = `'); DROP TABLE search.writes_v1; -- "\\ $1 $$ {a,b} \u202e`;
      await writeRows(
        store,
        [
          row(3, [1, 1], {
            object: hostile,
            document: hostile,
            title: hostile,
            heading: hostile,
            content: hostile,
            metadata: { author: hostile },
          }),
        ],
        postgres,
      );
      const found = await searchStore(
        store,
        { mode: 'vector', vector: [1, 1], filter: { author: hostile, document: hostile } },
        postgres,
      );
      expect(found.hits).toMatchObject([
        {
          document: `${hostile}#${hostile}`,
          title: hostile,
          heading: hostile,
          content: hostile,
          metadata: { author: hostile },
        },
      ]);
      for (const words of [hostile, `"`, `a & | ! <-> :*`, `'`])
        await searchStore(store, { mode: 'hybrid', words, vector: [1, 0] }, postgres);
    });

    it('who searches can change nothing, and who writes can make and drop no table', async () => {
      const as = (role: string, sql: string) =>
        postgres.transaction(async (tx) => {
          await tx.execute(`SET LOCAL ROLE ${role}`);
          await tx.execute(sql);
        });
      const denied = /permission denied|must be owner/;
      for (const sql of ['DELETE FROM search.writes_v1', 'TABLE search.objects', "SELECT search.publish('writes', 1)"])
        await expect(as('ingot_search', sql)).rejects.toThrow(denied);
      for (const sql of [
        'DROP TABLE search.writes_v1',
        'UPDATE search.stores SET is_current = true',
        "SELECT search.drop_version('writes', 1)",
      ])
        await expect(as('ingot_documents', sql)).rejects.toThrow(denied);
    });
  });

  describe('searching', () => {
    const next = random(7);
    const words = ['airport', 'runway', 'contract', 'rule', 'table'];
    const vectors = Array.from({ length: 300 }, (_, n) => [n % 5, Math.floor(next() * 4), Math.floor(next() * 4), 1]);
    let store: Store;
    beforeAll(async () => {
      store = await applyStore(
        'finds',
        { dimension: 4, metric: 'l2', metadata: { kind: 'text', size: 'number', old: 'boolean' } },
        postgres,
      );
      const rows = vectors.map((vector, n) =>
        row(n, vector, {
          content: `${words[n % 5]} ${words[(n * 3) % 4]} number ${n}`,
          title: n % 7 === 0 ? 'Airport' : undefined,
          metadata: { kind: n % 2 === 0 ? 'even' : 'odd', size: n / 10, old: n < 10 },
        }),
      );
      await writeRows(store, rows, postgres);
      await postgres.execute('ANALYZE search.finds_v1');
    });

    it.each<[SearchMode, SearchQuestion]>([
      ['vector', { mode: 'vector', vector: [1, 2, 2, 1] }],
      ['vector', { mode: 'vector', vector: [1, 2, 2, 1], filter: { kind: 'odd' } }],
      ['text', { mode: 'text', words: 'airport or rule' }],
      ['text', { mode: 'text', words: 'number', filter: { size: { from: 3, to: 20 } } }],
      ['hybrid', { mode: 'hybrid', words: 'contract', vector: [3, 0, 0, 1] }],
    ])('pages of a %s search leave nothing out and repeat nothing, whatever their size (%j)', async (_, question) => {
      const whole = (await all(store, { ...question, limit: 100 })).map(({ id }) => id);
      expect(new Set(whole).size).toBe(whole.length);
      expect(whole.length).toBeGreaterThan(20);
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 3, max: 60 }), async (limit) => {
          expect((await all(store, { ...question, limit })).map(({ id }) => id)).toEqual(whole);
        }),
        { numRuns: 3 },
      );
    });

    it('a vector search finds what comparing every row finds', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 4, maxLength: 4 }), async (vector) => {
          const distance = (one: readonly number[]) => Math.hypot(...one.map((value, i) => value - vector[i]!));
          const { hits } = await searchStore(store, { mode: 'vector', vector, limit: 20 }, postgres);
          const expected = vectors
            .map(distance)
            .sort((a, b) => a - b)
            .slice(0, 20);
          expect(hits.map(({ score }) => score.toFixed(6))).toEqual(expected.map((d) => (1 / (1 + d)).toFixed(6)));
        }),
        { numRuns: 5 },
      );
    });

    it('filters take a value, several, and ranges, of text, numbers and booleans', async () => {
      const ids = async (filter: SearchQuestion['filter']) =>
        (await all(store, { mode: 'vector', vector: [1, 1, 1, 1], filter, limit: 100 })).map(({ content }) =>
          Number(content.split(' ').at(-1)),
        );
      expect((await ids({ old: true })).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect((await ids({ old: true, kind: 'even' })).sort()).toEqual([0, 2, 4, 6, 8]);
      expect((await ids({ size: [0.1, 0.2] })).sort()).toEqual([1, 2]);
      expect((await ids({ size: { from: 29.8 } })).sort()).toEqual([298, 299]);
      expect(await ids({ kind: 'none' })).toEqual([]);
    });

    it('words of a title count more than words of the text', async () => {
      const { hits } = await searchStore(store, { mode: 'text', words: 'airport' }, postgres);
      expect(hits[0]).toMatchObject({ title: 'Airport' });
    });

    it('a hybrid search fuses by ranks: what both find comes before what one finds', async () => {
      const vector = vectors[42]!;
      const { hits } = await searchStore(store, { mode: 'hybrid', words: '"number 42"', vector, limit: 5 }, postgres);
      expect(hits[0]).toMatchObject({ content: expect.stringContaining('number 42') });
      // Its rank by words is 1; by meaning it shares the first place with rows of the same vector.
      expect(hits[0]!.score).toBeGreaterThan(1 / 61);
      expect(hits[0]!.score).toBeLessThanOrEqual(2 / 61);
    });

    it.each<[string, SearchQuestion, RegExp]>([
      [
        'an unknown mode',
        { mode: 'fuzzy' as never, words: 'a' },
        /must be how to search; given "fuzzy"; allowed: vector, text, hybrid/,
      ],
      ['no words', { mode: 'text', words: ' ' }, /words: must be said/],
      ['words without end', { mode: 'text', words: 'a '.repeat(2000) }, /at most 2000 characters/],
      ['a vector of another dimension', { mode: 'vector', vector: [1] }, /has 4 dimensions; given one of 1/],
      ['NaN', { mode: 'vector', vector: [1, 2, 3, Number.NaN] }, /given NaN at position 3/],
      ['a tenant', { mode: 'text', words: 'a', tenant: 'x' }, /store finds has no tenants/],
      ['a limit of 0', { mode: 'text', words: 'a', limit: 0 }, /whole number from 1 to 100; given 0/],
      [
        'a filter of an unknown name',
        { mode: 'text', words: 'a', filter: { knid: 'x' } },
        /given "knid"; allowed: kind, size, old, source, object, document/,
      ],
      [
        'a filter of another type',
        { mode: 'text', words: 'a', filter: { size: 'big' } },
        /size: must be of type number; given "big"/,
      ],
      [
        'a filter of another shape',
        { mode: 'text', words: 'a', filter: { size: { above: 3 } as never } },
        /a range with from and to/,
      ],
      ['a cursor that is none', { mode: 'text', words: 'a', cursor: 'e30' }, /must be the text "next"/],
    ])('a question with %s is refused', async (_, question, message) => {
      await expect(searchStore(store, question, postgres)).rejects.toThrow(message);
    });

    it("another search's cursor is refused", async () => {
      const { next: cursor } = await searchStore(store, { mode: 'text', words: 'number', limit: 2 }, postgres);
      expect(cursor).toBeDefined();
      await expect(searchStore(store, { mode: 'text', words: 'rule', cursor }, postgres)).rejects.toThrow(
        /belongs to another search/,
      );
    });
  });

  describe('tenants', () => {
    let store: Store;
    beforeAll(async () => {
      store = await applyStore('shared', { dimension: 2, tenants: true }, postgres);
      const rows = ['acme', "o'brien", 'zeta'].flatMap((tenant, t) =>
        Array.from({ length: 20 }, (_, n) => row(t * 100 + n, [1, n / 20], { tenant })),
      );
      await writeRows(store, rows, postgres);
    });

    it('a search finds rows of its tenant alone, in every mode and on every page', async () => {
      for (const tenant of ['acme', "o'brien", 'zeta'])
        for (const mode of ['vector', 'text', 'hybrid'] as const) {
          const hits = await all(store, { mode, words: 'text', vector: [1, 0], tenant, limit: 7 });
          expect(hits).toHaveLength(20);
          const ids = hits.map(({ id }) => id);
          const owners = await postgres.query<{ tenant: string }>(
            'SELECT DISTINCT tenant FROM search.shared_v1 WHERE id = ANY($1::bigint[])',
            [ids],
          );
          expect(owners).toEqual([{ tenant }]);
        }
    });

    it('a search without a tenant is refused, and one of nobody finds nothing', async () => {
      for (const tenant of [undefined, ''])
        await expect(searchStore(store, { mode: 'text', words: 'text', tenant }, postgres)).rejects.toThrow(
          /tenant: must be named/,
        );
      const { hits } = await searchStore(store, { mode: 'text', words: 'text', tenant: "' OR true --" }, postgres);
      expect(hits).toEqual([]);
    });

    it('who is allowed to search sees no row without naming a tenant, whatever SQL it runs', async () => {
      const seen = (set: string) =>
        postgres.transaction(async (tx) => {
          await tx.execute(`SET LOCAL ROLE ingot_search; ${set}`);
          return (await tx.query('SELECT 1 FROM search.shared_v1')).length;
        });
      expect(await seen('')).toBe(0);
      expect(await seen("SET LOCAL ingot.tenant = ''")).toBe(0);
      expect(await seen("SET LOCAL ingot.tenant = 'acme'")).toBe(20);
      expect(await seen('SET LOCAL row_security = on')).toBe(0);
      await expect(seen('SET LOCAL row_security = off')).rejects.toThrow(/row-level security/);
      // The setting ends with its transaction.
      expect(await seen('')).toBe(0);
    });

    it('the owner of the tables is held to it too', async () => {
      await postgres.execute(`
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'plain_owner') THEN CREATE ROLE plain_owner; END IF;
        END $$;
        GRANT USAGE ON SCHEMA search TO plain_owner;
        ALTER TABLE search.shared_v1 OWNER TO plain_owner`);
      const seen = await postgres.transaction(async (tx) => {
        await tx.execute("SET LOCAL ROLE plain_owner; SET LOCAL ingot.tenant = 'acme'");
        return (await tx.query('SELECT 1 FROM search.shared_v1')).length;
      });
      expect(seen).toBe(0);
    });

    it('a row without a tenant is refused', async () => {
      await expect(writeRows(store, [row(1, [1, 1])], postgres)).rejects.toThrow(/store shared keeps tenants apart/);
    });
  });

  it('IVFFlat chooses its lists anew once the store is filled', async () => {
    const store = await applyStore(
      'lists',
      { dimension: 3, metric: 'l2', index: { type: 'ivfflat', lists: 4 } },
      postgres,
    );
    const next = random(3);
    await writeRows(
      store,
      Array.from({ length: 200 }, (_, n) => row(n, [next(), next(), next()])),
      postgres,
    );
    await publishVersion({ version: await declaredVersion(store, postgres) }, postgres);
    const page = await searchStore(store, { mode: 'vector', vector: [0.5, 0.5, 0.5], limit: 5 }, postgres);
    expect([page.hits.length, page.exact]).toEqual([5, false]);
    const more = await searchStore(
      store,
      { mode: 'vector', vector: [0.5, 0.5, 0.5], limit: 5, cursor: page.next },
      postgres,
    );
    expect(more.exact).toBe(true);
  });

  it('above 2,000 dimensions a store is of half precision, and has an index', async () => {
    if (pgvector < 7) {
      process.stderr.write(`\nSKIPPED: halfvec, which pgvector 0.${pgvector} does not know\n`);
      return;
    }
    const store = await applyStore('wide', { dimension: 2500 }, postgres);
    const next = random(5);
    const vector = Array.from({ length: 2500 }, () => next() - 0.5);
    await writeRows(
      store,
      [
        row(1, vector),
        row(
          2,
          vector.map((value) => -value),
        ),
      ],
      postgres,
    );
    const { hits } = await searchStore(store, { mode: 'vector', vector, limit: 1 }, postgres);
    expect(hits).toMatchObject([{ content: 'text number 1', score: expect.closeTo(1, 3) }]);
    expect((await currentVersion('wide', postgres)).element).toBe('halfvec');
    expect(tableOf(await currentVersion('wide', postgres))).toBe('"search"."wide_v1"');
  });

  describe('through the index', () => {
    const next = random(11);
    const vectors = Array.from({ length: 800 }, () => Array.from({ length: 8 }, () => next() - 0.5));
    let store: Store;
    /** So few rows would be compared one by one. */
    const search = (question: SearchQuestion) =>
      searchStore(store, question, {
        ...postgres,
        transaction: (work) =>
          postgres.transaction(async (tx) => {
            await tx.execute('SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off');
            return work(tx);
          }),
      });
    beforeAll(async () => {
      store = await applyStore(
        'rare',
        { dimension: 8, metadata: { rare: 'boolean' }, index: { efSearch: 10 } },
        postgres,
      );
      await writeRows(
        store,
        // Every fifth vector is there twice: ties, which an index gives in any order.
        vectors.map((vector, n) =>
          row(n, n % 5 === 0 ? vectors[n + 1]! : vector, { metadata: { rare: n % 80 === 0 } }),
        ),
        postgres,
      );
      await postgres.execute('ANALYZE search.rare_v1');
    });

    it('a filter that few rows meet finds them all, though the index gives others first', async () => {
      const page = await search({ mode: 'vector', vector: vectors[1]!, filter: { rare: true } });
      expect([page.hits.length, page.exact]).toEqual([10, pgvector < 8]);
    });

    it('pages repeat nothing, and each goes on where the one before ended', async () => {
      const seen: { readonly id: string; readonly score: number }[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < 12; pages++) {
        const page = await search({ mode: 'vector', vector: vectors[3]!, limit: 7, cursor });
        seen.push(...page.hits);
        cursor = page.next;
      }
      expect(new Set(seen.map(({ id }) => id)).size).toBe(84);
      const order = (one: (typeof seen)[number], other: (typeof seen)[number]) =>
        other.score - one.score || Number(one.id) - Number(other.id);
      expect(seen).toEqual([...seen].sort(order));
      const one = await search({ mode: 'vector', vector: vectors[3]!, limit: 84 });
      expect(one.hits.map(({ id }) => id)).toEqual(seen.map(({ id }) => id));
    });
  });
}
