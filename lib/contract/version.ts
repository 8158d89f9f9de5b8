/**
 * Which of two semantic versions is newer: above 0 where it is `a`, below where it is `b`, 0 where they are as new.
 * What follows a hyphen or a plus is not looked at.
 */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [versionParts(a), versionParts(b)];
  const at = x.findIndex((part, i) => part !== y[i]);
  return at < 0 ? 0 : x[at]! - y[at]!;
}

/** Major, minor and patch; a part that is not said is 0. */
export function versionParts(version: string): [major: number, minor: number, patch: number] {
  const [major = 0, minor = 0, patch = 0] = version.split(/[-+]/)[0]!.split('.').map(Number);
  return [major, minor, patch];
}
