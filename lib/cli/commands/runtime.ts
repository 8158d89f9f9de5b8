import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { bytes } from '../../local/report/format';
import type { LambdaArchitecture } from '../../runtime/layer';
import type { AddCommand } from '../main';
import { place } from '../place';
import { showProgress } from '../progress';

interface Options {
  readonly arch: LambdaArchitecture;
  readonly out: string;
  readonly spark?: true;
  readonly ifMissing?: true;
  readonly json?: true;
}

export const addRuntime: AddCommand = (add, io) => {
  add(
    'runtime',
    'write the zip with what a deployment needs and cannot bundle: DuckDB for functions, or Node for Spark',
  )
    .addOption(new Option('--arch <arch>', 'processor of the functions').choices(['arm64', 'x86_64']).default('arm64'))
    .option('--spark', 'the package of jobs of EMR Serverless, spark-<arch>.zip, instead of that of functions')
    .option('--out <dir>', 'folder to write <arch>.zip to', '.ingot/runtime')
    .option('--if-missing', 'do nothing where the zip is there')
    .addHelpText(
      'after',
      `
It comes from npm and from DuckDB's host of extensions or a Python package index. Same versions, same bytes.

Examples:
  ingot runtime --arch x86_64 --out build/runtime
  ingot runtime --spark`,
    )
    .action(async ({ arch, out, spark, ifMissing, json }: Options) => {
      const file = join(resolve(out), `${spark ? 'spark-' : ''}${arch}.zip`);
      const where = place(file);
      if (ifMissing && existsSync(file)) {
        io.out.write(json ? `${JSON.stringify({ file, written: false })}\n` : `  ${where} is there\n`);
        return;
      }
      const build = spark
        ? (require('../../spark/package') as typeof import('../../spark/package')).buildSparkPackage
        : (require('../../runtime/layer') as typeof import('../../runtime/layer')).buildRuntime;
      const progress = showProgress(io.err);
      try {
        const step = json ? undefined : progress.begin(`Writing ${where}`);
        const runtime = await build({ arch, out: resolve(out) });
        step?.done();
        if (json) io.out.write(`${JSON.stringify({ ...runtime, written: true })}\n`);
        else
          io.out.write(
            `${io.out.colors.green('✓')} ${where}: ${bytes(runtime.zippedBytes)}, ${bytes(runtime.unzippedBytes)} unpacked\n`,
          );
      } finally {
        progress.end();
      }
    });
};
