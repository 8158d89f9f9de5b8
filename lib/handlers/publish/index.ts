import type { ProbeEvent, ProbeResult, PublishEvent, PublishResult } from '../../pipeline/events';
import { probe } from '../../publish/probe';
import { publish } from '../../publish/publish';
import { commandLine } from '../command-line';
import { lambda } from '../entry';

export const handler = lambda<PublishEvent | ProbeEvent, PublishResult | ProbeResult>((event, services) =>
  'action' in event ? probe(event, services) : publish(event, services),
);

void commandLine(module, handler);
