import { StatesError } from './errors';
import { parsePath, writePath } from './path';
import { evaluate } from './template';

/** AWS's own limit: bytes of a state's input or output. */
const payloadBytes = 262_144;

/** `InputPath` and `OutputPath`. */
export function filter(
  path: string | null | undefined,
  data: unknown,
  context: Readonly<Record<string, unknown>>,
): unknown {
  if (path === null) return {};
  return path === undefined ? data : evaluate(path, { data, context }, 'States.Runtime');
}

/** `ResultPath`: where in the raw input the result goes. */
export function place(path: string | null | undefined, raw: unknown, result: unknown): unknown {
  if (path === null) return raw;
  if (path === undefined || path === '$') return result;
  const placed = writePath(parsePath(path)!, raw, result);
  if (placed === undefined)
    throw new StatesError('States.ResultPathMatchFailure', `ResultPath ${path} can't be applied to the state's input`);
  return placed.value;
}

/** What is no larger than a state may take or give. @throws StatesError `States.DataLimitExceeded` */
export function limited<T>(value: T, what: string): T {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  if (bytes <= payloadBytes) return value;
  throw new StatesError('States.DataLimitExceeded', `${what} has ${bytes} bytes, more than ${payloadBytes}`);
}
