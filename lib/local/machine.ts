import { resolve } from '../../constructs/core/text';
import { stateMachine } from '../../constructs/pipeline/state-machine';
import { assertValid } from '../errors';
import type { Group, Manifest } from '../platform/manifest';
import type { Asl } from './states/asl';
import { validateStates } from './states/validate';
import { localTargets } from './tasks';

/** What a stack knows of where it is. */
const places: Readonly<Record<string, string>> = { partition: 'aws', region: 'local', account: '000000000000' };

/** The state machine of a group with this machine's names in it: the one that is deployed, but for them. */
export function localMachine(group: Group, manifest: Manifest): Asl {
  const asl = resolve(
    stateMachine(group, manifest, localTargets),
    ({ attr }) => places[attr] ?? attr,
  ) as unknown as Asl;
  assertValid(validateStates(asl, `state machine of group ${group.name}`));
  return asl;
}
