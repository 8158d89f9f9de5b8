import type { Dataset, Rule } from '../../contract/dataset';
import { type Said, said } from './rules';

/** Longest ruleset that AWS Glue takes, in characters. */
const longestRuleset = 65_536;

/**
 * The rules of a table as a ruleset of AWS Glue Data Quality, in its language (DQDL): what a rule says here it says there.
 * A rule that the language cannot say is a comment with the reason. Undefined where it can say none.
 *
 * Rules of other tables' columns name those tables by their names: whoever runs the ruleset gives them as additional data
 * sources of these names. The language knows no severity, so warnings are marked in comments; they fail the ruleset too.
 */
export function dqdlRuleset(dataset: Dataset): string | undefined {
  const rules = dataset.rules.map((rule) => ({ rule, said: said(rule, dataset) }));
  const [sayable, unsayable] = [rules.filter(isSaid), rules.filter((one) => !isSaid(one))];
  for (let count = sayable.length; count > 0; count--) {
    const text = document(dataset, sayable.slice(0, count), [
      ...unsayable.map(({ rule, said: { because } }) => `${rule.name}: ${because}`),
      ...sayable.slice(count).map(({ rule }) => `${rule.name}: a ruleset has at most ${longestRuleset} characters`),
    ]);
    if (text.length <= longestRuleset) return text;
  }
  return undefined;
}

type Sayable = { readonly rule: Rule; readonly said: Said & { readonly dqdl: string } };

const isSaid = (one: { readonly rule: Rule; readonly said: Said }): one is Sayable => one.said.dqdl !== undefined;

function document(dataset: Dataset, rules: readonly Sayable[], unsaid: readonly string[]): string {
  const lines = rules.map(({ rule, said: { dqdl } }, i) => {
    const mark = rule.severity === 'warning' ? ' (a warning)' : '';
    return `    ${comment(`${rule.name}${mark}`)}\n    ${dqdl}${i === rules.length - 1 ? '' : ','}`;
  });
  const { zone, name, contract } = dataset;
  return [
    comment(`Rules of ${zone}.${name}, from contract ${contract.id} ${contract.version}.`),
    ...(unsaid.length === 0 ? [] : [comment('Not said here:'), ...unsaid.map((line) => comment(`- ${line}`))]),
    'Rules = [',
    ...lines,
    ']',
    '',
  ].join('\n');
}

const comment = (text: string): string => `# ${text.replaceAll(/\s+/g, ' ')}`;
