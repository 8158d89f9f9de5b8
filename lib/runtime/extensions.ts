import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, unzipSync } from 'fflate';
import { cacheFolder } from './cache';

/** DuckDB's extensions that a lake needs, in the order in which they are loaded. */
export const lakeExtensions = ['avro', 'httpfs', 'iceberg'] as const;

/** Which build of DuckDB an extension must belong to: extensions fit one version and one platform only. */
export interface DuckdbBuild {
  /** With its `v`, as DuckDB says it, for example `v1.5.5`. */
  readonly version: string;
  /** DuckDB's word for the machine, for example `linux_amd64`, `osx_arm64`. */
  readonly platform: string;
}

/** One way to get the bytes of an extension. Throws where it has none, with the reason as the message. */
export type ExtensionSource = (name: string, build: DuckdbBuild) => Promise<Uint8Array>;

/** Where a Lambda layer made by `ingot runtime` puts the extensions. */
const layerFolder = '/opt/duckdb-extensions';

/**
 * Files of the extensions, in the order asked for. Looks in the folder that `INGOT_DUCKDB_EXTENSIONS` names, in the
 * Lambda layer and in the user's cache; what is in none is fetched into the cache, from DuckDB's own host or else, as
 * wheels that hold the same signed files, with pip. DuckDB itself checks the signature when it loads one.
 *
 * Safe under several processes: a file appears in the cache whole or not at all.
 *
 * @throws Error where an extension cannot be had, saying how to get it
 */
export async function findExtensions(
  names: readonly string[],
  build: DuckdbBuild,
  options: { readonly cache?: string; readonly sources?: Readonly<Record<string, ExtensionSource>> } = {},
): Promise<string[]> {
  const given = process.env.INGOT_DUCKDB_EXTENSIONS;
  const cache = join(options.cache ?? cacheFolder('duckdb-extensions'), build.version, build.platform);
  const folders = [...(given === undefined ? [] : [given]), layerFolder, cache];
  const sources = new Map(Object.entries(options.sources ?? extensionSources));
  const files: string[] = [];
  for (const name of names) {
    const file = `${name}.duckdb_extension`;
    const folder = folders.find((f) => existsSync(join(f, file)));
    files.push(folder === undefined ? await fetchInto(cache, name, build, sources) : join(folder, file));
  }
  return files;
}

/** A source that fails once is not asked again for the next extension: it costs a time-out each time. */
async function fetchInto(
  folder: string,
  name: string,
  build: DuckdbBuild,
  sources: Map<string, ExtensionSource>,
): Promise<string> {
  const { bytes, failures } = await fetchExtension(name, build, sources);
  if (bytes === undefined) {
    throw new Error(
      `DuckDB ${build.version} needs its extension "${name}" for ${build.platform}, which could not be had ` +
        `(${failures.join('; ')}). Either allow this machine to reach extensions.duckdb.org or a Python package ` +
        `index (pip download duckdb-extension-${name}==${build.version.slice(1)}), or put ${name}.duckdb_extension ` +
        `into a folder and name it in INGOT_DUCKDB_EXTENSIONS.`,
    );
  }
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.duckdb_extension`);
  const unfinished = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(unfinished, bytes);
  await rename(unfinished, file);
  return file;
}

async function fetchExtension(name: string, build: DuckdbBuild, sources: Map<string, ExtensionSource>) {
  const failures: string[] = [];
  for (const [where, source] of sources) {
    try {
      return { bytes: await source(name, build), failures };
    } catch (error) {
      failures.push(`${where}: ${(error as Error).message}`);
      sources.delete(where);
    }
  }
  return { bytes: undefined, failures };
}

/** DuckDB's own host. */
const duckdbHost: ExtensionSource = async (name, { version, platform }) => {
  const url = `https://extensions.duckdb.org/${version}/${platform}/${name}.duckdb_extension.gz`;
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) }).catch((error: Error) => {
    throw new Error((error.cause as Error | undefined)?.message ?? error.message);
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return gunzipSync(new Uint8Array(await response.arrayBuffer()));
};

/** What pip calls the platforms of DuckDB, so that a layer for another machine can be made here. */
const pipPlatforms: Readonly<Record<string, string>> = {
  linux_amd64: 'manylinux2014_x86_64',
  linux_arm64: 'manylinux2014_aarch64',
  osx_amd64: 'macosx_11_0_x86_64',
  osx_arm64: 'macosx_11_0_arm64',
  windows_amd64: 'win_amd64',
};

/** Wheels of the Python package index, by whichever pip is there. */
const pip: ExtensionSource = async (name, { version, platform }) => {
  const pipPlatform = pipPlatforms[platform];
  if (pipPlatform === undefined) throw new Error(`there are no wheels for ${platform}`);
  const folder = await mkdtemp(join(tmpdir(), 'ingot-wheel-'));
  try {
    const requirement = `duckdb-extension-${name}==${version.slice(1)}`;
    const args = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', folder];
    await python([...args, '--only-binary=:all:', '--platform', pipPlatform, requirement]);
    const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`pip downloaded no wheel of ${requirement}`);
    const path = `duckdb_extension_${name}/extensions/${version}/${name}.duckdb_extension`;
    const bytes = unzipSync(await readFile(join(folder, wheel)), { filter: (file) => file.name === path })[path];
    if (bytes === undefined) throw new Error(`${wheel} does not hold ${path}`);
    return bytes;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Runs Python, under whichever name it is there. */
export async function python(args: readonly string[]): Promise<void> {
  const run = promisify(execFile);
  let missing: unknown;
  for (const command of ['python3', 'python']) {
    try {
      await run(command, args);
      return;
    } catch (error) {
      const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
      if (code !== 'ENOENT') throw new Error((stderr ?? '').trim().split('\n').at(-1) ?? message);
      missing = error;
    }
  }
  throw new Error('Python is not installed', { cause: missing });
}

/** The ways to get an extension, in the order in which they are tried. */
const extensionSources: Readonly<Record<string, ExtensionSource>> = { 'extensions.duckdb.org': duckdbHost, pip };
