import { findSource } from '../../cdc/feed';
import { type Reconciled, reconcile } from '../../cdc/reconcile';
import { openDatabase } from '../../runtime/database';
import type { Postgres } from '../../runtime/postgres';
import { commandLine } from '../command-line';
import { lambda } from '../entry';

let opening: Promise<Postgres> | undefined;

/** `INGOT_SOURCE` names the source, and `INGOT_DATABASE` says how to log into it. */
export const handler = lambda<unknown, Reconciled[]>(async (_, services) => {
  opening ??= openDatabase(process.env);
  const postgres = await opening.catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return reconcile({ source: findSource(process.env.INGOT_SOURCE ?? '', services.manifest), postgres, services });
});

void commandLine(module, handler);
