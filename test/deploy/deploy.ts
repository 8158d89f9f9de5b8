/**
 * `npm run test:deploy`: a platform as `ingot init` writes it is really deployed by the cdk command to an emulator of
 * AWS, tried there (`try-all.ts`), and destroyed again. It needs `deploy_check.py`, beside this repository or where
 * INGOT_DEPLOY_CHECK says.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port';
import { notInEmulator, synth, unpackLayers, write } from './assembly';
import { type Setting, settingVariable } from './cdk';
import { changesFiles, changesWords } from './changes';
import { versionsOf } from './versions';

const root = join(__dirname, '../..');
const tool = process.env.INGOT_DEPLOY_CHECK ?? join(root, '../shared/tools/deploy-check/deploy_check.py');

async function main(): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'ingot-deploy-'));
  try {
    const port = await freePort();
    const assembly = async (name: string, files: Readonly<Record<string, string>>, more: object = {}) => {
      const folder = join(scratch, name);
      write(folder, files);
      return { folder, assembly: await synth({ folder, outdir: join(scratch, `${name}.out`), port, ...more }) };
    };
    const [first, second, third] = versionsOf(
      'shop',
      `network:\n  cidr: 10.42.0.0/16\ndatabase: {}\n${changesWords}`,
      changesFiles,
    );
    const shop = await assembly('shop', first);
    const kiosk = await assembly('kiosk', versionsOf('kiosk', 'backup: {}\n')[0], { tableStacks: 2 });
    const promises = join(scratch, 'promises');
    const setting: Setting = {
      platform: shop.folder,
      assembly: shop.assembly,
      later: {
        second: (await assembly('shop-2', second)).assembly,
        third: (await assembly('shop-3', third, { fails: true })).assembly,
      },
      nested: { platform: kiosk.folder, assembly: kiosk.assembly },
      opt: join(scratch, 'opt'),
      catalog: join(scratch, 'catalog'),
      port,
      tool,
      promises,
    };
    const report = join(scratch, 'report.json');
    const log = join(scratch, 'emulator.log');
    const args = [
      '--prune',
      '--cdk',
      join(__dirname, 'cdk-command.js'),
      '--json',
      report,
      '--log',
      log,
      '--timeout',
      '900',
    ];
    // Types that it knows, and refuses as they are used here.
    for (const { type, takenOut } of notInEmulator()) if (takenOut) args.push('--prune-type', type);
    const deployed = spawn('python3', [tool, shop.assembly, '--emulator', 'ministack', ...args], {
      stdio: 'inherit',
      env: {
        ...process.env,
        ...unpackLayers(shop.assembly, 'shop', setting.opt),
        [settingVariable]: JSON.stringify(setting),
      },
    });
    const [code] = (await once(deployed, 'close')) as [number | null];
    if (existsSync(promises)) process.stdout.write(readFileSync(promises, 'utf8'));
    const problems = [
      ...(code === 0 ? [] : [`deploy_check.py ended with ${code}`]),
      ...(existsSync(report) ? notCreated(report) : []),
    ];
    for (const problem of problems) console.log(`FAILED  ${problem}`);
    if (problems.length > 0 && existsSync(log)) console.log(readFileSync(log, 'utf8').slice(-8000));
    return problems.length === 0;
  } finally {
    if (process.env.INGOT_KEEP === undefined) rmSync(scratch, { recursive: true, force: true });
    else console.log(scratch);
  }
}

/** What the emulator did not create must be in the committed list, and what it did create must not. */
function notCreated(report: string): string[] {
  const { resources } = JSON.parse(readFileSync(report, 'utf8')) as { resources: { type: string; state: string }[] };
  const types = (made: boolean) =>
    new Set(resources.filter(({ state }) => (state === 'created') === made).map(({ type }) => type));
  const listed = new Set(notInEmulator().map(({ type }) => type));
  return [
    ...[...types(false)]
      .filter((type) => !listed.has(type))
      .map((type) => `${type} was not created, and is not listed`),
    ...[...listed].filter((type) => types(true).has(type)).map((type) => `${type} was created, and is listed as not`),
  ];
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
