import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCatalog } from '../../lib/local/catalog';
import { loadPlatform } from '../../lib/platform/load';
import { tryDeployed } from './deployed';
import { account, emulatorObjects, metadataIn, region } from './emulator';

/** What `deploy.ts` tells this process through its environment. */
export interface Setting {
  /** Folder of the platform. */
  readonly platform: string;
  /** Folder of the catalog's own files. */
  readonly catalog: string;
  readonly port: number;
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
  const { manifest } = await loadPlatform(setting.platform);
  const catalog = await startCatalog({
    folder: setting.catalog,
    roots: manifest.zones.map(({ name }) => `s3://${manifest.name}-${name}-${account}-${region}`),
    files: metadataIn(emulatorObjects()),
    port: setting.port,
  });
  try {
    const code = await cdk(args);
    if (code === 0 && args[0] === 'deploy') await tryDeployed(setting.platform, catalog.uri, say);
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
