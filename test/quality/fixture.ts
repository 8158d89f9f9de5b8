import type { Dataset, Rule } from '../../lib/contract/dataset';
import { dataset as silver } from '../ingest/datasets';

/** A rule without what all rules say alike. */
export type RuleBody = Rule extends infer R
  ? R extends Rule
    ? Omit<R, 'name' | 'dimension' | 'severity'>
    : never
  : never;

/** A dataset of these things alone: no rule follows from its columns. */
export const dataset = (more: Partial<Dataset> = {}): Dataset =>
  silver('things', [], { contract: { id: 'things', version: '1.0.0' }, ...more });

export const rule = (body: RuleBody & Partial<Pick<Rule, 'name' | 'dimension' | 'severity'>>): Rule =>
  ({ name: 'the_rule', dimension: 'validity', severity: 'error', ...body }) as Rule;
