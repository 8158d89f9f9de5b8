import { readFileSync } from 'node:fs';
import { ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Context } from 'aws-lambda';
import { assertValid } from '../../errors';
import { handleMigrate, type MigrateEvent, type MigrateServices } from '../../migrations/handle';
import type { Migrations } from '../../migrations/migration';
import { openDatabase } from '../../runtime/database';
import { jsonLog } from '../../runtime/log';
import { commandLine } from '../command-line';
import { requiredOf } from '../required';
import { putAnswer } from '../tables/put-answer';

/**
 * Applies migrations to the database of `INGOT_DATABASE`, as its master. Besides, its environment has `INGOT_PLATFORM`
 * (the platform's name), `INGOT_MIGRATIONS` (file of the migrations; by default where its layer has them) and
 * `INGOT_MIGRATE_MACHINE` (ARN of the state machine that it starts for what is long or destructive).
 */
export async function handler(event: MigrateEvent, context?: Context): Promise<unknown> {
  const timeLeft = context?.getRemainingTimeInMillis();
  return handleMigrate(event, { ...openServices(process.env), timeLeft });
}

/** @throws InvalidInputError with every variable that is missing */
export function openServices(env: NodeJS.ProcessEnv): MigrateServices {
  const { required, problems } = requiredOf(env);
  const [name, machine] = [required('INGOT_PLATFORM'), required('INGOT_MIGRATE_MACHINE')];
  assertValid(problems);
  const file = env.INGOT_MIGRATIONS ?? '/opt/ingot/migrations.json';
  return {
    name,
    migrations: JSON.parse(readFileSync(file, 'utf8')) as Migrations,
    open: () => openDatabase(env, 2),
    startMachine: () => startMachine(machine),
    log: jsonLog((line) => process.stdout.write(`${line}\n`)),
    now: () => Date.now(),
    answer: putAnswer,
  };
}

/** One that is at work reads the release anew at each of its steps. */
async function startMachine(stateMachineArn: string): Promise<void> {
  const states = new SFNClient();
  const running = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 });
  const { executions = [] } = await states.send(running);
  if (executions.length === 0) await states.send(new StartExecutionCommand({ stateMachineArn, input: '{}' }));
}

void commandLine(module, handler);
