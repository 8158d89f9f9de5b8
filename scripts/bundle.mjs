// Bundles every lib/handlers/<name>/index.ts into dist/handlers/<name>/index.js, and that into <name>.zip. Runs after tsc,
// whose output has the zip function. Same sources, same bytes: on any day, in any folder.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = resolve(process.argv[2] ?? join(root, 'dist/handlers'));
const { zipBytes } = createRequire(import.meta.url)(join(root, 'dist/lib/runtime/zip.js'));

const sources = join(root, 'lib/handlers');
const names = readdirSync(sources).filter((name) => existsSync(join(sources, name, 'index.ts')));
rmSync(out, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, `lib/handlers/${name}/index.ts`])),
  outdir: out,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  // DuckDB is native and comes with the runtime layer.
  external: ['@duckdb/*'],
  logLevel: 'warning',
});
for (const name of names) {
  mkdirSync(join(out, name), { recursive: true });
  const zip = zipBytes({ 'index.js': readFileSync(join(out, name, 'index.js')) });
  writeFileSync(join(out, `${name}.zip`), zip);
}
