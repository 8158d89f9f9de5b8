import type { Type } from '../../contract/dataset';
import { identifier } from '../../sql/quote';
import { describeBounds } from '../bounds';
import type { RowRuleKind, RuleOf } from '../rule';

/** Every value is so long: characters of a text, bytes of a binary, elements of a list or map. */
export const length: RowRuleKind<RuleOf<'length'>> = {
  type: 'length',
  level: 'row',
  columns: (rule) => [rule.column],
  fails({ column, min, max }, dataset) {
    const size = sizeOf(identifier(column), dataset.columns.find((c) => c.name === column)?.type);
    const outside: string[] = [];
    if (min !== undefined) outside.push(`${size} < ${min}`);
    if (max !== undefined) outside.push(`${size} > ${max}`);
    return outside.length === 0 ? 'FALSE' : outside.join(' OR ');
  },
  message: ({ column, min, max }) => `${column} is not ${describeBounds({ min, max })} long`,
};

function sizeOf(name: string, type: Type | undefined): string {
  if (type === 'binary') return `octet_length(${name})`;
  if (typeof type === 'object' && type.kind === 'list') return `len(${name})`;
  if (typeof type === 'object' && type.kind === 'map') return `cardinality(${name})`;
  return `length(CAST(${name} AS VARCHAR))`;
}
