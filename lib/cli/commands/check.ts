import { existsSync } from 'node:fs';
import { Option } from 'commander';
import { assertValid, describeProblem, InvalidInputError, type Problem } from '../../errors';
import { localFile } from '../../local/local-file';
import { localMachine } from '../../local/machine';
import { plural } from '../../local/report/format';
import { loadPlatform } from '../../platform/load';
import type { Manifest } from '../../platform/manifest';
import { isOver } from '../../platform/schedule';
import type { LocalDeclaration } from '../../platform/schema';
import { tablesOnSpark } from '../../sizing/loads';
import { checkTranslation } from '../../spark/translation';
import { printable } from '../io';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';

export const addCheck: AddCommand = (add, io) => {
  add('check [dir]', 'say everything that is wrong with a platform: its contracts, its models, its file')
    .addOption(
      new Option(
        '--engine <name>',
        "also whether models and rules of all tables can be Spark's; by default of those that are",
      ).choices(['spark']),
    )
    .addHelpText('after', '\nExamples:\n  ingot check examples/aviation\n  ingot check shop --engine spark')
    .action(async (dir: string | undefined, options: { engine?: 'spark'; json?: true }) => {
      const folder = await platformFolder(dir);
      const { manifest, local, notices: loaded } = await loadPlatform(folder, options);
      const onSpark = tablesOnSpark(manifest, options.engine);
      const { problems, notChecked } = await checkTranslation(manifest, onSpark, folder);
      assertValid(problems);
      const unchecked = notChecked === undefined ? [] : [{ where: 'NOT CHECKED', path: '', message: notChecked }];
      const notices = [...loaded, ...pastSchedules(manifest), ...missingFiles(local, folder), ...unchecked];
      for (const group of manifest.groups) localMachine(group, manifest);
      const counts = {
        platform: manifest.name,
        zones: manifest.zones.length,
        tables: manifest.datasets.length,
        rules: manifest.datasets.reduce((sum, dataset) => sum + dataset.rules.length, 0),
        models: manifest.models.length,
        groups: manifest.groups.length,
      };
      if (options.json) {
        io.out.write(`${JSON.stringify({ valid: true, ...counts, notices })}\n`);
        return;
      }
      for (const notice of notices)
        io.err.write(`${io.err.colors.yellow('!')} ${printable(describeProblem(notice))}\n`);
      const { green, bold } = io.out.colors;
      const said = [
        plural(counts.zones, 'zone'),
        plural(counts.tables, 'table'),
        plural(counts.rules, 'quality rule'),
        plural(counts.models, 'SQL model'),
        plural(counts.groups, 'group'),
      ];
      io.out.write(`${green('✓')} ${bold(manifest.name)} is valid: ${said.join(', ')}\n`);
    });
};

const pastSchedules = ({ groups }: Manifest): Problem[] =>
  groups
    .filter(({ schedule }) => isOver(schedule, new Date()))
    .map(({ name, schedule }) => ({
      where: 'platform.yaml',
      path: `groups.${name}.schedule`,
      message: `is over, and starts no run any more; given ${JSON.stringify(schedule)}`,
    }));

/** A file may have landed before and be gone, or be made before the next run: no problem, but worth to be told. */
const missingFiles = ({ land = [] }: LocalDeclaration, folder: string): Problem[] =>
  land.flatMap(({ file }, i) => {
    try {
      if (existsSync(localFile(file, folder))) return [];
    } catch (error) {
      if (error instanceof InvalidInputError) return error.problems;
      throw error;
    }
    const message = `is not there, and ingot run stops without it unless it has landed before; given ${JSON.stringify(file)}`;
    return [{ where: 'platform.yaml', path: `local.land[${i}].file`, message }];
  });
