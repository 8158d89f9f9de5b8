import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskTemplate } from '../../lib/testing/snapshot';
import { manifest, PackedPackage, run } from './consumer';

// cdktf is archived; cdktn goes on with it. Whoever installs it under the old names has switched: these two lines.
const aliases = {
  cdktf: 'npm:cdktn@^0.24.0',
  '@cdktf/provider-aws': 'npm:@cdktn/provider-aws@^25.7.0',
};
const { constructs, ...ours } = Object.fromEntries(
  ['cdktf', '@cdktf/provider-aws', 'constructs'].map((name) => [name, manifest.devDependencies[name]!]),
);

let packed: PackedPackage;
beforeAll(() => {
  packed = PackedPackage.asBuilt();
});
afterAll(() => packed.remove());

/** What the example becomes in a folder where an engine is installed, by stack, without versions and this machine's paths. */
function synthesised(name: string, engine: Readonly<Record<string, string>>): Record<string, unknown> {
  const folder = packed.installed(name, { ...engine, constructs: constructs! });
  cpSync(join(__dirname, '../../examples'), join(folder, 'examples'), { recursive: true });
  // The native runtime's bytes are no decision of the template: any file will do in its place.
  mkdirSync(join(folder, '.ingot/runtime'), { recursive: true });
  writeFileSync(join(folder, '.ingot/runtime/arm64.zip'), '');
  run(folder, process.execPath, 'node_modules/ingot/dist/bin/terraform.js', 'examples/aviation');
  const stacks = join(folder, 'cdktf.out/stacks');
  return Object.fromEntries(
    readdirSync(stacks).map((stack) => {
      const config = maskTemplate(JSON.parse(readFileSync(join(stacks, stack, 'cdk.tf.json'), 'utf8')));
      return [stack, JSON.parse(JSON.stringify(config).replace(sameProvider, '"source":"hashicorp/aws"'))];
    }),
  );
}

/** `aws` is Terraform's short form of `hashicorp/aws`: the one provider that both engines name. */
const sameProvider = '"source":"aws"';

test('two alias lines switch to cdktn, and what the example becomes stays the same', () => {
  const before = synthesised('cdktf', ours as Record<string, string>);
  expect(Object.keys(before).length).toBeGreaterThan(0);
  expect(synthesised('cdktn', aliases)).toEqual(before);
}, 900_000);
