import { jobMinutes, jobRetries, jobSeconds } from '../pipeline/run';
import type { Manifest } from '../platform/manifest';
import { variables } from './variables';

/** Where jobs of Spark run: an application of EMR Serverless, or an EMR cluster. */
export const jobPlaces = ['serverless', 'cluster'] as const;
export type JobsOn = (typeof jobPlaces)[number];

/** Imports of what runs jobs, by the lines that they stand behind in isort's order. */
export function jobImports(on: JobsOn | undefined) {
  const s3 = 'from airflow.providers.amazon.aws.hooks.s3 import S3Hook\n';
  const emr = 'from airflow.providers.amazon.aws.operators.emr import';
  const utils = 'from airflow.providers.amazon.aws.utils.waiter_with_logging import wait\n';
  const none = { json: '', typing: '', hooks: '', operators: '', utils: '' };
  if (on === undefined) return none;
  return on === 'serverless'
    ? {
        ...none,
        typing: 'from uuid import uuid4\n',
        hooks: s3,
        operators: `${emr} (\n    EmrServerlessStartJobOperator,\n)\n`,
        utils,
      }
    : {
        ...none,
        json: 'from base64 import b64encode\n',
        hooks: s3,
        operators: `${emr} EmrAddStepsOperator\n`,
        utils,
      };
}

/** Seconds between two questions how a job is. */
const delay = 30;

/** What does by jobs what otherwise functions do: as the states of a state machine do it, with the same limits. */
export function jobClasses(manifest: Manifest, on: JobsOn): string {
  return `${on === 'cluster' ? clusterJob(manifest) : serverlessJob(manifest)}

class LoadJob(Job):
    """Loads the planned batches of a table by jobs, in their order."""

    execute = Load.execute


class CheckJob(Job):
    """Answers every rule of a table by a job."""

    execute = Check.execute


class TransformJob(Job):
    """Runs a SQL model into its table by a job."""

    execute = Transform.execute
`;
}

const retried = `retries=${jobRetries.attempts},
            retry_delay=timedelta(seconds=${jobRetries.firstSeconds}),
            max_retry_delay=timedelta(seconds=${2 * jobRetries.firstSeconds}),`;

/** Where a job leaves its answer, and what has become of it. */
const answerKey = `item = [
            str(payload[key]) for key in ("table", "model", "batch") if key in payload
        ]
        key = f"spark/answers/{payload['run']}/{'-'.join([self.handler, *item])}.json"`;
const readAnswer = `text = S3Hook(aws_conn_id=self.aws_conn_id).read_key(key, spark["bucket"])
        answer = json.loads(text)
        if "error" in answer:
            refused = answer["error"]
            raise AirflowFailException(f"{refused['Error']}: {refused['Cause']}")
        return answer`;

// What ran out of its time is told apart by words: the provider that MWAA has with Airflow 3.0 has no class for it.
const shared = `def submitted(spark: dict[str, Any], size: dict[str, str]) -> list[str]:
    """Files of a job, and into how large parts it cuts a table's rows.

    What the owner of the place where it runs has said of that stays as it is.
    """
    files = f"{spark['package']}#ingot,{spark['platform']}#platform"
    told = [f"{key}={size[key]}" for key in size if key not in spark["given"]]
    return ["--archives", files, *(word for conf in told for word in ("--conf", conf))]


def follow(job: Any, **asked: Any) -> None:
    """Waits for the end of a job, and cancels one that takes longer than it may."""
    try:
        wait(waiter_delay=${delay}, waiter_max_attempts=${jobSeconds / delay}, **asked)
    except AirflowException as error:
        # Who cannot ask how it is leaves it at work.
        if "max attempts reached" not in str(error):
            raise
        job.on_kill()
        # It would take as long again.
        raise AirflowFailException(f"Over its time: {error}") from error`;

/** Of a job: what it does, and the arguments of the operator. */
const initOf = (given: string, spark: string): string => `def __init__(
        self,
        *,
        handler: str,
        payload: dict[str, Any],
        size: dict[str, str],
        **kwargs: Any,
    ):
        super().__init__(
            ${given}
            ${retried}
            **kwargs,
        )
        self.handler = handler
        self.payload = payload
        self.size = size
        self.spark = "{{ var.json.${spark} | tojson }}"`;

