import { mkdir, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { type DocumentsDeclaration, documentsProblems, resolveDocuments } from '../../lib/documents/declaration';
import type { Embedder } from '../../lib/documents/embedder';
import { type DocumentsServices, handleDocuments, type QueueResult } from '../../lib/documents/handle';
import { type Ingested, type Ingesting, ingestObject, objectName } from '../../lib/documents/ingest';
import { wordVectorEmbedder } from '../../lib/documents/word-vectors';
import { resolveZones } from '../../lib/platform/zones';
import { localObjects } from '../../lib/runtime/objects';
import { openPglite } from '../../lib/runtime/pglite';
import type { Postgres } from '../../lib/runtime/postgres';
import { answerSearch } from '../../lib/vector/ask';
import type { StoreDeclaration } from '../../lib/vector/declaration';
import { resolveStores } from '../../lib/vector/declaration';
import { onThisMachine, type Store } from '../../lib/vector/store';
import { declaredVersion } from '../../lib/vector/versions';
import { applyStore, quiet } from '../vector/stores';
import { pdf } from './pdf';

let postgres: Postgres;
let folder: string;
beforeAll(async () => {
  postgres = await openPglite();
  folder = await mkdtemp(join(tmpdir(), 'ingot-documents-'));
});
afterAll(async () => {
  await postgres.close();
  await rm(folder, { recursive: true, force: true });
});

const zones = resolveZones('test');
/** Counts what it is asked, and embeds each text by its length and first letters. */
function counting(): Embedder & { texts: string[]; fails: (text: string) => boolean } {
  const embedder = {
    model: 'counting',
    batch: 4,
    texts: [] as string[],
    fails: (_: string): boolean => false,
    embed: async (texts: readonly string[]) =>
      texts.map((text) => {
        embedder.texts.push(text);
        if (embedder.fails(text)) return { error: 'refused by the model', later: false };
        return { vector: [text.length, text.charCodeAt(0), text.charCodeAt(1) || 1] };
      }),
  };
  return embedder;
}

interface Place extends Ingesting {
  readonly embedder: ReturnType<typeof counting>;
  put(name: string, body: string | Uint8Array): Promise<Ingested>;
  gone(name: string): Promise<Ingested>;
  rows(): Promise<{ object: string; document: string; position: number; content: string; title: string | null }[]>;
  uri(name: string): string;
}

/** A store and an ingestion of its own. */
async function place(
  name: string,
  store: StoreDeclaration = {},
  documents: Partial<DocumentsDeclaration> = {},
): Promise<Place> {
  const made = await applyStore(name, { dimension: 3, metric: 'l2', ...store }, postgres);
  const [ingestion] = resolveDocuments({ [name]: { store: name, ...documents } }, [made], zones);
  const root = pathToFileURL(join(folder, name)).href;
  const embedder = counting();
  const ingesting: Ingesting = {
    ingestion: ingestion!,
    store: made,
    version: await declaredVersion(made, postgres),
    postgres,
    objects: localObjects,
    embedder,
    root,
  };
  const uri = (object: string) => `${root}/${ingestion!.prefix}/${object.split('/').map(encodeURIComponent).join('/')}`;
  const path = (object: string) => join(folder, name, ingestion!.prefix, object);
  let clock = 1_700_000_000;
  return {
    ...ingesting,
    embedder,
    uri,
    async put(object, body) {
      await mkdir(dirname(path(object)), { recursive: true });
      await writeFile(path(object), body);
      // Another content is another time: two writes may be in one tick of the clock.
      await utimes(path(object), ++clock, clock);
      return ingestObject(uri(object), ingesting);
    },
    async gone(object) {
      await rm(path(object));
      return ingestObject(uri(object), ingesting);
    },
    rows: () =>
      postgres.query(
        `SELECT object, document, position, content, title FROM search.${name}_v1 ORDER BY object, document, position`,
      ),
  };
}

const reasonsOf = async (name: string) =>
  (
    await postgres.query<{ object: string; reasons: { reason: string; message: string; document?: string }[] }>(
      "SELECT object, reasons FROM search.objects WHERE source = $1 AND reasons <> '[]' ORDER BY object",
      [name],
    )
  ).map(({ object, reasons }) => [object, ...reasons.map(({ reason }) => reason)]);

describe('an object', () => {
  it('is ingested once: the same again embeds and writes nothing', async () => {
    const { put, rows, embedder, uri, ...ingesting } = await place('once');
    const first = await put('a.md', '# Title\n\nOne.\n\n# Other\n\nTwo.');
    expect(first).toMatchObject({ status: 'ingested', documents: 1, chunks: 2, embedded: 2 });
    const again = await ingestObject(uri('a.md'), { ...ingesting, embedder });
    expect(again).toMatchObject({ status: 'unchanged' });
    expect(embedder.texts).toEqual(['Title\nTitle\nOne.', 'Title\nOther\nTwo.']);
    expect(await rows()).toMatchObject([
      { object: 'a.md', document: '', position: 0, content: 'One.', title: 'Title' },
      { position: 1, content: 'Two.' },
    ]);
  });

  it('that changed has the rows of what it is now; text that was there before is not embedded again, wherever it stands', async () => {
    const { put, rows, embedder } = await place('changes');
    await put('a.md', '# A\n\nKept.\n\n# B\n\nGoes.');
    await put('b.md', '# A\n\nOther.');
    embedder.texts.length = 0;
    expect(await put('a.md', '# A\n\nNew.\n\n# A\n\nKept.\n\n# A\n\nOther.')).toMatchObject({ chunks: 1, embedded: 1 });
    await put('a.md', '# A\n\nKept.');
    expect(embedder.texts).toEqual(['A\nA\nNew.\n\nKept.\n\nOther.', 'A\nA\nKept.']);
    embedder.texts.length = 0;
    expect(await put('a.md', '# A\n\nOther.')).toMatchObject({ chunks: 1, embedded: 0 });
    expect(embedder.texts).toEqual([]);
    expect((await rows()).map(({ object, content }) => [object, content])).toEqual([
      ['a.md', 'Other.'],
      ['b.md', 'Other.'],
    ]);
  });

  it('that is gone leaves no row, in no version', async () => {
    const { put, gone, rows } = await place('leaves');
    await put('a.txt', 'One');
    await put('b.txt', 'Two');
    await applyStore('leaves', { dimension: 3, metric: 'l2', language: 'german' }, postgres);
    expect(await gone('a.txt')).toMatchObject({ status: 'removed', chunks: 1 });
    expect((await rows()).map(({ object }) => object)).toEqual(['b.txt']);
    expect(await postgres.query("SELECT object FROM search.objects WHERE source = 'leaves'")).toEqual([
      { object: 'b.txt' },
    ]);
  });

  it('of many documents keeps those that are sound; one that is gone from it goes', async () => {
    const { put, rows } = await place('many', { metadata: { n: 'integer' } });
    const line = (id: string, text: string, n: unknown) => JSON.stringify({ id, text, metadata: { n } });
    const first = await put(
      'all.jsonl',
      [line('a', 'One', 1), line('b', 'Two', 'x'), line('c', 'Three', 3), '{'].join('\n'),
    );
    expect(first).toMatchObject({ status: 'ingested', documents: 2, chunks: 2 });
    expect(first.reasons).toEqual([
      { document: 'b', reason: 'metadata', message: 'has n "x", which must be of type integer' },
      { document: 'line 4', reason: 'broken', message: 'is no JSON' },
    ]);
    await put('all.jsonl', [line('c', 'Three', 3), line('d', 'Four', null)].join('\n'));
    expect((await rows()).map(({ document, content }) => [document, content])).toEqual([
      ['c', 'Three'],
      ['d', 'Four'],
    ]);
    expect(await reasonsOf('many')).toEqual([]);
  });

  it('that cannot be read is in quarantine with its reason, and holds up no other', async () => {
    const { put, uri, ...ingesting } = await place('refuses', {}, { maxMb: 1 });
    await put('good.txt', 'Good');
    const status = async (name: string, body: string | Uint8Array) => (await put(name, body)).status;
    expect(await status('empty.md', '')).toBe('refused');
    expect(await status('broken.pdf', pdf(['x']).subarray(0, 50))).toBe('refused');
    expect(await status('unknown.bin', 'x')).toBe('refused');
    expect(await status('latin.txt', Uint8Array.from([0xe9, 0x20]))).toBe('refused');
    // 50 MB, of which no byte is read.
    await put('huge.txt', 'x');
    await truncate(join(folder, 'refuses', 'documents/refuses/huge.txt'), 50_000_000);
    const huge = await ingestObject(uri('huge.txt'), {
      ...ingesting,
      objects: { ...localObjects, read: () => Promise.reject(new Error('read')) },
    });
    expect(huge.reasons).toEqual([
      { reason: 'too-large', message: 'must be at most 1 MB (maxMb of refuses); it is 50.0 MB' },
    ]);
    expect(await reasonsOf('refuses')).toEqual([
      ['broken.pdf', 'broken'],
      ['empty.md', 'empty'],
      ['huge.txt', 'too-large'],
      ['latin.txt', 'encoding'],
      ['unknown.bin', 'type'],
    ]);
    // Unchanged, it is not read again; changed and sound, it is ingested.
    expect(await ingestObject(uri('empty.md'), ingesting)).toMatchObject({ status: 'unchanged' });
    expect(await put('empty.md', 'Now')).toMatchObject({ status: 'ingested' });
    expect(await reasonsOf('refuses')).toHaveLength(4);
  });

  it('that becomes unreadable keeps what is found of it', async () => {
    const { put, rows } = await place('keeps');
    await put('a.md', 'Sound.');
    expect(await put('a.md', '---\n[\n---\n')).toMatchObject({ status: 'refused' });
    expect((await rows()).map(({ content }) => content)).toEqual(['Sound.']);
  });

  it('of a hostile name is a name, and nothing else', async () => {
    const { put, rows } = await place('hostile');
    const names = [
      `'; DROP TABLE search.hostile_v1; --.md`,
      '..%2f..%2fetc%2fpasswd.md',
      '$(reboot) `x` \u202e.md',
      '100%.md',
      'ä ö#1?.md',
    ];
    for (const name of names)
      expect(await put(name, `Text of ${names.indexOf(name)}`)).toMatchObject({ status: 'ingested' });
    expect((await rows()).map(({ object }) => object).sort()).toEqual([...names].sort());
    expect(await put('bell\u0007.md', 'x')).toMatchObject({ status: 'refused', reasons: [{ reason: 'name' }] });
  });

  it('in a store of tenants belongs to the tenant of its folder, or is refused', async () => {
    const { put } = await place('tenants', { tenants: true });
    await put('acme/guide/a.txt', 'Of acme');
    await put('zeta/a.txt', 'Of zeta');
    expect(await put('nobody.txt', 'Whose?')).toMatchObject({ status: 'refused', reasons: [{ reason: 'tenant' }] });
    expect(await postgres.query('SELECT tenant, content FROM search.tenants_v1 ORDER BY tenant')).toEqual([
      { tenant: 'acme', content: 'Of acme' },
      { tenant: 'zeta', content: 'Of zeta' },
    ]);
  });

  it('of which some texts fail keeps the vectors of the others for the next attempt', async () => {
    const { put, rows, embedder, uri, ...ingesting } = await place('partly');
    embedder.fails = (text) => text.includes('Third');
    const body = ['First', 'Second', 'Third', 'Fourth'].map((word) => `# ${word}\n\nText.`).join('\n\n');
    await expect(put('a.md', body)).rejects.toThrow('counting failed for 1 of 4 texts: refused by the model');
    expect(await rows()).toHaveLength(3);
    embedder.fails = () => false;
    embedder.texts.length = 0;
    expect(await ingestObject(uri('a.md'), { ...ingesting, embedder })).toMatchObject({
      status: 'ingested',
      chunks: 4,
      embedded: 1,
    });
    expect(embedder.texts).toEqual(['First\nThird\nText.']);
    expect((await rows()).map(({ position }) => position)).toEqual([0, 1, 2, 3]);
  });

  it('whatever is written, changed and removed in any order: the rows are those of what is there', async () => {
    const { put, gone, rows } = await place('order');
    const there = new Map<string, string>();
    const step = fc.record({
      name: fc.constantFrom('a.txt', 'b.txt', 'c.txt'),
      body: fc.option(fc.constantFrom('One', 'Two', 'One\n\nTwo', ''), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        for (const { name, body } of steps) {
          if (body !== undefined) {
            await put(name, body);
            // An empty one is refused, and what was there before stays.
            if (body !== '') there.set(name, body);
          } else if (there.has(name)) {
            await gone(name);
            there.delete(name);
          }
        }
        const found = (await rows()).map(({ object, content }) => [object, content]);
        expect(found).toEqual([...there].sort(([a], [b]) => (a < b ? -1 : 1)));
      }),
      { numRuns: 12 },
    );
  });
});

describe('the documents function', () => {
  const queue: string[] = [];
  const servicesOf = (ingesting: Place, more: Partial<DocumentsServices> = {}): DocumentsServices => ({
    manifest: { stores: [{ ...ingesting.store, embedder: 'counting' }], documents: [ingesting.ingestion] },
    zones: { bronze: ingesting.root },
    postgres,
    objects: localObjects,
    embedder: async () => ingesting.embedder,
    enqueue: async (uris) => void queue.push(...uris),
    log: quiet,
    ...more,
  });
  const messages = (...bodies: string[]) => ({ Records: bodies.map((body, i) => ({ messageId: `m${i}`, body })) });

  it('answers with the messages that come again, and those alone', async () => {
    const at = await place('batches', { embedder: undefined });
    await at.put('bad.txt', 'first').catch(() => {});
    at.embedder.fails = (text) => text.startsWith('bad');
    await mkdir(join(folder, 'batches/documents/batches'), { recursive: true });
    await writeFile(join(folder, 'batches/documents/batches/bad.txt'), 'bad text');
    await writeFile(join(folder, 'batches/documents/batches/good.txt'), 'good text');
    await writeFile(join(folder, 'batches/documents/batches/_note.txt'), 'no document');
    const services = servicesOf(at);
    const store: Store = { ...at.store };
    const answer = await handleDocuments(
      messages(
        JSON.stringify({ uri: at.uri('bad.txt') }),
        'no JSON',
        JSON.stringify({ uri: at.uri('good.txt') }),
        JSON.stringify({ uri: at.uri('_note.txt') }),
        JSON.stringify({ uri: 'file:///elsewhere/x.txt' }),
        JSON.stringify({ detail: { bucket: { name: 'b' }, object: {} } }),
      ),
      { ...services, manifest: { ...services.manifest, stores: [store] } },
    );
    expect((answer as QueueResult).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
      'm0',
      'm1',
      'm4',
      'm5',
    ]);
    expect((await at.rows()).map(({ content }) => content)).toEqual(['first', 'good text']);
  });

  it('compares stores with documents: queues what differs, removes what is gone, then lets the version be searched', async () => {
    const at = await place('compares');
    await at.put('gone.txt', 'gone');
    await at.put('same.txt', 'same');
    await rm(join(folder, 'compares/documents/compares/gone.txt'));
    await writeFile(join(folder, 'compares/documents/compares/new.txt'), 'new');
    const services = servicesOf(at);
    const manifest = { ...services.manifest, stores: [at.store] };
    queue.length = 0;
    const compare = () => handleDocuments({ action: 'compare' }, { ...services, manifest });
    expect(await compare()).toEqual({ documents: [{ name: 'compares', queued: 1, unchanged: 1 }], published: [] });
    expect(queue).toEqual([at.uri('new.txt')]);
    expect((await at.rows()).map(({ object }) => object)).toEqual(['same.txt']);
    await handleDocuments(messages(JSON.stringify({ uri: queue[0] })), { ...services, manifest });
    expect(await compare()).toEqual({
      documents: [{ name: 'compares', queued: 0, unchanged: 2 }],
      published: ['compares_v1'],
    });
    expect(await compare()).toMatchObject({ published: [] });
  });
});

