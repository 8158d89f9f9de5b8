import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCatalog } from '../../lib/local/catalog';
import { loadPlatform } from '../../lib/platform/load';
import { account, emulatorObjects, metadataIn, region } from './emulator';
import { tryAll } from './try-all';

/** What `deploy.ts` tells this process through its environment. */
export interface Setting {
  /** Folder of the platform. */
  readonly platform: string;
  /** Its assembly, before anything was taken out of it. */
  readonly assembly: string;
  /** What is deployed after it, over it: the contract's next version, and one with which the deployment fails. */
  readonly later: { readonly second: string; readonly third: string };
  /** A platform whose tables are in nested stacks. */
  readonly nested: { readonly platform: string; readonly assembly: string };
  /** What functions find at `/opt`. */
  readonly opt: string;
  /** Folder of the catalog's own files. */
  readonly catalog: string;
  readonly port: number;
  /** `deploy_check.py`. */
  readonly tool: string;
  /** File that the promises are written to as they are kept, one a line, and the one that was not. */
  readonly promises: string;
}

/** Name of the variable that holds the setting, as JSON. */
export const settingVariable = 'INGOT_TEST_DEPLOY';

/** Runs the real cdk command, with the catalog beside it where it calls functions; a deployment that went well is tried. */
export async function main(args: readonly string[]): Promise<number> {
  if (args[0] !== 'deploy' && args[0] !== 'destroy') return cdk(args);
  const setting = JSON.parse(process.env[settingVariable]!) as Setting;
  const say = (line: string) => appendFileSync(setting.promises, `${line}\n`);
  try {
    return await withCatalog(args, setting, (promise) => say(`passed  ${promise}`));
  } catch (error) {
    say(`FAILED  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return 1;
  }
}

async function withCatalog(args: readonly string[], setting: Setting, say: (promise: string) => void): Promise<number> {
  const platforms = await Promise.all(
    [setting.platform, setting.nested.platform].map((folder) => loadPlatform(folder)),
  );
  const catalog = await startCatalog({
    folder: setting.catalog,
    roots: platforms.flatMap(({ manifest }) =>
      manifest.zones.map(({ name }) => `s3://${manifest.name}-${name}-${account}-${region}`),
    ),
    files: metadataIn(emulatorObjects()),
    port: setting.port,
  });
  try {
    const code = await cdk(args);
    if (code === 0 && args[0] === 'deploy') {
      const app = args.indexOf('--app') + 1;
      const deploy = (assembly: string) => cdk(args.with(app, assembly));
      const destroy = (assembly: string) => cdk(['destroy', '--app', assembly, '--all', '--force']);
      await tryAll(setting, { copy: args[app]!, deploy, destroy, catalogUri: catalog.uri, say });
    }
    return code;
  } finally {
    await catalog.close();
  }
}

async function cdk(args: readonly string[]): Promise<number> {
  const command = join(__dirname, '../../node_modules/.bin/cdk');
  const [code] = (await once(spawn(command, args, { stdio: 'inherit' }), 'close')) as [number | null];
  return code ?? 1;
}
