import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ingot-bundles-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('handlers have the same bytes, bundled here and in another folder; and a bundle runs as a program', () => {
  const bundle = (from: string, out: string) => {
    execFileSync(process.execPath, [join(from, 'scripts/bundle.mjs'), out]);
    const zips = readdirSync(out).filter((name) => name.endsWith('.zip'));
    return Object.fromEntries(
      zips.map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(out, name)))
          .digest('hex'),
      ]),
    );
  };
  const elsewhere = join(folder, 'else where');
  for (const path of ['lib', 'scripts', 'package.json', 'tsconfig.json'])
    cpSync(join(root, path), join(elsewhere, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(elsewhere, 'node_modules'));
  const here = bundle(root, join(folder, 'one'));
  expect(Object.keys(here)).toContain('ingest.zip');
  expect(bundle(elsewhere, join(folder, 'two'))).toEqual(here);
  const program = join(folder, 'one/ingest/index.js');
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [program, ...args], {
      stdio: 'pipe',
      env: { PATH: process.env.PATH, NODE_PATH: join(root, 'node_modules') },
    });
  expect(() => run()).toThrow(/Say which event to handle/);
  writeFileSync(join(folder, 'event.json'), '{"action":"plan","group":"all","run":"r"}');
  expect(() => run(join(folder, 'event.json'))).toThrow(/environment INGOT_ZONES: must be set/);
});
