import type { Manifest } from '../../lib/platform/manifest';
import { dqdlRuleset } from '../../lib/quality/dqdl/ruleset';
import { pascal } from '../core/names';
import type { DataQualityRulesetNode } from '../core/nodes';
import type { LakeFacts } from '../lake/model';
import { icebergTableId } from './tables';

/** The rules of each contract as a ruleset of AWS Glue Data Quality; tables without a rule that it can say have none. */
export function dataQualityRulesets(
  { datasets }: Pick<Manifest, 'datasets'>,
  lake: LakeFacts,
): DataQualityRulesetNode[] {
  return datasets.flatMap((dataset) => {
    const ruleset = dqdlRuleset(dataset);
    const zone = lake.zones.find(({ name }) => name === dataset.zone)!;
    if (ruleset === undefined) return [];
    return {
      kind: 'dataQualityRuleset',
      id: `${pascal(dataset.zone)}${pascal(dataset.name)}Rules`,
      name: `${lake.name}-${dataset.zone}-${dataset.name}`,
      description: `Rules of ${dataset.zone}.${dataset.name}, from contract ${dataset.contract.id}`,
      ruleset,
      database: zone.database,
      table: dataset.name,
      after: icebergTableId(dataset.zone, dataset.name),
    };
  });
}
