import { refusesRows } from '../cdc/tables';
import type { RetainEvent, RetainResult } from '../pipeline/events';
import { findGroup, findModel, findTable } from '../platform/lookup';
import type { Services } from '../runtime/services';
import { expired, olderThan, opsDays, quarantineDays } from './expired';

interface Expiry {
  readonly database: string;
  readonly table: string;
  readonly where: string;
}

/**
 * Deletes the rows of a group's tables that have been kept for longer than promised: those of contracts by the column
 * that their retention names, refused rows after 90 days, the platform's own results after a year. One commit a table;
 * running it again deletes nothing more. The files go when Glue lets their snapshots expire.
 */
export async function retain(event: RetainEvent, services: Services): Promise<RetainResult> {
  const { lake, log } = services;
  const tables: { table: string; rows: number }[] = [];
  for (const { database, table, where } of expiries(event, services)) {
    const name = lake.name(database, table);
    const rows = await lake.commit(async (tx) => {
      const [old] = await tx.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${name} WHERE ${where}`);
      if (old!.n > 0n) await tx.run(`DELETE FROM ${name} WHERE ${where}`);
      return Number(old!.n);
    });
    if (rows === 0) continue;
    tables.push({ table: `${database}.${table}`, rows });
    log.info('Deleted rows that were kept for long enough', { database, table, rows, where });
  }
  return { group: event.group, tables };
}

function expiries({ group: name }: RetainEvent, { manifest, clock }: Services): Expiry[] {
  const group = findGroup(name, manifest);
  const now = clock.now();
  const written = group.levels.flat().flatMap((model) => findModel(model, manifest).writes ?? []);
  const ofContracts = [...group.ingests, ...(group.streamed ?? []), ...written].flatMap((id) => {
    const { dataset, database, table } = findTable(id, manifest);
    const where = expired(dataset, manifest.zones.find((zone) => zone.name === dataset.zone)!, now);
    return where === undefined ? [] : [{ database, table, where }];
  });
  const refused = [...group.ingests, ...(group.streamed ?? [])].flatMap((id) => {
    const { database, table, dataset } = findTable(id, manifest);
    if (!refusesRows(dataset, manifest)) return [];
    return { database, table: `${table}_quarantine`, where: olderThan('quarantined_at', quarantineDays, now) };
  });
  const { database } = manifest.ops;
  return [
    ...ofContracts,
    ...refused,
    { database, table: 'quality_results', where: olderThan('measured_at', opsDays, now) },
    { database, table: 'runs', where: olderThan('finished_at', opsDays, now) },
  ];
}
