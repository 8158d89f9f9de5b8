import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Layout, layoutOf } from '../../lib/local/layout';
import { openWorkbench } from '../../lib/local/workbench';
import type { Manifest } from '../../lib/platform/manifest';
import type { LocalServices } from '../../lib/runtime/local';
import type { Lake } from '../../lib/runtime/services';
import { databases } from '../../lib/spark/databases';
import { sparkLake } from '../../lib/spark/lake';
import { catalogHere, sparkHere } from '../../lib/spark/local';
import { packageFolder } from '../../lib/spark/package-folder';
import { findSparkPython } from '../../lib/spark/python';
import { type SparkSession, startSpark } from '../../lib/spark/session';
import { makeTables } from '../../lib/tables/make';
import { type Broker, readerJars, startBroker } from './kafka';

/** A platform that Spark feeds from Kafka, and another one beside it, to compare. */
export interface Streaming {
  readonly broker: Broker;
  readonly spark: Side;
  readonly duckdb: Side;
  /** Folder in which Spark keeps how far it has read. */
  readonly checkpoint: string;
  /** A session of Spark of its own, over the tables of its side. */
  session(): Promise<Running>;
  /** Starts a job as EMR does; gives what it has answered. */
  job(handler: string, event: object, environment?: Readonly<Record<string, string>>): Promise<unknown>;
  close(): Promise<void>;
}

export interface Side {
  readonly services: LocalServices;
  readonly layout: Layout;
}

export interface Running {
  readonly session: SparkSession;
  readonly lake: Lake;
  kill(): Promise<void>;
}

/** Opens both, with their tables; undefined, and loudly so, where this machine has no Kafka or no Spark. */
export async function openStreaming(manifest: Manifest): Promise<Streaming | undefined> {
  const [python, jars, broker] = await tools().catch((error: Error) => {
    process.stderr.write(`\nSKIPPED: Spark beside Kafka: ${error.message}\n`);
    return [];
  });
  if (python === undefined || jars === undefined || broker === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'ingot-streaming-'));
  const [spark, duckdb] = [
    await openSide(join(folder, 'spark'), manifest),
    await openSide(join(folder, 'duckdb'), manifest),
  ];
  const settings = () => ({
    catalog: catalogHere(spark.services.catalog),
    scratch: mkdtempSync(join(folder, 'scratch-')),
    spark: sparkHere('local[2]', {
      'spark.jars': jars,
      'spark.sql.shuffle.partitions': '1',
      // To compile each statement would take most of the time.
      'spark.sql.codegen.wholeStage': 'false',
    }),
  });
  return {
    broker,
    spark,
    duckdb,
    checkpoint: join(folder, 'checkpoint'),
    async session() {
      const [pidFile, wrapper] = [join(folder, 'pid'), join(folder, 'python')];
      writeFileSync(wrapper, `#!/bin/sh\necho $$ > '${pidFile}'\nexec '${python}' "$@"\n`);
      chmodSync(wrapper, 0o755);
      const session = await startSpark({
        python: wrapper,
        packageFolder: packageFolder(),
        settings: { ...settings(), zones: databases(manifest) },
      });
      return {
        session,
        lake: sparkLake(session),
        async kill() {
          process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
          await session.close();
        },
      };
    },
    async job(handler, event, environment = {}) {
      const unpacked = unpack(mkdtempSync(join(folder, 'job-')), manifest);
      const { catalog, zones } = spark.services;
      const said = {
        ...settings(),
        environment: {
          INGOT_ZONES: JSON.stringify(zones),
          INGOT_CATALOG_URI: catalog.uri,
          INGOT_CATALOG_AUTH: 'none',
          INGOT_WAREHOUSE: manifest.name,
          ...environment,
        },
      };
      const answer = join(unpacked, 'answer.json');
      const call = [JSON.stringify(said), handler, JSON.stringify(event), pathToFileURL(answer).href];
      await promisify(execFile)(python, [join(packageFolder(), 'main.py'), ...call], {
        cwd: unpacked,
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
      });
      return JSON.parse(readFileSync(answer, 'utf8')) as unknown;
    },
    async close() {
      await broker.stop();
      for (const { close } of [spark, duckdb]) await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const tools = async () => [await findSparkPython(), await readerJars(), await startBroker()] as const;

async function openSide(folder: string, manifest: Manifest) {
  const layout = layoutOf(folder);
  const { services, close } = await openWorkbench(manifest, layout);
  await makeTables(services);
  return { services, layout, close };
}

/** The package and the platform, as a job finds them; with the handlers' sources in the place of their bundle. */
function unpack(folder: string, manifest: Manifest): string {
  const root = join(__dirname, '..', '..');
  const [ingot, platform] = [join(folder, 'ingot'), join(folder, 'platform', 'ingot')];
  mkdirSync(ingot, { recursive: true });
  mkdirSync(platform, { recursive: true });
  symlinkSync(packageFolder(), join(ingot, 'python'));
  const handlers = `exec '${process.execPath}' -r '${root}/test/register.js' '${root}/lib/handlers/spark/index.ts' "$@"`;
  writeFileSync(join(ingot, 'node'), `#!/bin/sh\nshift\n${handlers}\n`, { mode: 0o755 });
  writeFileSync(join(platform, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}
