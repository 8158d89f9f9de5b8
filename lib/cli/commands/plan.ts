import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Synthesis } from '../../../constructs/app/synthesis';
import { CannotError } from '../../errors';
import { type LoadedPlatform, loadPlatform } from '../../platform/load';
import { amount } from '../../sizing/engine-choice';
import { atVolume, type Plan, planPlatform, type TablePlan } from '../../sizing/plan';
import { dollars, storageMonth } from '../../sizing/prices';
import { invalidArgument } from '../failure';
import { type Io, printable } from '../io';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';
import { type Engine, synthesise } from './synth';

interface Options {
  readonly volume?: string;
  readonly json?: true;
}

type Size = Pick<Synthesis, 'resources' | 'idle' | 'cost'>;

export const addPlan: AddCommand = (add, io) => {
  add('plan [dir]', 'say which engine fits each table by its volume, and what the platform costs')
    .option('--volume <GB>', 'GB a day that arrive for each table with files, instead of what its contract declares')
    .addHelpText('after', '\nExamples:\n  ingot plan shop\n  ingot plan shop --volume 200 --json')
    .action(async (dir: string | undefined, options: Options) => {
      const gbPerDay = options.volume === undefined ? undefined : gigabytes(options.volume);
      const loaded = await loadPlatform(await platformFolder(dir));
      const platform = gbPerDay === undefined ? loaded : { ...loaded, manifest: atVolume(loaded.manifest, gbPerDay) };
      const { memoryMb, architecture } = platform.deployment;
      const plan = planPlatform(platform.manifest, { deployed: { memoryMb, architecture } });
      const size = sizeOf(platform);
      if (options.json)
        io.out.write(
          `${JSON.stringify({ platform: platform.manifest.name, ...plan, resources: size?.resources, idle: size?.idle })}\n`,
        );
      else say(plan, size, io.out);
    });
};

function gigabytes(given: string): number {
  const gb = Number(given);
  if (given.trim() !== '' && Number.isFinite(gb) && gb >= 0) return gb;
  throw invalidArgument('--volume', `must be a number of GB a day from 0; given ${JSON.stringify(given)}`);
}

/** What an engine that is installed would make; undefined where none is. Nothing of it stays. */
function sizeOf(platform: LoadedPlatform): Size | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-plan-'));
  try {
    // Counting needs no runtime and no package of jobs, which take a download to make.
    const runtime = join(folder, 'runtime.zip');
    for (const file of [runtime, ...['arm64', 'x86_64'].map((arch) => join(folder, `spark-${arch}.zip`))])
      writeFileSync(file, '');
    for (const engine of ['cloudformation', 'terraform'] satisfies Engine[]) {
      try {
        return synthesise(engine, platform, { outdir: join(folder, engine) }, runtime);
      } catch (error) {
        if (!(error instanceof CannotError)) throw error;
      }
    }
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function say(plan: Plan, size: Size | undefined, out: Io['out']): void {
  const { bold, dim } = out.colors;
  const line = (text: string) => out.write(`${text}\n`);
  for (const { name, schedule, tables } of plan.groups) {
    line(`${bold(printable(name))} ${dim(schedule)}`);
    for (const table of tables) line(`  ${printable(table.table)}: ${decision(table)}`);
  }
  for (const consumer of plan.consumers)
    line(`${bold(printable(consumer.name))} ${dim(consumer.consumes)}: ${decision(consumer)}`);
  line(size?.cost ?? 'resources and idle cost: not known, since neither aws-cdk-lib nor cdktf is installed');
  line(perGb(plan));
}

const names = { duckdb: 'DuckDB on Lambda', spark: 'Spark on EMR Serverless' } as const;

const decision = ({ engine, why, dollarsPerHour, hourOf }: Omit<TablePlan, 'table' | 'gbPerRun'>): string =>
  `${names[engine]}: ${why}; an hour of ${hourOf} is ${dollars(dollarsPerHour)}`;

function perGb({ gbPerDay, perGb: cost }: Plan): string {
  const stored = `each GB: $${cost.storedMonth.toFixed(3)} a month, as it arrived and as rows of the same size in S3 Standard`;
  const called = `a call of a function ${dollars(cost.longestCall)} at most`;
  const month = storageMonth(2) * gbPerDay * 30;
  const whole =
    gbPerDay === 0 ? '' : `; ${amount(gbPerDay)} GB a day add ${dollars(month)} a month for each month kept`;
  return `${stored}, ${called}${whole}, list prices of us-east-1`;
}
