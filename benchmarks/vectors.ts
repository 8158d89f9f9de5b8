import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { knownWords, wordVectorEmbedder } from '../lib/documents/word-vectors';
import { migrate } from '../lib/migrations/migrate';
import { openPglite } from '../lib/runtime/pglite';
import type { Postgres } from '../lib/runtime/postgres';
import { literal } from '../lib/sql/quote';
import { resolveStores } from '../lib/vector/declaration';
import { storeMigrations } from '../lib/vector/migrations';
import { searchStore } from '../lib/vector/search';
import type { Store } from '../lib/vector/store';
import { vectorText } from '../lib/vector/vector';
import { declaredVersion } from '../lib/vector/versions';
import { asWriter, upsertRows } from '../lib/vector/write';
import { realPostgres } from '../test/postgres/server';
import { measured, table } from './measure';

/** Vectors in the store, and questions that are none of them. */
const [stored, asked] = [20_000, 300];
const [nearest, defaultSearch] = [10, 100];

interface Word {
  readonly word: string;
  readonly vector: Float64Array;
}

/**
 * Real word vectors in a store of 100 dimensions, with its default index: how many of the true nearest an HNSW search
 * finds, how fast, and how fast rows are written, against a bare COPY. On a real PostgreSQL, and on PGlite.
 */
export async function vectors(): Promise<void> {
  const { words, questions } = await realVectors();
  const truth = questions.map((question) => exactNearest(question, words));
  const folder = await mkdtemp(join(tmpdir(), 'ingot-bench-'));
  const server = await realPostgres({ settings: { shared_buffers: '512MB', maintenance_work_mem: '512MB' } });
  try {
    if (server !== undefined) {
      const postgres = await server.database('bench');
      await benchmark('PostgreSQL', postgres, words, questions, truth, folder).finally(() => postgres.close());
    }
    const pglite = await openPglite();
    await benchmark('PGlite', pglite, words, questions, truth).finally(() => pglite.close());
  } finally {
    await server?.stop();
    await rm(folder, { recursive: true });
  }
}

/** Every third of the commoner words; in between are the questions. */
async function realVectors(): Promise<{ words: Word[]; questions: Word[] }> {
  const known = [...knownWords()].filter((word) => /^[a-z]{3,}$/.test(word));
  const embedder = wordVectorEmbedder();
  const vectorsOf = async (some: readonly string[]): Promise<Word[]> =>
    (await embedder.embed(some, 'document')).flatMap((answer, i) =>
      'vector' in answer ? [{ word: some[i]!, vector: Float64Array.from(answer.vector) }] : [],
    );
  const words = await vectorsOf(known.filter((_, i) => i % 3 === 0).slice(0, stored));
  return { words, questions: await vectorsOf(known.filter((_, i) => i % 199 === 1).slice(0, asked)) };
}

function exactNearest(question: Word, words: readonly Word[]): Set<string> {
  const scored = words.map(({ word, vector }) => {
    let dot = 0;
    for (let i = 0; i < vector.length; i++) dot += vector[i]! * question.vector[i]!;
    return { word, dot };
  });
  scored.sort((a, b) => b.dot - a.dot);
  return new Set(scored.slice(0, nearest).map(({ word }) => word));
}

async function benchmark(
  engine: string,
  postgres: Postgres,
  words: readonly Word[],
  questions: readonly Word[],
  truth: readonly ReadonlySet<string>[],
  folder?: string,
): Promise<void> {
  const [version] = await postgres.query<{ server: string; vector: string }>(
    "SELECT current_setting('server_version') AS server, default_version AS vector FROM pg_available_extensions WHERE name = 'vector'",
  );
  const [store] = resolveStores({ bench: { dimension: 100 } }) as [Store];
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  await migrate({ files: [], uses: storeMigrations([store]) }, postgres, { log });
  const written = await writing(store, postgres, words, folder);
  await postgres.execute('ANALYZE search.bench_v1');
  const plan = await postgres.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT id FROM search.bench_v1 ORDER BY embedding <=> ${literal(vectorText(questions[0]!.vector))}::vector(100) FETCH FIRST ${nearest + 1} ROWS WITH TIES`,
  );
  const scan = plan.map((row) => row['QUERY PLAN'].trim()).find((line) => /Scan/.test(line));
  const name = `${engine} ${version!.server}, pgvector ${version!.vector}`;
  table(`Writing ${words.length.toLocaleString('en')} rows, ${name}`, ['', 'rows a second'], written);
  const rows: (string | number)[][] = [];
  for (const efSearch of [10, 20, 40, defaultSearch, 200, 400]) {
    const tuned = { ...store, index: { type: 'hnsw', m: 16, efConstruction: 64, efSearch } } as const;
    rows.push([
      efSearch === defaultSearch ? `${efSearch} (default)` : efSearch,
      ...(await searching(tuned, postgres, questions, truth)),
    ]);
  }
  table(
    `Finding ${nearest} of ${words.length.toLocaleString('en')}, ${name}`,
    ['ef_search', `recall@${nearest}`, 'searches a second', 'median', '99th percentile'],
    rows,
  );
  console.log(`\n${scan?.replace(/\s*\(cost.*/, '')}`);
}

async function writing(
  store: Store,
  postgres: Postgres,
  words: readonly Word[],
  folder: string | undefined,
): Promise<(readonly [string, string])[]> {
  const speed = (wall: number) => Math.round(words.length / wall).toLocaleString('en');
  const lines: [string, string][] = [];
  if (folder !== undefined) {
    const file = join(folder, 'words.tsv');
    await writeFile(file, words.map(({ word, vector }) => `${word}\t${vectorText(vector)}\n`).join(''));
    await chmod(folder, 0o755);
    await chmod(file, 0o644);
    const copy = async (what: string, prepare: string) => {
      await postgres.execute(prepare);
      const { wall } = await measured(() => postgres.execute(`COPY bare (content, embedding) FROM ${literal(file)}`));
      lines.push([what, speed(wall)]);
      await postgres.execute('DROP TABLE bare');
    };
    const bare = 'CREATE TABLE bare (content text, embedding vector(100))';
    await copy('bare COPY into a table without an index', bare);
    await copy(
      'COPY into a table with the HNSW index alone',
      `${bare}; CREATE INDEX ON bare USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64)`,
    );
  }
  const version = await declaredVersion(store, postgres);
  const rows = words.map(({ word, vector }, n) => ({ object: word, position: n, content: word, embedding: vector }));
  const upsert = () => asWriter(postgres, (tx) => upsertRows('bench', rows, { store, version }, tx));
  lines.push(['a store, with all of its indexes', speed((await measured(upsert)).wall)]);
  lines.push(['the same rows again, which changes nothing', speed((await measured(upsert)).wall)]);
  return lines;
}

async function searching(
  store: Store,
  postgres: Postgres,
  questions: readonly Word[],
  truth: readonly ReadonlySet<string>[],
): Promise<string[]> {
  const times: number[] = [];
  let found = 0;
  for (const [i, { vector }] of questions.entries()) {
    const began = performance.now();
    const { hits } = await searchStore(store, { mode: 'vector', vector, limit: nearest }, postgres);
    times.push(performance.now() - began);
    found += hits.filter(({ content }) => truth[i]!.has(content)).length;
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => `${times[Math.floor(share * (times.length - 1))]!.toFixed(1)} ms`;
  const all = times.reduce((sum, time) => sum + time, 0);
  return [
    (found / (questions.length * nearest)).toFixed(3),
    Math.round((1000 * times.length) / all).toLocaleString('en'),
    at(0.5),
    at(0.99),
  ];
}
