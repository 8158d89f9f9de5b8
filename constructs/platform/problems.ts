import type { IConstruct } from 'constructs';
import type { Problem } from '../../lib/errors';

/**
 * What nothing can be made of: a manifest that is none, which only TypeScript would say otherwise, and a name that another
 * platform of the stack has, whose buckets and functions would be called the same.
 *
 * @param props what the construct was given, whatever it is
 */
export function platformProblems(platform: IConstruct, stack: IConstruct, props: unknown): Problem[] {
  const manifest = fieldOf(props, 'manifest');
  const problem = (message: string): Problem[] => [{ where: platform.node.path, path: 'manifest', message }];
  if (!Array.isArray(fieldOf(manifest, 'datasets')))
    return problem(`must be the manifest of what loadPlatform or definePlatform gives; given ${givenOf(manifest)}`);
  const name = fieldOf(manifest, 'name');
  const other = stack.node
    .findAll()
    .find((one) => one !== platform && one.constructor === platform.constructor && fieldOf(one, 'name') === name);
  return other === undefined
    ? []
    : problem(`must have a name of its own in its stack; given ${JSON.stringify(name)}, which ${other.node.path} has`);
}

function givenOf(manifest: unknown): string {
  if (fieldOf(manifest, 'then') !== undefined) return 'a promise: await it, and take its manifest';
  if (fieldOf(manifest, 'manifest') !== undefined) return 'all that it gives: take its manifest';
  return manifest === undefined ? 'nothing' : JSON.stringify(manifest);
}

const fieldOf = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null ? (of as Readonly<Record<string, unknown>>)[name] : undefined;
