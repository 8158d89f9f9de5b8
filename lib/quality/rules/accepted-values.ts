import type { Dataset } from '../../contract/dataset';
import { identifier, literal } from '../../sql/quote';
import type { RowRuleKind, RuleOf } from '../rule';

/** Every value is one of a list. */
export const acceptedValues: RowRuleKind<RuleOf<'acceptedValues'>> = {
  type: 'acceptedValues',
  level: 'row',
  columns: (rule) => [rule.column],
  fails({ column, values }, dataset) {
    const name = identifier(column);
    // An empty list accepts nothing; SQL has no empty IN.
    if (values.length === 0) return `${name} IS NOT NULL`;
    return `${name} NOT IN (${values.map((value) => valueFor(value, column, dataset)).join(', ')})`;
  },
  message: ({ column, values }) => `${column} is none of ${values.join(', ')}`,
};

/** YAML reads `1` as a number; beside a text column DuckDB would cast each row's text to a number, and stop at the first that is none. */
function valueFor(value: string | number | boolean, column: string, dataset: Dataset): string {
  const isText = dataset.columns.find((c) => c.name === column)?.type === 'string';
  return literal(isText ? String(value) : value);
}
