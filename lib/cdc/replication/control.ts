import { type Answering, answerCustomResource, type CustomResourceEvent } from '../../runtime/custom-resource';
import type { Metrics } from '../../runtime/services';
import { cdcMetrics } from '../metrics';
import type { LogPosition } from './login';

/** How a serverless replication of AWS DMS stands. */
export interface ReplicationState {
  /** ARN of its configuration. */
  readonly arn: string;
  /** `created`, `running`, `stopped`, `failed`, or what it is on its way through. */
  readonly status: string;
  /** Whether it has begun to read: then it is resumed, and not started anew. */
  readonly hasRun: boolean;
  /** Why it failed or stopped. */
  readonly messages: readonly string[];
  readonly tablesFailed: number;
}

export type StartType = 'start-replication' | 'resume-processing' | 'reload-target';

/** What is needed of AWS DMS. */
export interface Dms {
  /** By the identifier of its configuration; undefined where there is none. */
  describe(name: string): Promise<ReplicationState | undefined>;
  /** @throws Refused where its state does not allow it */
  start(arn: string, type: StartType): Promise<void>;
  /** @throws Refused where its state does not allow it */
  stop(arn: string): Promise<void>;
}

/** AWS DMS does not do that in the state in which the replication is. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** What a deployment tells: before a replication is changed it is to be stopped, and afterwards to be started. */
export interface ReplicationTold {
  readonly action: 'stop' | 'start';
  /** Of all that decides it: other text, other replication. */
  readonly change: string;
}

export type ReplicationEvent =
  | CustomResourceEvent<ReplicationTold>
  | (ReplicationTold & { readonly tf: { readonly action: 'create' | 'update' | 'delete' } })
  | { readonly action: 'start' | 'stop' | 'status' | 'watch' }
  /** Reads every table anew. */
  | { readonly action: 'reload' };

export interface ReplicationServices extends Answering {
  /** Identifier of the replication's configuration. */
  readonly replication: string;
  /** Name of its source. */
  readonly source: string;
  readonly dms: Dms;
  readonly metrics: Metrics;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly now: () => number;
  /** When the function's time is up; by default never. */
  readonly deadline?: number;
  /** Asks the source how far its log is. */
  readonly position: () => Promise<LogPosition>;
  /** Tells the apply function that rows which are loaded from now on stand at this position. */
  readonly mark: (position: LogPosition) => Promise<void>;
}

export interface ReplicationResult {
  readonly status: string;
  readonly messages: readonly string[];
}

/** What it goes through before it reads, in this order; past these, source and target have answered. */
const testing = ['initializing', 'preparing_metadata_resources', 'testing_connection', 'fetching_metadata'];
const starting = ['calculating_capacity', 'provisioning_capacity', 'replication_starting'];
/** States that are none to do anything in: it leaves them by itself. */
const passing = [...testing, ...starting, 'modifying', 'stopping'];

/** Between two looks, in milliseconds. */
const pause = 10_000;
/** How long a state from before may still be told, in milliseconds. */
const settling = 120_000;
/** What is left for the answer when waiting ends, in milliseconds. */
const leaveBefore = 60_000;

/** Starts, stops and watches a serverless replication of AWS DMS. What is done already is not done again. */
export async function handleReplication(event: ReplicationEvent, services: ReplicationServices): Promise<unknown> {
  if ('ResponseURL' in event) {
    const { RequestType, ResourceProperties, OldResourceProperties } = event;
    return answerCustomResource(event, services, async () => {
      const { status } = await told(RequestType === 'Delete', ResourceProperties, OldResourceProperties, services);
      return { id: ResourceProperties.action, data: { Status: status } };
    });
  }
  if ('tf' in event) return told(event.tf.action === 'delete', event, undefined, services);
  if (event.action === 'start') return start(services);
  if (event.action === 'stop') return stop(services);
  if (event.action === 'reload') return reload(services);
  return event.action === 'watch' ? watch(services) : result(await described(services));
}

/** Of the two resources of a deployment each does its part when it comes; a replication that goes is stopped first. */
async function told(
  goes: boolean,
  now: ReplicationTold,
  before: ReplicationTold | undefined,
  services: ReplicationServices,
): Promise<ReplicationResult> {
  if (goes) return now.action === 'start' ? stop(services) : { status: 'gone', messages: [] };
  if (now.action === 'start') return start(services);
  // Sent again, as after an attempt that failed, it changes nothing.
  return before?.change === now.change ? result(await services.dms.describe(services.replication)) : stop(services);
}

const result = (state: ReplicationState | undefined): ReplicationResult => ({
  status: state?.status ?? 'none',
  messages: state?.messages ?? [],
});

async function described({ dms, replication }: ReplicationServices): Promise<ReplicationState> {
  const state = await dms.describe(replication);
  if (state === undefined) throw new Error(`There is no replication ${replication} of AWS DMS`);
  return state;
}

