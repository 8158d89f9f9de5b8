import { findSource } from '../../cdc/feed';
import { type ApplyEvent, handleApply } from '../../cdc/handle';
import type { ReceiveServices } from '../../cdc/receive';
import type { Services } from '../../runtime/services';
import { changeServices } from '../changes';
import { commandLine } from '../command-line';
import { lambdaWith } from '../entry';

/** `INGOT_SOURCE` names the source: what Kinesis delivers does not say whose it is. */
export const handler = lambdaWith<ApplyEvent, Awaited<ReturnType<typeof handleApply>>, ReceiveServices & Services>(
  (event, services) => handleApply(event, findSource(process.env.INGOT_SOURCE ?? '', services.manifest), services),
  async (services) => changeServices(services),
);

void commandLine(module, handler);
