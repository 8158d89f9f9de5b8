import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransientError } from '../errors';
import { DuckdbError } from '../runtime/duckdb';
import type { LakeSession } from '../runtime/lake';
import type { Row } from '../runtime/services';
import { moreMemory, type SparkOn } from './memory';
import { SparkStartError, startFailure } from './start-error';

/** What a request to Spark gives back, or why it failed: one line of JSON each way. */
interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly kind: string; readonly message: string };
}

/** The two ends of the line to Spark. */
export interface Line {
  readonly answers: Readable;
  readonly requests: Writable;
  /** What Spark has printed, where it is heard. */
  readonly printed?: () => string;
  /**
   * Where Spark is at work, for what to do where it has too little memory.
   *
   * @default machine
   */
  readonly on?: SparkOn;
}

/** Spark refused a statement, or failed while it ran it. Its message begins as DuckDB's do, with the kind of the error. */
export class SparkError extends DuckdbError {
  override readonly name: string = 'SparkError';
}

/** Spark had too little memory: as it is, it would not have enough the next time. */
export class SparkMemoryError extends SparkError {
  override readonly name = 'SparkMemoryError';
  /** What to do about it. */
  readonly todo: string;

  constructor(message: string, on: SparkOn) {
    super(`${message}. ${moreMemory[on]}`);
    this.todo = moreMemory[on];
  }
}

/** Spark has ended, and nothing can be asked of it any more. What it had not committed is in no table. */
export class SparkEndedError extends Error {
  override readonly name = 'SparkEndedError';
  /** What to do about it. */
  readonly todo: string;

  /** @param printed what it said before, where that is heard: on this machine */
  constructor(printed = '') {
    const memory = /\bjava\.lang\.OutOfMemoryError[^\n]*/.exec(printed)?.[0];
    super(`Spark has ended before it answered${memory === undefined ? '' : `: it had too little memory (${memory})`}`);
    this.todo =
      memory === undefined ? 'Run again: what is in a table stays, and what is missing comes.' : moreMemory.machine;
  }
}

/** Columns of a file: names, and types in DuckDB's words. */
export interface FileColumn {
  readonly name: string;
  readonly type: string;
}

/** Where records of a stream come from, in words of Spark's readers. */
export interface RecordSource {
  readonly format: 'kafka' | 'aws-kinesis';
  readonly options: Readonly<Record<string, string>>;
  /** Folder in which Spark keeps how far it has read. */
  readonly checkpoint: string;
  /** How often a batch begins, where there is something to read; 0: what is there now is read, and no more. */
  readonly seconds: number;
}

/** A session of Spark, which runs a lake's statements; what they say is DuckDB's SQL. */
export interface SparkSession extends LakeSession {
  /** Columns of the first file of a reading, as `formats.ts` describes one. */
  columns(reading: object): Promise<readonly FileColumn[]>;
  /**
   * The next records of a stream, as a temporary table, by its name; undefined where the stream has come to its end, null
   * where it goes on and has brought nothing for a minute. The batch before is done with: Spark notes that it has been read,
   * and its table is there no more.
   */
  nextBatch(source: RecordSource): Promise<string | null | undefined>;
}

/** A session over a line to Spark. Requests are answered one after another, in their order. */
export function sparkSession(line: Line, ended: () => Promise<void>): SparkSession {
  const ask = asker(line);
  const done = async (what: string) => void (await ask({ do: what }));
  return {
    query: async (sql, parameters) => (await ask({ do: 'query', sql, parameters: plain(parameters) })) as never,
    run: async (sql, parameters) => (await ask({ do: 'run', sql, parameters: plain(parameters) })) as number,
    begin: () => done('begin'),
    commit: () => done('commit'),
    rollback: () => done('rollback'),
    properties: async (database, table) => (await ask({ do: 'properties', database, table })) as Record<string, string>,
    setProperties: async (database, table, properties) =>
      void (await ask({ do: 'setProperties', database, table, properties })),
    snapshotId: async (database, table) =>
      ((await ask({ do: 'snapshotId', database, table })) as string | null) ?? undefined,
    isConflict: (error): error is SparkError => error instanceof SparkError && error.kind === 'Conflict',
    columns: async (reading) =>
      ((await ask({ do: 'columns', reading })) as [string, string][]).map(([name, type]) => ({
        name,
        type: duckdbWord(type),
      })),
    nextBatch: async (source) => {
      const table = (await ask({ do: 'nextBatch', source })) as string | false | null;
      return table === false ? null : (table ?? undefined);
    },
    async close() {
      line.requests.end();
      await ended();
    },
  };
}

