import type { Dataset } from '../contract/dataset';
import { tableId } from '../platform/lookup';
import type { Model } from '../platform/manifest';
import { identifier } from '../sql/quote';
import { duckdbType } from '../sql/types';

/**
 * A model's columns as its table declares them: in the contract's order and types, whatever those of the SELECT.
 *
 * @param given names of the columns that the SELECT gives
 * @throws Error that names every column that the table declares and the model does not give, or the reverse
 */
export function castColumns(model: Model, dataset: Dataset, given: readonly string[]): string {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const declared = dataset.columns.map((column) => column.name);
  const missing = declared.filter((name) => !given.some((g) => same(g, name)));
  const extra = given.filter((name) => !declared.some((d) => same(d, name)));
  const problems = [
    ...missing.map((name) => `gives no column ${name}, which table ${tableId(dataset)} declares`),
    ...extra.map((name) => `gives column ${name}, which table ${tableId(dataset)} does not declare`),
  ];
  if (problems.length > 0) {
    throw new Error(`Model ${model.name} (${model.file}) ${problems.join('; ')}. It gives ${given.join(', ')}`);
  }
  return dataset.columns
    .map(({ name, type }) => `CAST(${identifier(name)} AS ${duckdbType(type)}) AS ${identifier(name)}`)
    .join(', ');
}
