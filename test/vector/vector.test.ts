import { openPglite } from '../../lib/runtime/pglite';
import type { Postgres } from '../../lib/runtime/postgres';
import { resolveStores, type StoreDeclaration, storeProblems } from '../../lib/vector/declaration';
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

storeSuite(() => postgres);
