import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { unzipSync } from 'fflate';
import { Platform } from '../../constructs/cdk';
import { loadPlatform } from '../../lib/platform/load';
import { buildRuntime, type LambdaArchitecture } from '../../lib/runtime/layer';
import { account, region } from './emulator';

const root = join(__dirname, '../..');
const architecture: LambdaArchitecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';

export interface Declared {
  /** Folder of the platform; its name is the stack's. */
  readonly folder: string;
  /** Where the assembly is written. */
  readonly outdir: string;
  /** Port of the catalog that its functions reach. */
  readonly port: number;
  readonly tableStacks?: number;
  /** Whether something fails once everything else is deployed. */
  readonly fails?: boolean;
}

/** The assembly of a platform. */
export async function synth({ folder, outdir, port, tableStacks, fails = false }: Declared): Promise<string> {
  const { manifest } = await loadPlatform(folder);
  const runtimes = join(root, '.ingot/runtime');
  const runtime = join(runtimes, `${architecture}.zip`);
  if (!existsSync(runtime)) await buildRuntime({ arch: architecture, out: runtimes });
  const app = new App({ outdir, context: { 'ingot:allow-data-deletion': true } });
  const stack = new Stack(app, manifest.name);
  const platform = new Platform(stack, 'Platform', {
    manifest,
    architecture,
    runtime,
    tableStacks,
    removal: 'delete',
    icebergCatalog: { uri: `http://127.0.0.1:${port}`, warehouse: manifest.name, auth: 'none' },
  });
  if (fails) {
    const ServiceToken = `arn:aws:lambda:${region}:${account}:function:not-there`;
    new CfnResource(stack, 'Fails', { type: 'Custom::Fails', properties: { ServiceToken } }).node.addDependency(
      platform,
    );
  }
  return app.synth().directory;
}

type Resources = Record<string, { Type: string; Properties: { Content: { S3Key: string } } }>;

const resourcesOf = (template: string): Resources =>
  (JSON.parse(readFileSync(template, 'utf8')) as { Resources: Resources }).Resources;

/**
 * What is in the deployed layers and must be at `/opt`, where the emulator unpacks nothing. It gives its own environment
 * to functions, so these variables reach them. What is deployed later takes the place of what was there.
 */
export function unpackLayers(assembly: string, stack: string, opt: string): Record<string, string> {
  for (const { Type, Properties } of Object.values(resourcesOf(join(assembly, `${stack}.template.json`)))) {
    if (Type !== 'AWS::Lambda::LayerVersion') continue;
    const zip = readFileSync(join(assembly, `asset.${Properties.Content.S3Key}`));
    write(opt, unzipSync(zip, { filter: ({ name }) => !name.startsWith('nodejs/') }));
  }
  return {
    INGOT_MANIFEST: join(opt, 'ingot/manifest.json'),
    INGOT_DUCKDB_EXTENSIONS: join(opt, 'duckdb-extensions'),
  };
}

/** Types that `deploy_check.py` has taken out of the copy of an assembly that it deploys. */
export function takenOut(original: string, copy: string, stack: string): string[] {
  const left = resourcesOf(join(copy, `${stack}.template.json`));
  const gone = Object.entries(resourcesOf(join(original, `${stack}.template.json`))).filter(([id]) => !(id in left));
  return [...new Set(gone.map(([, { Type }]) => Type))];
}

export interface NotInEmulator {
  readonly type: string;
  readonly because: string;
  /** Whether it would stop the deployment, and so is taken out of the template before. */
  readonly takenOut?: true;
  /** What holds it to account instead. */
  readonly judgedBy: readonly string[];
}

/** The committed list of what the emulator cannot create. */
export const notInEmulator = (): NotInEmulator[] =>
  JSON.parse(readFileSync(join(__dirname, 'not-in-emulator.json'), 'utf8')) as NotInEmulator[];

/** Takes the same types out of every template of another assembly, by the function that `deploy_check.py` has for it. */
export function takeOut(types: readonly string[], assembly: string, tool: string): void {
  const templates = readdirSync(assembly).filter((file) => file.endsWith('.template.json'));
  const script = `
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from deploy_check import prune
types = json.loads(sys.argv[2])
for path in sys.argv[3:]:
    with open(path) as file: template = json.load(file)
    gone = {name for name, resource in template["Resources"].items() if resource["Type"] in types}
    with open(path, "w") as file: json.dump(prune(template, gone), file)
`;
  const paths = templates.map((file) => join(assembly, file));
  execFileSync('python3', ['-c', script, dirname(tool), JSON.stringify(types), ...paths]);
}

export function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, body] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    // A library that a process has loaded must not change below it.
    rmSync(file, { force: true });
    writeFileSync(file, body);
  }
}
