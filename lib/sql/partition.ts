import type { Dataset, Partition } from '../contract/dataset';
import { identifier } from './quote';

/**
 * SQL value that is the same for all rows of one partition. A bucket stands for no set of values that a model could
 * give as a whole, so rows of a bucketed column are told apart by their values.
 */
export function partitionValue({ column, transform }: Partition, dataset: Dataset): string {
  const name = identifier(column);
  if (['year', 'month', 'day', 'hour'].includes(transform)) return `date_trunc('${transform}', ${name})`;
  const width = /^truncate\[(\d+)\]$/.exec(transform)?.[1];
  if (width === undefined) return name;
  // Iceberg truncates texts to their first characters and numbers down to a multiple.
  const isText = dataset.columns.find((c) => c.name === column)?.type === 'string';
  return isText ? `left(${name}, ${width})` : `floor(${name} / ${width})`;
}
