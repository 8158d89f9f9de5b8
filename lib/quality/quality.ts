import type { QualityEvent, QualityResult } from '../pipeline/events';
import { findTable, type TablePlace, tableId } from '../platform/lookup';
import { lastWritten } from '../publish/freshness';
import { metricNames } from '../publish/metrics';
import { objectRoot } from '../runtime/objects';
import type { Services } from '../runtime/services';
import { validity } from '../sql/scd2';
import { evaluate } from './evaluate';
import { countsOf } from './history';
import { loadedOf } from './loaded';
import { judgeQuarantine } from './quarantine';
import { passes, type RuleResult } from './result';
import { type Recorded, recordResults } from './results-table';
import type { Circumstances } from './rule';
import { type Scores, scoresOf } from './score';

/**
 * Answers every rule of a table's contract by one scan, and how much of what was last loaded went to quarantine; writes
 * the answers to the platform's own table, and as JSON beside it. Of a table with history the current versions are judged: past ones were when
 * they were current.
 *
 * @throws Error where the table cannot be read; a rule that cannot be answered is a result, and a failure
 */
export async function quality(event: QualityEvent, services: Services): Promise<QualityResult> {
  const { manifest, lake, clock, log } = services;
  const { table, run } = event;
  const place = findTable(table, manifest);
  const results = await judge(place, run, services);
  const measuredAt = new Date(clock.now()).toISOString();
  await recordResults(manifest.ops.database, lake, { run, table, results, measuredAt });
  const scores = scoresOf(results);
  const passed = passes(results);
  await writeJson({ run, table, measuredAt, passed, scores, results }, services);

  const notPassed = results.filter((result) => result.status !== 'passed');
  for (const result of notPassed)
    log.warn(`Rule ${result.rule} of ${table}: ${result.message}`, { run, table, result });
  emit(event, scores, notPassed, services);
  return {
    table,
    passed,
    rules: results.length,
    failed: notPassed.map((result) => result.rule),
    score: scores.table,
  };
}

interface Answers extends Recorded {
  readonly passed: boolean;
  readonly scores: Scores;
}

/** The same answers as one JSON object of the lake, for who has no SQL at hand. A repeat replaces it. */
async function writeJson(answers: Answers, services: Services): Promise<void> {
  const { manifest, zones, objects } = services;
  const folder = `${objectRoot(zones[manifest.ops.zone]!)}/_ops/quality/${encodeURIComponent(answers.run)}`;
  await objects.write(`${folder}/${answers.table}.json`, `${JSON.stringify(answers, null, 2)}\n`, 'application/json');
}

async function judge(place: TablePlace, run: string, services: Services): Promise<RuleResult[]> {
  const { dataset, database, table } = place;
  const { lake } = services;
  const name = lake.name(database, table);
  const judged = dataset.history === 'scd2' ? `(SELECT * FROM ${name} WHERE ${validity.current})` : name;
  const circumstances = await circumstancesOf(place, run, services);
  const results = await evaluate(dataset, judged, circumstances, (sql) => lake.query(sql));
  const { loaded } = circumstances;
  return loaded === undefined ? results : [...results, judgeQuarantine(dataset, loaded)];
}

/** What rules ask besides the rows, read only where one asks for it. */
async function circumstancesOf(place: TablePlace, run: string, services: Services): Promise<Circumstances> {
  const { manifest, lake, clock } = services;
  const { rules } = place.dataset;
  const asksWhenWritten = rules.some((rule) => rule.type === 'freshness' && rule.column === undefined);
  const changes = rules.filter(({ type }) => type === 'rowCountChange').map(({ name }) => name);
  return {
    now: clock.now(),
    written: asksWhenWritten ? await lastWritten(place, lake) : undefined,
    loaded: loadedOf(await lake.properties(place.database, place.table)),
    counts: await countsOf(changes, { table: tableId(place.dataset), run }, manifest.ops.database, lake),
  };
}

function emit(event: QualityEvent, scores: Scores, notPassed: readonly RuleResult[], { metrics }: Services): void {
  metrics.put(metricNames.qualityScore, scores.table, 'Percent', { Table: event.table });
  for (const [dimension, score] of Object.entries(scores.dimensions))
    metrics.put(metricNames.dimensionScore, score, 'Percent', { Table: event.table, Dimension: dimension });
  const errors = notPassed.filter((result) => result.severity === 'error').length;
  metrics.put(metricNames.failedRules, errors, 'Count', { Group: event.group });
}
