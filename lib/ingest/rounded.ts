import type { Type } from '../contract/dataset';
import { duckdbType } from '../sql/types';

/**
 * SQL: whether a cast has rounded. DuckDB's to a whole number does: 1.5 is no whole number, and to say 2 would be to make up
 * data. Inside nested values too: with doubles in the place of whole numbers, the same must come of what was given.
 *
 * @param from type of what was given, as DuckDB names it
 * @param value what the cast made of it
 */
export function isRounded(given: string, from: string, value: string, to: Type): string {
  const exact = duckdbType(withDoubles(to));
  if (exact === duckdbType(to)) return 'false';
  if (typeof to !== 'string')
    return mayHoldFraction(given, `TRY(CAST(${given} AS ${exact})) IS DISTINCT FROM CAST(${value} AS ${exact})`, value);
  if (/INT|BOOLEAN/.test(from)) return 'false';
  const differs = `coalesce(TRY_CAST(${given} AS DOUBLE) <> ${value}, false)`;
  return from === 'VARCHAR' ? mayHoldFraction(given, differs) : differs;
}

/** Most values hold none, which their text tells sooner than a cast. */
const mayHoldFraction = (given: string, differs: string, value?: string): string =>
  `CASE WHEN ${value === undefined ? '' : `${value} IS NOT NULL AND `}contains(CAST(${given} AS VARCHAR), '.') THEN ${differs} ELSE false END`;

function withDoubles(type: Type): Type {
  if (typeof type === 'string') return type === 'int' || type === 'long' ? 'double' : type;
  switch (type.kind) {
    case 'struct':
      return { ...type, fields: type.fields.map((field) => ({ ...field, type: withDoubles(field.type) })) };
    case 'list':
      return { ...type, element: withDoubles(type.element) };
    case 'map':
      return { ...type, value: withDoubles(type.value) };
  }
}
