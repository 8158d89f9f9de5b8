import { resolve } from '../../constructs/core/text';
import { stateMachine } from '../../constructs/pipeline/state-machine';
import { assertValid } from '../errors';
import type { Group, Manifest } from '../platform/manifest';
import { sparkTables } from '../sizing/loads';
import type { Asl } from './states/asl';
import { validateStates } from './states/validate';
import { localSpark, localTargets } from './tasks';

/** What a stack knows of where it is. */
const places: Readonly<Record<string, string>> = { partition: 'aws', region: 'local', account: '000000000000' };

/**
 * The state machine of a group with this machine's names in it: the one that is deployed, but for them.
 *
 * @param onSpark tables that Spark works on; by default those that are deployed so
 */
export function localMachine(group: Group, manifest: Manifest, onSpark = sparkTables(manifest)): Asl {
  const targets = onSpark.size === 0 ? localTargets : { ...localTargets, spark: localSpark(onSpark) };
  const asl = resolve(stateMachine(group, manifest, targets), ({ attr }) => places[attr] ?? attr) as unknown as Asl;
  assertValid(validateStates(asl, `state machine of group ${group.name}`));
  return asl;
}
