import type { Custom, tableProperties } from './custom';
import type { Dataset, Materialization } from './dataset';
import type { Path } from './document';
import { historyColumns } from './names';
import type { Notes } from './notes';
import { show } from './strict';
import { isMoment, typeText } from './types';

/** What of a table decides how it is filled. */
export interface Filled extends Pick<Dataset, 'columns' | 'key' | 'partitionBy'> {
  readonly custom: Custom<typeof tableProperties>;
  readonly arrives: boolean;
  readonly path: Path;
}

/** How a model fills the table; undefined where files do. Whether there is such a model is known to the platform alone. */
export function materializationOf(table: Filled, notes: Notes): Materialization | undefined {
  const { materialization: given, watermark, history } = table.custom;
  if (table.arrives) {
    for (const [what, one] of [
      ['materialization', given],
      ['watermark', watermark],
    ] as const)
      if (one !== undefined)
        notes.problem(
          one.path,
          `of ${what} must be left out: files fill the table, from the server that the contract names`,
        );
    return undefined;
  }
  const kind = given?.value ?? (history?.value === 'scd2' ? 'scd2' : watermark !== undefined ? 'watermark' : 'full');
  const at = given?.path ?? watermark?.path ?? history?.path ?? table.path;
  if (history?.value === 'scd2' && kind !== 'scd2')
    notes.problem(at, `of materialization must be scd2 where history is scd2; given ${show(kind)}`);
  if (history?.value === 'current' && kind === 'scd2')
    notes.problem(at, 'of materialization must not be scd2 where history is current');
  if (kind !== 'full' && kind !== 'partition' && table.key.length === 0)
    notes.problem(
      at,
      `asks for a primary key: rows of a ${kind} table are merged by it; mark a property with primaryKey: true`,
    );
  if (kind === 'partition' && table.partitionBy.length === 0)
    notes.problem(at, 'of materialization is partition, but no property is marked with partitioned: true');
  if (kind !== 'watermark' && kind !== 'scd2') {
    if (watermark !== undefined)
      notes.problem(watermark.path, `of watermark must be left out where materialization is ${kind}`);
    return { kind };
  }
  if (watermark === undefined) {
    if (kind === 'scd2') return { kind };
    notes.problem(at, 'of materialization is watermark: the custom property watermark must name its column');
    return { kind: 'full' };
  }
  const type = table.columns.find(({ name }) => name === watermark.value)?.type;
  if (kind === 'scd2' && type !== undefined && !isMoment(type))
    notes.problem(
      watermark.path,
      `of watermark must be a column of dates or timestamps: it says from when on a version holds; ${watermark.value} is ${typeText(type)}`,
    );
  return { kind, column: watermark.value };
}

/** Whether the table keeps every version of a row. */
export function historyOf(
  table: Filled,
  materialization: Materialization | undefined,
  columnPaths: ReadonlyMap<string, Path>,
  notes: Notes,
): Dataset['history'] {
  const history = materialization?.kind === 'scd2' ? 'scd2' : (table.custom.history?.value ?? 'current');
  if (history === 'current') return history;
  if (materialization === undefined && table.key.length === 0)
    notes.problem(
      table.custom.history!.path,
      'of history is scd2, which needs a primary key; mark a property with primaryKey: true',
    );
  for (const name of historyColumns) {
    const at = columnPaths.get(name);
    if (at !== undefined)
      notes.problem([...at, 'name'], `must not be ${name}: history of type 2 adds a column of that name`);
  }
  return history;
}
