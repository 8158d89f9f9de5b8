import {
  callSeconds,
  itemsAtOnce,
  jobsAtOnce,
  publishCause,
  type Run,
  retries,
  runOf,
  runWithJobsSeconds,
  type Step,
} from '../pipeline/run';
import type { Group, Manifest } from '../platform/manifest';
import { sparkSizes } from '../sizing/loads';
import { type SparkSize, sizeSettings, sizeValues } from '../sizing/spark-size';
import { type JobsOn, jobClasses, jobImports } from './jobs';
import { call, dictionary, indented, text } from './python';
import { airflowSchedule } from './schedule';
import { variables } from './variables';

/** Id of a group's DAG: the name of its state machine. */
export const dagId = (platform: string, group: Pick<Group, 'name'>): string => `${platform}-${group.name}`;

/**
 * One file of Python with a DAG for each group of a platform: the same steps as its state machine, in the same order, with
 * the same retries and limits. Its tasks call the functions that are deployed with the platform's `Pipeline`, and run jobs
 * for the tables whose engine is Spark.
 *
 * @param jobsOn where the `Pipeline` has jobs run: in a `SparkApplication` (`serverless`), or on an `EmrCluster`
 * @throws InvalidInputError for a schedule that Airflow cannot say
 */
export function airflowDags(manifest: Manifest, jobsOn: JobsOn = 'serverless'): string {
  const onSpark = sparkSizes(manifest);
  const dags = manifest.groups.map((group) => dag(manifest, group, runOf(group, manifest), onSpark));
  const jobs = onSpark.size === 0 ? undefined : jobsOn;
  return `${head(manifest, jobs)}${jobs === undefined ? '' : `\n\n${jobClasses(manifest, jobs)}`}\n\n${dags.join('\n\n')}`;
}

/** What all DAGs share: how a function is called, and what its answer means to Airflow. */
function head({ name }: Manifest, jobs: JobsOn | undefined): string {
  const { notices, deadLetters, spark } = variables(name);
  const imports = jobImports(jobs);
  const read = jobs === undefined ? '' : `\nand ${spark}, where jobs of Spark run and what they are made of`;
  return `"""Runs of the platform ${name}, for Airflow 3.

Written by \`ingot dag\`: it is made again where the platform changes, so edit that instead.
Variables of Airflow: ${notices}, the ARN of the topic that people listen to,
${deadLetters}, the URL of the queue for what could not be done${read}.
"""

from __future__ import annotations

import json
${imports.json}from datetime import timedelta
from typing import Any
${imports.typing}
import pendulum
from airflow.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
)
${imports.hooks}from airflow.providers.amazon.aws.notifications.sqs import SqsNotifier
${imports.operators}from airflow.providers.amazon.aws.operators.lambda_function import (
    LambdaInvokeFunctionOperator,
)
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
${imports.utils}from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param, TaskGroup, chain

# A run's name goes into tables and file names.
RUN = "{{ run_id | replace(':', '-') | replace('+', '-') }}"

# A call is answered when it is done, and repeated by Airflow alone.
CALL = {
    "read_timeout": ${callSeconds + 10},
    "retries": {"total_max_attempts": 1},
    "tcp_keepalive": True,
}

DEFAULTS: dict[str, Any] = {
    "retries": ${retries.attempts},
    "retry_delay": timedelta(seconds=${retries.firstSeconds}),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(seconds=${retries.mostSeconds}),
}

DEAD_LETTER = SqsNotifier(
    queue_url=${text(`{{ var.value.${deadLetters} }}`)},
    message_body=(
        '{"dag": "{{ dag.dag_id }}", "step": "{{ task.task_id }}", "run": "{{ run_id }}"}'
    ),
)


class Handler(LambdaInvokeFunctionOperator):
    """Calls a function of the platform, and gives its answer."""

    def __init__(self, *, function_name: str, payload: dict[str, Any], **kwargs: Any):
        super().__init__(
            function_name=function_name,
            payload=payload,
            botocore_config=CALL,
            **kwargs,
        )

    def execute(self, context: Any) -> Any:
        return self.call(self.payload, context)

    def call(self, payload: dict[str, Any], context: Any) -> Any:
        response = self.hook.invoke_lambda(
            function_name=self.function_name,
            payload=json.dumps(payload),
        )
        answer = json.loads(response["Payload"].read())
        if "FunctionError" not in response:
            return answer
        error = f"{answer.get('errorType')}: {answer.get('errorMessage')}"
        # Only what may pass is tried again, as in the platform's state machines.
        if answer.get("errorType") == "TransientError":
            raise AirflowException(error)
        raise AirflowFailException(error)


class Plan(Handler):
    """Finds what is new. Where nothing is, the rest of the run is skipped."""

    def execute(self, context: Any) -> Any:
        plan = self.call({**self.payload, "range": context["params"]["range"]}, context)
        if plan["empty"]:
            raise AirflowSkipException("Nothing is new")
        return plan


class Load(Handler):
    """Loads the planned batches of a table, in their order.

    Batches that are loaded already change nothing: trying again begins with the first.
    """

    def execute(self, context: Any) -> Any:
        plan = context["ti"].xcom_pull(task_ids="plan")
        return [
            self.call({**self.payload, "batch": batch["batch"]}, context)
            for table in plan["tables"]
            if table["table"] == self.payload["table"]
            for batch in table["batches"]
        ]


class Check(Handler):
    """Answers every rule of a table. A rule of severity error that fails ends the run."""

    def execute(self, context: Any) -> Any:
        quality = self.call(self.payload, context)
        if not quality["passed"]:
            failed = ", ".join(quality["failed"])
            raise AirflowFailException(f"{quality['table']} fails {failed}")
        return quality


class Transform(Handler):
    """Runs a SQL model into its table."""

    def execute(self, context: Any) -> Any:
        return self.call({**self.payload, "range": context["params"]["range"]}, context)


class Publish(Handler):
    """Publishes the results of a run."""

    def execute(self, context: Any) -> Any:
        started = context["dag_run"].start_date.isoformat()
        return self.call({**self.payload, "startedAt": started}, context)
`;
}

