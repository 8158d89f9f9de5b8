import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lastRows } from '../../lib/ingest/last';
import type { Session, Staged } from '../../lib/ingest/stage';
import { staged as column } from '../../lib/ingest/typed';
import { type LocalCatalog, startCatalog } from '../../lib/local/catalog';
import { openDuckdb } from '../../lib/runtime/duckdb';
import { jsonLog } from '../../lib/runtime/log';
import type { Lake } from '../../lib/runtime/services';
import { sparkLake } from '../../lib/spark/lake';
import { catalogHere, sparkHere } from '../../lib/spark/local';
import { packageFolder } from '../../lib/spark/package-folder';
import { findSparkPython } from '../../lib/spark/python';
import { startSpark } from '../../lib/spark/session';
import { identifier, literal } from '../../lib/sql/quote';
import { applyTable } from '../../lib/tables/apply';
import { RestCatalog } from '../../lib/tables/client';
import { datasetSpec } from '../../lib/tables/specs';
import { dataset } from '../constructs/manifest';
import { column as columnOf } from '../ingest/datasets';

/** Rows, nine of ten of which have one key. */
const rows = 200_000;
const hot = rows * 0.9;
/** No task may have so many of them. */
const tooMany = rows / 2;

const skewed = dataset(
  'silver',
  'skewed',
  [columnOf('n', 'long'), columnOf('k', 'long'), columnOf('v', 'long'), columnOf('u', 'string'), columnOf('d', 'date')],
  { partitionBy: [{ column: 'd', transform: 'day' }] },
);
const table = '"lake"."test_silver"."skewed"';

/** What Spark says of its tasks, in its log of events. */
interface Tasks {
  /** Rows that the task with the most of them got from other tasks. */
  readonly mostExchanged: number;
  /** Rows that all tasks together got so. */
  readonly exchanged: number;
  /** Rows that the task with the most of them has written. */
  readonly mostWritten: number;
  readonly plan: string;
}

const work: Readonly<Record<string, (lake: Lake) => Promise<unknown>>> = {
  last: async (lake) => {
    const session = lake as unknown as Session;
    const staged = { rows: 'staged', rejects: 'rejects' } as unknown as Staged;
    const last = await lastRows({ ...skewed, key: ['k'] }, staged, rows, session);
    // What follows is not what is asked about.
    await lake.query('SELECT 1 AS mark_afterwards');
    const kept = await lake.query(`SELECT max(n) AS n FROM (SELECT n, k FROM ${last.from}) WHERE k = 0`);
    await last.drop();
    return { count: last.count, kept: Number(kept[0]!.n) };
  },
  unique: (lake) => lake.query('SELECT k, count(*) AS n FROM staged GROUP BY k HAVING count(*) > 1'),
  join: (lake) =>
    lake.run('CREATE TEMP TABLE joined AS SELECT a.u, b.v FROM staged AS a JOIN parents AS b ON a.k = b.k'),
  joinAndGroup: (lake) =>
    lake.query(
      'SELECT a.k, count(*) AS n, max(b.v) AS v, max(a.u) AS u FROM staged AS a JOIN parents AS b ON a.k = b.k GROUP BY a.k ORDER BY n DESC LIMIT 1',
    ),
  write: (lake) => lake.commit((tx) => tx.run(`INSERT INTO ${table} (n, k, v, u, d) SELECT n, k, v, u, d FROM staged`)),
  merge: (lake) =>
    lake.commit((tx) =>
      tx.run(`MERGE INTO ${table} AS t USING (SELECT n, k, v, u, d FROM staged) AS s ON t.n = s.n
        WHEN MATCHED AND (t.v IS DISTINCT FROM s.v + 1) THEN UPDATE SET v = s.v + 1
        WHEN NOT MATCHED THEN INSERT (n, k, v, u, d) VALUES (s.n, s.k, s.v, s.u, s.d)`),
    ),
  newest: (lake) =>
    lake.run(
      'CREATE TEMP TABLE newest AS SELECT n, k FROM staged QUALIFY row_number() OVER (PARTITION BY k ORDER BY n DESC) = 1',
    ),
  window: (lake) =>
    lake.run('CREATE TEMP TABLE windowed AS SELECT n, lag(v) OVER (PARTITION BY k ORDER BY n) AS before FROM staged'),
};

const folder = mkdtempSync(join(tmpdir(), 'ingot-skew-'));
const tasks = new Map<string, Tasks>();
const results = new Map<string, unknown>();