describe('what documents may say', () => {
  const stores = resolveStores({ docs: { embedder: 'cohere.embed-english-v3' }, own: { dimension: 3 } });
  const wrong = (documents: Record<string, DocumentsDeclaration>) =>
    documentsProblems(documents, stores, zones, [{ zone: 'bronze', prefix: 'flights' }]).map(({ path, message }) => [
      path.join('.'),
      message,
    ]);

  it('a store alone decides everything else', () => {
    expect(resolveDocuments({ guide: { store: 'docs' } }, stores, zones)).toMatchSnapshot();
    expect(wrong({ guide: { store: 'docs' } })).toEqual([]);
  });

  it('every problem is told at once', () => {
    expect(
      wrong({
        a: { store: 'doc', zone: 'gold' },
        b: { store: 'own', prefix: 'flights/pdf' },
        c: { store: 'docs', prefix: 'x', chunker: { tokens: 600, overlap: 400 } },
        d: { store: 'docs', prefix: 'x/y' },
      }),
    ).toEqual([
      ['a.store', expect.stringContaining('did you mean docs?')],
      ['a.zone', expect.stringContaining('given "gold"; allowed: bronze')],
      ['b.store', expect.stringContaining('own has none')],
      ['b.prefix', expect.stringContaining('flights in bronze is used already')],
      ['c.chunker', expect.stringContaining('at most half its tokens, 300; given 400')],
      ['c.chunker', expect.stringContaining('at most 512 tokens')],
      ['d.prefix', expect.stringContaining('x in bronze is used already')],
    ]);
  });
});

