import type { Dataset, Source, Type } from '../../lib/contract/dataset';
import { sameType, typeText } from '../../lib/contract/types';
import type { Problem } from '../../lib/errors';

/** Files of one shape under one prefix, and what the contracts that read them say of their columns. */
export interface Arriving {
  readonly source: Source;
  /** Those that are filled from it, in the order of the platform. */
  readonly datasets: readonly Dataset[];
  readonly columns: readonly SourceColumn[];
}

/** A column of a file, under the file's own name. */
export interface SourceColumn {
  readonly name: string;
  readonly type: Type;
  /** Whether every row must have it: a required column of the contract is this column, unchanged. */
  readonly required: boolean;
  readonly description?: string;
  readonly classification?: string;
  readonly tags: readonly string[];
}

/** What arrives for datasets, one for each zone and prefix, in the order in which the datasets first name them. */
export function arriving(where: string, datasets: readonly Dataset[]): { arriving: Arriving[]; problems: Problem[] } {
  const groups = new Map<string, Dataset[]>();
  for (const dataset of datasets) {
    if (dataset.source === undefined) continue;
    const place = `${dataset.source.zone}/${dataset.source.prefix}`;
    groups.set(place, [...(groups.get(place) ?? []), dataset]);
  }
  const problems: Problem[] = [];
  const found = [...groups].map(([place, readers]) => {
    const [first] = readers;
    const source = first!.source!;
    for (const other of readers.slice(1)) {
      if (shapeOf(other.source!) !== shapeOf(source))
        problems.push({
          where,
          path: `manifest.datasets.${id(other)}.source`,
          message: `must say the same of s3://${place}/ as ${id(first!)} does, since they read the same files; given ${shapeOf(other.source!)} and ${shapeOf(source)}`,
        });
    }
    return { source, datasets: readers, columns: columnsOf(where, readers, problems) };
  });
  return { arriving: found, problems };
}

const id = ({ zone, name }: Dataset) => `${zone}.${name}`;

const shapeOf = ({ format, delimiter, header }: Source) =>
  format === 'csv' ? `csv, delimiter ${JSON.stringify(delimiter ?? ',')}, header ${header ?? true}` : format;

/** How sure a contract's word on a source column's type is. */
const sure = { guessed: 0, unchanged: 1, said: 2 };

function columnsOf(where: string, datasets: readonly Dataset[], problems: Problem[]): SourceColumn[] {
  const columns = new Map<string, SourceColumn & { readonly sureness: number }>();
  for (const dataset of datasets) {
    const { format } = dataset.source!;
    for (const column of dataset.columns) {
      const unchanged = column.transform === undefined;
      // A transform reads text out of text files. What it reads of a Parquet file nobody knows better than its result.
      const guessed: Type = unchanged || format === 'parquet' ? column.type : 'string';
      for (const name of column.sourceColumns) {
        const found = {
          name,
          type: column.sourceType ?? guessed,
          sureness: column.sourceType !== undefined ? sure.said : unchanged ? sure.unchanged : sure.guessed,
          required: unchanged && column.required,
          ...(unchanged && column.description !== undefined ? { description: column.description } : {}),
          ...(column.classification === undefined ? {} : { classification: column.classification }),
          tags: column.tags,
        };
        const before = columns.get(name);
        if (before === undefined || before.sureness < found.sureness)
          columns.set(name, { ...found, required: found.required || (before?.required ?? false) });
        else {
          columns.set(name, { ...before, required: before.required || found.required });
          if (before.sureness === found.sureness && found.sureness > sure.guessed && !sameType(before.type, found.type))
            problems.push({
              where,
              path: `manifest.datasets.${id(dataset)}.columns.${column.name}`,
              message: `must read its source column ${JSON.stringify(name)} as the type that another column reads it as; given ${typeText(found.type)} and ${typeText(before.type)}`,
            });
        }
      }
    }
  }
  return [...columns.values()].map(({ sureness, ...column }) => column);
}
