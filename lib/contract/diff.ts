import { assertValid, InvalidInputError } from '../errors';
import { type Change, tableAdded, tableChanges, tableRemoved } from './changes';
import type { Dataset } from './dataset';
import type { DataContract } from './odcs';
import { checkContract, fromCode } from './read';
import type { ZoneKind } from './source';
import { compareVersions, versionParts } from './version';

export type { Change } from './changes';

/** What changed between two versions of a contract, and whether the new version's number says so. Plain JSON. */
export interface ContractDiff {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Every change, breaking ones first. Empty where nothing that Ingot acts on changed. */
  readonly changes: readonly Change[];
  readonly breaking: boolean;
  /** The part of the version that must rise, at least. */
  readonly demands: 'major' | 'minor' | 'patch' | 'none';
  /** The least version that does, for example `2.0.0`. */
  readonly leastVersion: string;
  /** Whether the new version is at least that one. */
  readonly versionFits: boolean;
  /** What is wrong with the new version, in a sentence, where it does not fit. */
  readonly problem?: string;
}

/**
 * Compares two versions of one contract.
 *
 * @throws InvalidInputError where one of them is not valid, or they are not versions of one contract
 */
export function diffContracts(before: DataContract, after: DataContract, zones?: readonly ZoneKind[]): ContractDiff {
  const old = checkContract(fromCode('old contract', before), zones);
  const now = checkContract(fromCode('new contract', after), zones);
  assertValid([...old.problems, ...now.problems]);
  if (before.id !== after.id)
    throw new InvalidInputError([
      {
        where: 'new contract',
        path: 'id',
        message: `must be the id of the old contract, or they are no versions of one; given ${JSON.stringify(after.id)}, before ${JSON.stringify(before.id)}`,
      },
    ]);
  const changes = ordered(contractChanges(old.datasets, now.datasets));
  const demands = demandOf(changes);
  const leastVersion = raised(before.version, demands);
  const versionFits = compareVersions(after.version, leastVersion) >= 0;
  return {
    id: after.id,
    from: before.version,
    to: after.version,
    changes,
    breaking: demands === 'major',
    demands,
    leastVersion,
    versionFits,
    ...(versionFits ? {} : { problem: versionProblem(before.version, after.version, demands, leastVersion) }),
  };
}

function versionProblem(from: string, to: string, demands: ContractDiff['demands'], least: string): string {
  if (demands === 'none') return `must not go back; given version ${to}, before ${from}`;
  const kind = { major: 'a breaking change', minor: 'a change', patch: 'a change of words' }[demands];
  return `must be at least ${least}: ${kind} asks for a new ${demands} version; given ${to}, before ${from}`;
}

/** Tables are matched by name: a table that moves to another zone is another table. */
function contractChanges(before: readonly Dataset[], after: readonly Dataset[]): Change[] {
  const idOf = ({ zone, name }: Dataset) => `${zone}.${name}`;
  const was = new Map(before.map((dataset) => [idOf(dataset), dataset]));
  const is = new Map(after.map((dataset) => [idOf(dataset), dataset]));
  const changes: Change[] = [];
  for (const id of was.keys()) if (!is.has(id)) changes.push(tableRemoved(id));
  for (const [id, dataset] of is) {
    const old = was.get(id);
    if (old === undefined) changes.push(tableAdded(id));
    else changes.push(...tableChanges(old, dataset));
  }
  return changes;
}

const weights = { breaking: 0, compatible: 1, text: 2 } as const;
const ordered = (changes: readonly Change[]) => changes.toSorted((a, b) => weights[a.kind] - weights[b.kind]);

function demandOf(changes: readonly Change[]): ContractDiff['demands'] {
  const kinds = new Set(changes.map(({ kind }) => kind));
  if (kinds.has('breaking')) return 'major';
  if (kinds.has('compatible')) return 'minor';
  return kinds.has('text') ? 'patch' : 'none';
}

function raised(version: string, demands: ContractDiff['demands']): string {
  const [major, minor, patch] = versionParts(version);
  switch (demands) {
    case 'major':
      return `${major + 1}.0.0`;
    case 'minor':
      return `${major}.${minor + 1}.0`;
    case 'patch':
      return `${major}.${minor}.${patch + 1}`;
    case 'none':
      return `${major}.${minor}.${patch}`;
  }
}
