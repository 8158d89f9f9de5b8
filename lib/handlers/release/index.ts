import type { ReleaseEvent } from '../../pipeline/events';
import { type Released, release } from '../../stream/release';
import type { StreamServices } from '../../stream/services';
import { findStream } from '../../stream/stream';
import { commandLine } from '../command-line';
import { lambdaWith } from '../entry';
import { streamServices } from '../streams';

export const handler = lambdaWith<ReleaseEvent, Released, StreamServices>(
  ({ stream, ...options }, services) => release(options, findStream(stream, services.manifest), services),
  streamServices,
);

void commandLine(module, handler);
