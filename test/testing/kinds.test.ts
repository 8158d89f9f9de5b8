import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fields, type Kind, type Names, pathsOf, type Side } from '../../lib/testing/kind';
import { kinds, satellites } from '../../lib/testing/kinds';

const modules = join(__dirname, '../../node_modules');

/** What the engine's own library says of a type: the text in which each of its property names must stand. */
function libraryOf(side: Side, type: string): { readonly code: string; readonly types: string } {
  const folder =
    side === 'terraform'
      ? join(modules, '@cdktf/provider-aws/lib', type.replace(/^aws_/, '').replaceAll('_', '-'), 'index')
      : join(
          modules,
          'aws-cdk-lib',
          `aws-${type.split('::')[1]!.toLowerCase()}`,
          'lib',
          `${type.split('::')[1]!.toLowerCase()}.generated`,
        );
  if (!existsSync(`${folder}.js`)) throw new Error(`${type}: no ${folder}.js`);
  return { code: readFileSync(`${folder}.js`, 'utf8'), types: readFileSync(`${folder}.d.ts`, 'utf8') };
}

const types = (['cloudformation', 'terraform'] as const).flatMap((side) =>
  [...kinds, ...satellites].flatMap((mapping) => {
    const type = mapping[side];
    return type === undefined || type.endsWith('*') || type.startsWith('Custom::') ? [] : [{ side, type, mapping }];
  }),
);

const namesOf = (fields: Fields, side: Side): string[] =>
  Object.entries(fields).flatMap(([name, field]) => pathsOf(name, field, side).flatMap((path) => path.split('.')));

test.each(types)('$type: every name that a mapping uses is one that $side knows', ({ side, type, mapping }) => {
  const { code, types } = libraryOf(side, type);
  const properties = [
    ...namesOf(mapping.properties, side),
    ...('owner' in mapping ? mapping.owner[side].flatMap((path) => path.split('.')) : []),
  ];
  const unknown = properties.filter((name) => name !== '' && !new RegExp(`["\\s{,.]${name}"?\\s*:`).test(code));
  const attributes = Object.values<Names>(mapping.attributes ?? {}).flatMap((names) => names[side]);
  const missing = attributes.filter((name) =>
    side === 'terraform'
      ? name
          .split(/\[\d+\]|\./)
          .some(
            (word) =>
              word !== '' &&
              !new RegExp(`(getStringAttribute\\(['"]${word}['"]\\)|['"]${word}['"]| ${word}: \\{)`).test(code),
          )
      : // The CDK writes `DBInstanceArn` as `attrDbInstanceArn`, and `Endpoint.Address` as `attrEndpointAddress`.
        name !== 'Ref' && !types.toLowerCase().includes(`attr${name.replaceAll('.', '')}`.toLowerCase()),
  );
  expect({ unknown, missing }).toEqual({ unknown: [], missing: [] });
});

test('each type of an engine is one kind, and each kind is named once, but where CloudFormation has one type for two', () => {
  const all = types.filter(({ mapping }) => 'kind' in mapping).map(({ type }) => type);
  expect(all).toEqual([...new Set(all)]);
  const isOther = ({ kind, cloudformation }: Kind) =>
    cloudformation === undefined && kinds.some((one) => one.kind === kind && one.cloudformation !== undefined);
  const names = kinds.filter((one) => !isOther(one)).map(({ kind }) => kind);
  expect(names).toEqual([...new Set(names)]);
});

test('a satellite belongs to a kind that is there', () => {
  const names = new Set(kinds.map(({ kind }) => kind));
  expect(satellites.filter(({ of }) => !names.has(of))).toEqual([]);
});
