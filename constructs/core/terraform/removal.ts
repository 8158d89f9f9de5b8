import type { Removal } from '../nodes';

/** Terraform knows no RETAIN: what holds data cannot be destroyed until its owner says so. */
export function lifecycle(removal: Removal): { preventDestroy: true } | undefined {
  return removal === 'retain' ? { preventDestroy: true } : undefined;
}
