import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openBench } from './flights';
import { median, table } from './measure';

const dist = join(__dirname, '../dist/handlers');
const runs = 5;

/** An event that each handler answers with next to nothing to do. */
const events: Readonly<Record<string, object>> = {
  ingest: { action: 'plan', group: 'aviation', run: 'bench' },
  quality: { group: 'aviation', table: 'silver.flights', run: 'bench' },
  publish: { action: 'probe', group: 'aviation' },
  retain: { group: 'aviation' },
};

/** Size of each handler's bundle, and how long it takes from a cold start on this machine (no Lambda, no S3) to its first answer. */
export async function bundles(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-'));
  const bench = await openBench(folder, folder, 'parquet');
  try {
    const { manifest, zones, catalog } = bench.services;
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    const env = {
      ...process.env,
      INGOT_MANIFEST: join(folder, 'manifest.json'),
      INGOT_ZONES: JSON.stringify(zones),
      INGOT_CATALOG_URI: catalog.uri,
      INGOT_CATALOG_AUTH: 'none',
      INGOT_WAREHOUSE: catalog.warehouse,
      NODE_PATH: join(__dirname, '../node_modules'),
    };
    const names = readdirSync(dist).filter((name) => existsSync(join(dist, name, 'index.js')));
    const lines = [];
    for (const name of names) {
      const starts = [];
      for (let i = 0; i < runs; i++) starts.push(await coldStart(name, env));
      const answered = starts.flatMap(({ answered }) => answered ?? []);
      lines.push([
        name,
        kilobytes(join(dist, name, 'index.js')),
        kilobytes(join(dist, `${name}.zip`)),
        `${Math.round(median(starts.map(({ required }) => required)))} ms`,
        answered.length === 0 ? '' : `${Math.round(median(answered))} ms`,
      ]);
    }
    table('Handlers', ['bundle', 'size', 'zipped', 'require', 'first answer after that'], lines);
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true });
  }
}

interface Start {
  /** Milliseconds. */
  readonly required: number;
  /** Milliseconds of the first event; absent where there is none that does nothing. */
  readonly answered?: number;
}

const program = `
  const [bundle, event] = process.argv.slice(1);
  const started = performance.now();
  const { handler } = require(bundle);
  const required = performance.now() - started;
  const tell = (answered) => { console.log('\\n' + JSON.stringify({ required, answered })); process.exit(); };
  if (event === 'none') tell();
  const asked = performance.now();
  handler(JSON.parse(event)).then(() => tell(performance.now() - asked), (error) => { console.error(error); process.exit(1); });`;

/** Started without waiting in this process, which is where the catalog answers. */
async function coldStart(name: string, env: NodeJS.ProcessEnv): Promise<Start> {
  const event = events[name] === undefined ? 'none' : JSON.stringify(events[name]);
  const args = ['-e', program, join(dist, name, 'index.js'), event];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 60_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Start;
}

const kilobytes = (file: string): string => `${Math.round(statSync(file).size / 1024).toLocaleString('en')} kB`;
