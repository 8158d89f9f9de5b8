import { openPglite } from '../../lib/runtime/pglite';
import type { Postgres } from '../../lib/runtime/postgres';
import { resolveStores, type StoreDeclaration, storeProblems } from '../../lib/vector/declaration';
import { searchStore } from '../../lib/vector/search';
import type { Store } from '../../lib/vector/store';
import { applyStore, random, row, writeRows } from './stores';
import { storeSuite } from './suite';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await openPglite();
});
afterAll(() => postgres.close());

describe('what a store may say', () => {
  it('a dimension alone decides everything else', () => {
    expect(resolveStores({ docs: { dimension: 3 } })).toMatchSnapshot();
  });

  it('above 2,000 dimensions numbers are of half precision by itself', () => {
    const element = (dimension: number) => resolveStores({ docs: { dimension } })[0]!.element;
    expect([element(2000), element(2001), element(4000)]).toEqual(['vector', 'halfvec', 'halfvec']);
  });

  it('an embedder decides the dimension', () => {
    expect(resolveStores({ docs: { embedder: 'amazon.titan-embed-text-v2:0' } })[0]).toMatchObject({ dimension: 1024 });
  });

  it.each<[string, StoreDeclaration, string, RegExp]>([
    ['no dimension', {}, 'dimension', /without an embedder must say its dimension/],
    [
      'more than 4,000 dimensions',
      { dimension: 4001 },
      'dimension',
      /at most 4000: no index of pgvector takes more; given 4001/,
    ],
    [
      'more than 2,000 in full precision',
      { dimension: 3000, element: 'vector' },
      'dimension',
      /at most 2000 where element is vector/,
    ],
    [
      'a dimension that its model does not make',
      { embedder: 'cohere.embed-english-v3', dimension: 512 },
      'dimension',
      /given 512; allowed: 1024/,
    ],
    [
      'fewer candidates than neighbours',
      { dimension: 2, index: { m: 40 } },
      'index.efConstruction',
      /at least twice m, 80; given 64/,
    ],
    [
      'more probes than lists',
      { dimension: 2, index: { type: 'ivfflat', lists: 4, probes: 5 } },
      'index.probes',
      /at most lists, 4; given 5/,
    ],
    [
      'metadata that is a column already',
      { dimension: 2, metadata: { content: 'text' } },
      'metadata.content',
      /the store has such a column/,
    ],
    ['models that it replaces without one', { dimension: 2, replaces: [] }, 'replaces', /where there is no embedder/],
  ])('%s is a problem', (_, store, path, message) => {
    expect(storeProblems({ docs: store })).toEqual([
      { path: ['docs', ...path.split('.')], message: expect.stringMatching(message) },
    ]);
  });
});

storeSuite(() => postgres, { hasHalfvec: true });

describe('through the index', () => {
  const next = random(11);
  const vectors = Array.from({ length: 800 }, () => Array.from({ length: 8 }, () => next() - 0.5));
  let store: Store;
  beforeAll(async () => {
    store = await applyStore(
      'rare',
      { dimension: 8, metadata: { rare: 'boolean' }, index: { efSearch: 10 } },
      postgres,
    );
    await writeRows(
      store,
      // Every fifth vector is there twice: ties, which an index gives in any order.
      vectors.map((vector, n) => row(n, n % 5 === 0 ? vectors[n + 1]! : vector, { metadata: { rare: n % 80 === 0 } })),
      postgres,
    );
    await postgres.execute('ANALYZE search.rare_v1; SET enable_seqscan = off; SET enable_bitmapscan = off');
  });
  afterAll(() => postgres.execute('RESET ALL'));

  it('a filter that few rows meet finds them all, though the index gives others first', async () => {
    const page = await searchStore(store, { mode: 'vector', vector: vectors[1]!, filter: { rare: true } }, postgres);
    expect([page.hits.length, page.exact]).toEqual([10, false]);
  });

  it('pages repeat nothing, and each goes on where the one before ended', async () => {
    const seen: { readonly id: string; readonly score: number }[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 12; pages++) {
      const page = await searchStore(store, { mode: 'vector', vector: vectors[3]!, limit: 7, cursor }, postgres);
      seen.push(...page.hits);
      cursor = page.next;
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(84);
    const order = (one: (typeof seen)[number], other: (typeof seen)[number]) =>
      other.score - one.score || Number(one.id) - Number(other.id);
    expect(seen).toEqual([...seen].sort(order));
    const one = await searchStore(store, { mode: 'vector', vector: vectors[3]!, limit: 84 }, postgres);
    expect(one.hits.map(({ id }) => id)).toEqual(seen.map(({ id }) => id));
  });
});
