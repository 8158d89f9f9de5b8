import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SparkTarget } from '../../constructs/pipeline/spark-states';
import { sparkSize } from '../sizing/spark-size';
import { answerOf } from '../spark/job';
import type { Layout } from './layout';
import type { Task } from './states/execute';

/** Names that stand in the state machine in the place of ARNs and URLs. */
export const localTargets = {
  ingest: 'ingest',
  quality: 'quality',
  transform: 'transform',
  publish: 'publish',
  deadLetters: 'dead-letters',
  notices: 'notices',
} as const;

/** The same for tables that Spark works on. */
export const localSpark = (tables: ReadonlySet<string>): SparkTarget => ({
  applicationId: 'spark',
  jobRoleArn: 'jobs',
  main: 'main.py',
  package: 'package.zip',
  platform: 'platform.zip',
  bucketName: 'answers',
  settings: { environment: {}, scratch: 'scratch' },
  // Spark is one process for all tables here, and has been told its sizes.
  tables: new Map([...tables].map((table) => [table, sparkSize()])),
  given: [],
});

/** What a function of the platform does with an event, by the function's name. */
export type Handlers = Readonly<
  Record<'ingest' | 'quality' | 'transform' | 'publish', (event: never) => Promise<unknown>>
>;

export interface TaskSurroundings {
  readonly handlers: Handlers;
  /** What a job of Spark does with an event. By default what functions do. */
  readonly jobs?: Handlers;
  readonly layout: Layout;
  /** ARN of the execution, and of its state machine. */
  readonly execution: {
    readonly id: string;
    readonly name: string;
    readonly machine: string;
    readonly startedAt: string;
  };
  readonly onNotice?: (notice: { readonly subject: string; readonly message: string }) => void;
  readonly onDeadLetter?: (file: string) => void;
}

type Input = Readonly<Record<string, unknown>>;

/** Does the tasks of a state machine on this machine: functions in this process, queues and topics as files. */
export function localTasks(around: TaskSurroundings): (task: Task) => Promise<unknown> {
  const objects = new Map<string, string>();
  const services = new Map<string, (input: Input) => Promise<unknown>>([
    ['lambda:invoke', (input) => invoke(input, around.handlers)],
    ['sqs:sendMessage', (input) => sendMessage(input, around)],
    ['sns:publish', (input) => publish(input, around)],
    ['events:putEvents', (input) => putEvents(input, around)],
    ['emr-serverless:startJobRun.sync', (input) => startJob(input, around.jobs ?? around.handlers, objects)],
    ['aws-sdk:s3:getObject', async (input) => ({ Body: objects.get(`s3://${input.Bucket}/${input.Key}`) })],
    ['aws-sdk:sfn:listExecutions', async () => running(around)],
  ]);
  return async ({ resource, input }) => {
    const service = services.get(resource.split(':states:::').at(-1)!);
    if (service === undefined) throw new Error(`this machine does not know the service integration ${resource}`);
    return service(input as Input);
  };
}

async function invoke(input: Input, handlers: Handlers): Promise<unknown> {
  const name = String(input.FunctionName);
  const handler = new Map(Object.entries(handlers)).get(name);
  if (handler === undefined)
    throw new Error(`there is no function ${name}; there are ${Object.keys(handlers).join(', ')}`);
  // Through JSON, as Lambda gets it.
  const event: unknown = JSON.parse(JSON.stringify(input.Payload ?? {}));
  const Payload = await handler(event as never);
  return { ExecutedVersion: '$LATEST', Payload: Payload ?? null, StatusCode: 200 };
}

/** Jobs run in this process; their answers are kept until the run ends. */
async function startJob(input: Input, jobs: Handlers, objects: Map<string, string>): Promise<unknown> {
  const { SparkSubmit } = input.JobDriver as { SparkSubmit: { EntryPointArguments: readonly string[] } };
  const [, handler = '', event = '', answer = ''] = SparkSubmit.EntryPointArguments;
  const job = new Map(Object.entries(jobs)).get(handler);
  if (job === undefined) throw new Error(`there is no job ${handler}; there are ${Object.keys(jobs).join(', ')}`);
  const answered = await answerOf(() => job(JSON.parse(event) as never) as Promise<object>, { warn: () => {} });
  objects.set(answer, JSON.stringify(answered));
  return { ApplicationId: input.ApplicationId, JobRunId: randomUUID() };
}

async function sendMessage(input: Input, { layout, execution, onDeadLetter }: TaskSurroundings): Promise<unknown> {
  const MessageId = randomUUID();
  const file = join(layout.deadLetters, `${execution.name}-${MessageId}.json`);
  const body =
    typeof input.MessageBody === 'string' ? input.MessageBody : JSON.stringify(input.MessageBody, undefined, 2);
  await mkdir(layout.deadLetters, { recursive: true });
  await writeFile(file, `${body}\n`);
  onDeadLetter?.(file);
  return { MessageId };
}

async function publish(input: Input, { layout, execution, onNotice }: TaskSurroundings): Promise<unknown> {
  const notice = { subject: String(input.Subject ?? ''), message: String(input.Message ?? '') };
  await appendLine(layout.notices, { run: execution.name, ...notice });
  onNotice?.(notice);
  return { MessageId: randomUUID() };
}

async function putEvents(input: Input, { layout, execution }: TaskSurroundings): Promise<unknown> {
  const entries = (input.Entries ?? []) as readonly unknown[];
  for (const entry of entries) await appendLine(layout.events, { run: execution.name, entry });
  return { FailedEntryCount: 0, Entries: entries.map(() => ({ EventId: randomUUID() })) };
}

/** The lock lets one run at a time begin here, so that this one is all that runs. */
function running({ execution }: TaskSurroundings): unknown {
  const one = {
    ExecutionArn: execution.id,
    Name: execution.name,
    StartDate: execution.startedAt,
    StateMachineArn: execution.machine,
    Status: 'RUNNING',
  };
  return { Executions: [one] };
}

async function appendLine(file: string, value: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify(value)}\n`);
}
