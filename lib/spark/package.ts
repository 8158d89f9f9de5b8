import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { python } from '../runtime/extensions';
import { download, type LambdaArchitecture, type Runtime } from '../runtime/layer';
import { filesBelow, zipBytes } from '../runtime/zip';
import { packageFolder } from './package-folder';

/** Node that jobs start: EMR's images have none, or another one. The newest that npm has for both processors. */
const node = { version: '24.21.0', processors: { arm64: 'arm64', x86_64: 'x64' } } as const;

/**
 * Writes the zip that jobs of EMR Serverless unpack: Node for one processor, the handlers' bundle, `ingot_spark` and what
 * it needs of Python. Same versions, same bytes, whichever machine this is.
 *
 * @param options.out folder of the zip, `spark-<arch>.zip`; made where it is not there
 * @throws Error where the bundle is not built, or npm or pip cannot be had
 */
export async function buildSparkPackage(options: {
  readonly arch: LambdaArchitecture;
  readonly out: string;
}): Promise<Runtime> {
  const spark = packageFolder();
  const processor = node.processors[options.arch];
  const name = `node-linux-${processor}`;
  const { 'bin/node': program, LICENSE: licence } = await download(name, node.version, processor);
  if (program === undefined) throw new Error(`npm's package ${name}@${node.version} holds no bin/node`);
  const entries: Record<string, Uint8Array> = {
    node: program,
    ...(licence === undefined ? {} : { 'node.LICENSE': licence }),
    'job.js': await bundle(),
  };
  const add = (files: Record<string, Uint8Array>, below: string) => {
    for (const [path, body] of Object.entries(files))
      if (/\.py$|LICENSE$|METADATA$/.test(path)) entries[`python/${below}${path}`] = body;
  };
  add(filesBelow(join(spark, 'ingot_spark')), 'ingot_spark/');
  for (const wheel of await wheels(join(spark, 'requirements.txt'))) add(unzipSync(wheel), '');
  const unzippedBytes = Object.values(entries).reduce((sum, body) => sum + body.length, 0);
  const zip = zipBytes(entries, 6, ['node']);
  await mkdir(options.out, { recursive: true });
  const file = join(options.out, `spark-${options.arch}.zip`);
  await writeFile(`${file}.${process.pid}`, zip);
  await rename(`${file}.${process.pid}`, file);
  return { file, zippedBytes: zip.length, unzippedBytes };
}

async function bundle(): Promise<Uint8Array> {
  const places = [join(__dirname, '..', '..', 'handlers'), join(__dirname, '..', '..', 'dist', 'handlers')];
  for (const place of places) {
    const found = await readFile(join(place, 'spark', 'index.js')).catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error('The bundle of the job is not there; build the package with: npm run build');
}

/** Wheels that are pinned by their hashes, in the order of their names. They are pure Python, for any machine. */
async function wheels(requirements: string): Promise<Uint8Array[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-wheels-'));
  try {
    const args = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', folder];
    await python([...args, '--only-binary=:all:', '--require-hashes', '--requirement', requirements]).catch(
      (error: Error) => {
        throw new Error(`pip could not download what ${requirements} names: ${error.message}`, { cause: error });
      },
    );
    const files = (await readdir(folder)).filter((file) => file.endsWith('.whl')).sort();
    return await Promise.all(files.map((file) => readFile(join(folder, file))));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
