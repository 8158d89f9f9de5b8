import { readFile } from 'node:fs/promises';
import { diffContracts } from '../../contract/diff';
import type { DataContract } from '../../contract/odcs';
import { type ReadContract, readContract } from '../../contract/read';
import { assertValid } from '../../errors';
import { exitCode, invalidArgument } from '../failure';
import { printable } from '../io';
import type { AddCommand } from '../main';

export const addDiff: AddCommand = (add, io, end) => {
  add('diff <old> <new>', 'compare two versions of a contract; fails where a breaking change has no new major version')
    .addHelpText(
      'after',
      `
Example:
  git show main:contracts/orders.odcs.yaml > /tmp/orders.yaml
  ingot diff /tmp/orders.yaml contracts/orders.odcs.yaml`,
    )
    .action(async (old: string, now: string, options: { json?: true }) => {
      const [before, after] = await contracts(old, now);
      const diff = diffContracts(before, after);
      end(diff.versionFits ? exitCode.ok : exitCode.failed);
      if (options.json) {
        io.out.write(`${JSON.stringify(diff)}\n`);
        return;
      }
      const { red, yellow, green, bold } = io.out.colors;
      const marks = { breaking: red('✗ breaking  '), compatible: yellow('~ compatible'), text: green('· words     ') };
      for (const { kind, on, message } of diff.changes) io.out.write(`${marks[kind]}  ${on}: ${printable(message)}\n`);
      if (diff.changes.length === 0) io.out.write('No change that Ingot acts on\n');
      const versions = `${bold(diff.id)} ${diff.from} → ${diff.to}`;
      io.out.write(
        diff.problem === undefined
          ? `${green('✓')} ${versions}\n`
          : `${red('✗')} ${versions}: the version ${diff.problem}\n`,
      );
    });
};

async function contracts(old: string, now: string): Promise<readonly [DataContract, DataContract]> {
  const [before, after] = [await read(old), await read(now)];
  assertValid([...before.problems, ...after.problems]);
  return [before.contract!, after.contract!];
}

async function read(file: string): Promise<ReadContract> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw invalidArgument(file, 'there is no such file');
  return readContract(file, text);
}
