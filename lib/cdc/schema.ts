import type { Column, Type } from '../contract/dataset';
import { typeText, widens } from '../contract/types';
import type { Feed, SourceColumns } from './feed';

/** What the source's columns were when they were last looked at: the type of each, null where it is not known. */
export type KnownColumns = Readonly<Record<string, Type | null>>;

/** What a look at the source's columns says. */
export type SchemaChange =
  | { readonly kind: 'none' }
  /** Nothing that the table shows changes, but it is to be known the next time. */
  | { readonly kind: 'noticed'; readonly known: KnownColumns }
  /** The table gets columns, or wider ones. */
  | {
      readonly kind: 'evolve';
      readonly known: KnownColumns;
      readonly columns: readonly NewColumn[];
      readonly words: string;
    }
  /** What follows cannot be applied to the table as it is. */
  | { readonly kind: 'incompatible'; readonly reason: string };

/** A column that came from the source, or has its type from there. */
export interface NewColumn {
  readonly name: string;
  readonly type: Type;
}

/**
 * Compares the source's columns with those of the last time. A column that the contract leaves out, and that was there from
 * the beginning, stays out; one that comes later becomes a column of the table.
 *
 * Compatible are a new column, a wider type, and an optional column that is gone. A column that goes as another comes may be
 * a renamed one, whose values would be lost: that is not compatible. Nor is one of a type that the engine of the table lacks,
 * which could not read the table any more.
 *
 * @param lacks what the engine has no type for, as `must not be …`
 */
export function compareSchema(
  feed: Feed,
  known: KnownColumns | undefined,
  seen: SourceColumns,
  lacks: (type: Type) => string | undefined = () => undefined,
): SchemaChange {
  const { types, declared, complete } = seen;
  if (types.size === 0) return { kind: 'none' };
  const columns = feed.bySourceName;
  const { key } = feed.place.dataset;
  const gone = complete
    ? [...(known === undefined ? columns.keys() : Object.keys(known))].filter((name) => !types.has(name))
    : [];
  const lost = gone
    .flatMap((name) => columns.get(name) ?? [])
    .filter((column) => column.required || key.includes(column.name));
  if (lost.length > 0) return incompatible(feed, `no longer has ${named(lost)}, which the contract requires`);
  if (known === undefined) return { kind: 'noticed', known: Object.fromEntries(types) };

  const added = [...types].filter(([name]) => !(name in known));
  const shown = gone.filter((name) => columns.has(name));
  if (shown.length > 0 && added.length > 0)
    return incompatible(
      feed,
      `has ${added.map(([name]) => name).join(', ')} in the place of ${shown.join(', ')}: a renamed column is renamed in the contract first`,
    );
  const news: NewColumn[] = [];
  for (const [name, type] of added) {
    // Of a value that is null nobody can tell what it will be; the first other one does.
    if (type === null || columns.has(name)) continue;
    const taken = feed.place.dataset.columns.some((column) => column.name === name);
    if (!/^[a-z][a-z0-9_]*$/.test(name) || taken)
      return incompatible(feed, `has a new column ${JSON.stringify(name)}, whose name no column of the table can have`);
    const lacked = lacks(type);
    if (lacked !== undefined)
      return incompatible(feed, `has a new column ${name}, which in the table must not be ${lacked}`);
    news.push({ name, type });
  }
  for (const [name, type] of declared ? types : []) {
    const [before, column] = [known[name], columns.get(name)];
    if (type === null || before == null || column === undefined || typeText(type) === typeText(before)) continue;
    if (column.type === 'string' || widens(type, column.type)) continue;
    if (key.includes(column.name) || !widens(column.type, type))
      return incompatible(feed, `has ${name} as ${typeText(type)} now, which ${typeText(column.type)} cannot become`);
    news.push({ name: column.name, type });
  }
  const next = Object.fromEntries([
    ...Object.entries(known).filter(([name]) => !gone.includes(name)),
    ...[...types].flatMap(([name, type]) => {
      const best = declared ? (type ?? known[name] ?? null) : (known[name] ?? type);
      return best === null && !(name in known) && !columns.has(name) ? [] : [[name, best] as const];
    }),
  ]);
  if (news.length > 0)
    return {
      kind: 'evolve',
      known: next,
      columns: news,
      words: news.map(({ name, type }) => `${name} ${typeText(type)}`).join(', '),
    };
  const same = JSON.stringify(sorted(next)) === JSON.stringify(sorted(known));
  return same ? { kind: 'none' } : { kind: 'noticed', known: next };
}

const sorted = (known: KnownColumns) => Object.entries(known).sort(([a], [b]) => (a < b ? -1 : 1));
const named = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');
const incompatible = (feed: Feed, what: string): SchemaChange => ({
  kind: 'incompatible',
  reason: `The source's table of ${feed.id} ${what}`,
});
