"""Runs a DAG in Airflow, once for each scenario, and prints how each ended.

Arguments: folder of DAGs, id of the DAG, JSON of scenarios: what functions answer, as `<function>:<item>`, and what the
run is told.
"""

import functools
import io
import json
import sys
import time

from airflow.models.dagbag import DagBag
from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.providers.amazon.aws.hooks.sqs import SqsHook
from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor

folder, dag_id, scenarios = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
answers = {}
calls = []


def invoke(self, function_name, payload=None, **_):
    event = json.loads(payload)
    calls.append({"to": function_name, "event": event})
    key = event.get("action") or event.get("table") or event.get("model")
    answer = answers.get(f"{function_name}:{key}", answers.get(function_name, {}))
    response = {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}
    return {**response, "FunctionError": "Unhandled"} if "errorType" in answer else response


def send(kind):
    return lambda self, **given: calls.append({"to": kind, "event": given}) or {"MessageId": "1"}


LambdaHook.invoke_lambda = invoke
SnsHook.publish_to_target = send("topic")
SqsHook.send_message = send("queue")
# One server for all tasks in the place of one each, and no waits between them.
InProcessTestSupervisor._api_client = staticmethod(functools.cache(InProcessTestSupervisor._api_client))
time.sleep = lambda _: None
dag = DagBag(folder, include_examples=False).dags[dag_id]
ended = []
for scenario in scenarios:
    answers, calls = scenario["answers"], []
    run = dag.test(run_conf=scenario.get("conf"))
    tasks = {task.task_id: str(getattr(task.state, "value", task.state)) for task in run.get_task_instances()}
    ended.append({"state": str(getattr(run.state, "value", run.state)), "calls": calls, "tasks": tasks})
print(json.dumps(ended, default=str))
