import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InvalidInputError } from '../errors';
import { findTable } from '../platform/lookup';
import type { Postgres } from '../runtime/postgres';
import type { Services } from '../runtime/services';
import { type Consumed, consume } from '../stream/consume';
import { plainKey, type StreamRecord } from '../stream/record';
import type { StreamServices } from '../stream/services';
import type { Stream } from '../stream/stream';
import type { Layout } from './layout';
import { folderParkedKeys } from './parked-keys';

/** Services of streams on this machine. `database` opens the platform's database, where it has one. */
export const localStreamServices = (
  services: Services,
  layout: Layout,
  database?: () => Promise<Postgres>,
): StreamServices => ({
  ...services,
  parked: folderParkedKeys(layout.streams),
  ...(database === undefined ? {} : { database }),
});

/** How many records are delivered at once, all of one shard, as Lambda does. */
const recordsAtOnce = 10_000;

/**
 * A stream on this machine: a file for each shard, a record a line, and how far each was delivered. What is put is kept in
 * bronze too, as Firehose does.
 */
export class LocalStream {
  private readonly folder: string;

  constructor(
    private readonly stream: Stream,
    private readonly services: StreamServices,
    layout: Layout,
  ) {
    this.folder = join(layout.streams, stream.name);
  }

  /** Puts events, each a text, into as many shards; gives how many. */
  async put(texts: readonly string[], shards = 2): Promise<number> {
    if (texts.length === 0) return 0;
    const { manifest, zones, objects, clock } = this.services;
    const arrived = clock.now();
    const ends = await this.readState('ends.json');
    const lines = new Map<string, string[]>();
    for (const text of texts) {
      const key = this.keyOf(text);
      const shard = `shard-${createHash('md5').update(key).digest().readUInt32BE() % shards}`;
      const sequence = (ends[shard] ?? 0) + 1;
      ends[shard] = sequence;
      const line = JSON.stringify({ sequence: String(sequence), key, arrived, data: text });
      lines.set(shard, [...(lines.get(shard) ?? []), line]);
    }
    await mkdir(this.folder, { recursive: true });
    const source = findTable(this.stream.table, manifest).dataset.source!;
    const date = new Date(arrived).toISOString().slice(0, 10);
    const name = Object.values(ends).reduce((sum, end) => sum + end, 0);
    const bronze = `${zones[source.zone]}/${source.prefix}/source=${this.stream.name}/date=${date}/${name}.json`;
    await objects.write(bronze, `${texts.map((text) => text.replaceAll('\n', ' ')).join('\n')}\n`, 'application/json');
    for (const [shard, of] of lines) await appendFile(join(this.folder, `${shard}.jsonl`), `${of.join('\n')}\n`);
    await this.writeState('ends.json', ends);
    return texts.length;
  }

  /** Puts the lines of a file that were not put before. */
  async feed(file: string, shards?: number): Promise<number> {
    const fed = await this.readState('fed.json');
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      const message = `must be a file that can be read: ${file}: ${error.message}`;
      throw new InvalidInputError([{ where: 'platform.yaml', path: 'local.streams', message }]);
    });
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const count = await this.put(lines.slice(fed[file] ?? 0), shards);
    await this.writeState('fed.json', { ...fed, [file]: lines.length });
    return count;
  }

  /** Delivers what was put and not delivered yet, shard by shard. */
  async deliver(): Promise<Consumed[]> {
    const ends = await this.readState('ends.json');
    const delivered = await this.readState('delivered.json');
    const consumed: Consumed[] = [];
    for (const [shard, end] of Object.entries(ends)) {
      const from = delivered[shard] ?? 0;
      if (from >= end) continue;
      // By number, not by place: lines of a put that died before it ended are there twice.
      const records = (await this.recordsOf(shard)).filter(
        ({ sequence }) => Number(sequence) > from && Number(sequence) <= end,
      );
      for (let start = 0; start < records.length; start += recordsAtOnce)
        consumed.push(await consume(records.slice(start, start + recordsAtOnce), this.stream, this.services));
      delivered[shard] = end;
      await this.writeState('delivered.json', delivered);
    }
    return consumed;
  }

  private async recordsOf(shard: string): Promise<StreamRecord[]> {
    const text = await readFile(join(this.folder, `${shard}.jsonl`), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { data, ...rest } = JSON.parse(line) as Omit<StreamRecord, 'data' | 'shard'> & { readonly data: string };
        return { shard, ...rest, data: Buffer.from(data) };
      });
  }

  /** What the producer would have chosen; an event that can't be read has itself as its key. */
  private keyOf(text: string): string {
    try {
      const value = (JSON.parse(text) as Record<string, unknown>)[this.stream.partitionKey];
      if (value !== undefined && value !== null)
        return plainKey(typeof value === 'string' ? value : JSON.stringify(value));
    } catch {
      // No JSON: said by the consumer.
    }
    return createHash('sha256').update(text).digest('hex').slice(0, 32);
  }

  private async readState(name: string): Promise<Record<string, number>> {
    try {
      return JSON.parse(await readFile(join(this.folder, name), 'utf8')) as Record<string, number>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
  }

  private async writeState(name: string, state: Readonly<Record<string, number>>): Promise<void> {
    const file = join(this.folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`);
    await rename(`${file}.new`, file);
  }
}
