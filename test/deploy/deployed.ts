import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { landFiles } from '../../lib/local/land';
import { layoutOf } from '../../lib/local/layout';
import { runPlatform } from '../../lib/local/run';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import type { Manifest } from '../../lib/platform/manifest';
import { openLake } from '../../lib/runtime/lake';
import type { Lake } from '../../lib/runtime/services';
import { account, call, emulatorObjects, region } from './emulator';

/** A file that arrives, and the state in which the run of it must end. */
export interface Arrival {
  readonly file: string;
  readonly date: string;
  readonly last: 'Publish' | 'Failed';
}

/** What both runs must say the same of: whatever does not name a run, a time, or where a file lies. */
const questions = {
  'silver.orders': 'SELECT * FROM silver.orders ORDER BY order_id',
  'silver.orders_quarantine':
    'SELECT batch, row_number, reasons, raw FROM silver.orders_quarantine ORDER BY batch, row_number',
  'gold.fct_daily_sales': 'SELECT * FROM gold.fct_daily_sales ORDER BY day, country',
  'ops.files': `SELECT "table", batch, regexp_extract(uri, '[^/]+$') AS file, size FROM ops.files ORDER BY batch`,
  'ops.quality_results':
    'SELECT "table", rule, status, count(*) AS results FROM ops.quality_results GROUP BY ALL ORDER BY ALL',
} as const;

/**
 * What is deployed, at work: files are put into the bronze bucket, the deployed state machine is started and calls the
 * deployed functions, and what comes out is what a run on this machine gives.
 */
export class Deployed {
  private constructor(
    /** Of the platform, as it is deployed. */
    readonly folder: string,
    readonly manifest: Manifest,
    /** The deployed tables. */
    readonly lake: Lake,
    private readonly say: (promise: string) => void,
  ) {}

  /** @param say hears each promise once it is kept */
  static async open(folder: string, catalogUri: string, say: (promise: string) => void): Promise<Deployed> {
    const { manifest } = await loadPlatform(folder);
    const lake = await openLake({
      catalog: { uri: catalogUri, warehouse: manifest.name, auth: { kind: 'none' } },
      manifest,
      s3: {
        region,
        endpoint: process.env.AWS_ENDPOINT_URL,
        credentials: async () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
      },
    });
    return new Deployed(folder, manifest, lake, say);
  }

  close(): Promise<void> {
    return this.lake.close();
  }

  /** @throws Error where a promise is not kept */
  async receive({ file, date, last }: Arrival): Promise<void> {
    const { manifest, say } = this;
    const name = `${manifest.name}-${manifest.groups[0]!.name}`;
    const { zone, prefix } = manifest.datasets.find(({ source }) => source !== undefined)!.source!;
    const key = `${prefix}/source=local/date=${date}/${file.split('/').at(-1)}`;
    const bucket = `${manifest.name}-${zone}-${account}-${region}`;
    await emulatorObjects().write(`s3://${bucket}/${key}`, readFileSync(join(this.folder, file)));
    await arrived(`${name}-arrivals`);
    say(`${file} in the bronze bucket is a message in the group's queue, by S3, EventBridge and SQS`);
    await run(name, last);
    say(`the deployed state machine runs the deployed functions until ${last}`);
    const here = await onThisMachine(this.folder, file, date, last === 'Failed' ? 'failed' : 'succeeded');
    const there = await answers(this.lake);
    for (const [table, rows] of Object.entries(there)) {
      if (!isDeepStrictEqual(rows, here[table]))
        throw new Error(`${table} differs.\nDeployed: ${json(rows)}\nHere:     ${json(here[table])}`);
      say(`${table} has the rows that a run on this machine gives it: ${rows.length}`);
    }
    if (last === 'Failed') return;
    await run(name, 'NothingNew');
    say('run again, it finds nothing new');
  }
}

async function answers(lake: Lake): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const [table, sql] of Object.entries(questions)) all[table] = await lake.query(sql);
  return all;
}

/** The same file, landed and run on this machine. */
async function onThisMachine(
  folder: string,
  file: string,
  date: string,
  status: string,
): Promise<Record<string, unknown[]>> {
  const { manifest } = await loadPlatform(folder);
  const layout = layoutOf(folder);
  await landFiles([{ file: join(folder, file), as: 'orders', date }], manifest, layout);
  const report = await runPlatform(folder);
  if (report.status !== status) throw new Error(`The run on this machine ended as ${report.status}`);
  const workbench = await openWorkbench(manifest, layout);
  try {
    return await answers(workbench.services.lake);
  } finally {
    await workbench.close();
  }
}

async function arrived(queue: string): Promise<void> {
  const QueueUrl = `${process.env.AWS_ENDPOINT_URL}/${account}/${queue}`;
  for (let waited = 0; waited < 180; waited++) {
    const { Attributes } = await call<{ Attributes: Record<string, string> }>('sqs', 'AmazonSQS.GetQueueAttributes', {
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages'],
    });
    if (Number(Attributes.ApproximateNumberOfMessages) > 0) return;
    await sleep(1000);
  }
  throw new Error(`The queue ${queue} has got no message within 180 s`);
}

/** Starts the state machine and waits for its end, which must come in the state named. */
async function run(machine: string, last: string): Promise<void> {
  const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:${machine}`;
  const { executionArn } = await call<{ executionArn: string }>('states', 'AWSStepFunctions.StartExecution', {
    stateMachineArn,
    input: '{}',
  });
  for (let waited = 0; waited < 900; waited++) {
    const execution = await call<{ status: string; output?: string; cause?: string; error?: string }>(
      'states',
      'AWSStepFunctions.DescribeExecution',
      { executionArn },
    );
    if (execution.status !== 'RUNNING') {
      const { events } = await call<{ events: Event[] }>('states', 'AWSStepFunctions.GetExecutionHistory', {
        executionArn,
        maxResults: 1000,
      });
      const entered = events.flatMap(({ stateEnteredEventDetails: details }) => (details ? [details.name] : []));
      if (execution.status === (last === 'Failed' ? 'FAILED' : 'SUCCEEDED') && entered.at(-1) === last) return;
      throw new Error(
        `The execution ended as ${execution.status} after ${entered.join(', ')}, not in ${last}: ${execution.error ?? ''} ${execution.cause ?? ''}\n${failures(events)}`,
      );
    }
    await sleep(1000);
  }
  throw new Error(`The execution ${executionArn} has not ended within 900 s`);
}

interface Event {
  readonly type: string;
  readonly stateEnteredEventDetails?: { readonly name: string };
}

const failures = (events: readonly Event[]): string =>
  events
    .filter(({ type }) => /Failed|TimedOut/.test(type))
    .map((event) => JSON.stringify(event).slice(0, 1000))
    .join('\n');

const json = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? each.toString() : each));
