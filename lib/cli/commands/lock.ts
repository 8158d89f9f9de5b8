import { relative } from 'node:path';
import { plural } from '../../local/report/format';
import { loadPlatform } from '../../platform/load';
import { writeLock } from '../../platform/lock';
import { printable } from '../io';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';

export const addLock: AddCommand = (add, io) => {
  add('lock [dir]', 'write down which contracts are deployed, so that synth refuses what their tables cannot become')
    .addHelpText(
      'after',
      '\nExample:\n  npx cdk deploy --app cdk.out && ingot lock shop && git add shop/contracts.lock.json && git commit',
    )
    .action(async (dir: string | undefined, options: { json?: true }) => {
      const folder = await platformFolder(dir);
      const { manifest } = await loadPlatform(folder);
      const file = await writeLock(folder, manifest);
      const tables = manifest.datasets.length;
      io.out.write(
        options.json
          ? `${JSON.stringify({ file, tables })}\n`
          : `${io.out.colors.green('✓')} ${printable(relative(process.cwd(), file))}: ${plural(tables, 'table')}\n`,
      );
    });
};
