import type { Dataset } from '../contract/dataset';
import type { Loaded } from './loaded';
import { describeTolerance, percent, type RuleResult, tolerates } from './result';

/** Name of the rule that every table with a source has. */
const quarantineRule = 'quarantine.share';

/**
 * How much of what was last loaded went to quarantine. It is the last load that counts, not this run's alone: a gate
 * that it closed stays closed for the runs after it, until better files arrive or the contract allows more.
 */
export function judgeQuarantine(dataset: Dataset, { read, quarantined }: Loaded): RuleResult {
  const tolerance = { max: dataset.maxQuarantinePercent, unit: 'percent' } as const;
  const observed = percent(quarantined, read);
  return {
    rule: quarantineRule,
    type: 'quarantine',
    dimension: 'validity',
    severity: 'error',
    status: tolerates(tolerance, quarantined, read) ? 'passed' : 'failed',
    checked: read,
    failed: quarantined,
    observed,
    tolerance: describeTolerance(tolerance),
    message: `${quarantined} of the ${read} rows that were last loaded went to quarantine`,
  };
}
