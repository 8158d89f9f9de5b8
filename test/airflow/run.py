"""Runs DAGs in Airflow, one for each scenario, and prints how each ended.

Arguments: folder of DAGs, JSON of scenarios: id of the DAG, what functions answer, as `<function>:<item>`, and what the
run is told.
"""

import base64
import datetime
import functools
import io
import json
import sys
import time

from airflow.models.dagbag import DagBag
from airflow.providers.amazon.aws.hooks.emr import EmrHook, EmrServerlessHook
from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.providers.amazon.aws.hooks.sqs import SqsHook
from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor
from botocore.exceptions import WaiterError
from botocore.session import Session
from botocore.validate import validate_parameters

folder, scenarios = sys.argv[1], json.loads(sys.argv[2])
answers = {}
calls = []


def invoke(self, function_name, payload=None, **_):
    event = json.loads(payload)
    calls.append({"to": function_name, "event": event})
    key = event.get("action") or event.get("table") or event.get("model")
    answer = answers.get(f"{function_name}:{key}", answers.get(function_name, {}))
    response = {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}
    return {**response, "FunctionError": "Unhandled"} if "errorType" in answer else response


START_JOB_RUN = Session().get_service_model("emr-serverless").operation_model("StartJobRun").input_shape


class Emr:
    """EMR Serverless, whose jobs have ended before anybody asks."""

    def get_application(self, **_):
        return {"application": {"state": "STARTED"}}

    def start_job_run(self, **given):
        validate_parameters(given, START_JOB_RUN)
        submit = given["jobDriver"]["sparkSubmit"]
        settings, handler, event, answer = submit["entryPointArguments"]
        calls.append({"to": "emr", "event": {**given, "clientToken": None}, "handled": [handler, json.loads(event)]})
        objects[answer] = answers.get(f"job:{handler}", {})
        return {"jobRunId": "1", "ResponseMetadata": {"HTTPStatusCode": 200}}

    def cancel_job_run(self, **given):
        calls.append({"to": "cancel", "event": given})
        return {"ResponseMetadata": {"HTTPStatusCode": 200}}

    def get_job_run(self, **_):
        return {"jobRun": {"state": "CANCELLED"}}

    def wait(self, **_):
        end("job")


class Cluster:
    """An EMR cluster, whose steps have ended before anybody asks."""

    def describe_cluster(self, **_):
        return {"Cluster": {"LogUri": "s3://logs"}}

    def add_job_flow_steps(self, **given):
        [step] = given["Steps"]
        settings, handler, event, answer = step["HadoopJarStep"]["Args"][-4:]
        handled = [handler, json.loads(base64.b64decode(event.removeprefix("base64:")))]
        calls.append({"to": "emr", "event": given, "handled": handled})
        objects[answer] = answers.get(f"job:{handler}", {})
        return {"StepIds": ["s-1"], "ResponseMetadata": {"HTTPStatusCode": 200}}

    def cancel_steps(self, **given):
        calls.append({"to": "cancel", "event": given})

    def wait(self, **given):
        if calls[-1]["to"] != "waiter":
            calls.append({"to": "waiter", "event": given})
        end("step")


def end(what):
    """What botocore's waiter says, asked once: done; or failed, or at work still, or that it may not ask."""
    said = answers.get(what)
    if said == "FAILED":
        raise WaiterError(what, "Waiter encountered a terminal failure state", {})
    if said == "RUNNING":
        raise WaiterError(what, "Max attempts exceeded", {})
    if said is not None:
        raise WaiterError(what, f"An error occurred ({said}): no", {"Error": {"Code": said}})


objects = {}
EmrHook.get_conn = lambda self: Cluster()
EmrHook.conn = Cluster()
EmrHook.conn_region_name, EmrHook.conn_partition = "eu-west-1", "aws"
EmrHook.get_waiter = lambda self, *_, **__: Cluster()
EmrServerlessHook.conn = Emr()
EmrServerlessHook.get_waiter = lambda self, *_, **__: Emr()
S3Hook.read_key = lambda self, key, bucket: json.dumps(objects[f"s3://{bucket}/{key}"])


def send(kind):
    return lambda self, **given: calls.append({"to": kind, "event": given}) or {"MessageId": "1"}


LambdaHook.invoke_lambda = invoke
SnsHook.publish_to_target = send("topic")
SqsHook.send_message = send("queue")
# One server for all tasks in the place of one each, and no waits between them.
InProcessTestSupervisor._api_client = staticmethod(functools.cache(InProcessTestSupervisor._api_client))
time.sleep = lambda _: None
dags = DagBag(folder, include_examples=False).dags
for dag in dags.values():
    for task in dag.tasks:
        task.retry_delay = datetime.timedelta(0)
ended = []
for scenario in scenarios:
    answers, calls = scenario["answers"], []
    run = dags[scenario["dag"]].test(run_conf=scenario.get("conf"))
    tasks = {task.task_id: str(getattr(task.state, "value", task.state)) for task in run.get_task_instances()}
    ended.append({"state": str(getattr(run.state, "value", run.state)), "calls": calls, "tasks": tasks})
print(json.dumps(ended, default=str))
