import { types as avro, streams, Type } from 'avsc';
import type { Objects } from '../runtime/services';
import type { CatalogWord } from './catalog';

/** What came out when restored files of the lake were looked at. */
export interface LakeValidation {
  readonly passed: boolean;
  /** One sentence each. At most 100. */
  readonly findings: readonly string[];
  readonly tables: number;
  readonly files: number;
}

const most = 100;
/** Files that are asked for side by side: a table may have a hundred thousand, and a function 15 minutes. */
const atOnce = 50;

/**
 * Looks whether every Iceberg table of a zone is whole in what was restored: its metadata, the manifests of its current
 * snapshot, and every live data and delete file in its full length.
 *
 * @param word the catalog's, of before the backup: a table's later commits may be in the backup, but what it was at must be
 * @param from root of the zone, as locations name it
 * @param to root of what was restored
 */
export async function checkTables(
  objects: Objects,
  word: CatalogWord,
  from: string,
  to: string,
): Promise<LakeValidation> {
  const tables = word.tables.filter(({ metadataLocation }) => metadataLocation.startsWith(`${from}/`));
  const findings: string[] = [];
  let files = 0;
  for (const { database, table, metadataLocation } of tables) {
    const find = (message: string) => findings.push(`${database}.${table}: ${message}`);
    const moved = (location: string) => (location.startsWith(`${from}/`) ? to + location.slice(from.length) : location);
    const read = async (location: string): Promise<Buffer | undefined> => {
      if ((await objects.head(moved(location))) === undefined) {
        find(`${location} is missing`);
        return undefined;
      }
      return objects.read(moved(location));
    };
    try {
      const metadata = await read(metadataLocation);
      if (metadata === undefined) continue;
      const list = manifestListOf(metadata.toString('utf8'));
      const listed = list === undefined ? undefined : await read(list);
      for (const { manifest_path, manifest_length } of listed === undefined
        ? []
        : await records<ManifestFile>(listed)) {
        const manifest = await read(manifest_path);
        if (manifest !== undefined && BigInt(manifest.length) !== manifest_length)
          throw new Error(`${manifest_path} has ${manifest.length} bytes where ${manifest_length} were written`);
        const entries = manifest === undefined ? [] : await records<Entry>(manifest);
        const live = entries.filter(({ status }) => status !== deleted).map(({ data_file }) => data_file);
        files += live.length;
        for (let start = 0; start < live.length; start += atOnce) {
          const some = live.slice(start, start + atOnce);
          const sizes = await Promise.all(some.map(async (file) => (await objects.head(moved(file.file_path)))?.size));
          for (const [i, { file_path, file_size_in_bytes }] of some.entries()) {
            const size = sizes[i];
            if (size === undefined) find(`${file_path} is missing`);
            else if (BigInt(size) !== file_size_in_bytes)
              find(`${file_path} has ${size} bytes where ${file_size_in_bytes} were written`);
          }
        }
      }
    } catch (error) {
      find(`cannot be read: ${(error as Error).message}`);
    }
    if (findings.length >= most) break;
  }
  return { passed: findings.length === 0, findings: findings.slice(0, most), tables: tables.length, files };
}

/**
 * Looks whether every file of a zone that was there before a backup is in what was restored, in its full length. Files
 * that have come or changed since, or gone, are not looked for.
 */
export async function checkFiles(objects: Objects, before: string, from: string, to: string): Promise<LakeValidation> {
  const restored = new Map<string, number>();
  for await (const { uri, size } of objects.list(`${to}/`)) restored.set(uri.slice(to.length), size);
  const findings: string[] = [];
  let files = 0;
  for await (const { uri, size, modified } of objects.list(`${from}/`)) {
    if (modified > before) continue;
    files += 1;
    const found = restored.get(uri.slice(from.length));
    if (found === size) continue;
    findings.push(found === undefined ? `${uri} is missing` : `${uri} has ${found} bytes where ${size} were written`);
    if (findings.length === most) break;
  }
  return { passed: findings.length === 0, findings, tables: 0, files };
}

/** A manifest's entries of this status tell of files that are gone. */
const deleted = 2;

interface ManifestFile {
  readonly manifest_path: string;
  readonly manifest_length: bigint;
}

interface Entry {
  readonly status: number;
  readonly data_file: { readonly file_path: string; readonly file_size_in_bytes: bigint };
}

/** Ids have 64 bits, which a number of JSON would lose: the current one is compared as text. */
function manifestListOf(metadata: string): string | undefined {
  const exact = JSON.parse(metadata.replaceAll(/"((?:current-)?snapshot-id)"\s*:\s*(-?\d+)/g, '"$1":"$2"')) as {
    readonly 'current-snapshot-id'?: string | null;
    readonly snapshots?: readonly { readonly 'snapshot-id': string; readonly 'manifest-list': string }[];
  };
  const current = exact['current-snapshot-id'] ?? '-1';
  if (current === '-1') return undefined;
  const snapshot = exact.snapshots?.find((one) => one['snapshot-id'] === current);
  if (snapshot === undefined) throw new Error(`its metadata has no snapshot ${current}, which is its current one`);
  return snapshot['manifest-list'];
}

const long = avro.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

/** Wherever a schema says `long`, as a name or with attributes beside it. */
const longAsBigint = (schema: unknown): Type | undefined =>
  schema === 'long' || (schema as { readonly type?: unknown }).type === 'long' ? long : undefined;

/** Records of an Avro file. One that is cut off would be read as one of fewer: each block ends with the header's mark. */
function records<T>(file: Buffer): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const found: T[] = [];
    const decoder = new streams.BlockDecoder({
      parseHook: (schema) => Type.forSchema(schema, { typeHook: longAsBigint }),
    });
    decoder.on('data', (record: T) => found.push(record));
    let mark: Buffer | undefined;
    decoder.on('metadata', (_type: Type, _codec: string, header: { readonly sync: Buffer }) => {
      mark = header.sync;
    });
    decoder.on('end', () => {
      if (mark !== undefined && file.subarray(-mark.length).equals(mark)) resolve(found);
      else reject(new Error('an Avro file is cut off'));
    });
    decoder.on('error', reject);
    decoder.end(file);
  });
}
