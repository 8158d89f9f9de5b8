import type { Manifest, Model } from '../platform/manifest';
import { subquery } from '../sql/condition';
import { identifier } from '../sql/quote';

/**
 * A model's SELECT with the `stg_` and `int_` models that it uses in front of it, each as a common table expression: no
 * view is left behind in the session, and models that run side by side do not meet.
 */
export function selectOf(model: Model, manifest: Manifest): string {
  const views = viewsOf(model, manifest);
  const expressions = [...views].map(([name, sql]) => `${identifier(name)} AS ${subquery(sql)}`);
  const prefix = expressions.length === 0 ? '' : `WITH ${expressions.join(',\n')}\n`;
  return `${prefix}SELECT * FROM ${subquery(model.sql)}`;
}

/** SQL of the views that a model uses, by name, each after those that it uses itself. */
function viewsOf(model: Model, manifest: Manifest, found = new Map<string, string>()): Map<string, string> {
  for (const name of model.uses) {
    const view = manifest.models.find((m) => m.name === name);
    if (view === undefined) throw new Error(`Model ${model.name} uses ${name}, which the platform does not have`);
    viewsOf(view, manifest, found);
    found.set(name, view.sql);
  }
  return found;
}
