/**
 * What a resource is called whatever engine wrote it: its construct path below the stack, without the parts that L2
 * constructs append and without separators. `Stack/Lake/Bronze/Bucket/Resource`, `LakeBronzeBucket4D17A87A` and
 * `Lake_Bronze_Bucket_1803C007` are all `LakeBronzeBucket`.
 *
 * A path is not always there (CDK writes it on request, cdktf's `Testing.synth` takes it out), so a logical id, which
 * both engines make of the path in the same way, serves as well.
 */
export function neutralId(logicalId: string, path: string | undefined): string {
  const fromId = withoutHash(logicalId);
  if (path === undefined) return fromId;
  const components = path.split('/');
  // How many components the stack itself takes is not written down: one, or more inside a stage.
  for (let stack = 1; stack < components.length; stack++) {
    if (human(components.slice(stack)) === fromId) return fromId;
  }
  return human(components.slice(1));
}

/**
 * The shared names of a template's resources. Paths such as `A/BC` and `AB/C` give one name; where that happens among
 * resources of one type, each keeps the hash in its logical id, which both engines make of the path in the same way.
 */
export function neutralIds(
  resources: readonly { readonly type: string; readonly logicalId: string; readonly path?: string }[],
): readonly string[] {
  const ids = resources.map(({ logicalId, path }) => neutralId(logicalId, path));
  const times = new Map<string, number>();
  const key = (i: number) => `${resources[i]!.type} ${ids[i]}`;
  for (const i of resources.keys()) times.set(key(i), (times.get(key(i)) ?? 0) + 1);
  return ids.map((id, i) => (times.get(key(i)) === 1 ? id : alphanumeric(resources[i]!.logicalId)));
}

const alphanumeric = (text: string): string => text.replace(/[^A-Za-z0-9]/g, '');

/** Both engines end an id by eight hexadecimal digits, unless the path has one component only. */
const withoutHash = (logicalId: string): string => alphanumeric(logicalId.replace(/^(.+?)_?[0-9A-F]{8}$/, '$1'));

/** As both engines do: hidden components are left out, and a component that repeats the end of the last one. */
function human(components: readonly string[]): string {
  const kept: string[] = [];
  for (const component of components.filter((part) => part !== 'Default')) {
    if (!kept.at(-1)?.endsWith(component)) kept.push(component);
  }
  return kept
    .filter((part) => part !== 'Resource')
    .map(alphanumeric)
    .join('');
}
