import { Decompress } from 'fzstd';

/**
 * Why a zstd file is not whole, in words; undefined where it is. It steps from block to block by their sizes (RFC 8878,
 * section 3.1.1) and unpacks none: Node.js 20 knows no zstd, and DuckDB, which does, sees a block that is broken but not
 * one that is missing.
 */
export async function zstdFault(chunks: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  try {
    await walkFrames(new Reader(chunks[Symbol.asyncIterator]()));
    return undefined;
  } catch (error) {
    if (error instanceof ZstdFault) return `its zstd is broken: ${error.message}`;
    throw error;
  }
}

/** The bytes of a zstd file. @throws ZstdError of fzstd's where it is none */
export async function* unpackedZstd(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let parts: Uint8Array[] = [];
  const unpacker = new Decompress((part) => parts.push(part));
  for await (const chunk of chunks) {
    unpacker.push(chunk);
    yield* parts;
    parts = [];
  }
}

class ZstdFault extends Error {}

async function walkFrames(reader: Reader): Promise<void> {
  while (await reader.more()) {
    const magic = (await reader.take(4)).readUInt32LE();
    // Frames that hold no data, but what a program has to say.
    if (magic >>> 4 === 0x184d2a5) await reader.skip((await reader.take(4)).readUInt32LE());
    else if (magic === 0xfd2fb528) await walkBlocks(reader);
    else throw new ZstdFault('a frame does not begin as one');
  }
}

async function walkBlocks(reader: Reader): Promise<void> {
  const descriptor = (await reader.take(1))[0]!;
  const singleSegment = (descriptor & 0x20) !== 0;
  const window = singleSegment ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  await reader.skip(window + dictionary + contentSize);
  for (let last = false; !last; ) {
    const block = (await reader.take(3)).readUIntLE(0, 3);
    last = (block & 1) === 1;
    const repeatsOneByte = ((block >> 1) & 3) === 1;
    await reader.skip(repeatsOneByte ? 1 : block >> 3);
  }
  const checksum = (descriptor & 4) === 0 ? 0 : 4;
  await reader.skip(checksum);
}

/** Bytes one after another, whatever chunks they come in. */
class Reader {
  private chunk: Buffer = Buffer.alloc(0);
  private at = 0;

  constructor(private readonly chunks: AsyncIterator<Uint8Array>) {}

  /** Whether there is a byte left. */
  async more(): Promise<boolean> {
    while (this.at === this.chunk.length) {
      const { done, value } = await this.chunks.next();
      if (done === true) return false;
      this.chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      this.at = 0;
    }
    return true;
  }

  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; left -= parts.at(-1)!.length) parts.push(await this.next(left));
    return Buffer.concat(parts);
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) left -= (await this.next(left)).length;
  }

  /** At most so many bytes, and at least one. */
  private async next(count: number): Promise<Buffer> {
    if (!(await this.more())) throw new ZstdFault('unexpected end of file');
    const part = this.chunk.subarray(this.at, this.at + count);
    this.at += part.length;
    return part;
  }
}
