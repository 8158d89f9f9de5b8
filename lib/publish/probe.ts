import type { ProbeEvent, ProbeResult } from '../pipeline/events';
import { findGroup, tableId } from '../platform/lookup';
import type { Group } from '../platform/manifest';
import type { Services } from '../runtime/services';
import { ageHours } from './freshness';
import { metricNames } from './metrics';
import { ratiosOf } from './runs';
import { tablesOf } from './tables';

/**
 * Measures, between runs, how fresh the tables of a group are and how its last run compared with those before: figures
 * that an alarm waits for come even where nothing runs, and stop where nothing works.
 */
export async function probe(event: ProbeEvent, services: Services): Promise<ProbeResult> {
  const group = findGroup(event.group, services.manifest);
  const tables: { table: string; ageHours?: number }[] = [];
  for (const place of tablesOf(group, services.manifest)) {
    const table = tableId(place.dataset);
    const age = await ageHours(place, services);
    if (age !== undefined) services.metrics.put(metricNames.freshness, age, 'None', { Table: table });
    tables.push({ table, ...(age === undefined ? {} : { ageHours: age }) });
  }
  await emitRatios(group, services);
  return { group: group.name, tables };
}

/** Emits how the last run of a group compares with those before it. */
export async function emitRatios(group: Group, { manifest, lake, metrics }: Services): Promise<void> {
  const ratios = await ratiosOf(manifest.ops.database, group.name, lake);
  for (const [table, ratio] of Object.entries(ratios.rows)) {
    metrics.put(metricNames.rowCountRatio, ratio, 'None', { Table: table });
  }
  if (ratios.duration !== undefined) {
    metrics.put(metricNames.durationRatio, ratios.duration, 'None', { Group: group.name });
  }
}
