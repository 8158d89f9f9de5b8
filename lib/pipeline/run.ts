import type { Group, Manifest } from '../platform/manifest';

/**
 * What a run of a group does, in order: the one thing that its state machine and its DAG of Airflow are made from.
 *
 *     plan -> ingest -> quality -> models, level by level -> quality -> publish
 *
 * All items of a step are worked on side by side; one that fails does not stop the others, and the run ends after them.
 */
export interface Run {
  readonly steps: readonly Step[];
  /** Seconds after which a run is given up. */
  readonly timeoutSeconds: number;
}

export interface Step {
  /** Its name in the state machine, `Ingest`, and of its tasks in Airflow. */
  readonly name: string;
  readonly does: 'ingest' | 'check' | 'transform';
  /** Tables as `zone.table`, or names of models. */
  readonly items: readonly string[];
  /** What people are told where an item of it failed. */
  readonly cause: string;
}

/** Seconds that one call of a function may take: Lambda's own limit. */
export const callSeconds = 900;

/** How many items of a step are worked on at once. */
export const itemsAtOnce = 8;

/** What may pass is tried again so often, and so many seconds after it failed: at first, and at most. */
export const retries = { attempts: 5, firstSeconds: 2, factor: 2, mostSeconds: 60 } as const;

/** Tables or models of a group that Spark works on side by side: each is a driver and executors of its own. */
export const jobsAtOnce = 3;

/** Minutes after which a job is ended. */
export const jobMinutes = 6 * 60;

/** Seconds that a job may take, those included that it waits for its turn. */
export const jobSeconds = (jobMinutes + 10) * 60;

/** A job that failed is tried again so often, and so many seconds after it failed. */
export const jobRetries = { attempts: 2, firstSeconds: 30 } as const;

/** Seconds after which a run with jobs is ended. */
export const runWithJobsSeconds = 24 * 3600;

export const planCause = 'What is new could not be found out';
export const publishCause = 'The results are in their tables, but could not be published';

export function runOf(group: Group, manifest: Manifest): Run {
  const steps: Step[] = [];
  const check = (name: string, items: readonly string[]): Step => ({
    name,
    does: 'check',
    items,
    cause: 'A quality rule of severity error failed',
  });
  if (group.ingests.length > 0)
    steps.push({
      name: 'Ingest',
      does: 'ingest',
      items: group.ingests,
      cause: 'A batch of files could not be loaded; it is in the dead-letter queue',
    });
  const outside = fromOutside(group);
  if (outside.length > 0) steps.push(check('CheckIngested', outside));
  group.levels.forEach((items, i) => {
    steps.push({
      name: `Level${i + 1}`,
      does: 'transform',
      items,
      cause: 'A model could not be run; it is in the dead-letter queue',
    });
  });
  const written = modelled(group, manifest);
  if (written.length > 0) steps.push(check('CheckModelled', written));
  return { steps, timeoutSeconds: 6 * 3600 };
}

/** Tables that files, streams, or changes of databases fill: what comes from outside is judged before models read it. */
export const fromOutside = ({ ingests, streamed = [] }: Group): readonly string[] => [...ingests, ...streamed];

/** Tables that models of a group fill. */
export function modelled(group: Group, manifest: Manifest): string[] {
  return manifest.models
    .filter((model) => model.writes !== undefined && group.levels.flat().includes(model.name))
    .map((model) => model.writes!);
}
