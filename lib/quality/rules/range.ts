import type { Dataset } from '../../contract/dataset';
import { identifier, literal } from '../../sql/quote';
import { describeBounds } from '../bounds';
import type { RowRuleKind, RuleOf } from '../rule';

/** Every value lies between two bounds. Not-a-number lies nowhere, so it fails. */
export const range: RowRuleKind<RuleOf<'range'>> = {
  type: 'range',
  level: 'row',
  columns: (rule) => [rule.column],
  fails({ column, min, max, exclusiveMin, exclusiveMax }, dataset) {
    const name = identifier(column);
    const type = dataset.columns.find((c) => c.name === column)?.type;
    const bound = (value: number | string) => literal(type === 'string' ? String(value) : value);
    const outside: string[] = [];
    if (min !== undefined) outside.push(`${name} ${exclusiveMin ? '<=' : '<'} ${bound(min)}`);
    if (max !== undefined) outside.push(`${name} ${exclusiveMax ? '>=' : '>'} ${bound(max)}`);
    if (isFloating(type)) outside.push(`isnan(${name})`);
    return outside.length === 0 ? 'FALSE' : outside.join(' OR ');
  },
  message: (rule) => `${rule.column} is not ${describeBounds(rule)}`,
};

const isFloating = (type: Dataset['columns'][number]['type'] | undefined) => type === 'float' || type === 'double';
