// Builds dist/: the library (tsc), then the Lambda bundles (esbuild) that its constructs ship. With --clean from nothing,
// so that what is packed holds no file whose source is gone.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (command, args) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
if (process.argv.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });
run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
// The schema of platform.yaml, by which editors complete it.
const { platformJsonSchema } = createRequire(import.meta.url)(join(root, 'dist/lib/platform/schema.js'));
writeFileSync(join(root, 'dist/platform.schema.json'), `${JSON.stringify(platformJsonSchema(), null, 2)}\n`);
run(process.execPath, [join(root, 'scripts/bundle.mjs')]);
