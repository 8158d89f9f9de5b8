import { type LakeOptions, lakeOver } from '../runtime/lake';
import type { Lake } from '../runtime/services';
import { sparkFormats } from './formats';
import type { SparkSession } from './session';

/** A lake whose statements Spark runs: what handlers say to DuckDB, they say to it. */
export const sparkLake = (session: SparkSession, options: Pick<LakeOptions, 'onConflict'> = {}): Lake =>
  lakeOver({ ...session, formats: sparkFormats(session) }, options);
