// `npm run bench` runs all benchmarks, `npm run bench -- ingest quality` some. Each prints a table in Markdown.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['inherit', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
};
run('scripts/build.mjs');
run('-r', './test/register.js', 'benchmarks/main.ts', ...process.argv.slice(2));
