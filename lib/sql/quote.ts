/** A quoted SQL name: `my "col"` becomes `"my ""col"""`. */
export function identifier(name: string): string {
  if (name.includes('\0')) throw new Error(`A SQL name holds no NUL character; given ${JSON.stringify(name)}`);
  return `"${name.replaceAll('"', '""')}"`;
}

/** A quoted SQL name of several parts: `qualified('silver', 'flights')` is `"silver"."flights"`. */
export const qualified = (...parts: readonly string[]): string => parts.map(identifier).join('.');

/** A value as a SQL literal: `O'Hare` becomes `'O''Hare'`; numbers, booleans and null stand as they are. */
export function literal(value: string | number | bigint | boolean | null): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new Error(`A SQL text holds no NUL character; given ${JSON.stringify(value)}`);
    return `'${value.replaceAll("'", "''")}'`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return `'${value}'::DOUBLE`;
  return String(value);
}

/** A list of values as a SQL list: `['a', 'b']`. */
export const list = (values: readonly (string | number | bigint | boolean | null)[]): string =>
  `[${values.map(literal).join(', ')}]`;
