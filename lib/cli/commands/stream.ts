import { readFileSync } from 'node:fs';
import { givenAllowed } from '../../errors';
import { layoutOf } from '../../local/layout';
import { acquireLock } from '../../local/lock';
import { loadPlatform } from '../../platform/load';
import type { Postgres } from '../../runtime/postgres';
import type { Services } from '../../runtime/services';
import { exitCode, invalidArgument } from '../failure';
import { printable } from '../io';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';

interface Options {
  readonly platform?: string;
  readonly skip?: true;
  readonly json?: true;
}

const actions = ['put', 'parked', 'release', 'replay'] as const;

/** What a command did: for machines, and in a sentence; whether it is as it should be. */
interface Outcome {
  readonly result: unknown;
  readonly sentence: string;
  readonly good?: boolean;
}

export const addStream: AddCommand = (add, io, end) => {
  add('stream <action> <name> [what]', 'put events into a stream on this machine, and help one that has stopped')
    .option('--platform <dir>', 'folder of the platform', '.')
    .option('--skip', 'release: records that are still bad go to quarantine')
    .addHelpText(
      'after',
      `
Actions:
  put <name> <file>           put the lines of a file, - for standard input, and consume them
  parked <name>               the keys that have stopped, and why
  release <name> <key>        apply the records of a key that has stopped, and let it go on
  replay <name> <from..to>    read again what arrived in bronze on these days

Examples:
  ingot stream put clicks events.jsonl --platform shop
  ingot stream release clicks user-7 --skip --platform shop
  ingot stream replay clicks 2026-01-01..2026-01-31 --platform shop`,
    )
    .action(async (action: string, name: string, what: string | undefined, options: Options) => {
      const known = actions.find((one) => one === action);
      if (known === undefined) throw invalidArgument('action', `is not one; ${givenAllowed(action, actions)}`);
      const folder = await platformFolder(options.platform);
      const { manifest } = await loadPlatform(folder);
      const streams = manifest.streams?.map((one) => one.name) ?? [];
      if (!streams.includes(name))
        throw invalidArgument('name', `must be a stream of the platform; ${givenAllowed(name, streams)}`);
      const given = { name, what, skip: options.skip === true };
      checkArguments(known, given);
      const layout = layoutOf(folder);
      const lock = await acquireLock(layout.lock);
      try {
        const { openWorkbench } = require('../../local/workbench') as typeof import('../../local/workbench');
        const { makeTables } = require('../../tables/make') as typeof import('../../tables/make');
        const { withDatabase } = require('../../local/stream-run') as typeof import('../../local/stream-run');
        const workbench = await openWorkbench(manifest, layout);
        try {
          const { services } = workbench;
          await makeTables(services);
          const outcome = await withDatabase(services, layout, (database) =>
            act(known, given, services, layout, database),
          );
          io.out.write(options.json ? `${JSON.stringify(outcome.result)}\n` : outcome.sentence);
          end(outcome.good === false ? exitCode.failed : exitCode.ok);
        } finally {
          await workbench.close();
        }
      } finally {
        await lock.release();
      }
    });
};

interface Given {
  readonly name: string;
  readonly what?: string;
  readonly skip: boolean;
}

const range = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/;

function checkArguments(action: (typeof actions)[number], { what }: Given): void {
  if (action === 'put' && what === undefined)
    throw invalidArgument('file', 'must be the file to put, or - for standard input');
  if (action === 'release' && what === undefined) throw invalidArgument('key', 'must be the key to release');
  if (action === 'replay' && !range.test(what ?? ''))
    throw invalidArgument(
      'days',
      `must be two days, given ${JSON.stringify(what ?? '')}; allowed: YYYY-MM-DD..YYYY-MM-DD`,
    );
}

async function act(
  action: (typeof actions)[number],
  { name, what = '', skip }: Given,
  of: Services,
  layout: ReturnType<typeof layoutOf>,
  database: () => Promise<Postgres>,
): Promise<Outcome> {
  const { openLocalStream } = require('../../local/stream-run') as typeof import('../../local/stream-run');
  const { stream, services, local } = openLocalStream(name, of, layout, database);
  switch (action) {
    case 'put': {
      const lines = readLines(what);
      const put = await local.put(lines);
      const consumed = await local.deliver();
      const sum = (field: 'quarantined' | 'parked') => consumed.reduce((total, one) => total + one[field], 0);
      const result = { put, quarantined: sum('quarantined'), parked: sum('parked') };
      return { result, sentence: `${put} put; ${result.quarantined} in quarantine, ${result.parked} wait\n` };
    }
    case 'parked': {
      const { waitingKeys } = require('../../stream/release') as typeof import('../../stream/release');
      const keys = await waitingKeys(stream, services);
      const lines = keys.map(({ key, reason }) => `${printable(key)}: ${printable(reason)}\n`);
      return { result: keys, sentence: lines.length === 0 ? 'No key has stopped\n' : lines.join('') };
    }
    case 'release': {
      const { release } = require('../../stream/release') as typeof import('../../stream/release');
      const result = await release({ key: what, skip }, stream, services);
      const words = {
        released: `${what} goes on: ${result.applied} applied, ${result.skipped} in quarantine`,
        stopped: `${what} is still stopped: ${result.reason ?? ''}; ${result.applied} before it were applied`,
        unknown: `${what} has not stopped`,
      };
      return { result, sentence: `${printable(words[result.status])}\n`, good: result.status === 'released' };
    }
    case 'replay': {
      const { replay } = require('../../stream/replay') as typeof import('../../stream/replay');
      const [, from = '', to = ''] = range.exec(what) ?? [];
      const result = await replay({ from, to }, stream, services);
      const { records, files, changed, refused } = result;
      return { result, sentence: `${records} events of ${files} files: ${changed} rows changed, ${refused} refused\n` };
    }
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
  } catch {
    throw invalidArgument(file, 'there is no such file');
  }
}
