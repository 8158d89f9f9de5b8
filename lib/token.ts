/**
 * Whether an engine will put another value in the place of this one when it deploys. The CDK and cdktf hide such values
 * in strings, and in numbers that are too small to mean anything else. Nothing can be said of them at synth.
 */
export function isToken(value: unknown): boolean {
  if (typeof value === 'number') return value < -1e288;
  return typeof value === 'string' && /[$#]\{(Tf)?Token\[/.test(value);
}