/** How jobs of each table whose engine is Spark cut up its rows. */
type Sizes = ReadonlyMap<string, SparkSize>;

function dag(manifest: Manifest, group: Group, { steps, timeoutSeconds }: Run, onSpark: Sizes): string {
  const { name } = manifest;
  const hasJobs = steps.some((step) => step.items.some((item) => jobSize(manifest, step, item, onSpark) !== undefined));
  const { schedule, start } = airflowSchedule(group.name, group.schedule);
  const { notices } = variables(name);
  const stepNames = steps.map((step) => variable(step.name));
  const opening = call('with DAG', {
    dag_id: text(dagId(name, group)),
    description: text(`Runs ${group.name} of the platform ${name}`),
    schedule,
    start_date: startDate(start, group.timeZone),
    catchup: 'False',
    max_active_runs: '1',
    max_active_tasks: String(hasJobs ? jobsAtOnce : itemsAtOnce),
    dagrun_timeout: `timedelta(seconds=${hasJobs ? runWithJobsSeconds : timeoutSeconds})`,
    default_args: 'DEFAULTS',
    params: dictionary({
      range: call('Param', {
        default: 'None',
        type: '["null", "object"]',
        description: text('Backfill: dates YYYY-MM-DD as {"from": …, "to": …}, both included'),
      }),
    }),
    tags: '["ingot"]',
  });
  const body = [
    `plan = ${call('Plan', {
      task_id: text('plan'),
      function_name: text(`${name}-ingest`),
      payload: dictionary({ action: text('plan'), group: text(group.name), run: 'RUN' }),
      execution_timeout: timeout,
    })}`,
    ...steps.map((step) => stepGroup(manifest, group, step, onSpark)),
    `publish = ${call('Publish', {
      task_id: text('publish'),
      function_name: text(`${name}-publish`),
      payload: dictionary({ group: text(group.name), run: 'RUN' }),
      execution_timeout: timeout,
      doc_md: text(publishCause),
    })}`,
    `notify = ${call('SnsPublishOperator', {
      task_id: text('notify'),
      target_arn: text(`{{ var.value.${notices} }}`),
      subject: text(`${name}: run of ${group.name} failed`),
      message: text('The run {{ run_id }} failed; its log in Airflow says where.'),
      trigger_rule: text('one_failed'),
    })}`,
    // Airflow asks a run's last tasks how it ended, and to have told people is no success.
    `succeeded = EmptyOperator(task_id="succeeded")`,
    `chain(\n${['plan', ...stepNames, 'publish', '[notify, succeeded]'].map((name) => `    ${name},\n`).join('')})`,
  ];
  return `${opening}:\n    ${indented(body.join('\n'))}\n`.replaceAll(/^ +$/gm, '');
}

