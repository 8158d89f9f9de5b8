import type { Dataset, PrimitiveType, Type } from '../contract/dataset';
import { identifier } from '../sql/quote';
import { duckdbType } from '../sql/types';
import type { Stream, Window } from './stream';

/**
 * What a window keeps of its events: one row for each batch, pane and group, with what is needed to go on: numbers, sums,
 * least and greatest values. Partials merge in any order, so writers never change what others have written; a pane is as
 * long as the step between windows, and a window is the merge of its panes.
 */
export interface Component {
  /** Name of the state table's column. */
  readonly name: string;
  readonly type: Type;
  /** SQL aggregate over events. */
  readonly of: string;
  /** SQL aggregate over partials. */
  readonly merge: string;
}

/** Columns of a state table beside groups and components. */
export const partial = { pane: '_pane', late: '_late', events: '_events' } as const;

/** Name of a window's state among the platform's own tables. */
export const stateTable = (stream: Pick<Stream, 'name'>, window: Pick<Window, 'name'>): string =>
  `window_${stream.name}_${window.name}`.replaceAll('-', '_');

/** SQL: when the pane begins that an event is in. */
export function paneOf(eventTime: string, everySeconds: number): string {
  const every = everySeconds * 1_000_000;
  return `make_timestamptz((epoch_us(${identifier(eventTime)}::TIMESTAMPTZ) // ${every}) * ${every})`;
}

/** The components that a window's measures are made of, each once. */
export function componentsOf(window: Window, dataset: Dataset): Component[] {
  const components = new Map<string, Component>([[partial.events, events]]);
  const add = (column: string, kind: 'count' | 'sum' | 'min' | 'max', type: Type) => {
    const name = `_${kind}_${column}`;
    const merge = `${kind === 'count' ? 'sum' : kind}(${identifier(name)})`;
    const cast = (sql: string) => `CAST(${sql} AS ${duckdbType(type)})`;
    components.set(name, { name, type, of: cast(`${kind}(${identifier(column)})`), merge: cast(merge) });
  };
  for (const { function: kind, column } of window.measures) {
    if (column === undefined) continue;
    const { type } = dataset.columns.find(({ name }) => name === column)!;
    if (kind === 'min' || kind === 'max') add(column, kind, type);
    else {
      add(column, 'sum', sumType(type));
      if (kind === 'avg') add(column, 'count', 'long');
    }
  }
  return [...components.values()];
}

const events: Component = {
  name: partial.events,
  type: 'long',
  of: 'CAST(count(*) AS BIGINT)',
  merge: `CAST(sum(${partial.events}) AS BIGINT)`,
};

/** Sums are exact wherever the values are. */
function sumType(type: Type): PrimitiveType {
  const scale = typeof type === 'string' ? /^decimal\(\d+, ?(\d+)\)$/.exec(type)?.[1] : undefined;
  if (scale !== undefined) return `decimal(38, ${Number(scale)})`;
  return type === 'int' || type === 'long' ? 'decimal(38, 0)' : 'double';
}

/** What a measure is in SQL, over merged components. A window in which nothing was in time counts 0. */
export function measureSql({ function: kind, column }: Window['measures'][number]): string {
  const inTime = `FILTER (NOT ${partial.late})`;
  const merged = (component: string, aggregate: string) => `${aggregate}(${identifier(component)}) ${inTime}`;
  switch (kind) {
    case 'count':
      return `coalesce(${merged(partial.events, 'sum')}, 0)`;
    case 'late':
      return `coalesce(sum(${partial.events}) FILTER (${partial.late}), 0)`;
    case 'avg':
      return `CAST(${merged(`_sum_${column}`, 'sum')} AS DOUBLE) / nullif(${merged(`_count_${column}`, 'sum')}, 0)`;
    default:
      return merged(`_${kind}_${column}`, kind);
  }
}

/** Columns of a window's state table. */
export function stateColumns(
  window: Window,
  dataset: Dataset,
): { readonly name: string; readonly type: Type; readonly required: boolean; readonly description: string }[] {
  const groups = window.groupBy.map((name) => dataset.columns.find((column) => column.name === name)!);
  return [
    { name: partial.pane, type: 'timestamptz', required: true, description: 'When the pane begins' },
    { name: partial.late, type: 'boolean', required: true, description: 'Whether these events came too late to count' },
    ...groups.map(({ name, type, description }) => ({ name, type, required: true, description: description ?? '' })),
    ...componentsOf(window, dataset).map(({ name, type }) => ({
      name,
      type,
      required: name === partial.events,
      description: name === partial.events ? 'How many events' : 'Partial aggregate of these events',
    })),
  ];
}