/** Starts it, or resumes it where it has run before, and waits until source and target have answered. */
async function start(services: ReplicationServices): Promise<ReplicationResult> {
  const { log, replication } = services;
  let state = await leavingAlone(services);
  if (!isOver(state)) return result(state);
  const type = state.hasRun ? 'resume-processing' : 'start-replication';
  log.info(`Replication ${replication} is ${state.status}: ${type}`, { messages: state.messages });
  state = await begin(state, type, services);
  return result(state);
}

const isOver = ({ status }: ReplicationState): boolean =>
  !passing.includes(status) && status !== 'running' && status !== 'deleting';

/** Waits until it is neither stopping nor being changed. */
async function leavingAlone(services: ReplicationServices): Promise<ReplicationState> {
  for (;;) {
    const state = await described(services);
    if (state.status === 'deleting')
      throw new Error(`Replication ${services.replication} is being deleted, and cannot be started`);
    if (state.status !== 'stopping' && state.status !== 'modifying') return state;
    await wait(services, state, 'did not come to rest');
  }
}

async function begin(
  before: ReplicationState,
  type: StartType,
  services: ReplicationServices,
): Promise<ReplicationState> {
  const { dms, replication, now, sleep, log } = services;
  try {
    await dms.start(before.arn, type);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Error(cannotGoOn(replication, before, error.message), { cause: error });
  }
  const since = now();
  for (;;) {
    const state = await described(services);
    if (state.status === 'running' || starting.includes(state.status)) return state;
    const isOld = state.status === before.status && now() - since < settling;
    if (isOver(state) && !isOld) throw new Error(cannotGoOn(replication, state, undefined));
    if (isLate(services)) {
      log.warn(
        `Replication ${replication} is still ${state.status}; it goes on by itself, and an alarm tells if it fails`,
      );
      return state;
    }
    await sleep(pause);
  }
}

function cannotGoOn(replication: string, { status, hasRun, messages }: ReplicationState, refusal: string | undefined) {
  const why = [...(refusal === undefined ? [] : [refusal]), ...messages].join('; ') || 'AWS DMS says no more';
  const remedy = hasRun
    ? 'Where its place in the log is lost (a slot that was dropped, a log that was removed), {"action":"reload"} to its control function reads the tables anew'
    : "Its log in CloudWatch says more; the source must answer in the network's subnets, and let its role follow the log";
  return `Replication ${replication} is ${status} and does not run: ${why}. ${remedy}`;
}

/** Stops it and waits until it has: AWS DMS changes and deletes none that runs. */
async function stop(services: ReplicationServices): Promise<ReplicationResult> {
  const { dms, replication, sleep, log } = services;
  let asked = false;
  for (;;) {
    const state = await dms.describe(replication);
    if (state === undefined || isOver(state) || state.status === 'deleting') return result(state);
    if (!asked && state.status !== 'stopping') {
      log.info(`Replication ${replication} is ${state.status}: it is stopped`);
      asked = await dms.stop(state.arn).then(
        () => true,
        (error: unknown) => {
          // On its way to running it cannot be stopped yet.
          if (error instanceof Refused) return false;
          throw error;
        },
      );
    }
    if (isLate(services)) await wait(services, state, 'has not stopped');
    await sleep(pause);
  }
}

const isLate = ({ deadline, now }: ReplicationServices): boolean =>
  deadline !== undefined && now() > deadline - leaveBefore;

async function wait(services: ReplicationServices, { status }: ReplicationState, what: string): Promise<void> {
  if (isLate(services))
    throw new Error(`Replication ${services.replication} ${what} in time, and is ${status}: deploy again`);
  await services.sleep(pause);
}

/**
 * Reads every table anew. Rows that are loaded say nothing of their place in the log: the lake is told first from where on
 * they stand, so that they win over what was applied before, and lose to what is changed since.
 */
async function reload(services: ReplicationServices): Promise<ReplicationResult> {
  const { log, replication } = services;
  const before = await described(services);
  if (!before.hasRun) return start(services);
  await stop(services);
  const position = await services.position();
  await services.mark(position);
  log.warn(`Replication ${replication} reads all tables anew`, { ...position });
  return result(await begin(await described(services), 'reload-target', services));
}

/** Measures whether it runs. */
async function watch(services: ReplicationServices): Promise<ReplicationResult> {
  const { metrics, source, dms, replication, log } = services;
  const state = await dms.describe(replication);
  const isDown = state === undefined || isOver(state);
  const dimensions = { Source: source };
  metrics.put(cdcMetrics.stopped, isDown ? 1 : 0, 'None', dimensions);
  metrics.put(cdcMetrics.tablesFailed, state?.tablesFailed ?? 0, 'Count', dimensions);
  if (isDown) log.error(`Replication ${replication} does not run`, { ...result(state) });
  return result(state);
}
