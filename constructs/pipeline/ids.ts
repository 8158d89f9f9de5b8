import type { Group } from '../../lib/platform/manifest';
import { pascal } from '../core/names';

/** Ids of nodes that several files of the model speak of. */
export const machineId = (group: Group) => `${pascal(group.name)}StateMachine`;
export const arrivalsId = (group: Group) => `${pascal(group.name)}ArrivalsQueue`;
export const noticesId = 'NoticesTopic';
export const deadLettersId = 'DeadLettersQueue';
