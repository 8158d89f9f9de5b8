import { Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { unpackedZstd } from '../ingest/zstd';

export type Packing = 'gzip' | 'zstd' | 'none';

/** How a file is packed: readers tell by its name. */
export const packingOf = (uri: string): Packing =>
  /\.gz$/i.test(uri) ? 'gzip' : /\.zst$/i.test(uri) ? 'zstd' : 'none';

/** The bytes of a packed file. */
export function unpacked(chunks: AsyncIterable<Uint8Array>, packing: Packing): AsyncIterable<Uint8Array> {
  if (packing === 'none') return chunks;
  return packing === 'gzip' ? gunzipped(chunks) : unpackedZstd(chunks);
}

async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* Readable.from(chunks).pipe(createGunzip()) as AsyncIterable<Uint8Array>;
}

/** Bytes as a file of a packing. Zstandard's frames may hold blocks as they are: every reader reads them. */
export function packed(chunks: AsyncIterable<Uint8Array>, packing: Packing): AsyncIterable<Uint8Array> {
  if (packing === 'none') return chunks;
  return packing === 'gzip' ? gzipped(chunks) : rawZstd(chunks);
}

async function* gzipped(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* Readable.from(chunks).pipe(createGzip()) as AsyncIterable<Uint8Array>;
}

/** The window that the frame's header says, which is the largest block there may be. */
const block = 128 * 1024;

/** RFC 8878: magic number, a header without size, a window of 128 KB, and blocks of type 0. */
async function* rawZstd(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]);
  const header = (size: number, isLast: boolean) => {
    const value = (size << 3) | (isLast ? 1 : 0);
    return Buffer.from([value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff]);
  };
  for await (const chunk of chunks)
    for (let from = 0; from < chunk.length; from += block) {
      const part = chunk.subarray(from, from + block);
      yield header(part.length, false);
      yield part;
    }
  yield header(0, true);
}
