import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { stringify } from 'yaml';
import { nameProblem } from '../../contract/names';
import { plural } from '../../local/report/format';
import { invalidArgument } from '../failure';
import { printable } from '../io';
import type { AddCommand } from '../main';
import { place } from '../place';

interface Options {
  readonly name?: string;
  readonly zone: string;
  readonly json?: true;
}

export const addSuggest: AddCommand = (add, io) => {
  add('suggest <file>', 'look at a CSV, JSON or Parquet file and propose a contract with rules for such files')
    .option('--name <table>', "the table's name; by default that of the file")
    .option('--zone <name>', 'zone of the table', 'silver')
    .addHelpText(
      'after',
      `
The contract is written to standard output. Every row of the file passes it: it is tried before it is written.
What is guessed from values, such as lists of them, is a warning. Read it before you rely on it.

Examples:
  ingot suggest orders.csv
  ingot suggest movies.json --name films > contracts/films.odcs.yaml`,
    )
    .action(async (file: string, { name, zone, json }: Options) => {
      for (const [option, given] of [
        ['--name', name],
        ['--zone', zone],
      ] as const) {
        const problem = given === undefined ? undefined : nameProblem(given);
        if (problem !== undefined) throw invalidArgument(option, problem);
      }
      await assertFile(file);
      const { suggest } = require('../../quality/suggest/suggest') as typeof import('../../quality/suggest/suggest');
      const found = await suggest(file, { name, zone }).catch((error: Error) => {
        throw invalidArgument(place(file), `cannot be looked at: ${error.message.split('\n')[0]}`);
      });
      if (json) {
        io.out.write(`${JSON.stringify(found)}\n`);
        return;
      }
      const [table] = found.contract.schema!;
      const heading = `Proposed from ${basename(file)}, ${plural(found.rows, 'row')}: read it before you rely on it.`;
      io.out.write(`# ${printable(heading)}\n${stringify(found.contract, { lineWidth: 0 })}`);
      const { green, yellow } = io.err.colors;
      for (const one of found.unreadable)
        io.err.write(
          `${yellow('!')} ${printable(`Some of it would go to quarantine, whatever the contract: ${one}`)}\n`,
        );
      const key = table!.properties!.filter(({ primaryKey }) => primaryKey === true).map((one) => one.name);
      const said = [plural(found.rows, 'row'), plural(table!.properties!.length, 'column')];
      io.err.write(
        `${green('✓')} ${table!.name}: ${said.join(', ')}, ${key.length === 0 ? 'no key found' : `key ${key.join(', ')}`}\n`,
      );
    });
};

async function assertFile(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw invalidArgument(place(file), error.code === 'ENOENT' ? 'is not there' : `cannot be read: ${error.message}`);
  });
  if (!found.isFile()) throw invalidArgument(place(file), 'is no file');
}
