import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fedBy } from '../cdc/tables';
import { load } from '../ingest/load';
import { plan } from '../ingest/plan';
import type { DateRange, IngestEvent } from '../pipeline/events';
import { findTable } from '../platform/lookup';
import type { Group, Manifest } from '../platform/manifest';
import { publish } from '../publish/publish';
import { quality } from '../quality/quality';
import type { Services } from '../runtime/services';
import { transform } from '../transform/transform';
import type { Layout } from './layout';
import type { Progress } from './progress';
import type { Failure, GroupRun, RuleReport } from './report/report';
import type { Asl } from './states/asl';
import { arns, type ExecutionEnd, execute } from './states/execute';
import { type Handlers, localTasks } from './tasks';
import { Watch } from './watch';

export interface GroupSurroundings {
  readonly services: Services;
  readonly layout: Layout;
  readonly progress: Progress;
  /** Milliseconds since 1970 that timings count from. */
  readonly origin: number;
  readonly range?: DateRange;
  /** What jobs of Spark run on, opened by the first of them. */
  readonly spark: () => Promise<Services>;
}

/** An execution that has ended, and what was seen of it. */
export interface Ended {
  readonly group: Group;
  readonly run: string;
  readonly milliseconds: number;
  readonly end: ExecutionEnd;
  readonly watch: Watch;
}

/** Executes a group's state machine. What happens is kept, an event a line, in `runs/<run>.jsonl`. */
export async function runGroup(group: Group, asl: Asl, around: GroupSurroundings): Promise<Ended> {
  const { services, layout, progress, origin, range, spark } = around;
  const began = Date.now();
  const startedAt = new Date(began).toISOString();
  const run = `${startedAt.slice(0, 19).replace(/[-:]/g, '')}Z-${randomBytes(4).toString('hex')}`;
  const machine = `${services.manifest.name}-${group.name}`;
  const watch = new Watch(services.manifest, progress, origin);
  const log = join(layout.runs, `${run}.jsonl`);
  await mkdir(layout.runs, { recursive: true });
  const { execution: id, stateMachine: machineId } = arns(machine, run);
  const end = await execute(
    asl,
    { machine, name: run, input: range === undefined ? {} : { range } },
    {
      task: localTasks({
        handlers: watch.watched(handlersOf(services)),
        jobs: watch.watched(handlersOf(services, spark)),
        layout,
        execution: { id, name: run, machine: machineId, startedAt },
      }),
      on: (event) => {
        // At once, so that a run that dies leaves its story.
        appendFileSync(log, `${JSON.stringify(event)}\n`);
        if (event.kind === 'retried')
          progress.note(`${event.state} is tried again in ${event.afterSeconds.toFixed(1)} s: ${event.error}`);
      },
    },
  );
  return { group, run, milliseconds: Date.now() - began, end, watch };
}

/** The platform's functions, in this process. What moves data may run on another engine: `movers`. */
export function handlersOf(services: Services, movers: () => Promise<Services> = async () => services): Handlers {
  return {
    ingest: async (event: IngestEvent) =>
      event.action === 'plan' ? plan(event, services) : load(event, await movers()),
    quality: async (event) => quality(event, await movers()),
    transform: async (event) => transform(event, await movers()),
    publish: (event) => publish(event, services),
  };
}

/** What is said of a run, once the lake has told which rules failed. */
export function outcomeOf(
  { group, run, milliseconds, end, watch }: Ended,
  rules: readonly RuleReport[],
  manifest: Manifest,
): GroupRun {
  const base = { group: group.name, run, milliseconds };
  if (end.status === 'SUCCEEDED')
    return { ...base, status: watch.plan?.empty === true ? 'nothing-new' : 'succeeded', failures: [] };
  const refused = rules.filter((rule) => watch.refused.has(rule.table) && !rule.passed && rule.severity === 'error');
  const failures = [...watch.failures, ...refused.map((rule) => refusal(rule, manifest))];
  const unexplained: Failure = {
    what: end.error,
    why: end.cause,
    todo: `Look into runs/${run}.jsonl, then run again.`,
  };
  return { ...base, status: 'failed', failures: failures.length === 0 ? [unexplained] : failures };
}

function refusal({ table, rule, message, description }: RuleReport, manifest: Manifest): Failure {
  const { dataset } = findTable(table, manifest);
  const contract = dataset.contract.file ?? `contract ${dataset.contract.id}`;
  const fed = fedBy(manifest, dataset) !== undefined;
  const way = dataset.source !== undefined ? 'the files' : fed ? 'the database' : 'the model or what it reads';
  return {
    what: table,
    why: `rule ${rule} failed: ${message ?? description ?? 'it does not hold'}`,
    todo: `Put ${way} right, or say in ${contract} what is tolerated, then run again.`,
  };
}
