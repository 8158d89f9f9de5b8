import { givenAllowed, type Problem } from '../errors';
import { identifier } from '../sql/quote';
import { metadataTypes, type Store } from './store';
import { metadataValue } from './write';

/** What a search is narrowed to: by name of a metadata column, `source`, `object` or `document` (its id in the object). All must hold. */
export type Filter = Readonly<Record<string, FilterValue>>;

/** One value, one of several, or a range of which both ends are included. */
export type FilterValue =
  | string
  | number
  | boolean
  | readonly (string | number | boolean)[]
  | { readonly from?: string | number; readonly to?: string | number };

/** A place for a parameter's value: gives `$3`. */
export type Bind = (value: unknown) => string;

/** Conditions of a filter, each value a parameter. */
export function filterSql(filter: Filter, store: Store, bind: Bind): { conditions: string[]; problems: Problem[] } {
  const types: Store['metadata'] = { ...store.metadata, source: 'text', object: 'text', document: 'text' };
  const problems: Problem[] = [];
  const conditions: string[] = [];
  for (const [name, value] of Object.entries(filter)) {
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    const add = (message: string) => problems.push({ where: 'filter', path: name, message });
    if (type === undefined) {
      add(`must be metadata of store ${store.name}; ${givenAllowed(name, Object.keys(types))}`);
      continue;
    }
    const column = identifier(name);
    const sqlType = metadataTypes[type];
    const one = (given: unknown): unknown => {
      const read = given === null ? undefined : metadataValue(given, type);
      if (read === undefined) add(`must be of type ${type}; given ${JSON.stringify(given)}`);
      return read ?? null;
    };
    if (Array.isArray(value)) conditions.push(`${column} = ANY(${bind(value.map(one))}::${sqlType}[])`);
    else if (typeof value === 'object' && value !== null) {
      const { from, to, ...rest } = value as { from?: unknown; to?: unknown };
      const more = Object.keys(rest);
      if (more.length > 0 || (from === undefined && to === undefined))
        add(`must be a value, a list of values, or a range with from and to; given ${JSON.stringify(value)}`);
      if (from !== undefined) conditions.push(`${column} >= ${bind(one(from))}::${sqlType}`);
      if (to !== undefined) conditions.push(`${column} <= ${bind(one(to))}::${sqlType}`);
    } else conditions.push(`${column} = ${bind(one(value))}::${sqlType}`);
  }
  return { conditions, problems };
}
