/** What can run SQL on this machine. */
export const engines = ['duckdb', 'spark'] as const;
export type Engine = (typeof engines)[number];
