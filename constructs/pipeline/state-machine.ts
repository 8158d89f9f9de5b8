import {
  fromOutside,
  modelled,
  planCause,
  publishCause,
  runOf,
  runWithJobsSeconds,
  type Step,
} from '../../lib/pipeline/run';
import type { Group, Manifest } from '../../lib/platform/manifest';
import { aws, text } from '../core/text';
import { type Around, atOnce, eachOf, type Items, item, itemsBy, type Targets } from './items';
import { anyFailed, FAILED, failure, invoke, OK, oldestRun, outcome, type States, transient } from './states';

export interface Machine {
  readonly Comment: string;
  readonly StartAt: string;
  readonly TimeoutSeconds: number;
  readonly States: Readonly<States>;
}

/**
 * The state machine (Amazon States Language, JSONPath) of one dataset group:
 *
 *     only one run -> plan -> ingest -> quality -> models, level by level -> quality -> publish
 *
 * An item that fails goes to the dead-letter queue with its error, its siblings go on, and the run stops after them.
 */
export function stateMachine(group: Group, manifest: Manifest, targets: Targets): Machine {
  const { steps, timeoutSeconds } = runOf(group, manifest);
  const around: Around = { targets, group, platform: manifest.name };
  const itemsOf = new Map(steps.map((step) => [step, itemsBy(step, manifest, targets.spark)]));
  const hasJobs = [...itemsOf.values()].some(({ onSpark }) => onSpark.length > 0);
  const states: States = {
    ...start(
      targets,
      group,
      { ingested: fromOutside(group), levels: group.levels, modelled: modelled(group, manifest) },
      steps[0]?.name ?? 'Publish',
    ),
  };
  steps.forEach((step, i) => {
    Object.assign(
      states,
      statesOf(step, around, itemsOf.get(step)!),
      failure(step.name, step.cause),
      outcome(step.name, steps[i + 1]?.name ?? 'Publish'),
    );
  });
  Object.assign(states, {
    Publish: {
      ...invoke(targets.publish, {
        group: group.name,
        'run.$': '$$.Execution.Name',
        'startedAt.$': '$$.Execution.StartTime',
      }),
      ResultPath: '$.published',
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'PublishFailed' }],
      End: true,
    },
    ...failure('Publish', publishCause),
    ...failure('Plan', planCause),
    Notify: {
      Type: 'Task',
      Resource: text`arn:${aws.partition}:states:::sns:publish`,
      Parameters: {
        TopicArn: targets.notices,
        Subject: `${manifest.name}: run of ${group.name} failed`,
        'Message.$': `States.Format('{}. Run {}.', $.failure.cause, $$.Execution.Name)`,
      },
      ResultPath: null,
      Retry: [transient],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Failed' }],
      Next: 'Failed',
    },
    Failed: { Type: 'Fail', ErrorPath: '$.failure.error', CausePath: '$.failure.cause' },
  });
  return {
    Comment: `${manifest.name}: ${group.name}`,
    StartAt: 'Defaults',
    TimeoutSeconds: hasJobs ? runWithJobsSeconds : timeoutSeconds,
    States: states,
  };
}

/** A step's items, and which of them are Spark's: a model is where its table is. */
function statesOf({ name, does }: Step, around: Around, items: Items): States {
  switch (does) {
    case 'ingest':
      return ingest(around, items);
    case 'check':
      return check(name, name === 'CheckIngested' ? '$.static.ingested' : '$.static.modelled', around, items);
    case 'transform':
      return transform(name, `$.static.levels[${Number(name.slice('Level'.length)) - 1}]`, around, items);
  }
}

