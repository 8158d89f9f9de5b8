import type { ReplayEvent } from '../../pipeline/events';
import { type Replayed, replay } from '../../stream/replay';
import type { StreamServices } from '../../stream/services';
import { findStream } from '../../stream/stream';
import { commandLine } from '../command-line';
import { lambdaWith } from '../entry';
import { streamServices } from '../streams';

export const handler = lambdaWith<ReplayEvent, Replayed, StreamServices>(
  ({ stream, ...range }, services) => replay(range, findStream(stream, services.manifest), services),
  streamServices,
);

void commandLine(module, handler);
