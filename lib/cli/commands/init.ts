import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Option } from 'commander';
import { pathProblem } from '../../local/ascii-path';
import { invalidArgument } from '../failure';
import type { AddCommand } from '../main';
import { place } from '../place';
import { type Preset, platformName, presets, starterFiles } from '../starter';

export const addInit: AddCommand = (add, io) => {
  add('init [dir]', 'write a new platform that works: one dataset, one SQL model, a small CSV file')
    .option('--name <name>', 'name of the platform; by default that of the folder')
    .addOption(
      new Option(
        '--preset <size>',
        'how much arrives a day: small (less than 1 GB; PostgreSQL first), medium, or large (Spark)',
      ).choices(presets),
    )
    .addHelpText('after', '\nExamples:\n  ingot init shop && ingot run shop\n  ingot init shop --preset small')
    .action(async (dir: string | undefined, options: { name?: string; preset?: Preset; json?: true }) => {
      const folder = resolve(dir ?? '.');
      const elsewhere = pathProblem(folder, 'give another folder');
      if (elsewhere !== undefined) throw invalidArgument(folder, elsewhere);
      const name = options.name ?? platformName(basename(folder));
      if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length < 2 || name.length > 20)
        throw invalidArgument(
          '--name',
          `must be 2 to 20 lower-case letters, digits and single hyphens, a letter first; given ${JSON.stringify(name)}`,
        );
      await assertEmpty(folder);
      const files = starterFiles(name, options.preset);
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text, { flag: 'wx' });
      }
      if (options.json) {
        io.out.write(`${JSON.stringify({ platform: name, folder, files: Object.keys(files) })}\n`);
        return;
      }
      const shown = place(folder);
      const { bold, green } = io.out.colors;
      io.out.write(`${green('✓')} The platform ${bold(name)} is in ${shown === '.' ? 'this folder' : shown}:\n`);
      for (const path of Object.keys(files)) io.out.write(`  ${path}\n`);
      io.out.write(
        `Next: ${bold(`ingot run${shown === '.' ? '' : ` ${shellWord(shown)}`}${options.preset === 'large' ? ' --engine duckdb' : ''}`)}\n`,
      );
    });
};

/** A folder that is not there yet, or that holds nothing but what Git keeps. */
async function assertEmpty(folder: string): Promise<void> {
  const held = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw invalidArgument(folder, 'is a file; a new platform needs an empty folder');
    throw error;
  });
  const others = held.filter((name) => name !== '.git');
  if (others.length === 0) return;
  const some = others.slice(0, 3).join(', ');
  throw invalidArgument(folder, `must be empty for a new platform; it holds ${some}${others.length > 3 ? ', …' : ''}`);
}

/** A word as a shell takes it. */
const shellWord = (text: string): string =>
  /^[\w./~:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
