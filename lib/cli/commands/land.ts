import { landFiles } from '../../local/land';
import { layoutOf } from '../../local/layout';
import { loadPlatform } from '../../platform/load';
import type { AddCommand } from '../main';
import { place } from '../place';
import { platformFolder } from '../platform-folder';

interface Options {
  readonly as: string;
  readonly source?: string;
  readonly date?: string;
  readonly platform?: string;
  readonly json?: true;
}

export const addLand: AddCommand = (add, io) => {
  add('land <files...>', 'copy files into bronze on this machine, as an upload would; the next run loads them')
    .requiredOption('--as <table>', 'the table that they are loaded into, for example flights or silver.flights')
    .option('--source <name>', 'where they come from', 'local')
    .option('--date <day>', 'YYYY-MM-DD; by default the day on which each was last changed')
    .option('--platform <dir>', 'folder of the platform', '.')
    .addHelpText('after', '\nExample:\n  ingot land january.csv --as orders --date 2026-02-01')
    .action(async (files: string[], options: Options) => {
      const folder = await platformFolder(options.platform);
      const { manifest } = await loadPlatform(folder);
      const { as, source, date } = options;
      const landed = await landFiles(
        files.map((file) => ({ file, as, source, date })),
        manifest,
        layoutOf(folder),
      );
      if (options.json) {
        io.out.write(`${JSON.stringify({ landed })}\n`);
        return;
      }
      for (const { to, table, isNew } of landed) {
        const where = place(to);
        io.out.write(isNew ? `${io.out.colors.green('✓')} ${where}, for ${table}\n` : `  ${where} is there already\n`);
      }
      if (landed.some(({ isNew }) => isNew)) io.out.write('The next ingot run loads what is new.\n');
    });
};
