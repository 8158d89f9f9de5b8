import { type Custom, readCustom, ruleProperties } from './custom';
import type { Dimension, Severity } from './dataset';
import type { Path } from './document';
import type { Notes } from './notes';
import type { DataQuality, QualityDimension } from './odcs';

const dimensions: Readonly<Record<QualityDimension, Dimension>> = {
  accuracy: 'accuracy',
  ac: 'accuracy',
  completeness: 'completeness',
  cp: 'completeness',
  conformity: 'validity',
  cf: 'validity',
  consistency: 'consistency',
  cs: 'consistency',
  coverage: 'completeness',
  cv: 'completeness',
  timeliness: 'timeliness',
  tm: 'timeliness',
  uniqueness: 'uniqueness',
  uq: 'uniqueness',
};

/** What all rules share, as a quality rule says it. `about`: what an unnamed rule is named after. */
export function ruleBase(quality: DataQuality, about: string, dimension: Dimension, path: Path, notes: Notes) {
  const kind = quality.metric ?? quality.type ?? quality.rule ?? 'rule';
  return {
    name: quality.name ?? quality.id ?? (about === '' ? kind : `${about}.${kind}`),
    ...(quality.description === undefined ? {} : { description: quality.description }),
    dimension: quality.dimension === undefined ? dimension : dimensions[quality.dimension],
    severity: severityOf(quality.severity, [...path, 'severity'], notes),
    ...whereOf(readCustom(ruleProperties, quality.customProperties, path, notes)),
  };
}

const whereOf = ({ where }: Custom<typeof ruleProperties>) => (where === undefined ? {} : { where: where.value });

export function severityOf(given: string | undefined, path: Path, notes: Notes): Severity {
  const word = given?.toLowerCase() ?? 'error';
  if (word === 'error' || word === 'warning') return word;
  if (word === 'info') return 'warning';
  notes.notice(path, `is kept, but counts as error; given ${JSON.stringify(given)}; allowed: error, warning, info`);
  return 'error';
}
