import { itemsAtOnce, jobsAtOnce, type Step } from '../../lib/pipeline/run';
import type { Group, Manifest } from '../../lib/platform/manifest';
import type { SparkSize } from '../../lib/sizing/spark-size';
import { aws, type Text, text } from '../core/text';
import { jobStates, type SparkTarget } from './spark-states';
import { FAILED, invoke, type State, type States, transient } from './states';

/** What a state machine calls. On this machine the same machine runs with local names in these places. */
export interface Targets {
  /** ARNs of functions. */
  readonly ingest: Text;
  readonly quality: Text;
  readonly transform: Text;
  readonly publish: Text;
  /** URL of the queue for what could not be done. */
  readonly deadLetters: Text;
  /** ARN of the topic that people listen to. */
  readonly notices: Text;
  /** Absent where functions do everything. */
  readonly spark?: SparkTarget;
}

/** What all steps are made with. */
export interface Around {
  readonly targets: Targets;
  readonly group: Group;
  readonly platform: string;
}

/** Tables or models that a step works on, and those of them that are Spark's. */
export interface Items {
  readonly all: readonly string[];
  readonly onSpark: readonly string[];
  /** Of those that are Spark's. */
  readonly sizes: ReadonlyMap<string, SparkSize>;
}

/** How many of them are worked on side by side: a job is a driver and executors of its own. */
export const atOnce = ({ onSpark }: Items): number => (onSpark.length === 0 ? itemsAtOnce : jobsAtOnce);

/** One call of a handler, for an item of a map. */
interface Call {
  readonly name: string;
  readonly handler: 'ingest' | 'quality' | 'transform';
  readonly payload: object;
  /** Path of the table or model. */
  readonly item: string;
  /** Paths of what tells it from other calls of its step. */
  readonly keys: readonly string[];
  /** Where its result goes; absent: nobody asks for it. */
  readonly resultPath?: string;
  readonly next: string;
}

/**
 * A step of a map, by a function or, for items that are Spark's, by a job. Its failure is kept in the dead-letter queue
 * and ends only this item. Its states bear its name: a state's name must be unique in the whole machine, maps included.
 */
export function item(
  call: Call,
  items: Items,
  { targets, group, platform }: Around,
): { startAt: string; states: States } {
  const { name, resultPath } = call;
  const failed = `${name}DeadLetter`;
  const { spark } = targets;
  const [someJobs, allJobs] = [items.onSpark.length > 0, items.onSpark.length === items.all.length];
  const byFunction: States = {
    [name]: {
      ...invoke(targets[call.handler], call.payload),
      ResultPath: resultPath ?? null,
      Next: call.next,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: failed }],
    },
  };
  const byJob: States =
    spark === undefined || !someJobs
      ? {}
      : jobStates(
          { ...call, name: `${name}Spark`, platform, resultPath: resultPath ?? '$.answer', failed, sizes: items.sizes },
          spark,
        );
  const isMixed = someJobs && !allJobs;
  const engine: States = {
    [`${name}Engine`]: {
      Type: 'Choice',
      Choices: items.onSpark.map((one) => ({ Variable: call.item, StringEquals: one, Next: `${name}Spark` })),
      Default: name,
    },
  };
  return {
    startAt: isMixed ? `${name}Engine` : someJobs ? `${name}Spark` : name,
    states: {
      ...(isMixed ? engine : {}),
      ...(someJobs && allJobs ? {} : byFunction),
      ...byJob,
      [failed]: {
        Type: 'Task',
        Resource: text`arn:${aws.partition}:states:::sqs:sendMessage`,
        Parameters: {
          QueueUrl: targets.deadLetters,
          MessageBody: { group: group.name, step: name, 'run.$': '$$.Execution.Name', 'item.$': '$' },
        },
        ResultPath: null,
        Retry: [transient],
        Next: `${name}GaveUp`,
      },
      [`${name}GaveUp`]: { Type: 'Pass', Result: FAILED, End: true },
    },
  };
}

/** The items of a step, and which of them are Spark's. */
export function itemsBy({ does, items }: Step, manifest: Manifest, spark: SparkTarget | undefined): Items {
  const tableOf = (item: string) =>
    does === 'transform' ? manifest.models.find(({ name }) => name === item)?.writes : item;
  const sizes = new Map<string, SparkSize>();
  for (const item of items) {
    const size = spark?.tables.get(tableOf(item) ?? '');
    if (size !== undefined) sizes.set(item, size);
  }
  return { all: items, onSpark: [...sizes.keys()], sizes };
}

/** A map over a list that was known at synth. */
export function eachOf(path: string, name: string, items: Items, startAt: string, states: States): State {
  return {
    Type: 'Map',
    ItemsPath: path,
    ItemSelector: { 'item.$': '$$.Map.Item.Value', 'range.$': '$.input.range' },
    MaxConcurrency: atOnce(items),
    ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: startAt, States: states },
    ResultPath: '$.outcomes',
    Next: `${name}Outcome`,
  };
}
