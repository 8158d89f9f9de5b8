import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { airflowDags, dagId, variables } from '../../airflow/dag';
import { loadPlatform } from '../../platform/load';
import type { AddCommand } from '../main';
import { place } from '../place';
import { platformFolder } from '../platform-folder';

export const addDag: AddCommand = (add, io) => {
  add('dag [dir]', "write a platform's runs as DAGs of Airflow, in one file of Python")
    .option('--out <file>', 'file to write; by default dags/<platform>.py')
    .addHelpText('after', '\nExamples:\n  ingot dag shop\n  ingot dag shop --out airflow/dags/shop.py')
    .action(async (dir: string | undefined, options: { readonly out?: string; readonly json?: true }) => {
      const { manifest } = await loadPlatform(await platformFolder(dir));
      const file = resolve(options.out ?? `dags/${manifest.name}.py`);
      const python = airflowDags(manifest);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, python);
      const dags = manifest.groups.map((group) => dagId(manifest.name, group));
      const read = Object.values(variables(manifest.name)).filter((variable) => python.includes(variable));
      if (options.json) {
        io.out.write(`${JSON.stringify({ file, dags, variables: read })}\n`);
        return;
      }
      const { green } = io.out.colors;
      io.out.write(`${green('✓')} ${place(file)}: ${dags.join(', ')}\n`);
      io.out.write(`  Variables of Airflow that they read: ${read.join(', ')}\n`);
    });
};