beforeAll(async () => {
  let python: string;
  try {
    python = await findSparkPython();
  } catch (error) {
    process.stderr.write(`\nSKIPPED: skewed keys in Spark: ${(error as Error).message}\n`);
    return;
  }
  const from = await writeFiles();
  const log = join(folder, 'events');
  mkdirSync(log);
  const catalog: LocalCatalog = await startCatalog({ folder: join(folder, 'catalog'), roots: [join(folder, 'lake')] });
  const lake = sparkLake(
    await startSpark({
      python,
      packageFolder: packageFolder(),
      settings: {
        catalog: catalogHere({ uri: catalog.uri, warehouse: 'test' }),
        scratch: join(folder, 'scratch'),
        zones: { silver: 'test_silver' },
        spark: sparkHere('local[2]', {
          'spark.eventLog.enabled': 'true',
          'spark.eventLog.dir': pathToFileURL(log).href,
          'spark.eventLog.compress': 'false',
          'spark.eventLog.rolling.enabled': 'false',
          // What a job is told, for a table that is a thousand times smaller.
          'spark.sql.shuffle.partitions': '16',
          'spark.sql.adaptive.advisoryPartitionSizeInBytes': '256k',
          'spark.sql.iceberg.advisory-partition-size': String(512 * 1024),
          'spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes': '512k',
          'spark.sql.autoBroadcastJoinThreshold': '64k',
          'spark.sql.files.minPartitionNum': '8',
        }),
      },
    }),
  );
  try {
    await prepare(lake, catalog, from);
    for (const [name, run] of Object.entries(work)) {
      await lake.query(`SELECT 1 AS mark_${name}`);
      results.set(name, await run(lake));
    }
    await lake.query('SELECT 1 AS mark_end');
    const found = await lake.query(
      'SELECT count(DISTINCT u) AS n, max(v) AS v, count(*) AS r FROM silver.skewed WHERE k = 0',
    );
    results.set('table', found[0]);
  } finally {
    await lake.close();
    await catalog.close();
  }
  for (const [name, found] of tasksIn(join(log, readdirSync(log)[0]!))) tasks.set(name, found);
}, 1_200_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Eight files, as eight tasks read them. */
async function writeFiles(): Promise<string> {
  const duckdb = await openDuckdb();
  const paths: string[] = [];
  for (let i = 0; i < 8; i++) {
    const path = join(folder, `${i}.parquet`);
    paths.push(pathToFileURL(path).href);
    await duckdb.run(`COPY (
      SELECT n, CASE WHEN n % 10 < 9 THEN 0 ELSE n END AS k, n % 1000 AS v, md5(n::VARCHAR) AS u,
        CASE WHEN n % 10 < 9 THEN DATE '2026-01-01' ELSE DATE '2026-01-02' END AS d,
        0 AS ${identifier(column.file)}, NULL::VARCHAR AS ${identifier(column.reasons)}
      FROM range(${(rows / 8) * i}, ${(rows / 8) * (i + 1)}) AS t(n)
    ) TO ${literal(path)}`);
  }
  duckdb.close();
  return `ingot_read(${literal(JSON.stringify({ format: 'parquet', files: paths, columns: [] }))})`;
}

async function prepare(lake: Lake, { uri }: LocalCatalog, from: string): Promise<void> {
  const client = await RestCatalog.connect({ uri, warehouse: 'test' });
  const places = {
    zones: [{ name: 'silver', holds: 'iceberg', database: 'test_silver' }],
    ops: { database: 'test_ops', zone: 'silver' },
  } as const;
  const spec = datasetSpec(places, skewed, { silver: pathToFileURL(join(folder, 'lake')).href });
  await client.createNamespace('test_silver');
  await applyTable(spec, client, { log: jsonLog(() => {}) });
  const names = ['n', 'k', 'v', 'u', 'd', column.file, column.reasons].map(identifier).join(', ');
  await lake.run(`CREATE TEMP TABLE staged AS SELECT ${names} FROM ${from}`);
  await lake.run(`CREATE TEMP TABLE parents AS SELECT n AS k, v, u FROM ${from}`);
}

/** Reads Spark's log of events: what tasks did between one mark and the next. */
function tasksIn(file: string): [string, Tasks][] {
  const executions = new Map<string, string>();
  const stages = new Map<number, string>();
  const plans = new Map<string, string>();
  const found = new Map<string, { exchanged: number[]; written: number[] }>();
  let name = '';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const event = JSON.parse(line) as SparkEvent;
    const kind = event.Event.split('.').at(-1);
    if (kind === 'SparkListenerSQLExecutionStart') {
      name = /\bmark_(\w+?)#/.exec(event.physicalPlanDescription!)?.[1] ?? name;
      executions.set(String(event.executionId), name);
    } else if (kind === 'SparkListenerSQLAdaptiveExecutionUpdate') {
      const of = executions.get(String(event.executionId))!;
      plans.set(of, `${plans.get(of) ?? ''}${event.physicalPlanDescription}`);
    } else if (kind === 'SparkListenerStageSubmitted') {
      const of = executions.get(event.Properties?.['spark.sql.execution.id'] ?? '');
      if (of !== undefined) stages.set(event['Stage Info']!['Stage ID'], of);
    } else if (kind === 'SparkListenerTaskEnd') {
      const of = stages.get(event['Stage ID']!);
      const metrics = event['Task Metrics'];
      if (of === undefined || metrics === undefined) continue;
      const { exchanged, written } = found.get(of) ?? { exchanged: [], written: [] };
      exchanged.push(metrics['Shuffle Read Metrics']['Total Records Read']);
      written.push(metrics['Output Metrics']['Records Written']);
      found.set(of, { exchanged, written });
    }
  }
  return [...found].map(([of, { exchanged, written }]) => [
    of,
    {
      mostExchanged: Math.max(...exchanged),
      exchanged: exchanged.reduce((sum, one) => sum + one, 0),
      mostWritten: Math.max(...written),
      plan: plans.get(of) ?? '',
    },
  ]);
}

