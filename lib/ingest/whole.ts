import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ZstdError } from 'fzstd';
import type { Source } from '../contract/dataset';
import type { Objects } from '../runtime/services';
import { unpackedZstd, zstdFault } from './zstd';

/** Objects whose bytes can be read. */
export type Bytes = Pick<Objects, 'stream'>;

/**
 * Why a file is not whole, in words; undefined where it is. DuckDB reads what there is of a packed file that was cut off,
 * or of a JSON array, and says nothing: the rows behind the cut would be lost. (Parquet ends with what it cannot be read
 * without.) A packed file is read once more for it, and gzip unpacked, which is little beside the load; zstd is unpacked
 * where it holds a JSON array.
 *
 * What was cut off between two of its lines, gzip members or zstd frames is a whole file to everyone who reads it.
 */
export async function cutOff(
  uri: string,
  size: number,
  format: Source['format'],
  objects: Bytes,
): Promise<string | undefined> {
  if (format === 'parquet') return undefined;
  if (/\.zst$/i.test(uri)) {
    const fault = await zstdFault(await objects.stream(uri));
    return fault ?? (format === 'json' ? unclosed(await endsOfZstd(uri, objects)) : undefined);
  }
  const gzip = /\.gz$/i.test(uri);
  if (!gzip && format === 'csv') return undefined;
  const ends = gzip ? await endsOfGzip(uri, objects) : await endsOf(uri, size, objects);
  if ('fault' in ends) return ends.fault;
  return format === 'json' ? unclosed(ends) : undefined;
}

const unclosed = ({ first, last }: Ends): string | undefined =>
  first === '[' && last !== ']' ? 'its JSON array is not closed' : undefined;

/** The first and the last character of a text that is no blank. */
interface Ends {
  readonly first?: string;
  readonly last?: string;
}

/** @throws Error where the file cannot be read; one that is no whole gzip is an answer */
async function endsOfGzip(uri: string, objects: Bytes): Promise<Ends | { fault: string }> {
  try {
    return await pipeline(await objects.stream(uri), createGunzip(), endsIn);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') !== true) throw error;
    return { fault: `its gzip is broken: ${message}` };
  }
}

/** What its unpacker does not understand, DuckDB judges. */
async function endsOfZstd(uri: string, objects: Bytes): Promise<Ends> {
  try {
    const start = await endsIn(unpackedZstd(await objects.stream(uri)), true);
    return start.first === '[' ? await endsIn(unpackedZstd(await objects.stream(uri))) : { first: start.first };
  } catch (error) {
    if (typeof (error as Partial<ZstdError>).code === 'number') return {};
    throw error;
  }
}

/** How many bytes of a file's end are looked at before the whole of it is. */
const lookedAt = 64 * 1024;

async function endsOf(uri: string, size: number, objects: Bytes): Promise<Ends> {
  const { first } = await endsIn(await objects.stream(uri), true);
  if (first !== '[') return { first };
  const { last } = await endsIn(await objects.stream(uri, Math.max(0, size - lookedAt)));
  return last === undefined ? endsIn(await objects.stream(uri)) : { first, last };
}

async function endsIn(chunks: AsyncIterable<Uint8Array>, firstIsEnough: unknown = false): Promise<Ends> {
  const isText = (byte: number) => byte > 0x20;
  let first: number | undefined;
  let last: number | undefined;
  for await (const chunk of chunks) {
    first ??= chunk.find(isText);
    last = chunk.findLast(isText) ?? last;
    if (firstIsEnough === true && first !== undefined) break;
  }
  const character = (byte: number | undefined) => (byte === undefined ? undefined : String.fromCharCode(byte));
  return { first: character(first), last: character(last) };
}

/** Whether a whole file of text, packed or not, has anything but blanks below its first line. */
export async function hasMore(uri: string, objects: Bytes): Promise<boolean> {
  const stream = await objects.stream(uri);
  if (/\.gz$/i.test(uri)) return pipeline(stream, createGunzip(), isBelow);
  return isBelow(/\.zst$/i.test(uri) ? unpackedZstd(stream) : stream);
}

/** It reads to the end, as a pipeline that is left in the middle fails. */
async function isBelow(chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  let [isText, isNext, isFound] = [false, false, false];
  for await (const chunk of chunks) {
    for (let i = 0; i < chunk.length && !isFound; i += 1) {
      const byte = chunk[i]!;
      if (byte > 0x20) [isText, isFound] = [true, isNext];
      else if (isText && (byte === 0x0a || byte === 0x0d)) isNext = true;
    }
  }
  return isFound;
}
