/**
 * The second half of `npm run test:deploy`: a platform with a stream is deployed by the cdk command to an emulator of AWS; records that
 * are put into the deployed stream come out of the deployed consumer. It needs `deploy_check.py`, as the first does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synth, unpackLayers, write } from '../../deploy/assembly';
import { freePort } from '../../free-port';
import { type Setting, settingVariable } from './cdk';
import { platformFiles } from './platform';

const root = join(__dirname, '../../..');
const tool = process.env.INGOT_DEPLOY_CHECK ?? join(root, '../shared/tools/deploy-check/deploy_check.py');

/** Types that the emulator refuses as they are used here; tests of constructs judge them. */
const refused = ['AWS::CloudWatch::Alarm'];

async function main(): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'ingot-deploy-stream-'));
  try {
    const port = await freePort();
    const folder = join(scratch, 'tap');
    write(folder, platformFiles);
    const assembly = await synth({ folder, outdir: join(scratch, 'tap.out'), port });
    const promises = join(scratch, 'promises');
    const setting: Setting = { platform: folder, catalog: join(scratch, 'catalog'), port, promises };
    const log = join(scratch, 'emulator.log');
    const args = ['--prune', '--cdk', join(__dirname, 'command.js'), '--log', log, '--timeout', '600'];
    for (const type of refused) args.push('--prune-type', type);
    const deployed = spawn('python3', [tool, assembly, '--emulator', 'ministack', ...args], {
      stdio: 'inherit',
      env: {
        ...process.env,
        ...unpackLayers(assembly, 'tap', join(scratch, 'opt')),
        [settingVariable]: JSON.stringify(setting),
      },
    });
    const [code] = (await once(deployed, 'close')) as [number | null];
    const kept = existsSync(promises) ? readFileSync(promises, 'utf8') : '';
    process.stdout.write(kept);
    const good = code === 0 && kept !== '' && !kept.includes('FAILED');
    if (!good && existsSync(log)) console.log(readFileSync(log, 'utf8').slice(-8000));
    return good;
  } finally {
    if (process.env.INGOT_KEEP === undefined) rmSync(scratch, { recursive: true, force: true });
    else console.log(scratch);
  }
}

main().then(
  (good) => {
    process.exitCode = good ? 0 : 1;
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
