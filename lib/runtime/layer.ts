import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { strippedLibrary } from './elf';
import { findExtensions, lakeExtensions } from './extensions';
import { filesBelow, zipBytes } from './zip';

/** A processor of Lambda's, in CloudFormation's words. */
export type LambdaArchitecture = 'arm64' | 'x86_64';

/** What npm and DuckDB call the processors of Lambda. */
const platforms: Readonly<Record<LambdaArchitecture, { readonly npm: string; readonly duckdb: string }>> = {
  arm64: { npm: 'arm64', duckdb: 'linux_arm64' },
  x86_64: { npm: 'x64', duckdb: 'linux_amd64' },
};

/** A function and its layers may not be larger than this, unpacked, in bytes. */
export const lambdaLimit = 250 * 1024 * 1024;
/** A zip may not be larger than this, in bytes, to become a layer in one request, as Terraform sends it. */
export const uploadLimit = 50 * 1024 * 1024;

export interface Runtime {
  /** The zip, `<out>/<arch>.zip`. */
  readonly file: string;
  readonly zippedBytes: number;
  readonly unzippedBytes: number;
}

/**
 * Writes the Lambda layer that holds what handlers cannot bundle: DuckDB for Node and its extensions, for one processor,
 * whichever this machine has. Same versions, same bytes.
 *
 * @param options.out folder of the zip; made where it is not there
 * @throws Error where npm or the extensions cannot be had, or the layer is larger than Lambda takes
 */
export async function buildRuntime(options: {
  readonly arch: LambdaArchitecture;
  readonly out: string;
}): Promise<Runtime> {
  const { npm, duckdb } = platforms[options.arch];
  const modules = await nodeModules(npm);
  const extensions = await extensionFiles(duckdb);
  const entries = { ...modules, ...extensions };
  const unzippedBytes = Object.values(entries).reduce((sum, body) => sum + body.length, 0);
  if (unzippedBytes > lambdaLimit)
    throw new Error(`The runtime has ${megabytes(unzippedBytes)} unpacked, and Lambda takes ${megabytes(lambdaLimit)}`);
  const zip = zipBytes(entries, 6);
  if (zip.length > uploadLimit)
    throw new Error(`The runtime has ${megabytes(zip.length)} zipped, and Lambda takes ${megabytes(uploadLimit)}`);
  await mkdir(options.out, { recursive: true });
  const file = join(options.out, `${options.arch}.zip`);
  await writeFile(`${file}.${process.pid}`, zip);
  await rename(`${file}.${process.pid}`, file);
  return { file, zippedBytes: zip.length, unzippedBytes };
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MB`;

/** DuckDB's packages, without types and maps, where Lambda's Node looks for them. */
async function nodeModules(arch: string): Promise<Record<string, Uint8Array>> {
  const api = packageFolder('@duckdb/node-api', __filename);
  const bindings = packageFolder('@duckdb/node-bindings', join(api, 'package.json'));
  const libc = packageFolder('detect-libc', join(bindings, 'package.json'));
  const native = `@duckdb/node-bindings-linux-${arch}`;
  const version = packageJson(bindings).optionalDependencies?.[native];
  if (version === undefined) throw new Error(`DuckDB for Node ${packageJson(bindings).version} has no ${native}`);
  const here = join(dirname(bindings), native.replace('@duckdb/', ''));
  const folders = { '@duckdb/node-api': api, '@duckdb/node-bindings': bindings, 'detect-libc': libc };
  const entries: Record<string, Uint8Array> = {};
  const add = (name: string, files: Record<string, Uint8Array>) => {
    for (const [path, body] of Object.entries(files))
      if (/(\.js|\.node|\.so|^package\.json|LICENSE)$/.test(path))
        entries[`nodejs/node_modules/${name}/${path}`] = path.endsWith('.so') ? strippedLibrary(body) : body;
  };
  for (const [name, folder] of Object.entries(folders)) add(name, filesBelow(folder));
  add(native, existsSync(here) ? filesBelow(here) : await download(native, version, arch));
  return entries;
}

/** The folder of an installed package, as the file `from` would find it. */
function packageFolder(name: string, from: string): string {
  for (const folder of createRequire(from).resolve.paths(name) ?? []) {
    if (existsSync(join(folder, name, 'package.json'))) return join(folder, name);
  }
  throw new Error(`The package ${name} is not installed: run npm install`);
}

function packageJson(folder: string): { version: string; optionalDependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as ReturnType<typeof packageJson>;
}

/** A package that is not for this machine, which npm installs nowhere but where it is told to. */
export async function download(name: string, version: string, arch: string): Promise<Record<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-npm-'));
  try {
    const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--force'];
    await promisify(execFile)('npm', [...args, '--os=linux', `--cpu=${arch}`, '--libc=glibc', `${name}@${version}`], {
      shell: process.platform === 'win32',
    });
    return filesBelow(join(folder, 'node_modules', name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function extensionFiles(platform: string): Promise<Record<string, Uint8Array>> {
  const build = { version: duckdbVersion(), platform };
  const entries: Record<string, Uint8Array> = {};
  for (const [i, file] of (await findExtensions(lakeExtensions, build)).entries()) {
    entries[`duckdb-extensions/${lakeExtensions[i]}.duckdb_extension`] = await readFile(file);
  }
  return entries;
}

/** `1.5.5-r.5` of the package for Node holds `v1.5.5` of DuckDB. */
function duckdbVersion(): string {
  return `v${packageJson(packageFolder('@duckdb/node-api', __filename)).version.replace(/-.*/, '')}`;
}
