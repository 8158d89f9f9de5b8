import type { Dataset } from '../contract/dataset';
import type { ColumnSpec } from '../tables/spec';
import { kept, type Mode, meta } from './columns';

const column = (name: string, type: ColumnSpec['type'], description: string, required: boolean): ColumnSpec => ({
  name,
  type,
  required,
  description,
});

const position: readonly ColumnSpec[] = [
  column(meta.lsn, 'long', "Position in the source's log of the change that made this row", true),
  column(meta.sequence, 'long', 'Place among changes of the same position', true),
  column(
    meta.older,
    'string',
    'JSON: columns whose value this change did not send, as it has not changed; with the position of the one that did',
    false,
  ),
];

/** Columns of a table that is fed by changes, beside its contract's; those of history stand between the two. */
export function metaColumns(mode: Mode): readonly ColumnSpec[] {
  switch (mode) {
    case 'mirror':
      return position;
    case 'history':
      return [
        column('valid_from', 'timestamptz', 'From when on this version of the row holds', true),
        column(
          'valid_to',
          'timestamptz',
          'Until when this version holds, not included; null: it is the current one',
          false,
        ),
        column('is_current', 'boolean', 'Whether this is the current version of the row', true),
        ...position,
      ];
    case 'log':
      return [
        column(meta.operation, 'string', 'load, insert, update, delete or truncate', true),
        ...position,
        column(meta.at, 'timestamptz', 'When the change was committed at the source', false),
      ];
  }
}

/** Columns of the table of kept changes. A kept change has perhaps no more than its key, or not even that. */
export const keptColumns = (dataset: Pick<Dataset, 'columns'>): readonly ColumnSpec[] => [
  ...dataset.columns.map(({ name, id, type, description }) => ({
    name,
    ...(id === undefined ? {} : { id }),
    type,
    required: false,
    ...(description === undefined ? {} : { description }),
  })),
  ...position.map((one) => ({ ...one, required: false })),
  column(kept.kind, 'string', 'delete, truncate, update, snapshot, pause or parked', true),
  column(kept.record, 'string', 'Of a parked change its record, of a pause its reason', false),
  column(meta.at, 'timestamptz', 'When the change was committed at the source', false),
  column(kept.at, 'timestamptz', 'When it was kept', true),
];
