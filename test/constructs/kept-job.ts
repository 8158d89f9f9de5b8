import { resolve } from '../../constructs/core/text';
import { keepJob } from '../../constructs/emr/streaming-states';
import type { Asl } from '../../lib/local/states/asl';
import { arns, type ExecutionEnd, execute } from '../../lib/local/states/execute';

/** A run of a job, as EMR Serverless tells of it. */
export interface JobRun {
  readonly Id: string;
  readonly Name?: string;
  readonly Mode: 'BATCH' | 'STREAMING';
  State: string;
  readonly CreatedAt: string;
  readonly ClientToken?: string;
  /** After which it is cancelled; 0: never. */
  readonly minutes?: number;
  readonly overrides?: unknown;
}

type Input = Readonly<Record<string, unknown>>;

/** So much of EMR Serverless as a state machine asks for: an application's runs, `pageSize` a page, by their states. */
export class FakeEmr {
  readonly runs: JobRun[] = [];
  /** What was asked for, but lists, in its order. */
  readonly calls: string[] = [];

  constructor(readonly pageSize = 50) {}

  add(Name: string | undefined, State: string, Mode: JobRun['Mode'] = 'STREAMING'): JobRun {
    const Id = `run-${this.runs.length + 1}`;
    const run = { Id, ...(Name === undefined ? {} : { Name }), Mode, State, CreatedAt: this.#now() };
    this.runs.push(run);
    return run;
  }

  /** A minute later: what was being cancelled has ended, what was started is at work. */
  pass(): void {
    for (const run of this.runs)
      run.State = ({ CANCELLING: 'CANCELLED', SUBMITTED: 'RUNNING' } as Record<string, string>)[run.State] ?? run.State;
  }

  /** Minutes that it is there: each run is made in one of its own. */
  #minutes = 0;
  #now(): string {
    this.#minutes += 1;
    return new Date(Date.UTC(2026, 0, 1, 0, this.#minutes)).toISOString();
  }

  ask(operation: string, input: Input): object {
    switch (operation) {
      case 'listJobRuns':
        return this.#list(input);
      case 'cancelJobRun':
        return this.#cancel(String(input.JobRunId));
      case 'startJobRun':
        return this.#start(input);
      default:
        throw new Error(`EMR Serverless has no ${operation} here`);
    }
  }

  #list({ States, Mode, NextToken, MaxResults }: Input): object {
    const asked = States as readonly string[];
    if (asked.length > 8 || Number(MaxResults) > 50) throw new Error('ValidationException');
    // Grouped by state, as the service says.
    const found = asked.flatMap((state) => this.runs.filter((run) => run.State === state && run.Mode === Mode));
    const from = NextToken === undefined ? 0 : Number(NextToken);
    const more = from + this.pageSize < found.length;
    return {
      JobRuns: found.slice(from, from + this.pageSize),
      ...(more ? { NextToken: String(from + this.pageSize) } : {}),
    };
  }

  #cancel(id: string): object {
    const run = this.runs.find(({ Id }) => Id === id)!;
    this.calls.push(`cancel ${id}`);
    if (/CANCELLED|FAILED|SUCCESS/.test(run.State)) throw new Error(`Job run ${id} has ended`);
    run.State = 'CANCELLING';
    return { ApplicationId: 'app', JobRunId: id };
  }

  #start(input: Input): object {
    const token = String(input.ClientToken);
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(token)) throw new Error(`no client token: ${token}`);
    const twin = this.runs.find(({ ClientToken }) => ClientToken === token);
    if (twin === undefined) {
      const Id = `run-${this.runs.length + 1}`;
      this.runs.push({
        Id,
        Name: String(input.Name),
        Mode: input.Mode as JobRun['Mode'],
        State: 'SUBMITTED',
        CreatedAt: this.#now(),
        ClientToken: token,
        minutes: Number(input.ExecutionTimeoutMinutes),
        ...('ConfigurationOverrides' in input ? { overrides: input.ConfigurationOverrides } : {}),
      });
      this.calls.push(`start ${Id}`);
      return { JobRunId: Id };
    }
    this.calls.push(`start ${twin.Id} again`);
    return { JobRunId: twin.Id };
  }
}

/** The state machine of a job; `seconds` is a part of what the job is told, `jobRoleArn` what it acts as. */
export const machineOf = (
  seconds = 30,
  {
    paused = false,
    jobRoleArn = 'jobs',
    diskKeyArn,
  }: { paused?: boolean; jobRoleArn?: string; diskKeyArn?: string } = {},
): Asl =>
  resolve(
    keepJob({
      own: 'shop-clicks',
      paused,
      applicationId: 'app',
      jobRoleArn,
      diskKeyArn,
      main: 's3://lake/main.py',
      handler: 'consume',
      settings: { environment: {} },
      event: { stream: 'clicks', pace: { seconds } },
      parameters: '--archives s3://lake/package.zip#ingot',
      answer: 's3://answers/clicks.json',
    }),
    ({ attr }) => (attr === 'partition' ? 'aws' : attr),
  ) as unknown as Asl;

/** Executes it, with time that passes where it waits. */
export async function keep(
  emr: FakeEmr,
  {
    seconds,
    as = {},
    input = {},
    name = 'e-1',
    running = [],
  }: { seconds?: number; as?: Parameters<typeof machineOf>[1]; input?: object; name?: string; running?: string[] } = {},
): Promise<ExecutionEnd> {
  const others = running.map((one) => ({ ExecutionArn: one }));
  return execute(
    machineOf(seconds, as),
    { machine: 'shop-clicks-job', name, input },
    {
      sleep: async () => {
        emr.pass();
        others.length = 0;
      },
      task: async ({ resource, input: given }) => {
        const [service, operation] = resource.split('aws-sdk:')[1]!.split(':');
        if (service === 'sfn')
          return { Executions: [{ ExecutionArn: arns('shop-clicks-job', name).execution }, ...others] };
        return emr.ask(operation!, given as Input);
      },
    },
  );
}