it('a question in words is answered by the vectors of the model that made those of the store', async () => {
  const [declared] = resolveStores({ spoken: { embedder: 'amazon.titan-embed-text-v2:0' } });
  const store = onThisMachine(declared!);
  expect([store.embedder, store.dimension]).toEqual(['word-vectors', 100]);
  const { embedder: _, ...rest } = store;
  await applyStore('unspoken', { dimension: 3 }, postgres);
  const made = await place('spoken', { dimension: 100, metric: 'cosine' });
  const embedder = wordVectorEmbedder();
  for (const [name, body] of [
    ['air.txt', 'Landing strips in the far north'],
    ['rule.txt', 'Rows that break a rule are refused'],
  ] as const) {
    await mkdir(join(folder, 'spoken/documents/spoken'), { recursive: true });
    await writeFile(join(folder, 'spoken/documents/spoken', name), body);
    await ingestObject(made.uri(name), { ...made, embedder });
  }
  await postgres.execute("UPDATE search.stores SET embedder = 'word-vectors' WHERE store = 'spoken'");
  const answering = {
    stores: [{ ...rest, name: 'spoken' }, ...resolveStores({ unspoken: { dimension: 3 } })],
    postgres,
    embedder: async () => embedder,
  };
  const ask = (event: Parameters<typeof answerSearch>[0]) => answerSearch(event, answering);
  expect(await ask({ store: 'spoken', words: 'airfields of Alaska' })).toMatchObject({
    mode: 'hybrid',
    hits: [{ document: 'air.txt' }, {}],
  });
  expect(await ask({ store: 'spoken', words: 'refused', mode: 'text' })).toMatchObject({
    hits: [{ document: 'rule.txt' }],
  });
  // Of a store whose rows bring their own vectors, words are words.
  expect(await ask({ store: 'unspoken', words: 'anything' })).toMatchObject({ mode: 'text', hits: [] });
  await expect(ask({ words: 'x' })).rejects.toThrow(/must name one of the stores: spoken, unspoken/);
  await expect(ask({ store: 'spoke', words: 'x' })).rejects.toThrow(/did you mean spoken\?/);
  await expect(ask({ store: 'spoken', words: '?!' })).rejects.toThrow(/must hold a word/);
});

it('names of files are decoded, keys of S3 are taken as they are', () => {
  const of = (root: string) => ({ ingestion: { prefix: 'p' }, root }) as unknown as Ingesting;
  expect(objectName('file:///r/p/a%20b.md', of('file:///r'))).toBe('a b.md');
  expect(objectName('s3://b/p/a%20b.md', of('s3://b'))).toBe('a%20b.md');
  expect(() => objectName('s3://b/q/a.md', of('s3://b'))).toThrow(/those begin with s3:\/\/b\/p\//);
});
