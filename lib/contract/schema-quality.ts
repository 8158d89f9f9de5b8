import { z } from 'zod';
import { authoritativeDefinitions, customProperties, stableId, text, texts } from './schema-common';
import { strict } from './strict';

const operators = {
  mustBe: z.unknown().optional(),
  mustNotBe: z.unknown().optional(),
  mustBeGreaterThan: z.number().optional(),
  mustBeGreaterOrEqualTo: z.number().optional(),
  mustBeLessThan: z.number().optional(),
  mustBeLessOrEqualTo: z.number().optional(),
  mustBeBetween: between().optional(),
  mustNotBeBetween: between().optional(),
};

function between() {
  return z.array(z.number()).refine((pair) => pair.length === 2 && pair[0]! < pair[1]!, {
    error: (issue) => `must be two numbers, the smaller one first; given ${JSON.stringify(issue.input)}`,
  });
}

/** Fields that only some types of quality rules have. */
const fieldsOf = {
  text: [],
  library: ['metric', 'rule', 'arguments', ...Object.keys(operators)],
  sql: ['query', ...Object.keys(operators)],
  custom: ['engine', 'implementation'],
} as const;

/** What Ingot's own engine measures, where the standard's library has no metric for it. */
export const engineMetrics = ['freshness', 'rowCountChange', 'unreadableValues'] as const;

/** What a rule of type custom and engine ingot holds in `implementation`, where that is no plain condition. */
export const implementation = strict({
  expression: text.optional(),
  metric: z.enum(engineMetrics).optional(),
  where: text.optional(),
  ...operators,
}).superRefine(({ expression, metric }, context) => {
  if (expression === undefined && metric === undefined)
    context.addIssue({
      code: 'custom',
      path: ['expression'],
      message: `is missing; a rule of engine ingot needs an expression, or a metric: ${engineMetrics.join(', ')}`,
    });
  if (expression !== undefined && metric !== undefined)
    context.addIssue({ code: 'custom', path: ['metric'], message: 'must not stand beside an expression' });
  if (expression?.trim() === '')
    context.addIssue({ code: 'custom', path: ['expression'], message: 'must be a SQL condition that each row meets' });
});

/** A quality rule. */
export const quality = strict({
  id: stableId.optional(),
  name: text.optional(),
  description: text.optional(),
  type: z.enum(['text', 'library', 'sql', 'custom']).optional(),
  dimension: z
    .enum([
      ...(['accuracy', 'completeness', 'conformity', 'consistency', 'coverage', 'timeliness', 'uniqueness'] as const),
      ...(['ac', 'cp', 'cf', 'cs', 'cv', 'tm', 'uq'] as const),
    ])
    .optional(),
  severity: text.optional(),
  businessImpact: text.optional(),
  method: text.optional(),
  schedule: text.optional(),
  scheduler: text.optional(),
  unit: text.optional(),
  tags: texts.optional(),
  authoritativeDefinitions: authoritativeDefinitions.optional(),
  customProperties: customProperties.optional(),
  metric: z.enum(['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount']).optional(),
  rule: text.optional(),
  arguments: z.record(z.string(), z.unknown()).optional(),
  query: text.optional(),
  engine: text.optional(),
  implementation: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  ...operators,
}).superRefine((value, context) => {
  const kind = value.type ?? 'library';
  // A metric makes a rule of the library of any type, as the standard's schema has it.
  const fields: readonly string[] = [...fieldsOf[kind], ...(value.metric === undefined ? [] : fieldsOf.library)];
  for (const field of new Set(Object.values(fieldsOf).flat()))
    if (value[field as keyof typeof value] !== undefined && !fields.includes(field))
      context.addIssue({ code: 'custom', path: [field], message: `is not a field of a rule of type ${kind}` });
  const need = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  const compared = Object.keys(operators).some((operator) => value[operator as keyof typeof operators] !== undefined);
  const isMeasured = value.type === 'library' || (value.type === undefined && compared);
  if (isMeasured && value.metric === undefined && value.rule === undefined)
    need('metric', 'is missing; a rule of type library needs a metric');
  if (value.type === 'sql' && value.query === undefined) need('query', 'is missing; a rule of type sql needs a query');
  if (value.type === 'custom' && value.engine === undefined)
    need('engine', 'is missing; a rule of type custom needs it');
  if (value.type === 'custom' && value.implementation === undefined)
    need('implementation', 'is missing; a rule of type custom needs it');
  if (value.type === 'custom' && value.engine === 'ingot' && value.implementation !== undefined)
    for (const issue of engineIssues(value.implementation))
      context.addIssue({ ...issue, path: ['implementation', ...issue.path] });
  if ((value.metric !== undefined || value.type === 'sql') && !compared)
    need('mustBe', `is missing; the rule needs one of ${Object.keys(operators).join(', ')}`);
});

function engineIssues(given: string | Record<string, unknown>) {
  const value = typeof given === 'string' ? { expression: given } : given;
  const issues = implementation.safeParse(value, { reportInput: true }).error?.issues ?? [];
  return typeof given === 'string' ? issues.map((issue) => ({ ...issue, path: [] })) : issues;
}
