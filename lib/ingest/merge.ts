import type { Dataset } from '../contract/dataset';
import { identifier } from '../sql/quote';

/**
 * The statement that puts rows into a dataset's table. With a key: a row replaces the one of its key, where it differs;
 * so rows that come again unchanged rewrite nothing. Without a key, and into an empty table, rows are added.
 *
 * @param from what stands behind FROM; it gives the contract's columns, one row a key
 */
export function mergeStatement(
  dataset: Dataset,
  target: string,
  from: string,
  { empty }: { readonly empty: boolean },
): string {
  const names = dataset.columns.map((column) => identifier(column.name));
  const columns = names.join(', ');
  if (empty || dataset.key.length === 0) return `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${from}`;
  const key = dataset.key.map(identifier);
  const rest = names.filter((name) => !key.includes(name));
  // A key column is required: null, which equals nothing, cannot be in it.
  const sameKey = key.map((name) => `target.${name} = source.${name}`).join(' AND ');
  const differs = rest.map((name) => `target.${name} IS DISTINCT FROM source.${name}`).join(' OR ');
  const update =
    rest.length === 0
      ? ''
      : `WHEN MATCHED AND (${differs}) THEN UPDATE SET ${rest.map((name) => `${name} = source.${name}`).join(', ')}`;
  return `
    MERGE INTO ${target} AS target USING (SELECT ${columns} FROM ${from}) AS source ON ${sameKey}
    ${update}
    WHEN NOT MATCHED THEN INSERT (${columns}) VALUES (${names.map((name) => `source.${name}`).join(', ')})`;
}
