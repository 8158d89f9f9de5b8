import type { Problem } from '../../lib/errors';
import type { Removal } from './nodes';

/** Context flag without which no prop makes data deletable: `-c ingot:allow-data-deletion=true`. */
export const deletionFlag = 'ingot:allow-data-deletion';

/** Data is deleted with its stack only when two keys are turned: the prop and the context flag. */
export function removalProblems(where: string, removal: Removal, flag: unknown): Problem[] {
  if (removal === 'retain' || flag === true || flag === 'true') return [];
  return [
    {
      where,
      path: 'removal',
      message: `must be retain unless the context says ${deletionFlag}=true as well; given "delete" and ${JSON.stringify(flag) ?? 'no such context'}`,
    },
  ];
}
