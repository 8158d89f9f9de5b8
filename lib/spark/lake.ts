import { type LakeOptions, lakeOver } from '../runtime/lake';
import type { Lake } from '../runtime/services';
import { sparkFormats } from './formats';
import type { SparkSession } from './session';

/** Every statement costs Spark a while, however few rows it has; its text is held by both processes. */
const rowsAtOnce = 200_000;

/** A lake whose statements Spark runs: what handlers say to DuckDB, they say to it. */
export const sparkLake = (session: SparkSession, options: Pick<LakeOptions, 'onConflict'> = {}): Lake =>
  lakeOver({ ...session, formats: sparkFormats(session), rowsAtOnce }, options);