/** Where a run begins: its input made whole, a stop where an older run is still at work, and what is new. */
function start(targets: Targets, group: Group, lists: object, first: string): States {
  return {
    Defaults: {
      Type: 'Pass',
      Parameters: { defaults: { range: null }, static: lists },
      Next: 'Input',
    },
    Input: {
      Type: 'Pass',
      Parameters: {
        // A start by hand may give no input, one for a backfill gives a range.
        'input.$': 'States.JsonMerge($.defaults, $$.Execution.Input, false)',
        'static.$': '$.static',
      },
      Next: 'ListRuns',
    },
    ...oldestRun('Plan', 'AnotherRuns'),
    AnotherRuns: { Type: 'Succeed' },
    Plan: {
      ...invoke(targets.ingest, {
        action: 'plan',
        group: group.name,
        'run.$': '$$.Execution.Name',
        'range.$': '$.input.range',
      }),
      ResultPath: '$.plan',
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'PlanFailed' }],
      Next: 'AnythingNew',
    },
    AnythingNew: {
      Type: 'Choice',
      Choices: [{ Variable: '$.plan.result.empty', BooleanEquals: true, Next: 'NothingNew' }],
      Default: first,
    },
    NothingNew: { Type: 'Succeed' },
  };
}

/** Tables side by side; the batches of one table one after another, in their order. */
function ingest(around: Around, items: Items): States {
  const load = item(
    {
      name: 'Load',
      handler: 'ingest',
      payload: { action: 'load', 'table.$': '$.table', 'batch.$': '$.batch', 'run.$': '$$.Execution.Name' },
      item: '$.table',
      keys: ['$.table', '$.batch'],
      next: 'Loaded',
    },
    items,
    around,
  );
  return {
    Ingest: {
      Type: 'Map',
      ItemsPath: '$.plan.result.tables',
      MaxConcurrency: atOnce(items),
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'Batches',
        States: {
          Batches: {
            Type: 'Map',
            ItemsPath: '$.batches',
            ItemSelector: { 'table.$': '$.table', 'batch.$': '$$.Map.Item.Value.batch' },
            MaxConcurrency: 1,
            ItemProcessor: {
              ProcessorConfig: { Mode: 'INLINE' },
              StartAt: load.startAt,
              States: { ...load.states, Loaded: { Type: 'Pass', Result: OK, End: true } },
            },
            ResultPath: '$.outcomes',
            Next: 'AnyBatchFailed',
          },
          ...anyFailed('AnyBatchFailed', '$.outcomes', 'TableFailed', 'TableLoaded'),
          TableFailed: { Type: 'Pass', Result: FAILED, End: true },
          TableLoaded: { Type: 'Pass', Result: OK, End: true },
        },
      },
      ResultPath: '$.outcomes',
      Next: 'IngestOutcome',
    },
  };
}

function check(name: string, path: string, around: Around, items: Items): States {
  const scan = item(
    {
      name: `${name}Scan`,
      handler: 'quality',
      payload: { group: around.group.name, 'table.$': '$.item', 'run.$': '$$.Execution.Name' },
      item: '$.item',
      keys: ['$.item'],
      resultPath: '$.quality',
      next: `${name}Passed`,
    },
    items,
    around,
  );
  return {
    [name]: eachOf(path, name, items, scan.startAt, {
      ...scan.states,
      [`${name}Passed`]: {
        Type: 'Choice',
        Choices: [{ Variable: '$.quality.result.passed', BooleanEquals: true, Next: `${name}Good` }],
        Default: `${name}Bad`,
      },
      [`${name}Good`]: { Type: 'Pass', Result: OK, End: true },
      [`${name}Bad`]: { Type: 'Pass', Result: FAILED, End: true },
    }),
  };
}

function transform(name: string, path: string, around: Around, items: Items): States {
  const run = item(
    {
      name: `${name}Model`,
      handler: 'transform',
      payload: { 'model.$': '$.item', 'run.$': '$$.Execution.Name', 'range.$': '$.range' },
      item: '$.item',
      keys: ['$.item'],
      next: `${name}Done`,
    },
    items,
    around,
  );
  return {
    [name]: eachOf(path, name, items, run.startAt, {
      ...run.states,
      [`${name}Done`]: { Type: 'Pass', Result: OK, End: true },
    }),
  };
}