const timeout = `timedelta(seconds=${callSeconds + 60})`;

/** All items of a step side by side, and a task behind them all, so that steps are joined by two edges an item. */
function stepGroup(manifest: Manifest, group: Group, step: Step, onSpark: Sizes): string {
  const tasks = step.items.map((item) => task(manifest, group, step, item, jobSize(manifest, step, item, onSpark)));
  const opening = call('with TaskGroup', {
    group_id: text(variable(step.name)),
    tooltip: text(step.cause),
  });
  const joined = [...tasks, `EmptyOperator(task_id="done")`];
  const list = `[\n${tasks.map((code) => `    ${indented(code)},\n`).join('')}] >> ${joined.at(-1)}`;
  return `${opening} as ${variable(step.name)}:\n    ${indented(list)}`;
}

/** The size of its job, where Spark does it: a model is where its table is. */
function jobSize({ models }: Manifest, { does }: Step, item: string, onSpark: Sizes): SparkSize | undefined {
  const table = does === 'transform' ? models.find(({ name }) => name === item)?.writes : item;
  return table === undefined ? undefined : onSpark.get(table);
}

const classes = {
  ingest: { operator: 'Load', handler: 'ingest' },
  check: { operator: 'Check', handler: 'quality' },
  transform: { operator: 'Transform', handler: 'transform' },
} as const;

function task({ name }: Manifest, group: Group, { does }: Step, item: string, size: SparkSize | undefined): string {
  const { operator, handler } = classes[does];
  const payloads = {
    ingest: { action: text('load'), table: text(item), run: 'RUN' },
    check: { group: text(group.name), table: text(item), run: 'RUN' },
    transform: { model: text(item), run: 'RUN' },
  };
  return call(size === undefined ? operator : `${operator}Job`, {
    task_id: text(item),
    ...(size === undefined ? { function_name: text(`${name}-${handler}`) } : { handler: text(handler) }),
    payload: dictionary(payloads[does]),
    ...(size === undefined ? {} : { size: dictionary(settingsOf(size)) }),
    // Loading is as many calls as there are batches: only the run's own limit ends them. A job has a limit of its own.
    ...(size !== undefined || does === 'ingest' ? {} : { execution_timeout: timeout }),
    on_failure_callback: 'DEAD_LETTER',
  });
}

/** What Spark is told of a size, by Spark's own names. */
const settingsOf = (size: SparkSize): Record<string, string> =>
  Object.fromEntries(
    Object.entries(sizeValues(size)).map(([key, value]) => [
      sizeSettings[key as keyof typeof sizeSettings],
      text(value),
    ]),
  );

/** `CheckIngested` as `check_ingested`. */
const variable = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z0-9])/g, '_').toLowerCase();

function startDate(
  { year, month, day, time }: { year: number; month: number; day: number; time?: string },
  zone: string,
): string {
  const [hour, minute, second = '0'] = time?.split(':') ?? [];
  const clock = hour === undefined ? '' : `, ${Number(hour)}, ${Number(minute)}, ${Number(second)}`;
  return `pendulum.datetime(${year}, ${month}, ${day}${clock}, tz=${text(zone)})`;
}
