import type { Text } from '../../../constructs/core/text';

/**
 * Amazon States Language, the subset that this package writes: JSONPath only, inline Map, Choice, Parallel, Wait, Retry,
 * Catch and the intrinsics of `intrinsics.ts`. A state machine that is written in these types and has no problem in
 * `validateStates` runs alike in AWS Step Functions and on this machine (`execute.ts`).
 */
export interface Asl extends States {
  readonly Comment?: string;
  /** Seconds after which the whole execution fails with `States.Timeout`. */
  readonly TimeoutSeconds?: number;
}

/** States and the one that they begin with: a state machine, a branch of Parallel, or the processor of Map. */
export interface States {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export type State =
  | PassState
  | TaskState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState;

/** JSON in which the value of a key that ends in `.$` is a path or an intrinsic: `{"table.$": "$.item.table"}`. */
export type Template = unknown;

interface Described {
  readonly Comment?: string;
}

interface Filtered {
  /** Path to what the state sees of its input; null: an empty object. By default `$`. */
  readonly InputPath?: string | null;
  /** Path to what the next state gets of the state's output; null: an empty object. By default `$`. */
  readonly OutputPath?: string | null;
}

/** Exactly one of `Next` and `End`. */
interface Going {
  readonly Next?: string;
  readonly End?: true;
}

interface Placed {
  /** Where in the state's input its result is put; null: the result is dropped. By default `$`: it replaces the input. */
  readonly ResultPath?: string | null;
}

interface Recovering {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export interface Retrier {
  readonly Comment?: string;
  readonly ErrorEquals: readonly string[];
  /** Seconds before the first retry. By default 1. */
  readonly IntervalSeconds?: number;
  /** By default 3; 0: never. */
  readonly MaxAttempts?: number;
  /** By default 2. */
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  /** `FULL`: a random wait between 0 and the computed one. By default `NONE`. */
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

export interface Catcher extends Placed {
  readonly Comment?: string;
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
}

export interface PassState extends Described, Filtered, Going, Placed {
  readonly Type: 'Pass';
  readonly Result?: unknown;
  readonly Parameters?: Template;
}

export interface TaskState extends Described, Filtered, Going, Placed, Recovering {
  readonly Type: 'Task';
  /** `arn:aws:states:::lambda:invoke` and the others of `resources` in `validate.ts`. */
  readonly Resource: Text;
  readonly Parameters?: Template;
  readonly ResultSelector?: Template;
  readonly TimeoutSeconds?: number;
}

export interface ChoiceState extends Described, Filtered {
  readonly Type: 'Choice';
  readonly Choices: readonly (Condition & { readonly Next: string })[];
  /** The state that follows where no choice matches; without it that is the error `States.NoChoiceMatched`. */
  readonly Default?: string;
}

/** `{And: […]}`, `{Or: […]}`, `{Not: …}` or a comparison `{Variable: '$.count', NumericGreaterThan: 0}`. */
export interface Condition {
  readonly Comment?: string;
  readonly And?: readonly Condition[];
  readonly Or?: readonly Condition[];
  readonly Not?: Condition;
  readonly Variable?: string;
  /** One comparison operator of `choice.ts`. */
  readonly [operator: string]: unknown;
}

/** Exactly one of the four. */
export interface WaitState extends Described, Filtered, Going {
  readonly Type: 'Wait';
  readonly Seconds?: number;
  readonly SecondsPath?: string;
  readonly Timestamp?: string;
  readonly TimestampPath?: string;
}

export interface SucceedState extends Described, Filtered {
  readonly Type: 'Succeed';
}

export interface FailState extends Described {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly ErrorPath?: string;
  readonly Cause?: string;
  readonly CausePath?: string;
}

export interface ParallelState extends Described, Filtered, Going, Placed, Recovering {
  readonly Type: 'Parallel';
  readonly Branches: readonly States[];
  readonly Parameters?: Template;
  readonly ResultSelector?: Template;
}

export interface MapState extends Described, Filtered, Going, Placed, Recovering {
  readonly Type: 'Map';
  /** Path to the list. By default `$`. */
  readonly ItemsPath?: string;
  /** What each iteration gets, by default the item; `$$.Map.Item.Value` and `$$.Map.Item.Index` are known in it. */
  readonly ItemSelector?: Template;
  readonly ItemProcessor: States & { readonly ProcessorConfig?: { readonly Mode: 'INLINE' } };
  /** How many iterations run at once; 0, the default: as many as there are, at most 40. */
  readonly MaxConcurrency?: number;
  readonly ResultSelector?: Template;
}
