import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { StreamRecord } from '../../lib/stream/record';
import { freePorts } from '../free-port';

const run = promisify(execFile);
const cache = join(homedir(), '.cache', 'ingot-kafka');
const version = '3.9.1';

/** A broker of Kafka on this machine. */
export interface Broker {
  readonly address: string;
  /** Makes a topic with as many partitions. */
  topic(name: string, partitions: number): Promise<void>;
  /** Puts records, whose shards are `topic-partition`: their offsets count from 0 in each, as their sequences have to. */
  put(records: readonly StreamRecord[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts Kafka's own server, from Maven Central. Throws where Maven, Java or a Python that can be a producer is not to be
 * had.
 */
export async function startBroker(): Promise<Broker> {
  const server = await serverJars();
  const python = await clientPython();
  const folder = mkdtempSync(join(tmpdir(), 'ingot-kafka-'));
  const [port, controller] = await freePorts(2);
  const settings = join(folder, 'server.properties');
  writeFileSync(
    settings,
    Object.entries({
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'log.dirs': join(folder, 'logs'),
      'offsets.topic.replication.factor': '1',
      // Records of tests are as old as they say.
      'log.retention.ms': '-1',
      'log.message.timestamp.before.max.ms': '9223372036854775807',
    })
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const java = ['-Xmx512m', '-cp', `${server}/*`];
  await run('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', 'aW5nb3QtdGVzdC1rYWZrYQ', '-c', settings]);
  const process = spawn('java', [...java, 'kafka.Kafka', settings], { stdio: 'ignore' });
  await answering(port!, process);
  const ask = async (request: object): Promise<void> => {
    const file = join(folder, 'request.json');
    writeFileSync(file, JSON.stringify({ address: `127.0.0.1:${port}`, ...request }));
    await run(python, [join(__dirname, 'kafka_client.py'), file]);
  };
  return {
    address: `127.0.0.1:${port}`,
    topic: (name, partitions) => ask({ topic: name, partitions }),
    put: (records) =>
      ask({
        records: records.map(({ shard, key, arrived, data }) => ({
          topic: shard.slice(0, shard.lastIndexOf('-')),
          partition: Number(shard.slice(shard.lastIndexOf('-') + 1)),
          key,
          arrived,
          data: data.toString('base64'),
        })),
      }),
    async stop() {
      const ended = new Promise((resolve) => process.once('exit', resolve));
      process.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Kafka's server and all that it needs. */
async function serverJars(): Promise<string> {
  const folder = join(cache, `server-${version}`);
  return once(folder, async () => {
    const pom = join(folder, 'pom.xml');
    writeFileSync(
      pom,
      `<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
        <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
      </dependencies></project>`,
    );
    await run('mvn', ['-q', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`]);
  });
}

/**
 * What Spark needs to read Kafka, in the order in which versions are tried: not every mirror of Maven Central has all, and
 * these have the same interfaces.
 */
const wanted: readonly (readonly string[])[] = [
  ['4.0.5', '4.0.4'].map((spark) => `org.apache.spark:spark-sql-kafka-0-10_2.13:${spark}`),
  ['4.0.5', '4.0.4', '3.5.1'].map((spark) => `org.apache.spark:spark-token-provider-kafka-0-10_2.13:${spark}`),
  [`org.apache.kafka:kafka-clients:${version}`],
  ['org.apache.commons:commons-pool2:2.12.0'],
];

/** Paths of the jars with which Spark reads Kafka, as `spark.jars` takes them. */
export async function readerJars(): Promise<string> {
  const folder = await once(join(cache, 'reader'), async (made) => {
    for (const versions of wanted) {
      const tries = versions.map(
        (one) => () => run('mvn', ['-q', 'dependency:copy', `-Dartifact=${one}`, `-DoutputDirectory=${made}`]),
      );
      let last: unknown;
      for (const attempt of tries) {
        last = await attempt().then(
          () => undefined,
          (error: unknown) => error,
        );
        if (last === undefined) break;
      }
      if (last !== undefined) throw last;
    }
  });
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jar'))
    .map((file) => join(folder, file))
    .join(',');
}

/** A folder that is filled on first use. */
async function once(folder: string, fill: (folder: string) => Promise<unknown>): Promise<string> {
  if (existsSync(join(folder, 'complete'))) return folder;
  mkdirSync(folder, { recursive: true });
  await fill(folder);
  writeFileSync(join(folder, 'complete'), '');
  return folder;
}

async function clientPython(): Promise<string> {
  const folder = await once(join(cache, 'venv'), async (made) => {
    await run('python3', ['-m', 'venv', made]);
    await run(join(made, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', 'kafka-python>=2.2']);
  });
  return join(folder, 'bin', 'python');
}

async function answering(port: number, broker: ChildProcess): Promise<void> {
  for (;;) {
    if (broker.exitCode !== null) throw new Error(`Kafka has ended with ${broker.exitCode} before it answered`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      }).on('error', () => resolve(false));
    });
    if (open) return;
    await sleep(200);
  }
}
