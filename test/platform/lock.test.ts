import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthCloudFormation } from '../../constructs/app/cdk';
import { synthTerraform } from '../../constructs/app/terraform';
import { InvalidInputError } from '../../lib/errors';
import { type LoadedPlatform, loadPlatform } from '../../lib/platform/load';
import { lockFile, readLock, writeLock } from '../../lib/platform/lock';
import { ingot } from '../cli/ingot';

/** Any file will do as the native runtime. */
const runtime = __filename;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-lock-'));
  await cp(join(__dirname, '../../examples/aviation'), folder, { recursive: true });
});

async function change(from: string | RegExp, to: string): Promise<LoadedPlatform> {
  const file = join(folder, 'contracts/airports.odcs.yaml');
  const text = await readFile(file, 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  await writeFile(file, changed);
  return loadPlatform(folder);
}

const engines = [
  {
    engine: 'CloudFormation',
    synth: (platform: LoadedPlatform) => synthCloudFormation(platform, { outdir: join(folder, 'out') }, runtime),
  },
  {
    engine: 'Terraform',
    synth: (platform: LoadedPlatform) => synthTerraform(platform, { outdir: join(folder, 'out') }, runtime),
  },
];

test('what was locked is read as it was, and locked again is the same bytes', async () => {
  expect(await readLock(folder)).toBeUndefined();
  const { manifest } = await loadPlatform(folder);
  await writeLock(folder, manifest);
  expect((await loadPlatform(folder)).deployed).toEqual(manifest.datasets);
  const bytes = await readFile(join(folder, lockFile), 'utf8');
  await writeLock(folder, { datasets: (await readLock(folder))! });
  expect(await readFile(join(folder, lockFile), 'utf8')).toBe(bytes);
});

test.each(engines)('$engine: a change that a deployed table cannot follow is refused at synth', async ({ synth }) => {
  await writeLock(folder, (await loadPlatform(folder)).manifest);
  const changed = await change('physicalType: double', 'physicalType: float');
  expect(() => synth(changed)).toThrow(InvalidInputError);
  expect(() => synth(changed)).toThrow(/manifest\.datasets\.silver\.airports: .* of silver\.airports\.latitude, /);
});

test.each(engines)(
  '$engine: a change that it can follow is taken, as is anything before the first deployment',
  async ({ synth }) => {
    const unlocked = await change(
      '- name: country\n        logicalType: string\n        required: true',
      '- name: country\n        logicalType: string',
    );
    expect(synth(unlocked).resources).toBeGreaterThan(50);
    await writeLock(folder, unlocked.manifest);
    const wider = await change('version: 1.0.0', 'version: 1.1.0');
    expect(synth(wider).resources).toBeGreaterThan(50);
  },
);

test('ingot lock writes the file', async () => {
  const { code, out } = await ingot(['lock', folder, '--json']);
  expect({ code, ...JSON.parse(out) }).toEqual({ code: 0, file: join(folder, lockFile), tables: 9 });
  expect(await readLock(folder)).toHaveLength(9);
});

test.each([
  ['{', 'must be as ingot lock wrote it'],
  ['{"datasets": [{"zone": "silver"}]}', 'contracts.lock.json datasets.0.name: must be as ingot lock wrote it'],
])('a lock file that was not written by ingot is refused by name: %s', async (text, message) => {
  await writeFile(join(folder, lockFile), text);
  await expect(loadPlatform(folder)).rejects.toThrow(message);
});
