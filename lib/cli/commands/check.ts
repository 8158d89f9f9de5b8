import { stateMachine } from '../../../constructs/pipeline/state-machine';
import { assertValid } from '../../errors';
import { plural } from '../../local/report/format';
import { validateStates } from '../../local/states/validate';
import { localTargets } from '../../local/tasks';
import { loadPlatform } from '../../platform/load';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';

export const addCheck: AddCommand = (add, io) => {
  add('check [dir]', 'say everything that is wrong with a platform: its contracts, its models, its file')
    .addHelpText('after', '\nExample:\n  ingot check examples/aviation')
    .action(async (dir: string | undefined, options: { json?: true }) => {
      const folder = await platformFolder(dir);
      const { manifest } = await loadPlatform(folder);
      const machines = manifest.groups.map((group) => ({ group, asl: stateMachine(group, manifest, localTargets) }));
      assertValid(machines.flatMap(({ group, asl }) => validateStates(asl, `state machine of ${group.name}`)));
      const counts = {
        platform: manifest.name,
        zones: manifest.zones.length,
        tables: manifest.datasets.length,
        rules: manifest.datasets.reduce((sum, dataset) => sum + dataset.rules.length, 0),
        models: manifest.models.length,
        groups: manifest.groups.length,
      };
      if (options.json) {
        io.out.write(`${JSON.stringify({ valid: true, ...counts })}\n`);
        return;
      }
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
