import { tableChanges } from '../../lib/contract/changes';
import type { Dataset } from '../../lib/contract/dataset';
import { compareVersions } from '../../lib/contract/version';
import type { Problem } from '../../lib/errors';

/**
 * Changes that tables with rows in them could not take, so that nobody finds out in the middle of a deployment: the
 * tables function would refuse the same. A table that left is none, as it stays; nor is an older version of a contract,
 * which changes no table.
 */
export function deployedProblems(where: string, deployed: readonly Dataset[], datasets: readonly Dataset[]): Problem[] {
  const before = new Map(deployed.map((dataset) => [`${dataset.zone}.${dataset.name}`, dataset]));
  return datasets.flatMap((dataset) => {
    const id = `${dataset.zone}.${dataset.name}`;
    const was = before.get(id);
    if (was === undefined || compareVersions(dataset.contract.version, was.contract.version) < 0) return [];
    return tableChanges(was, dataset)
      .filter(({ inPlace }) => !inPlace)
      .map(({ on, message }) => ({
        where,
        path: `manifest.datasets.${id}`,
        message: `must be a table that ${was.contract.id} ${was.contract.version}, as deployed, can be changed into: of ${on}, ${message}; allowed are new optional columns, wider types, columns made optional or renamed by id; else declare a table of another name and fill it from this one`,
      }));
  });
}
