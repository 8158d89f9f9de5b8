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

/** Both engines end an id by eight hexadecimal digits, unless the path has one component only. */
const withoutHash = (logicalId: string): string =>
  logicalId.replace(/^(.+?)_?[0-9A-F]{8}$/, '$1').replace(/[^A-Za-z0-9]/g, '');

/** As both engines do: hidden components are left out, and a component that repeats the end of the last one. */
function human(components: readonly string[]): string {
  const kept: string[] = [];
  for (const component of components.filter((part) => part !== 'Default')) {
    if (!kept.at(-1)?.endsWith(component)) kept.push(component);
  }
  return kept
    .filter((part) => part !== 'Resource')
    .map((part) => part.replace(/[^A-Za-z0-9]/g, ''))
    .join('');
}
