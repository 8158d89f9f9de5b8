import { load } from '../../ingest/load';
import { plan } from '../../ingest/plan';
import type { IngestEvent, LoadResult, PlanResult } from '../../pipeline/events';
import { commandLine } from '../command-line';
import { lambda } from '../entry';

export const handler = lambda<IngestEvent, PlanResult | LoadResult>((event, services) =>
  event.action === 'plan' ? plan(event, services) : load(event, services),
);

void commandLine(module, handler);
