import { createServer, type Http2Server, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import fc from 'fast-check';
import { bedrockEmbedder } from '../../lib/documents/bedrock';
import { chunk } from '../../lib/documents/chunk';
import { type Embedder, EmbeddingError, embedAll } from '../../lib/documents/embedder';
import { DocumentRefused } from '../../lib/documents/text/block';
import { readDocuments } from '../../lib/documents/text/read';
import { countTokens } from '../../lib/documents/tokens';
import { wordVectorEmbedder } from '../../lib/documents/word-vectors';
import { TransientError } from '../../lib/errors';
import { pdf } from './pdf';

const read = (name: string, body: string | Uint8Array) => readDocuments(name, Buffer.from(body as string));

describe('reading', () => {
  it('Markdown: text under its headings, without marks; tables, lists and code stay whole; front matter is metadata', async () => {
    const [document] = await read(
      'guide.md',
      `---\nauthor: Ada\npages: 3\n---\n# The *guide*\n\nHello **you**,\nthere.\n\n## Lists\n\n- one [link](http://x)\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\`\`\`sql\nselect 1\n\`\`\`\n<div>not said</div>\n\n# Other\n\nEnd.`,
    );
    expect(document).toEqual({
      title: 'The guide',
      metadata: { author: 'Ada', pages: 3 },
      blocks: [
        { headings: ['The guide'], text: 'Hello you,\nthere.' },
        { headings: ['The guide', 'Lists'], text: 'one link\ntwo' },
        { headings: ['The guide', 'Lists'], text: 'a | b\n1 | 2' },
        { headings: ['The guide', 'Lists'], text: 'select 1' },
        { headings: ['Other'], text: 'End.' },
      ],
    });
  });

  it('HTML: what a reader sees, under its headings; meta elements are metadata', async () => {
    const [document] = await read(
      'page.HTML',
      `<html lang=de><head><title>A &amp; B</title><meta name=author content=Ada><style>x{}</style></head><body>
       <nav>Menu</nav><h1>Top</h1><p>First   <b>bold</b> text<br>second line<script>alert(1)</script></p>
       <h2>Below</h2><ul><li>one<li>two</ul><table><tr><td>1<td>2</table></body>`,
    );
    expect(document).toEqual({
      title: 'A & B',
      metadata: { language: 'de', author: 'Ada' },
      blocks: [
        { headings: ['Top'], text: 'First bold text\nsecond line' },
        { headings: ['Top', 'Below'], text: 'one\ntwo' },
        { headings: ['Top', 'Below'], text: '1 | 2' },
      ],
    });
  });

  it('HTML that nests without end is read all the same', async () => {
    const [document] = await read('deep.html', `${'<div>'.repeat(100_000)}bottom`);
    expect(document).toMatchObject({ blocks: [{ text: 'bottom' }] });
  });

  it('PDF: the text of its pages, and what it says of itself', async () => {
    const [document] = await read('a.pdf', pdf(['Hello (PDF)', 'second line'], { Title: 'Report', Author: 'Ada' }));
    expect(document).toMatchObject({ title: 'Report', metadata: { author: 'Ada' } });
    expect(JSON.stringify(document)).toContain('Hello (PDF)');
  });

  it('plain text in UTF-8 and UTF-16, with controls left out', async () => {
    expect(await read('a.txt', '\uFEFFone\r\nline\r\n\r\n\r\ntw\0o\u0007')).toMatchObject([
      { blocks: [{ text: 'one\nline' }, { text: 'two' }] },
    ]);
    expect(await read('a.txt', Buffer.from('\uFEFFzwölf', 'utf16le'))).toMatchObject([{ blocks: [{ text: 'zwölf' }] }]);
  });

  it('JSON Lines: a document a line; a broken one is refused alone', async () => {
    const lines = [
      '{"id": "a", "title": "A", "text": "first", "metadata": {"n": 1}}',
      'no JSON',
      '',
      '{"text": "second"}',
      '{"id": "a", "text": "x"}',
      '{"text": null}',
    ];
    expect(await read('all.jsonl', lines.join('\n'))).toMatchObject([
      { id: 'a', title: 'A', blocks: [{ text: 'first' }], metadata: { n: 1 } },
      { id: 'line 2', refused: { reason: 'broken', message: 'is no JSON' } },
      { id: '4', blocks: [{ text: 'second' }] },
      { id: 'line 5', refused: { message: 'has the id of an earlier line' } },
      { id: 'line 6', refused: { message: expect.stringContaining('a field "text"') } },
    ]);
  });

  it.each<[string, string, string | Uint8Array, string, RegExp]>([
    ['nothing', 'a.md', '', 'empty', /is empty/],
    ['nothing but blanks', 'a.txt', ' \n\t\n', 'empty', /holds no text/],
    ['nothing but marks', 'a.html', '<script>1</script>', 'empty', /holds no text/],
    ['an unknown ending', 'a.docx', 'x', 'type', /one of \.txt, \.text, \.md/],
    ['no ending', 'README', 'x', 'type', /its name ends otherwise/],
    ['an ending that objects have by nature', 'a.constructor', 'x', 'type', /its name ends otherwise/],
    ['a PDF that is none', 'a.pdf', 'hello', 'broken', /is no PDF that can be read/],
    ['a PDF that is cut', 'a.pdf', pdf(['x']).subarray(0, 60), 'broken', /is no PDF that can be read/],
    ['bytes that are no text', 'a.md', Uint8Array.from([0xc3, 0x28, 0xff]), 'encoding', /UTF-8/],
    ['front matter that is no YAML', 'a.md', '---\na: [\n---\nx', 'metadata', /is no YAML/],
  ])('%s is refused with its reason', async (_, name, body, reason, message) => {
    const refused = read(name, body);
    await expect(refused).rejects.toThrow(DocumentRefused);
    await expect(refused).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
  });
});

describe('cutting', () => {
  const chunker = { by: 'headings', tokens: 40, overlap: 8, maxCharacters: 50_000 } as const;
  const block = fc.record({
    headings: fc.array(fc.constantFrom('A', 'B', 'C'), { maxLength: 2 }),
    text: fc
      .array(
        fc.oneof(
          fc.lorem({ maxCount: 3 }),
          fc.constantFrom('日本語テキスト', 'x'.repeat(300), '🛫🛬', '\n\n', '.', '<|endoftext|>'),
        ),
        { minLength: 1, maxLength: 25 },
      )
      .map((words) => words.join(' ')),
  });

  it('every word is in a chunk, in order; none is longer than allowed', () => {
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 5 }),
        fc.constantFrom('headings' as const, 'tokens' as const),
        fc.integer({ min: 70, max: 2000 }),
        (blocks, by, maxCharacters) => {
          const chunks = chunk(blocks, { ...chunker, by, maxCharacters });
          for (const { content } of chunks) {
            expect(content.length).toBeLessThanOrEqual(maxCharacters);
            const tokens = (content.match(/[^\S\n]?\S{1,64}/gu) ?? []).reduce(
              (sum, word) => sum + countTokens(word),
              0,
            );
            // Counted again from the chunk's begin: a blank more or less is a token. A word alone may be longer.
            if (/\s/.test(content)) expect(tokens).toBeLessThanOrEqual(40 + 5);
          }
          let at = 0;
          const contents = chunks.map(({ content }) => content.replace(/\s/g, ''));
          for (const word of blocks.flatMap(({ text }) => text.match(/\S{1,64}/gu) ?? [])) {
            if (!/[\p{L}\p{N}]/u.test(word)) continue;
            while (at < contents.length && !contents[at]!.includes(word)) at++;
            expect(at).toBeLessThan(contents.length);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('neighbours share as much as is said, and by headings no chunk holds text of two sections', () => {
    const words = Array.from({ length: 90 }, (_, i) => `word${i}`).join(' ');
    const cut = chunk(
      [
        { headings: ['A'], text: words },
        { headings: ['B'], text: 'short' },
        { headings: ['B'], text: 'more' },
      ],
      chunker,
    );
    expect(cut.map(({ heading }) => heading)).toEqual([...Array(cut.length - 1).fill('A'), 'B']);
    expect(cut.at(-1)!.content).toBe('short\n\nmore');
    for (let i = 1; i < cut.length - 1; i++) {
      const first = cut[i]!.content.split(' ')[0]!;
      expect(cut[i - 1]!.content.split(' ')).toContain(first);
    }
    expect(
      chunk(
        [
          { headings: ['A'], text: 'a' },
          { headings: ['B'], text: 'b' },
        ],
        { ...chunker, by: 'tokens' },
      ),
    ).toEqual([{ content: 'a\n\nb' }]);
  });

  it('text without a letter or digit is no chunk', () => {
    expect(chunk([{ headings: [], text: '--- *** …' }], chunker)).toEqual([]);
  });

  it('what no human wrote is cut in reasonable time', () => {
    const began = process.cpuUsage().user;
    expect(chunk([{ headings: [], text: 'a'.repeat(2_000_000) }], { ...chunker, tokens: 256 }).length).toBeGreaterThan(
      100,
    );
    expect((process.cpuUsage().user - began) / 1e6).toBeLessThan(10);
  });
});

describe('embedding', () => {
  const shape = { dimension: 2, metric: 'cosine', element: 'vector' } as const;
  const pause = async () => {};
  /** Fails for now as often as `failing` says of a text. */
  const flaky = (failing: Record<string, number>, batch = 3): Embedder & { readonly asked: string[][] } => {
    const asked: string[][] = [];
    return {
      model: 'flaky',
      batch,
      asked,
      embed: async (texts) => {
        asked.push([...texts]);
        return texts.map((text) => {
          if ((failing[text] ?? 0) === 0) return { vector: [text.length, 1] };
          failing[text]!--;
          return { error: 'Too many requests', later: true };
        });
      },
    };
  };

  it('of a batch that fails in part, what succeeded is kept and the rest alone is asked again', async () => {
    const embedder = flaky({ b: 1, d: 2 });
    const kept: number[] = [];
    await embedAll(['a', 'b', 'c', 'd'], embedder, shape, (index) => void kept.push(index), { pause });
    expect(kept).toEqual([0, 2, 1, 3]);
    expect(embedder.asked).toEqual([['a', 'b', 'c'], ['d'], ['b', 'd'], ['d']]);
  });

  it('what never succeeds is a transient error, after everything else was kept', async () => {
    const kept: number[] = [];
    const work = embedAll(['a', 'b', 'c'], flaky({ b: 99 }), shape, (index) => void kept.push(index), { pause });
    await expect(work).rejects.toThrow(new TransientError('flaky failed for 1 of 3 texts: Too many requests'));
    expect(kept).toEqual([0, 2]);
  });

  it.each([
    ['another dimension', [1, 2, 3], /has 2 dimensions; given one of 3/],
    ['NaN', [1, Number.NaN], /finite numbers; given NaN/],
    ['nothing but zeros', [0, 0], /no direction/],
  ])('a vector of %s is refused by name, and the others are kept', async (_, vector, message) => {
    const kept: number[] = [];
    const embedder = { model: 'm', batch: 2, embed: async () => [{ vector: [1, 1] }, { vector }] };
    const work = embedAll(['a', 'b'], embedder, shape, (index) => void kept.push(index), { pause });
    await expect(work).rejects.toThrow(EmbeddingError);
    await expect(work).rejects.toThrow(message);
    expect(kept).toEqual([0]);
  });

  it('word vectors are near for texts about the same things, the same each time, and know strange words', async () => {
    const embedder = wordVectorEmbedder();
    const texts = [
      'an airport in Alaska',
      'rows that fail a rule',
      'airfields of the far north',
      'zqxkj',
      'zqxkj',
      'qqvvw',
    ];
    const vectors = (await embedder.embed(texts, 'document')).map((answer) =>
      'vector' in answer ? Array.from(answer.vector) : [],
    );
    const near = (a: number, b: number) => vectors[a]!.reduce((sum, value, i) => sum + value * vectors[b]![i]!, 0);
    expect(near(0, 2)).toBeGreaterThan(near(0, 1) + 0.2);
    expect(near(3, 4)).toBeCloseTo(1, 6);
    expect(Math.abs(near(3, 5))).toBeLessThan(0.5);
    expect(vectors.every((vector) => vector.length === 100)).toBe(true);
  });
});

describe('Amazon Bedrock', () => {
  let server: Http2Server;
  const sessions: ServerHttp2Session[] = [];
  const asked: { readonly url: string; readonly body: Record<string, unknown> }[] = [];
  let answer: (body: Record<string, unknown>, n: number) => { status?: number; body: unknown };
  beforeAll(async () => {
    server = createServer((request, response) => {
      void bodyOf(request).then((text) => {
        const body = JSON.parse(text) as Record<string, unknown>;
        asked.push({ url: decodeURIComponent(request.url!), body });
        const { status = 200, body: given } = answer(body, asked.length);
        response.writeHead(status, {
          'content-type': 'application/json',
          ...(status === 429 ? { 'x-amzn-errortype': 'ThrottlingException' } : {}),
          ...(status === 400 ? { 'x-amzn-errortype': 'ValidationException' } : {}),
        });
        response.end(JSON.stringify(given));
      });
    }).listen(0, '127.0.0.1');
    server.on('session', (session) => sessions.push(session));
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterAll(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  beforeEach(() => {
    asked.length = 0;
  });
  const client = (maxAttempts: number) =>
    new BedrockRuntimeClient({
      region: 'eu-west-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts,
    });

  it('Titan is asked text by text, in the dimension that the store has', async () => {
    answer = ({ inputText }) => ({ body: { embedding: [(inputText as string).length, 1] } });
    const embedder = bedrockEmbedder('amazon.titan-embed-text-v2:0', 256, client(1));
    expect(await embedder.embed(['a', 'bb'], 'document')).toEqual([{ vector: [1, 1] }, { vector: [2, 1] }]);
    expect(asked.map(({ url }) => url)).toEqual(Array(2).fill('/model/amazon.titan-embed-text-v2:0/invoke'));
    expect(asked[0]!.body).toEqual({ inputText: expect.any(String), dimensions: 256, normalize: true });
  });

  it('Cohere is asked by 96 texts, which it tells from questions', async () => {
    answer = ({ texts }) => ({ body: { embeddings: (texts as string[]).map((text) => [text.length, 2]) } });
    const embedder = bedrockEmbedder('cohere.embed-english-v3', 1024, client(1));
    const texts = Array.from({ length: 100 }, () => 'abc');
    expect(await embedder.embed(texts, 'document')).toEqual(texts.map(() => ({ vector: [3, 2] })));
    await embedder.embed(['why'], 'query');
    expect(asked.map(({ body }) => [(body.texts as string[]).length, body.input_type, body.truncate])).toEqual([
      [96, 'search_document', 'NONE'],
      [4, 'search_document', 'NONE'],
      [1, 'search_query', 'NONE'],
    ]);
  });

  it('throttling is tried again by the client, and told as passing once it gives up', async () => {
    answer = (_, n) => (n < 3 ? { status: 429, body: { message: 'Too many' } } : { body: { embedding: [1, 1] } });
    const patient = bedrockEmbedder('amazon.titan-embed-text-v2:0', 256, client(4));
    expect(await patient.embed(['a'], 'document')).toEqual([{ vector: [1, 1] }]);
    answer = () => ({ status: 429, body: { message: 'Too many' } });
    const hasty = bedrockEmbedder('amazon.titan-embed-text-v2:0', 256, client(1));
    expect(await hasty.embed(['a'], 'document')).toEqual([{ error: expect.stringContaining('Too many'), later: true }]);
  });

  it('a text that the model refuses fails for good, and no other with it', async () => {
    answer = ({ inputText }) =>
      inputText === 'bad' ? { status: 400, body: { message: 'Malformed input' } } : { body: { embedding: [1, 1] } };
    const embedder = bedrockEmbedder('amazon.titan-embed-text-v2:0', 256, client(1));
    expect(await embedder.embed(['a', 'bad'], 'document')).toEqual([
      { vector: [1, 1] },
      { error: expect.stringContaining('Malformed input'), later: false },
    ]);
  });

  it('an answer without a vector, or with what is no number, is no vector', async () => {
    const embedder = bedrockEmbedder('amazon.titan-embed-text-v2:0', 256, client(1));
    answer = () => ({ body: {} });
    expect(await embedder.embed(['a'], 'document')).toEqual([{ error: expect.any(String), later: true }]);
    answer = () => ({ body: { embedding: [1, null, 'NaN'] } });
    expect(await embedder.embed(['a'], 'document')).toEqual([{ vector: [1, Number.NaN, Number.NaN] }]);
  });
});

async function bodyOf(request: Http2ServerRequest): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const part of request) chunks.push(part as Buffer);
  return Buffer.concat(chunks).toString();
}
