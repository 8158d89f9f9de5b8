import { Command } from 'commander';
import { version } from '../version';
import { addCdc } from './commands/cdc';
import { addCheck } from './commands/check';
import { addDag } from './commands/dag';
import { addDiff } from './commands/diff';
import { addDump } from './commands/dump';
import { addErase } from './commands/erase';
import { addHandle } from './commands/handle';
import { addInit } from './commands/init';
import { addLand } from './commands/land';
import { addLock } from './commands/lock';
import { addMigrate } from './commands/migrate';
import { addPlan } from './commands/plan';
import { addQuery } from './commands/query';
import { addRestore } from './commands/restore';
import { addRun } from './commands/run';
import { addRuntime } from './commands/runtime';
import { addSearch } from './commands/search';
import { addStream } from './commands/stream';
import { addSuggest } from './commands/suggest';
import { addSynth } from './commands/synth';
import { exitCode, reportFailure } from './failure';
import { type Io, processIo } from './io';

const epilogue = `
Examples:
  ingot init shop                      a new platform that works, in the folder shop
  ingot run shop                       run it on this machine
  ingot query "from silver.orders" --platform shop
  ingot synth shop --engine terraform  the same platform as Terraform

Exit codes:
  0  done
  1  failed: a rule of severity error, a breaking change, something that did not answer
  2  not begun: unknown options, or what was given is not valid

Colours follow NO_COLOR and FORCE_COLOR. Every command takes --json for machines and --verbose for the whole of an error.`;

/** A command of `ingot`; it gives its exit code, or throws. */
export type AddCommand = (
  add: (nameAndArgs: string, summary: string) => Command,
  io: Io,
  end: (code: number) => void,
) => void;

/** Runs the command `ingot` and gives its exit code. Never throws. */
export async function main(args: readonly string[], io: Io = processIo()): Promise<number> {
  let code: number = exitCode.ok;
  const program = new Command('ingot')
    .description('Data platforms on AWS and on this machine: one declaration, three ways to run it.')
    .version(version)
    .addHelpText('after', epilogue);
  settle(program, io);
  const add = (nameAndArgs: string, summary: string) => {
    const command = program
      .command(nameAndArgs)
      .description(summary)
      .option('--json', 'write the result, or the error, as JSON')
      .option('--verbose', 'show where an unexpected error came from');
    return settle(command, io);
  };
  const end = (ended: number) => {
    code = ended;
  };
  for (const one of [
    addInit,
    addSuggest,
    addCheck,
    addRun,
    addLand,
    addCdc,
    addMigrate,
    addQuery,
    addSearch,
    addStream,
    addDiff,
    addPlan,
    addSynth,
    addDag,
    addLock,
    addDump,
    addRestore,
    addErase,
    addHandle,
    addRuntime,
  ])
    one(add, io, end);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return reportFailure(error, io.err, { verbose: args.includes('--verbose'), json: args.includes('--json') });
  }
}

/** Commander neither ends the process nor writes anywhere but to `io`. */
function settle(command: Command, { out, err }: Io): Command {
  return command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, `${err.colors.red('✗')} `)),
    })
    .showHelpAfterError('(--help shows what there is)');
}
