import { assertValid, givenAllowed, type Problem } from '../errors';
import type { Postgres } from '../runtime/postgres';
import { identifier, literal } from '../sql/quote';
import { type Position, readCursor, writeCursor } from './cursor';
import { type Bind, type Filter, filterSql } from './filter';
import { type Store, searchRole, tenantSetting } from './store';
import { distanceSql, vectorProblem, vectorText } from './vector';
import { currentVersion, StoreError, type StoreVersion, tableOf } from './versions';
import { documentName } from './write';

export type SearchMode = 'vector' | 'text' | 'hybrid';

/** What is asked of a store. */
export interface SearchQuestion {
  /** Words, as a web search takes them: `"exact phrase"`, `or`, `-without`. For `text` and `hybrid`. */
  readonly words?: string;
  /** The words' vector. For `vector` and `hybrid`. */
  readonly vector?: ArrayLike<number>;
  /** By meaning, by words, or both fused by their ranks. */
  readonly mode: SearchMode;
  readonly filter?: Filter;
  /** In a store of tenants always, else never: whose rows are searched. */
  readonly tenant?: string;
  /** Hits of a page, 1 to 100. @default 10 */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

export interface SearchHit {
  readonly id: string;
  /** The ingestion that wrote it. */
  readonly source: string;
  /** The object that it stands in, and where there are several the document: `airports.jsonl#ATL`. */
  readonly document: string;
  /** Which piece of the document it is, from 0. */
  readonly position: number;
  readonly title: string | null;
  readonly heading: string | null;
  readonly content: string;
  /** The greater the better: nearness, rank of the words, or both fused. Comparable within one search alone. */
  readonly score: number;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface SearchPage {
  readonly store: string;
  readonly version: number;
  readonly mode: SearchMode;
  readonly hits: readonly SearchHit[];
  /** Give it as `cursor` to see what follows; absent where nothing does. */
  readonly next?: string;
  /** True where every row was compared with the question's vector, false where an index chose candidates. */
  readonly exact: boolean;
}

/** Hits of each kind that a hybrid search fuses. */
const fusedHits = 100;
/** The constant of reciprocal rank fusion: https://plg.uwaterloo.ca/~gvcormac/cormacksigir09-rrf.pdf */
const rankConstant = 60;
/** Longest words and searches that are taken. */
const longestWords = 2000;
const statementTimeout = '20s';

/** Runs `work` in a transaction that can read what a search reads, and do no more. */
export function asReader<T>(postgres: Postgres, work: (tx: Postgres) => Promise<T>): Promise<T> {
  return postgres.transaction(async (tx) => {
    await tx.execute(`SET TRANSACTION READ ONLY; SET LOCAL ROLE ${searchRole}`);
    return work(tx);
  });
}

/**
 * Searches a version of a store, by default the current one. Hits come in one order, by score and then id: pages neither
 * repeat a hit nor leave one out while the rows stay the same.
 *
 * @throws InvalidInputError with every problem of the question
 * @throws StoreError where the store has no table
 */
export async function searchStore(
  store: Store,
  question: SearchQuestion,
  postgres: Postgres,
  version?: StoreVersion,
): Promise<SearchPage> {
  return asReader(postgres, async (tx) =>
    searchVersion(version ?? (await currentVersion(store.name, tx)), store, question, tx),
  );
}

async function searchVersion(
  version: StoreVersion,
  store: Store,
  question: SearchQuestion,
  tx: Postgres,
): Promise<SearchPage> {
  if (version.tenants !== store.tenants)
    throw new StoreError(
      `Store ${store.name} is searched in version ${version.version}, which ${version.tenants ? 'keeps tenants apart' : 'has no tenants'}, until the new one is filled`,
    );
  const { mode, limit = 10 } = question;
  // The version that is searched may still be the one of another dimension.
  const shape = { ...store, dimension: version.dimension, element: version.element };
  const identity = [version.relation, mode, question.words, question.filter, question.tenant, vectorOf(question)];
  const parameters: unknown[] = [];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const { conditions, problems } = filterSql(question.filter ?? {}, store, bind);
  assertValid([...questionProblems(question, shape, limit), ...problems]);
  const after = question.cursor === undefined ? undefined : readCursor(question.cursor, identity);

  const settings: Record<string, string> = { statement_timeout: statementTimeout };
  if (store.tenants) settings[tenantSetting] = question.tenant!;
  const depth = mode === 'hybrid' ? fusedHits : limit + 1;
  const narrowed = conditions.length > 0 || store.tenants || after !== undefined;
  const scan = mode === 'text' ? undefined : scanSettings(store, depth, narrowed, await pgvectorVersion(tx));
  Object.assign(settings, scan?.settings);
  const names = Object.entries(settings).map(
    ([name, value]) => `set_config(${literal(name)}, ${literal(value)}, true)`,
  );
  await tx.query(`SELECT ${names.join(', ')}`);

  const ask: Asking = { version, store, shape, question, conditions, bind, after, limit, exact: scan?.exact ?? true };
  const sql = { vector: vectorSql, text: textSql, hybrid: hybridSql }[mode](ask);
  const rows = await tx.query<HitRow>(sql, parameters);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    store: store.name,
    version: version.version,
    mode,
    hits: shown.map((row) => hitOf(row, store, mode)),
    ...(rows.length > limit && last !== undefined
      ? { next: writeCursor({ key: last.key, id: String(last.id) }, identity) }
      : {}),
    exact: scan?.exact ?? true,
  };
}

interface Asking {
  readonly version: StoreVersion;
  readonly store: Store;
  readonly shape: Store;
  readonly question: SearchQuestion;
  readonly conditions: readonly string[];
  readonly bind: Bind;
  readonly after?: Position;
  readonly limit: number;
  readonly exact: boolean;
}

/** Ordering by an expression that no index has makes PostgreSQL compare every row. */
const distanceOf = ({ question, shape, bind, exact }: Asking): string => {
  const distance = distanceSql(bind(vectorText(question.vector!)), shape);
  return exact ? `(${distance} + 0)` : distance;
};

const where = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;

function columns({ store }: Asking): string {
  const own = ['id', 'source', 'object', 'document', 'position', 'title', 'heading', 'content'];
  return [...own, ...Object.keys(store.metadata)].map((name) => `hit.${identifier(name)}`).join(', ');
}

function vectorSql(ask: Asking): string {
  const { version, bind, after, limit, conditions } = ask;
  const distance = distanceOf(ask);
  const behind =
    after === undefined ? [] : [`(${distance}, id) > (${bind(after.key)}::float8, ${bind(after.id)}::bigint)`];
  // With ties, so that rows at one distance are told apart by their id, whichever of them the index gives first.
  return `SELECT ${columns(ask)}, (near.distance)::float8::text AS key
    FROM (
      SELECT id, ${distance} AS distance FROM ${tableOf(version)} ${where([...conditions, ...behind])}
      ORDER BY ${distance} FETCH FIRST ${limit + 1} ROWS WITH TIES
    ) AS near JOIN ${tableOf(version)} AS hit USING (id)
    ORDER BY near.distance, near.id LIMIT ${limit + 1}`;
}

function textSql(ask: Asking): string {
  const { version, bind, after, limit, conditions } = ask;
  const behind =
    after === undefined
      ? ''
      : `WHERE rank < ${bind(after.key)}::float8 OR (rank = ${bind(after.key)}::float8 AND id > ${bind(after.id)}::bigint)`;
  return `SELECT ${columns(ask)}, found.rank::text AS key
    FROM (SELECT * FROM (${rankedSql(ask, conditions)}) AS ranked ${behind} ORDER BY rank DESC, id LIMIT ${limit + 1}) AS found
    JOIN ${tableOf(version)} AS hit USING (id)
    ORDER BY found.rank DESC, found.id`;
}

function rankedSql({ version, store, question, bind }: Asking, conditions: readonly string[]): string {
  const query = `websearch_to_tsquery(${literal(store.language)}, ${bind(question.words!)})`;
  return `SELECT id, ts_rank_cd(words, ${query})::float8 AS rank FROM ${tableOf(version)} ${where([`words @@ ${query}`, ...conditions])}`;
}

function hybridSql(ask: Asking): string {
  const { version, bind, after, limit, conditions } = ask;
  const distance = distanceOf(ask);
  const behind =
    after === undefined
      ? ''
      : `WHERE score < ${bind(after.key)}::float8 OR (score = ${bind(after.key)}::float8 AND id > ${bind(after.id)}::bigint)`;
  return `WITH near AS MATERIALIZED (
      SELECT id, ${distance} AS distance FROM ${tableOf(version)} ${where(conditions)}
      ORDER BY ${distance} FETCH FIRST ${fusedHits} ROWS WITH TIES
    ), by_meaning AS (
      SELECT id, row_number() OVER (ORDER BY distance, id) AS place FROM near ORDER BY place LIMIT ${fusedHits}
    ), by_words AS (
      SELECT id, row_number() OVER (ORDER BY rank DESC, id) AS place
      FROM (${rankedSql(ask, conditions)}) AS ranked ORDER BY place LIMIT ${fusedHits}
    ), fused AS (
      SELECT id, coalesce(1 / (${rankConstant} + by_meaning.place)::float8, 0)
        + coalesce(1 / (${rankConstant} + by_words.place)::float8, 0) AS score
      FROM by_meaning FULL JOIN by_words USING (id)
    )
    SELECT ${columns(ask)}, found.score::text AS key
    FROM (SELECT * FROM fused ${behind} ORDER BY score DESC, id LIMIT ${limit + 1}) AS found
    JOIN ${tableOf(version)} AS hit USING (id)
    ORDER BY found.score DESC, found.id`;
}

/** What follows from pgvector's version: before 0.8 an index gives its candidates once, however many a filter takes away. */
function scanSettings(
  { index }: Store,
  depth: number,
  narrowed: boolean,
  version: readonly [number, number],
): { readonly exact: boolean; readonly settings: Readonly<Record<string, string>> } {
  const iterates = version[0] > 0 || version[1] >= 8;
  if (index.type === 'hnsw') {
    if (iterates)
      // In the index's own order, so that the next page goes on where this one ended.
      return {
        exact: false,
        settings: { 'hnsw.ef_search': String(index.efSearch), 'hnsw.iterative_scan': 'strict_order' },
      };
    return { exact: narrowed, settings: { 'hnsw.ef_search': String(Math.max(index.efSearch, depth)) } };
  }
  // An IVFFlat index iterates in no strict order: pages would repeat hits.
  return { exact: narrowed, settings: { 'ivfflat.probes': String(index.probes) } };
}

async function pgvectorVersion(tx: Postgres): Promise<[number, number]> {
  const [row] = await tx.query<{ version: string }>(
    "SELECT extversion AS version FROM pg_extension WHERE extname = 'vector'",
  );
  const [major = 0, minor = 0] = (row?.version ?? '').split('.').map(Number);
  return [major, minor];
}

type HitRow = Record<string, unknown> & { readonly id: bigint; readonly key: string };

function hitOf(row: HitRow, store: Store, mode: SearchMode): SearchHit {
  const key = Number(row.key);
  return {
    id: String(row.id),
    source: row.source as string,
    document: documentName({ object: row.object as string, document: row.document as string }),
    position: Number(row.position),
    title: row.title as string | null,
    heading: row.heading as string | null,
    content: row.content as string,
    score: mode === 'vector' ? nearness(key, store) : key,
    metadata: Object.fromEntries(
      Object.keys(store.metadata).map((name) => [name, typeof row[name] === 'bigint' ? Number(row[name]) : row[name]]),
    ),
  };
}

/** A distance as a score: the cosine, the inner product, or for Euclidean distance 1 / (1 + distance). */
function nearness(distance: number, { metric }: Store): number {
  return metric === 'cosine' ? 1 - distance : metric === 'ip' ? -distance : 1 / (1 + distance);
}

const vectorOf = ({ mode, vector }: SearchQuestion): string | undefined =>
  mode === 'text' || vector === undefined ? undefined : vectorText(vector);

function questionProblems(question: SearchQuestion, shape: Store, limit: number): Problem[] {
  const { mode, words, vector, tenant } = question;
  const problems: Problem[] = [];
  const add = (path: string, message: string) => problems.push({ where: 'search', path, message });
  const modes = ['vector', 'text', 'hybrid'];
  if (!modes.includes(mode)) add('mode', `must be how to search; ${givenAllowed(mode, modes)}`);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    add('limit', `must be a whole number from 1 to 100; given ${JSON.stringify(limit)}`);
  if (mode !== 'vector') {
    if (typeof words !== 'string' || words.trim() === '') add('words', 'must be said: what to search for');
    else if (words.length > longestWords || words.includes('\0'))
      add('words', `must be at most ${longestWords} characters, without NUL; given ${words.length}`);
  }
  if (mode !== 'text') {
    const problem = vector === undefined ? 'must be given to search by meaning' : vectorProblem(vector, shape);
    if (problem !== undefined) add('vector', problem);
  }
  const hasTenant = typeof tenant === 'string' && tenant !== '';
  if (shape.tenants && !hasTenant) add('tenant', `must be named: store ${shape.name} keeps tenants apart`);
  if (!shape.tenants && tenant !== undefined) add('tenant', `must be left out: store ${shape.name} has no tenants`);
  return problems;
}