// Never deferred, whatever Airflow's default is: who comes back from that does not read the answer.
function serverlessJob({ name }: Manifest): string {
  const { spark } = variables(name);
  return `${shared}


class Job(EmrServerlessStartJobOperator):
    """Does by a job of Spark what otherwise a function does. Its answer is in S3."""

    template_fields = (
        *EmrServerlessStartJobOperator.template_fields,
        "payload",
        "spark",
    )

    ${initOf(
      `application_id="{{ var.json.${spark}.applicationId }}",
            execution_role_arn="{{ var.json.${spark}.jobRoleArn }}",
            job_driver={},
            name=f"${name}-{handler}",
            config={"executionTimeoutMinutes": ${jobMinutes}},
            deferrable=False,
            wait_for_completion=False,
            waiter_delay=${delay},
            waiter_max_attempts=${jobSeconds / delay},`,
      spark,
    )}

    def call(self, payload: dict[str, Any], context: Any) -> Any:
        spark = json.loads(self.spark)
        ${answerKey}
        self.job_driver = {
            "sparkSubmit": {
                "entryPoint": spark["main"],
                "entryPointArguments": [
                    json.dumps(spark["settings"]),
                    self.handler,
                    json.dumps(payload),
                    f"s3://{spark['bucket']}/{key}",
                ],
                "sparkSubmitParameters": " ".join(submitted(spark, self.size)),
            },
        }
        if "diskKeyArn" in spark:
            disks = {"encryptionKeyArn": spark["diskKeyArn"]}
            self.configuration_overrides = {"diskEncryptionConfiguration": disks}
        self.client_request_token = str(uuid4())
        EmrServerlessStartJobOperator.execute(self, context)
        follow(
            self,
            waiter=self.hook.get_waiter("serverless_job_completed"),
            args={"applicationId": self.application_id, "jobRunId": self.job_id},
            failure_message="The job failed",
            status_message="The job is",
            status_args=["jobRun.state", "jobRun.stateDetails"],
        )
        ${readAnswer}
`;
}

function clusterJob({ name }: Manifest): string {
  const { spark } = variables(name);
  return `${shared}


def base64(value: Any) -> str:
    """A value for a step's arguments, in which YARN reads two braces as its own."""
    return f"base64:{b64encode(json.dumps(value).encode()).decode()}"


class Job(EmrAddStepsOperator):
    """Does by a step of the EMR cluster what otherwise a function does.

    Its answer is in S3.
    """

    template_fields = (*EmrAddStepsOperator.template_fields, "payload", "spark")
    template_ext = ()

    ${initOf(
      `job_flow_id="{{ var.json.${spark}.clusterId }}",
            deferrable=False,`,
      spark,
    )}
        self.step_ids: list[str] = []

    def call(self, payload: dict[str, Any], context: Any) -> Any:
        spark = json.loads(self.spark)
        ${answerKey}
        arguments = [
            "spark-submit",
            "--deploy-mode",
            "cluster",
            *submitted(spark, self.size),
            spark["main"],
            base64(spark["settings"]),
            self.handler,
            base64(payload),
            f"s3://{spark['bucket']}/{key}",
        ]
        step = {
            "Name": f"${name}-{self.handler}",
            # The cluster is for others, too.
            "ActionOnFailure": "CONTINUE",
            "HadoopJarStep": {"Jar": "command-runner.jar", "Args": arguments},
        }
        self.steps = [step]
        self.step_ids = EmrAddStepsOperator.execute(self, context)
        follow(
            self,
            waiter=self.hook.get_waiter("step_wait_for_terminal"),
            args={"ClusterId": self.job_flow_id, "StepId": self.step_ids[0]},
            failure_message="The step failed",
            status_message="The step is",
            status_args=["Step.Status.State", "Step.Status.FailureDetails"],
        )
        ${readAnswer}

    def on_kill(self) -> None:
        """Cancels the step, which ends what has submitted the job.

        The job asks how its step is, and ends itself within a minute.
        """
        if self.step_ids:
            self.hook.conn.cancel_steps(
                ClusterId=self.job_flow_id,
                StepIds=self.step_ids,
            )
`;
}
