import { type BatchResponse, consumeEvent } from '../../stream/handle';
import type { KafkaEvent, KinesisEvent } from '../../stream/record';
import type { StreamServices } from '../../stream/services';
import { findStream } from '../../stream/stream';
import { commandLine } from '../command-line';
import { lambdaWith } from '../entry';
import { streamServices } from '../streams';

/** `INGOT_STREAM` names the stream: what Lambda delivers does not say whose it is. */
export const handler = lambdaWith<KinesisEvent | KafkaEvent, BatchResponse, StreamServices>(
  (event, services) => consumeEvent(event, findStream(process.env.INGOT_STREAM ?? '', services.manifest), services),
  streamServices,
);

void commandLine(module, handler);
