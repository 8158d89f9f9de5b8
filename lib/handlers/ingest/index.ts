import { load } from '../../ingest/load';
import { plan } from '../../ingest/plan';
import { commandLine } from '../command-line';
import { lambda } from '../entry';
import type { IngestEvent, LoadResult, PlanResult } from '../events';

export const handler = lambda<IngestEvent, PlanResult | LoadResult>((event, services) =>
  event.action === 'plan' ? plan(event, services) : load(event, services),
);

void commandLine(module, handler);
