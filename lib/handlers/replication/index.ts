import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Context } from 'aws-lambda';
import { handleReplication, type ReplicationEvent, type ReplicationServices } from '../../cdc/replication/control';
import type { LogPosition } from '../../cdc/replication/login';
import { assertValid } from '../../errors';
import { emfMetrics } from '../../runtime/emf-metrics';
import { jsonLog } from '../../runtime/log';
import { commandLine } from '../command-line';
import { requiredOf } from '../required';
import { putAnswer } from '../tables/put-answer';
import { awsDms } from './dms';

/**
 * Starts, stops and watches the replication of a source. Its environment has `INGOT_PLATFORM`, `INGOT_SOURCE`,
 * `INGOT_REPLICATION` (the identifier of its configuration), and `INGOT_SOURCE_FUNCTION` and `INGOT_APPLY_FUNCTION`, which it
 * asks and tells when tables are read anew.
 */
export async function handler(event: ReplicationEvent, context?: Context): Promise<unknown> {
  const timeLeft = context?.getRemainingTimeInMillis();
  return handleReplication(event, { ...openServices(process.env), timeLeft, ...deadline(timeLeft) });
}

const deadline = (timeLeft: number | undefined) => (timeLeft === undefined ? {} : { deadline: Date.now() + timeLeft });

/** @throws InvalidInputError with every variable that is missing */
export function openServices(env: NodeJS.ProcessEnv): ReplicationServices {
  const { required, problems } = requiredOf(env);
  const [platform, source, replication] = [
    required('INGOT_PLATFORM'),
    required('INGOT_SOURCE'),
    required('INGOT_REPLICATION'),
  ];
  const [sourceFunction, applyFunction] = [required('INGOT_SOURCE_FUNCTION'), required('INGOT_APPLY_FUNCTION')];
  assertValid(problems);
  return {
    replication,
    source,
    dms: awsDms(),
    metrics: emfMetrics(platform),
    log: jsonLog((line) => process.stdout.write(`${line}\n`)),
    sleep,
    now: () => Date.now(),
    answer: putAnswer,
    position: () => call<LogPosition>(sourceFunction, { action: 'position' }),
    mark: async ({ lsn, at }) => {
      await call(applyFunction, { action: 'reload', lsn, at });
    },
  };
}

async function call<T>(functionName: string, event: object): Promise<T> {
  const { FunctionError, Payload } = await new LambdaClient().send(
    new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
  );
  const said = Payload === undefined ? '' : Buffer.from(Payload).toString('utf8');
  if (FunctionError !== undefined)
    throw new Error(`${functionName} failed: ${(JSON.parse(said) as { errorMessage?: string }).errorMessage ?? said}`);
  return JSON.parse(said) as T;
}

void commandLine(module, handler);
