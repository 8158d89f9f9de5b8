import type { Column, Dataset, Rule, Type } from '../../lib/contract/dataset';

/** A rule without what all rules say alike. */
export type RuleBody = Rule extends infer R
  ? R extends Rule
    ? Omit<R, 'name' | 'dimension' | 'severity'>
    : never
  : never;

export const column = (name: string, type: Type = 'string', more: Partial<Column> = {}): Column => ({
  name,
  type,
  required: false,
  tags: [],
  sourceColumns: [name],
  ...more,
});

export const dataset = (more: Partial<Dataset> = {}): Dataset => ({
  name: 'things',
  zone: 'silver',
  contract: { id: 'things', version: '1.0.0' },
  columns: [],
  key: [],
  partitionBy: [],
  sortBy: [],
  rules: [],
  history: 'current',
  maxQuarantinePercent: 10,
  sla: {},
  owners: [],
  tags: [],
  roles: [],
  ...more,
});

export const rule = (body: RuleBody & Partial<Pick<Rule, 'name' | 'dimension' | 'severity'>>): Rule =>
  ({ name: 'the_rule', dimension: 'validity', severity: 'error', ...body }) as Rule;
