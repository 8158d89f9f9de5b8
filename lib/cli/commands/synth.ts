import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import type { Synthesis } from '../../../constructs/app/synthesis';
import { CannotError } from '../../errors';
import { type LoadedPlatform, loadPlatform } from '../../platform/load';
import type { AddCommand } from '../main';
import { place } from '../place';
import { platformFolder } from '../platform-folder';

export type Engine = 'cloudformation' | 'terraform';

type Context = Readonly<Record<string, string>>;

interface Options {
  readonly engine: Engine;
  readonly context: Context;
  readonly out?: string;
  readonly json?: true;
}

export const addSynth: AddCommand = (add, io) => {
  add('synth [dir]', 'write a platform as CloudFormation or as Terraform, without an AWS account')
    .addOption(
      new Option('--engine <engine>', 'what to write').choices(['cloudformation', 'terraform']).makeOptionMandatory(),
    )
    .option('--out <dir>', 'folder to write to; by default cdk.out or cdktf.out')
    .option('-c, --context <key=value>', "as of the engine's own tool; may be given several times", contextOf, {})
    .addHelpText(
      'after',
      '\nExamples:\n  ingot synth shop --engine cloudformation\n  ingot synth shop --engine terraform --out infra\n  ingot synth shop --engine cloudformation --context ingot:allow-data-deletion=true',
    )
    .action(async (dir: string | undefined, options: Options) => {
      const folder = await platformFolder(dir);
      const platform = await loadPlatform(folder);
      const outdir = resolve(options.out ?? { cloudformation: 'cdk.out', terraform: 'cdktf.out' }[options.engine]);
      const synthesis = orNothing(outdir, () =>
        synthesise(options.engine, platform, { outdir, context: options.context }),
      );
      if (options.json) {
        io.out.write(`${JSON.stringify({ engine: options.engine, ...synthesis })}\n`);
        return;
      }
      io.out.write(`${io.out.colors.green('✓')} ${place(synthesis.folder)}: ${synthesis.cost}\n`);
    });
};

function contextOf(given: string, before: Context): Context {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(given) ?? [];
  if (key === undefined) throw new InvalidArgumentError('It must be key=value.');
  return { ...before, [key]: value! };
}

/** The engines write assets before they find that something is wrong: a folder that was not there goes again. */
function orNothing<T>(folder: string, write: () => T): T {
  const wasThere = existsSync(folder);
  try {
    return write();
  } catch (error) {
    if (!wasThere) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Writes a platform with an engine. The engines are optional peers: each is loaded when it is asked for, and no sooner.
 *
 * @param runtime zip of the native runtime; by default the one that `ingot runtime` makes
 * @throws CannotError where the engine is not installed
 */
export function synthesise(
  engine: Engine,
  platform: LoadedPlatform,
  { outdir, context: given }: { readonly outdir: string; readonly context?: Context },
  runtime?: string,
): Synthesis {
  if (engine === 'terraform') {
    const { synthTerraform } = load<typeof import('../../../constructs/app/terraform')>(
      () => require('../../../constructs/app/terraform'),
      'cdktf @cdktf/provider-aws constructs',
    );
    return synthTerraform(platform, { outdir, context: given }, runtime);
  }
  const { synthCloudFormation } = load<typeof import('../../../constructs/app/cdk')>(
    () => require('../../../constructs/app/cdk'),
    'aws-cdk-lib constructs',
  );
  const flags = require('aws-cdk-lib/recommended-feature-flags.json') as Record<string, unknown>;
  return synthCloudFormation(platform, { outdir, context: { ...flags, ...given } }, runtime);
}

function load<T>(require: () => T, packages: string): T {
  try {
    return require();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = /Cannot find module '((?:@[^'/]+\/)?[^'./][^'/]*)/.exec(message)?.[1];
    if (code !== 'MODULE_NOT_FOUND' || missing === undefined) throw error;
    throw new CannotError(`This engine needs the package ${missing}, which is not installed: npm install ${packages}`);
  }
}