type Asking = (request: object) => Promise<unknown>;

function asker({ answers, requests, printed, on = 'machine' }: Line): Asking {
  const waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  const lines = createInterface({ input: answers });
  let gone: Error | undefined;
  lines.on('line', (text) => {
    const next = waiting.shift();
    if (next === undefined) return;
    const { value, error } = JSON.parse(text, revive) as Answer;
    if (error === undefined) next.resolve(value);
    else next.reject(refusal(error.kind, `${error.kind} Error: ${error.message}`, on));
  });
  lines.on('close', () => {
    gone = new SparkEndedError(printed?.());
    for (const { reject } of waiting.splice(0)) reject(gone);
  });
  requests.on('error', () => {}); // Told by the other end's close.
  return (request) =>
    new Promise((resolve, reject) => {
      if (gone !== undefined) return reject(gone);
      waiting.push({ resolve, reject });
      requests.write(`${JSON.stringify(request)}\n`);
    });
}

/**
 * What may pass: a catalog or store that answers 5xx or not in time, and executors that were lost, which may not be lost
 * again: AWS takes those on Spot back when it wants.
 */
const transient: ReadonlySet<string> = new Set(['Transient', 'Executor Lost']);

function refusal(kind: string, message: string, on: SparkOn): Error {
  if (transient.has(kind)) return new TransientError(message);
  return kind === 'Out of Memory' ? new SparkMemoryError(message, on) : new SparkError(message);
}

/** What JSON has no word for. */
function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$long' in value) return BigInt(String(value.$long));
  if ('$double' in value) return Number(value.$double);
  return value;
}

const plain = (parameters: Row | undefined): Row | undefined =>
  parameters === undefined
    ? undefined
    : Object.fromEntries(Object.entries(parameters).map(([k, v]) => [k, typeof v === 'bigint' ? Number(v) : v]));

const words: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  bigint: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  date: 'DATE',
  timestamp: 'TIMESTAMPTZ',
  timestamp_ntz: 'TIMESTAMP',
  binary: 'BLOB',
};

/** What DuckDB calls a type of Spark's; of a nested one only that it is no other. */
const duckdbWord = (type: string): string =>
  words[type] ?? (/^decimal\(\d+,\d+\)$/.test(type) ? type.toUpperCase().replace(',', ', ') : 'ANY');

/** A Python process with a Spark session in it. */
export interface SparkProcess {
  readonly python: string;
  /** Folder that holds the package `ingot_spark`. */
  readonly packageFolder: string;
  readonly settings: object;
  /** Hears what Spark prints. */
  readonly onOutput?: (text: string) => void;
  /** Hears that it has ended, whatever for. */
  readonly onEnd?: () => void;
}

/**
 * Starts Spark on this machine.
 *
 * @throws SparkStartError with the end of what it printed where it does not come up
 */
export async function startSpark({
  python,
  packageFolder,
  settings,
  onOutput,
  onEnd,
}: SparkProcess): Promise<SparkSession> {
  const child = spawn(python, ['-m', 'ingot_spark', JSON.stringify(settings)], {
    env: { ...process.env, PYTHONPATH: packageFolder, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => {
    const text = chunk.toString();
    output.push(text);
    onOutput?.(text);
  });
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', () => resolve());
  });
  await ready(child, exited, output);
  void exited.then(onEnd);
  const printed = () => output.join('');
  return sparkSession({ answers: child.stdout, requests: child.stdin, printed }, () => exited);
}

/** Milliseconds for which the last words of a Spark that has ended are waited for. */
const longestWords = 2000;

function ready(child: ChildProcess, exited: Promise<void>, output: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // The first line says that the session is open; what follows it is answers.
    const take = () => {
      const chunk = child.stdout!.read() as Buffer | null;
      if (chunk === null) return;
      child.stdout!.off('readable', take);
      const end = chunk.indexOf('\n');
      if (end < chunk.length - 1) child.stdout!.unshift(chunk.subarray(end + 1));
      resolve();
    };
    child.stdout!.on('readable', take);
    child.on('error', (error) => reject(new SparkStartError(error.message, ['python'])));
    // What it printed may come after its end; but a Java that it leaves behind may keep the pipe open.
    const silent = new Promise((heard) => child.stderr!.on('end', heard));
    void exited
      .then(() => Promise.race([silent, sleep(longestWords, undefined, { ref: false })]))
      .then(() => reject(startFailure(output.join(''))));
  });
}
