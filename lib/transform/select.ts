import { findModel } from '../platform/lookup';
import type { Manifest, Model } from '../platform/manifest';
import { subquery } from '../sql/condition';
import { identifier } from '../sql/quote';

/**
 * A model's SELECT with the `stg_` and `int_` models that it uses in front of it, each as a common table expression: no
 * view is left behind in the session, and models that run side by side do not meet.
 */
export function selectOf(model: Model, manifest: Manifest): string {
  const expressions = model.uses.map((name) => `${identifier(name)} AS ${subquery(findModel(name, manifest).sql)}`);
  const prefix = expressions.length === 0 ? '' : `WITH ${expressions.join(',\n')}\n`;
  return `${prefix}SELECT * FROM ${subquery(model.sql)}`;
}
