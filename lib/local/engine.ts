import type { Services } from '../runtime/services';

/** What can run SQL on this machine. */
export const engines = ['duckdb', 'spark'] as const;
export type Engine = (typeof engines)[number];

/** Tables that another engine than DuckDB works on, as `zone.table`, and how it is opened. */
export interface EngineOfTables {
  readonly tables: ReadonlySet<string>;
  readonly open: () => Promise<Services>;
}
