import { fedTables } from '../cdc/declaration';
import type { Dataset } from '../contract/dataset';
import type { Document } from '../contract/document';
import { givenAllowed, type Problem } from '../errors';
import { streamedTables } from '../stream/declaration';
import { tableId } from './lookup';
import type { Group, Model } from './manifest';
import { levels } from './order';
import type { GroupDeclaration, PlatformDeclaration } from './schema';

const defaultSchedule = 'rate(5 minutes)';

/**
 * Shares the tables out among the groups. Each table is in one group; a group that names none gets what is left. Tables
 * that are named wrongly, twice or not at all are problems.
 */
export function groupsOf(
  declaration: PlatformDeclaration,
  datasets: readonly Dataset[],
  models: readonly Model[],
  document: Document,
): { readonly groups: readonly Group[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const declared = Object.entries(declaration.groups ?? { [declaration.name]: {} });
  const ids = datasets.map(tableId);
  const owner = new Map<string, string>();
  const take = (table: string, group: string, path: (string | number)[]) => {
    const other = owner.get(table);
    if (other !== undefined)
      problems.push(
        document.problem(
          path,
          `must be in one group; ${table} is ${other === group ? 'given twice' : `in ${other} too`}`,
        ),
      );
    owner.set(table, group);
  };
  for (const [name, group] of declared) {
    group.tables?.forEach((table, i) => {
      const path = ['groups', name, 'tables', i];
      if (ids.includes(table)) take(table, name, path);
      else problems.push(document.problem(path, `must be a table of the platform; ${givenAllowed(table, ids)}`));
    });
    const byName = new Map(models.flatMap((model) => (model.writes === undefined ? [] : [[model.name, model.writes]])));
    group.models?.forEach((model, i) => {
      const path = ['groups', name, 'models', i];
      const table = byName.get(model);
      if (table !== undefined) take(table, name, path);
      else
        problems.push(
          document.problem(path, `must be a model that fills a table; ${givenAllowed(model, [...byName.keys()])}`),
        );
    });
  }
  const open = declared.filter(([, group]) => group.tables === undefined && group.models === undefined);
  const left = ids.filter((id) => !owner.has(id));
  if (open.length > 1)
    for (const [name] of open.slice(1))
      problems.push(
        document.problem(
          ['groups', name],
          `must name its tables: only one group, here ${open[0]![0]}, gets those that are left`,
        ),
      );
  else if (open.length === 0 && left.length > 0)
    problems.push(document.problem(['groups'], `must hold every table; in no group: ${left.join(', ')}`));
  for (const id of left) owner.set(id, open[0]?.[0] ?? '');
  const filled = new Set([...streamedTables(declaration.streams), ...fedTables(declaration.cdc, datasets)]);
  return {
    groups: declared.map(([name, group]) => groupOf(name, group, owner, datasets, models, filled)),
    problems,
  };
}

function groupOf(
  name: string,
  declaration: GroupDeclaration,
  owner: ReadonlyMap<string, string>,
  datasets: readonly Dataset[],
  models: readonly Model[],
  streamed: ReadonlySet<string>,
): Group {
  const own = models.filter(({ writes }) => writes !== undefined && owner.get(writes) === name);
  const writer = new Map(own.map((model) => [model.writes!, model.name]));
  const needs = new Map(own.map((model) => [model.name, model.reads.flatMap((table) => writer.get(table) ?? [])]));
  const tables = datasets.filter((dataset) => owner.get(tableId(dataset)) === name);
  const filled = tables.map(tableId).filter((id) => streamed.has(id));
  return {
    name,
    ingests: tables
      .filter(({ source }) => source !== undefined)
      .map(tableId)
      .filter((id) => !streamed.has(id)),
    ...(filled.length === 0 ? {} : { streamed: filled }),
    levels: levels(needs),
    schedule: declaration.schedule ?? defaultSchedule,
    timeZone: declaration.timeZone ?? 'UTC',
  };
}
