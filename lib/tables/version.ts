/**
 * Which of two semantic versions is newer: above 0 where it is `a`, below where it is `b`, 0 where they are as new.
 * What follows a hyphen or a plus is not looked at.
 */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [partsOf(a), partsOf(b)];
  const at = x.findIndex((part, i) => part !== y[i]);
  return at < 0 ? 0 : x[at]! - y[at]!;
}

function partsOf(version: string): number[] {
  const parts = version.split(/[-+]/)[0]!.split('.').map(Number);
  return [0, 1, 2].map((i) => parts[i] ?? 0);
}
