import type { Column, Dataset, Partition } from './dataset';
import type { Path } from './document';
import type { Notes } from './notes';
import type { Promises } from './service';
import { isMoment } from './types';

interface Table extends Pick<Dataset, 'name' | 'columns' | 'history' | 'partitionBy'> {
  readonly promises: Promises;
  /** The custom property, which goes before the SLA. */
  readonly said?: { readonly value: number; readonly path: Path };
}

/**
 * How long rows are kept, and by which date: the one that the contract's retention names, else its freshness. Where the
 * contract says how long, and names neither, the first date that it partitions by. With history it is the end of a
 * version, which needs no name.
 */
export function retentionOf(table: Table, notes: Notes): Pick<Dataset, 'retentionDays' | 'retentionColumn'> {
  const { name, history, promises, said } = table;
  const days = said?.value ?? promises.retentionDays;
  const guessed = promises.sla.freshnessColumn ?? (days === undefined ? undefined : datePartition(table));
  const column = promises.retentionColumn ?? (history === 'scd2' ? undefined : guessed);
  const path = said?.path ?? promises.retentionPath;
  if (path !== undefined && column === undefined && history !== 'scd2')
    notes.notice(
      path,
      `is kept, but deletes nothing of ${name}: no column says how old a row is; name one in the SLA property retention, as element: ${name}.<column>`,
    );
  return {
    ...(days === undefined ? {} : { retentionDays: days }),
    ...(column === undefined ? {} : { retentionColumn: column }),
  };
}

function datePartition({ columns, partitionBy }: Pick<Table, 'columns' | 'partitionBy'>): string | undefined {
  const typeOf = (name: string): Column['type'] | undefined => columns.find((column) => column.name === name)?.type;
  const dates = ({ column, transform }: Partition): boolean => {
    const type = typeOf(column);
    return type !== undefined && isMoment(type) && /^(identity|year|month|day|hour)$/.test(transform);
  };
  return partitionBy.find(dates)?.column;
}
