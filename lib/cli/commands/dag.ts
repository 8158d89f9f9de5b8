import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Option } from 'commander';
import { airflowDags, dagId } from '../../airflow/dag';
import { type JobsOn, jobPlaces } from '../../airflow/jobs';
import { variables } from '../../airflow/variables';
import { loadPlatform } from '../../platform/load';
import type { AddCommand } from '../main';
import { place } from '../place';
import { platformFolder } from '../platform-folder';

interface Options {
  readonly out?: string;
  readonly jobsOn: JobsOn;
  readonly json?: true;
}

export const addDag: AddCommand = (add, io) => {
  add('dag [dir]', "write a platform's runs as DAGs of Airflow, in one file of Python")
    .option('--out <file>', 'file to write; by default dags/<platform>.py')
    .addOption(
      new Option('--jobs-on <place>', 'what runs jobs of Spark: EMR Serverless, or an EMR cluster')
        .choices(jobPlaces)
        .default('serverless'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  ingot dag shop\n  ingot dag shop --out airflow/dags/shop.py --jobs-on cluster',
    )
    .action(async (dir: string | undefined, options: Options) => {
      const { manifest } = await loadPlatform(await platformFolder(dir));
      const file = resolve(options.out ?? `dags/${manifest.name}.py`);
      const python = airflowDags(manifest, options.jobsOn);
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
