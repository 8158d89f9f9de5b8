/**
 * `npm run test:deploy`: a platform as `ingot init` writes it is really deployed by the cdk command to an emulator of
 * AWS, tried there (`deployed.ts`), and destroyed again. It needs `deploy_check.py`, beside this repository or where
 * INGOT_DEPLOY_CHECK says.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { unzipSync } from 'fflate';
import { Platform } from '../../constructs/cdk';
import { starterFiles } from '../../lib/cli/starter';
import { loadPlatform } from '../../lib/platform/load';
import { buildRuntime, type LambdaArchitecture } from '../../lib/runtime/layer';
import { type Setting, settingVariable } from './cdk';

const root = join(__dirname, '../..');
const tool = process.env.INGOT_DEPLOY_CHECK ?? join(root, '../shared/tools/deploy-check/deploy_check.py');
const architecture: LambdaArchitecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';

/** An order that is known by now with another quantity, and a new one; then one that the contract refuses. */
const moreFiles = {
  'data/more-orders.csv': `order_id,ordered_at,customer,country,quantity,unit_price
1012,2026-01-05T12:12:00Z,Ingrid Berg,NO,3,64.00
1013,2026-01-06T08:30:00Z,Tom O'Hara,IE,2,119.00
`,
  'data/bad-orders.csv': `order_id,ordered_at,customer,country,quantity,unit_price
1014,2026-01-06T09:00:00Z,Lena Fischer,Germany,1,39.95
1015,2026-01-06T09:30:00Z,Kenji Sato,JP,2,12.50
`,
};

async function main(): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'ingot-deploy-'));
  try {
    const platform = join(scratch, 'shop');
    write(platform, { ...starterFiles('shop'), ...moreFiles });
    const port = await freePort();
    const assembly = await synth(platform, join(scratch, 'cdk.out'), port);
    const promises = join(scratch, 'promises');
    const setting: Setting = { platform, catalog: join(scratch, 'catalog'), port, promises };
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
    const deployed = spawn('python3', [tool, assembly, '--emulator', 'ministack', ...args], {
      stdio: 'inherit',
      env: { ...process.env, ...layers(assembly, join(scratch, 'opt')), [settingVariable]: JSON.stringify(setting) },
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

/** The assembly of the platform, whose functions reach the catalog on this port. */
async function synth(folder: string, outdir: string, port: number): Promise<string> {
  const { manifest } = await loadPlatform(folder);
  const runtimes = join(root, '.ingot/runtime');
  const runtime = join(runtimes, `${architecture}.zip`);
  if (!existsSync(runtime)) await buildRuntime({ arch: architecture, out: runtimes });
  const app = new App({ outdir, context: { 'ingot:allow-data-deletion': true } });
  new Platform(new Stack(app, 'shop'), 'Platform', {
    manifest,
    architecture,
    runtime,
    removal: 'delete',
    icebergCatalog: { uri: `http://127.0.0.1:${port}`, warehouse: manifest.name, auth: 'none' },
  });
  return app.synth().directory;
}

/**
 * What is in the deployed layers and must be at `/opt`, where the emulator unpacks nothing. It gives its own environment
 * to functions, so these variables reach them.
 */
function layers(assembly: string, opt: string): Record<string, string> {
  const { Resources } = JSON.parse(readFileSync(join(assembly, 'shop.template.json'), 'utf8')) as {
    Resources: Record<string, { Type: string; Properties: { Content: { S3Key: string } } }>;
  };
  for (const { Type, Properties } of Object.values(Resources)) {
    if (Type !== 'AWS::Lambda::LayerVersion') continue;
    const zip = readFileSync(join(assembly, `asset.${Properties.Content.S3Key}`));
    write(opt, unzipSync(zip, { filter: ({ name }) => !name.startsWith('nodejs/') }));
  }
  return {
    INGOT_MANIFEST: join(opt, 'ingot/manifest.json'),
    INGOT_DUCKDB_EXTENSIONS: join(opt, 'duckdb-extensions'),
  };
}

interface NotInEmulator {
  readonly type: string;
  readonly because: string;
  /** Whether it would stop the deployment, and so is taken out of the template before. */
  readonly takenOut?: true;
  /** What holds it to account instead. */
  readonly judgedBy: readonly string[];
}

const notInEmulator = (): NotInEmulator[] =>
  JSON.parse(readFileSync(join(__dirname, 'not-in-emulator.json'), 'utf8')) as NotInEmulator[];

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

function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, body] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), body);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
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
