import { readFileSync } from 'node:fs';
import type { ErasureReport } from '../../erasure/report';
import { layoutOf } from '../../local/layout';
import { acquireLock } from '../../local/lock';
import { loadPlatform } from '../../platform/load';
import { tableId } from '../../platform/lookup';
import type { Manifest } from '../../platform/manifest';
import type { LocalDeclaration } from '../../platform/schema';
import { invalidArgument } from '../failure';
import { printable } from '../io';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';

interface Options {
  readonly platform?: string;
  readonly keys?: string;
  readonly replay?: true;
  readonly status?: true;
  readonly json?: true;
}

export const addErase: AddCommand = (add, io) => {
  add('erase [subject] [keys...]', 'erase somebody from every table, file and snapshot of a platform on this machine')
    .option('--platform <dir>', 'folder of the platform', '.')
    .option('--keys <file>', 'a file of keys, one a line; - for standard input')
    .option('--replay', 'instead: erase everybody again who was ever asked for, as after a restore')
    .option('--status', 'instead: who was asked for, and the last report')
    .addHelpText(
      'after',
      `
Contracts say which columns name whom, by the custom property subject. The request is written down first, as hashes, in
.ingot/erasures, which is to be kept apart from copies of the lake: after a restore it is done again from there. What
failed half way is done by the same command, and without a subject it does what is open. In AWS, send the request to the
function <platform>-erase.

Examples:
  ingot erase customer 42 --platform shop
  ingot erase customer --keys left.txt --platform shop
  ingot erase --replay --platform shop`,
    )
    .action(async (subject: string | undefined, given: string[], options: Options) => {
      const keys = [...given, ...(options.keys === undefined ? [] : readKeys(options.keys))];
      if (subject !== undefined && (options.replay || options.status))
        throw invalidArgument('subject', 'must be left out with --replay and --status');
      if (subject === undefined && options.keys !== undefined)
        throw invalidArgument('subject', 'must be given with --keys');
      const folder = await platformFolder(options.platform);
      const { manifest, local } = await loadPlatform(folder);
      const layout = layoutOf(folder);
      const lock = await acquireLock(layout.lock);
      try {
        const { openWorkbench } = require('../../local/workbench') as typeof import('../../local/workbench');
        const { makeTables } = require('../../tables/make') as typeof import('../../tables/make');
        const { localErasureServices, runErasures } =
          require('../../local/erase') as typeof import('../../local/erase');
        const { erase, request } = require('../../erasure/handle') as typeof import('../../erasure/handle');
        const { reportText } = require('../../erasure/report') as typeof import('../../erasure/report');
        const workbench = await openWorkbench(manifest, layout);
        try {
          const services = await localErasureServices(workbench.services, layout);
          if (options.status) {
            const status = await erase({ action: 'status' }, services);
            io.out.write(`${JSON.stringify(status, null, options.json ? 0 : 2)}\n`);
            return;
          }
          if (subject !== undefined) await request(subject, keys, services);
          await makeTables(workbench.services);
          const erased = await runErasures(services, layout, { replay: options.replay });
          const report = erased === undefined ? undefined : withOwnFiles(erased, manifest, local);
          if (options.json) io.out.write(`${JSON.stringify(report ?? null)}\n`);
          else if (report === undefined) io.out.write('Nobody is to be erased\n');
          else for (const line of reportText(report)) io.out.write(`${printable(line)}\n`);
        } finally {
          await workbench.close();
        }
      } finally {
        await lock.release();
      }
    });
};

/** Files that land or are put before a run: they are the user's own, and are not touched. */
function withOwnFiles(
  report: ErasureReport,
  manifest: Manifest,
  { land = [], streams = [], changes = [] }: LocalDeclaration,
): ErasureReport {
  const { subjectColumns } = require('../../erasure/subjects') as typeof import('../../erasure/subjects');
  const names = (table: string | undefined): boolean =>
    manifest.datasets.some((one) => (one.name === table || tableId(one) === table) && subjectColumns(one).length > 0);
  const into = (name: string) => manifest.streams?.find((stream) => stream.name === name)?.table;
  const own = [
    ...land.filter(({ as }) => names(as)).map(({ file }) => ({ file, by: 'local.land' })),
    ...streams.filter((one) => names(into(one.into))).map(({ file }) => ({ file, by: 'local.streams' })),
  ];
  const fed = (source: string) =>
    manifest.cdc?.find(({ name }) => name === source)?.tables.some(({ table }) => names(table)) ?? false;
  own.push(...changes.filter(({ of }) => fed(of)).map(({ file }) => ({ file, by: 'local.changes' })));
  const why = (by: string) => `${by} names it: it is yours, and was not changed`;
  return { ...report, remains: [...report.remains, ...own.map(({ file, by }) => ({ what: file, why: why(by) }))] };
}

function readKeys(file: string): string[] {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '');
  } catch {
    throw invalidArgument(file, 'there is no such file');
  }
}
