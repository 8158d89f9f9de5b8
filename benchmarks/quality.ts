import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluate } from '../lib/quality/evaluate';
import { literal } from '../lib/sql/quote';
import { type Bench, openBench, rows, writeFlights } from './flights';
import {
  alternate,
  type Cost,
  inProcess,
  measured,
  medians,
  megabytes,
  ratio,
  seconds,
  table,
  tell,
  times,
} from './measure';

/** The rules of the contract that all sides can answer. */
const rules = [
  'departed_at.notNull',
  'origin.notNull',
  'origin.pattern',
  'destination.notNull',
  'destination.pattern',
  'delay_minutes.notNull',
  'delay_minutes.range',
  'distance_miles.notNull',
  'distance_miles.range',
  'key.unique',
  'flights_present',
  'goes_somewhere',
];

/** How many rows fail each of the rules, in their order. */
interface Answered extends Cost {
  readonly failed: readonly number[];
}

type Side = 'ingot' | 'hand';

/** Twelve rules over ten million rows of an Iceberg table, beside SQL for DuckDB by hand, Great Expectations and pandera. */
export async function quality(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-'));
  try {
    await fill(folder);
    const run = (side: Side) => () => inProcess<Answered>(__filename, [side, folder]);
    const { a, b } = alternate(run('ingot'), run('hand'));
    const peers = ['pandera_polars', 'great_expectations'].map((name) => ({ name, cost: peer(name, folder) }));
    for (const answered of [...a, ...b, ...peers.flatMap(({ cost }) => cost ?? [])])
      if (String(answered.failed) !== String(a[0]!.failed))
        throw new Error(`The sides do not agree on what fails: ${answered.failed} and ${a[0]!.failed}`);
    const line = (name: string, cost: Cost, of: string) => [
      name,
      seconds(cost.cpu),
      seconds(cost.wall),
      megabytes(cost.peak),
      of,
    ];
    table(
      `${rules.length} rules over ${rows.toLocaleString('en')} rows`,
      ['', 'CPU', 'wall', 'memory', 'CPU, ratio'],
      [
        line('Ingot', medians(a), `**${times(ratio(a, b))}**`),
        line('SQL by hand', medians(b), '1'),
        ...peers.flatMap(({ name, cost }) =>
          cost === undefined ? [] : [line(name, cost, times(cost.cpu / medians(b).cpu))],
        ),
      ],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Ten million flights, bad ones among them, in an Iceberg table that takes all of them, and in a Parquet file for those who read no Iceberg. */
async function fill(folder: string): Promise<void> {
  await writeFlights(folder, 'parquet');
  const { services, close } = await openBench(folder, folder, 'parquet');
  try {
    const judged = judgedIn(services);
    await services.lake.run(`
      CREATE TABLE ${judged} (departed_at TIMESTAMP, origin VARCHAR, destination VARCHAR, delay_minutes INTEGER, distance_miles INTEGER)
      WITH ('location' = ${literal(`file://${folder}/silver/judged`)})`);
    await services.lake.run(`
      INSERT INTO ${judged} SELECT date, origin, destination, delay, distance
      FROM read_parquet(${literal(`${folder}/bronze/flights/*/*/*.parquet`)}, hive_partitioning = false)`);
    await services.lake.run(
      `COPY (FROM ${judged}) TO ${literal(join(folder, 'flights.parquet'))} (FORMAT parquet, COMPRESSION zstd)`,
    );
  } finally {
    await close();
  }
}

const judgedIn = ({ lake }: Bench['services']): string => lake.name('aviation_silver', 'judged');

async function side(name: Side, folder: string): Promise<void> {
  const { services, dataset, close } = await openBench(folder, folder, 'parquet');
  const judged = judgedIn(services);
  const chosen = { ...dataset, rules: rules.map((rule) => dataset.rules.find((one) => one.name === rule)!) };
  const query = (sql: string) => services.lake.query(sql);
  const byIngot = async () => {
    const results = await evaluate(chosen, judged, { now: Date.now(), counts: {} }, query);
    return results.map(({ failed }) => failed);
  };
  const { result, ...cost } = await measured(name === 'ingot' ? byIngot : () => byHand(judged, query));
  await close();
  tell({ ...cost, failed: result } as Answered);
}

async function byHand(table: string, query: (sql: string) => Promise<Record<string, unknown>[]>): Promise<number[]> {
  await query("SET disabled_optimizers = ''");
  const [row] = await query(`
    SELECT count(*) FILTER (departed_at IS NULL), count(*) FILTER (origin IS NULL),
      count(*) FILTER (NOT regexp_matches(origin, '^[A-Z0-9]{3}$')), count(*) FILTER (destination IS NULL),
      count(*) FILTER (NOT regexp_matches(destination, '^[A-Z0-9]{3}$')), count(*) FILTER (delay_minutes IS NULL),
      count(*) FILTER (delay_minutes NOT BETWEEN -120 AND 2880), count(*) FILTER (distance_miles IS NULL),
      count(*) FILTER (distance_miles <= 0),
      count(*) FILTER (departed_at IS NOT NULL AND origin IS NOT NULL AND destination IS NOT NULL AND delay_minutes IS NOT NULL)
        - count(DISTINCT (departed_at, origin, destination, delay_minutes))
          FILTER (departed_at IS NOT NULL AND origin IS NOT NULL AND destination IS NOT NULL AND delay_minutes IS NOT NULL),
      (count(*) = 0)::BIGINT, count(*) FILTER (origin = destination)
    FROM ${table}`);
  return Object.values(row!).map(Number);
}

/** A peer, where Python has it: `python3 -m venv ~/.cache/ingot-bench`, then pip install 'pandera[polars]' great_expectations. */
function peer(name: string, folder: string): Answered | undefined {
  const python = join(homedir(), '.cache/ingot-bench/bin/python');
  if (!existsSync(python)) {
    console.error(
      `SKIPPED: ${name}. To measure it: python3 -m venv ~/.cache/ingot-bench && ~/.cache/ingot-bench/bin/pip install 'pandera[polars]' great_expectations`,
    );
    return undefined;
  }
  try {
    const output = execFileSync(python, [join(__dirname, 'peers', `${name}.py`), join(folder, 'flights.parquet')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 180_000,
    });
    return JSON.parse(output.trim().split('\n').at(-1)!) as Answered;
  } catch (error) {
    console.error(`SKIPPED: ${name} failed: ${(error as Error).message.trim().split('\n').at(-1)}`);
    return undefined;
  }
}

if (require.main === module) {
  const [name, folder] = process.argv.slice(2);
  void side(name as Side, folder!);
}