interface SparkEvent {
  readonly Event: string;
  readonly executionId?: number;
  readonly physicalPlanDescription?: string;
  readonly Properties?: Readonly<Record<string, string>>;
  readonly 'Stage Info'?: { readonly 'Stage ID': number };
  readonly 'Stage ID'?: number;
  readonly 'Task Metrics'?: {
    readonly 'Shuffle Read Metrics': { readonly 'Total Records Read': number };
    readonly 'Output Metrics': { readonly 'Records Written': number };
  };
}

/** A test that needs Spark. */
const measured = (title: string, check: (of: (name: string) => Tasks) => void) =>
  test(title, () => {
    if (tasks.size > 0) check((name) => tasks.get(name)!);
  });

describe('where nine rows of ten have one key', () => {
  measured('the last row of each key is found by what each task has found first', (of) => {
    expect(results.get('last')).toEqual({ count: rows / 10 + 1, kept: rows - 2 });
    expect(of('last').mostExchanged).toBeLessThan(tooMany / 2);
  });

  measured('rules of quality count rows of a key in each task first', (of) => {
    expect(results.get('unique')).toEqual([{ k: 0n, n: BigInt(hot) }]);
    expect(of('unique').exchanged).toBeLessThan(tooMany);
  });

  measured('a join is cut up, also where its rows are grouped by the key that it joins by', (of) => {
    expect(results.get('join')).toBe(rows);
    expect(results.get('joinAndGroup')).toMatchObject([{ k: 0n, n: BigInt(hot), v: 0n }]);
    for (const name of ['join', 'joinAndGroup']) {
      expect(of(name).plan).toContain('SortMergeJoin(skew=true)');
      expect(of(name).mostExchanged).toBeLessThan(tooMany);
    }
  });

  measured('a partition is written by several tasks', (of) => {
    expect(of('write').mostWritten).toBeGreaterThan(0);
    expect(of('write').mostWritten).toBeLessThan(tooMany);
  });

  measured('rows are merged by several tasks, into one partition too', (of) => {
    expect(results.get('merge')).toBe(rows);
    expect(results.get('table')).toEqual({ n: BigInt(hot), v: 999n, r: BigInt(hot) });
    expect(of('merge').mostExchanged).toBeLessThan(tooMany);
  });

  measured('of each key the first row by a window is found in each task first', (of) => {
    expect(results.get('newest')).toBe(rows / 10 + 1);
    expect(of('newest').plan).toContain('WindowGroupLimit');
    expect(of('newest').exchanged).toBeLessThan(tooMany);
  });

  measured('a window that needs all rows of a key has them in one task, as documented', (of) => {
    expect(results.get('window')).toBe(rows);
    expect(of('window').mostExchanged).toBeGreaterThanOrEqual(hot);
  });
});
