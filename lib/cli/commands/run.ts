import { Option } from 'commander';
import { type Engine, engines } from '../../local/engine';
import { layoutOf } from '../../local/layout';
import type { DateRange } from '../../pipeline/events';
import { exitCode, invalidArgument } from '../failure';
import type { AddCommand } from '../main';
import { place } from '../place';
import { platformFolder } from '../platform-folder';
import { showProgress } from '../progress';
import { runSummary, unmet } from '../summary';

interface Options {
  readonly group?: readonly string[];
  readonly range?: string;
  readonly engine?: Engine;
  readonly report?: true;
  readonly json?: true;
}

export const addRun: AddCommand = (add, io, end) => {
  add('run [dir]', 'run a platform on this machine: the state machines, handlers and SQL that are deployed')
    .option('--group <name...>', 'run only these groups')
    .option('--range <from..to>', 'load bronze files of these days again, for example 2026-01-01..2026-01-31')
    .addOption(
      new Option(
        '--engine <name>',
        'what runs the SQL of all tables, duckdb or spark, which needs Python and Java; by default what each is deployed with',
      ).choices(engines),
    )
    .option('--report', 'open the HTML report when the run has ended')
    .addHelpText(
      'after',
      `
Data is kept in the folder .ingot beside platform.yaml; the report is .ingot/report.html.
A second run does only what is new. A run waits while another is at work.

Examples:
  ingot run examples/aviation
  ingot run examples/aviation --engine spark
  ingot run --group sales --range 2026-01-01..2026-01-31`,
    )
    .action(async (dir: string | undefined, options: Options) => {
      const folder = await platformFolder(dir);
      const range = options.range === undefined ? undefined : readRange(options.range);
      const progress = options.json ? undefined : showProgress(io.err);
      try {
        const { runPlatform } = require('../../local/run') as typeof import('../../local/run');
        const report = await runPlatform(folder, { groups: options.group, range, progress, engine: options.engine });
        progress?.end();
        const page = layoutOf(folder).report;
        if (options.json) io.out.write(`${JSON.stringify({ ...report, report: page })}\n`);
        else io.out.write(runSummary(report, place(page), io.out));
        if (options.report) await openInBrowser(page);
        const isBad = report.status === 'failed' || (report.status === 'nothing-new' && unmet(report).length > 0);
        end(isBad ? exitCode.failed : exitCode.ok);
      } finally {
        progress?.end();
      }
    });
};

function readRange(text: string): DateRange {
  const [, from, to] = /^([\d-]+)\.\.([\d-]+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined)
    throw invalidArgument(
      '--range',
      `must be two days, given ${JSON.stringify(text)}; allowed: YYYY-MM-DD..YYYY-MM-DD`,
    );
  return { from, to };
}

async function openInBrowser(file: string): Promise<void> {
  const { spawn } = await import('node:child_process');
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  spawn(command, [file], { stdio: 'ignore', detached: true })
    // Without a desktop there is nothing to open it with; its path has been printed.
    .on('error', () => {})
    .unref();
}
