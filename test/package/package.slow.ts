import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { yamlDocument } from '../../lib/contract/document';
import { checkContract, readContract } from '../../lib/contract/read';
import { parse } from '../../lib/contract/strict';
import { platformFile } from '../../lib/platform/schema';
import { databaseProblems } from '../../lib/postgres/resolve';
import { loadedBy, PackedPackage, typeErrors } from './consumer';

const cdkPeers = ['aws-cdk-lib', 'constructs', '@types/node'];
const terraformPeers = ['cdktf', '@cdktf/provider-aws', 'constructs', '@types/node'];

const common = `
import * as ingot from 'ingot';
import { expectParity, inventory, inventorySnapshot, snapshotSerializer } from 'ingot/testing';
export const kinds: string[] = inventory({ Resources: {} }).resources.map(({ kind }) => kind);
export const all: object[] = [ingot, expectParity, inventorySnapshot, snapshotSerializer];
`;

const cdk = `${common}
import { App, Stack } from 'aws-cdk-lib';
import { Lake } from 'ingot/cdk';
const lake = new Lake(new Stack(new App(), 'Data'), 'Lake', { name: 'aviation' });
export const arn: string | undefined = lake.zones.bronze?.bucket.bucketArn;
// @ts-expect-error a misspelt property is found, so the types are there and not \`any\`
new Lake(new Stack(new App(), 'Data'), 'Lake', { nam: 'aviation' });
`;

const terraform = `${common}
import { App, TerraformStack } from 'cdktf';
import { Lake } from 'ingot/terraform';
const lake = new Lake(new TerraformStack(new App(), 'Data'), 'Lake', { name: 'aviation' });
export const arn: string | undefined = lake.zones.bronze?.bucketArn;
// @ts-expect-error a misspelt property is found, so the types are there and not \`any\`
new Lake(new TerraformStack(new App(), 'Data'), 'Lake', { nam: 'aviation' });
`;

let packed: PackedPackage;
beforeAll(() => {
  packed = PackedPackage.compiled();
});
afterAll(() => packed.remove());

describe.each(['node16', 'bundler'] as const)('types are found and right under %s resolution', (resolution) => {
  test('where only aws-cdk-lib is installed', () => {
    expect(typeErrors(packed.consumer(`cdk-${resolution}`, cdkPeers), resolution, cdk)).toEqual([]);
  });

  test('where only cdktf is installed', () => {
    expect(typeErrors(packed.consumer(`terraform-${resolution}`, terraformPeers), resolution, terraform)).toEqual([]);
  });
});

describe('at run time', () => {
  test.each([
    ['ingot', ['aws-cdk-lib', 'cdktf', '@cdktf/provider-aws', 'constructs']],
    ['ingot/testing', ['aws-cdk-lib', 'cdktf', '@cdktf/provider-aws', 'constructs']],
    ['ingot/cdk', ['cdktf', '@cdktf/provider-aws']],
    ['ingot/terraform', ['aws-cdk-lib']],
  ])('%s is there and loads none of %j', (entry, never) => {
    const folder = packed.consumer(`load-${entry.replace('/', '-')}`, [...cdkPeers, ...terraformPeers]);
    const loaded = loadedBy(folder, entry);
    expect(loaded).toContain('ingot');
    expect(loaded.filter((name) => never.includes(name))).toEqual([]);
  });

  test.each([
    ['ingot/cdk', cdkPeers],
    ['ingot/terraform', terraformPeers],
  ])('%s loads where the other engine is not installed', (entry, peers) => {
    expect(loadedBy(packed.consumer(`only-${entry.replace('/', '-')}`, peers), entry)).toContain('ingot');
  });

  test('ingot and ingot/testing load where no engine is installed', () => {
    expect(loadedBy(packed.consumer('none', []), 'ingot', 'ingot/testing')).toContain('ingot');
  });
});

describe('README and other pages', () => {
  const root = join(__dirname, '../..');
  const pages = ['.', 'docs'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
  );
  const blocks = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w*)\n(.*?)^```/gms)].map(([, language, text]) => ({
      page,
      language: language!,
      text: text!,
    })),
  );
  const of = (language: string) => blocks.filter((block) => block.language === language);

  test('every block of TypeScript compiles where the package is installed', () => {
    const folder = packed.consumer('readme', [...cdkPeers, ...terraformPeers]);
    const sources = of('ts').map(({ text }) => text);
    expect(sources.length).toBeGreaterThan(0);
    expect(typeErrors(folder, 'node16', ...sources)).toEqual([]);
  });

  const isContract = ({ text }: { text: string }) => /^apiVersion:/m.test(text);

  test('every block of YAML that is no contract is a platform.yaml without a problem', () => {
    const platforms = of('yaml').filter((block) => !isContract(block));
    expect(platforms.length).toBeGreaterThan(0);
    for (const { page, text } of platforms) {
      const { document, problems } = yamlDocument(page, text);
      const { value, problems: words } = parse(platformFile, document);
      expect([...problems, ...words, ...databaseProblems(value?.name ?? '', value?.database ?? {})]).toEqual([]);
    }
  });

  test('every block of YAML with an apiVersion is a contract without a problem or a word that nothing reads', () => {
    const checks = of('yaml')
      .filter(isContract)
      .map(({ page, text }) => checkContract(readContract(page, text)));
    expect(checks.length).toBeGreaterThan(0);
    for (const { datasets, problems, notices } of checks) {
      expect({ problems, notices }).toEqual({ problems: [], notices: [] });
      expect(datasets).toHaveLength(1);
    }
  });

  // Blocks of sh are run word for word by .ci/run, in a fresh clone; those of sql by test/migrations/handle.test.ts, and
  // those of json by test/cdc/receive.test.ts and test/stream/consume.test.ts.
  test('every block is in a language that is checked', () => {
    expect(blocks.filter(({ language }) => !['ts', 'yaml', 'sh', 'sql', 'json'].includes(language))).toEqual([]);
    expect(
      of('json')
        .map(({ page }) => page)
        .sort(),
    ).toEqual(['docs/cdc.md', 'docs/streams.md']);
  });
});
