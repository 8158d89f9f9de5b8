// Bundles every lib/handlers/<name>/index.ts into dist/handlers/<name>/index.js, and that into <name>.zip.
// Same sources, same bytes: on any day, in any folder.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = resolve(process.argv[2] ?? join(root, 'dist/handlers'));

const sources = join(root, 'lib/handlers');
// The library's own zip function, which is TypeScript.
const zip = await build({
  absWorkingDir: root,
  entryPoints: ['lib/runtime/zip.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const { zipBytes } = await import(
  `data:text/javascript;base64,${Buffer.from(zip.outputFiles[0].contents).toString('base64')}`
);

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
  // DuckDB is native and comes with the runtime layer; PGlite is for this machine alone; pg runs without libpq.
  external: ['@duckdb/*', '@electric-sql/*', 'pg-native'],
  logLevel: 'warning',
});
for (const name of names) {
  writeFileSync(join(out, `${name}.zip`), zipBytes({ 'index.js': readFileSync(join(out, name, 'index.js')) }));
}
