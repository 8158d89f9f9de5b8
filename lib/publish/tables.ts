import { findTable, type TablePlace } from '../platform/lookup';
import type { Group, Manifest } from '../platform/manifest';

/** Every table that a group's runs write: those that files are loaded into, then those that models fill. */
export function tablesOf(group: Group, manifest: Manifest): TablePlace[] {
  const models = manifest.models.filter((model) => group.levels.flat().includes(model.name));
  const written = models.flatMap((model) => (model.writes === undefined ? [] : [model.writes]));
  return [...new Set([...group.ingests, ...(group.streamed ?? []), ...written])].map((table) =>
    findTable(table, manifest),
  );
}
