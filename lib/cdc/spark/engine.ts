import { isOfEngine } from '../../spark/job';
import { sparkLacks } from '../../spark/types';
import type { ReceiveServices } from '../receive';

/** What is to be known of Spark where it applies changes. */
export const engineOfSpark = { isOfEngine, lacks: sparkLacks } satisfies Pick<ReceiveServices, 'isOfEngine' | 'lacks'>;
