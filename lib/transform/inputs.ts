import { createHash } from 'node:crypto';
import { findTable } from '../platform/lookup';
import type { Manifest, Model } from '../platform/manifest';
import type { Services } from '../runtime/services';
import { selectOf } from './select';

/** Table property that says what a model's table was last made from, written in the same commit as its rows. */
export const inputsProperty = 'ingot.inputs';

/**
 * What a model's table would be made from now: the snapshot of each table that it reads, itself or through `stg_` and
 * `int_` models, and a hash of its SQL and of its contract. Equal text, equal rows: there is nothing to do.
 *
 * The snapshots are read before the rows are: should an input change in between, the text is too old, and the model
 * runs once more than it had to, never once less.
 */
export async function inputsOf(model: Model, services: Services): Promise<string> {
  const { manifest, lake } = services;
  const snapshots: Record<string, string | null> = {};
  for (const table of model.reads) {
    const place = findTable(table, manifest);
    snapshots[table] = (await lake.snapshotId(place.database, place.table)) ?? null;
  }
  return JSON.stringify({ hash: hashOf(model, manifest), snapshots });
}

/** The snapshots that such a text names, by table, `zone.table`; null for a table that was empty. */
export const snapshotsOf = (inputs: string): Readonly<Record<string, string | null>> =>
  (JSON.parse(inputs) as { snapshots?: Record<string, string | null> }).snapshots ?? {};

/** Whether two such texts come from different SQL or another contract, whatever the snapshots. */
export function sqlChanged(before: string | undefined, now: string): boolean {
  const hash = (inputs: string) => (JSON.parse(inputs) as { hash: string }).hash;
  return before === undefined || hash(before) !== hash(now);
}

function hashOf(model: Model, manifest: Manifest): string {
  const { columns, key, partitionBy, materialization, history } = findTable(written(model), manifest).dataset;
  const types = columns.map(({ name, type }) => ({ name, type }));
  const content = JSON.stringify([
    selectOf(model, manifest),
    types,
    key,
    partitionBy,
    materialization ?? null,
    history,
  ]);
  return createHash('sha256').update(content).digest('hex');
}

/** The table that a model fills, as `zone.table`. Throws where it is a view. */
export function written(model: Model): string {
  if (model.writes === undefined) throw new Error(`Model ${model.name} fills no table: stg_ and int_ models are views`);
  return model.writes;
}
