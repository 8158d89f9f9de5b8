import type { QualityEvent, QualityResult } from '../handlers/events';
import { findTable, type TablePlace } from '../platform/lookup';
import { metricNames } from '../publish/metrics';
import type { Services } from '../runtime/services';
import { validity } from '../sql/scd2';
import { evaluate } from './evaluate';
import { loadedOf } from './loaded';
import { judgeQuarantine } from './quarantine';
import { passes, type RuleResult } from './result';
import { recordResults } from './results-table';
import { scoresOf } from './score';

/**
 * Answers every rule of a table's contract by one scan, and how much of what was last loaded went to quarantine; writes
 * the answers to the platform's own table. Of a table with history the current versions are judged: past ones were when
 * they were current.
 *
 * @throws Error where the table cannot be read; a rule that cannot be answered is a result, and a failure
 */
export async function quality(event: QualityEvent, services: Services): Promise<QualityResult> {
  const { manifest, lake, clock, log } = services;
  const { table, run } = event;
  const place = findTable(table, manifest);
  const results = await judge(place, services);
  const measuredAt = new Date(clock.now()).toISOString();
  await recordResults(manifest.ops.database, lake, { run, table, results, measuredAt });

  const notPassed = results.filter((result) => result.status !== 'passed');
  for (const result of notPassed)
    log.warn(`Rule ${result.rule} of ${table}: ${result.message}`, { run, table, result });
  const score = scoresOf(results).table;
  emit(event, score, notPassed, services);
  return {
    table,
    passed: passes(results),
    rules: results.length,
    failed: notPassed.map((result) => result.rule),
    score,
  };
}

async function judge({ dataset, database, table }: TablePlace, { lake }: Services): Promise<RuleResult[]> {
  const name = lake.name(database, table);
  const judged = dataset.history === 'scd2' ? `(SELECT * FROM ${name} WHERE ${validity.current})` : name;
  const results = await evaluate(dataset, judged, (sql) => lake.query(sql));
  const loaded = loadedOf(await lake.properties(database, table));
  return loaded === undefined ? results : [...results, judgeQuarantine(dataset, loaded)];
}

function emit(event: QualityEvent, score: number, notPassed: readonly RuleResult[], { metrics }: Services): void {
  metrics.put(metricNames.qualityScore, score, 'Percent', { Table: event.table });
  const errors = notPassed.filter((result) => result.severity === 'error').length;
  metrics.put(metricNames.failedRules, errors, 'Count', { Group: event.group });
}
