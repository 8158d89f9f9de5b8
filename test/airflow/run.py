"""Runs a DAG in Airflow, with functions that answer as they are told, and prints what was called.

Arguments: folder of DAGs, id of the DAG, JSON of answers by function, and of errors by function.
"""

import io
import json
import sys

from airflow.models.dagbag import DagBag
from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.providers.amazon.aws.hooks.sqs import SqsHook

folder, dag_id, answers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
calls = []


def invoke(self, function_name, payload=None, **_):
    event = json.loads(payload)
    calls.append({"to": function_name, "event": event})
    key = event.get("action") or event.get("table") or event.get("model") or "publish"
    answer = answers.get(f"{function_name}:{key}", answers.get(function_name, {}))
    response = {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}
    return {**response, "FunctionError": "Unhandled"} if "errorType" in answer else response


def send(kind):
    return lambda self, **given: calls.append({"to": kind, "event": given}) or {"MessageId": "1"}


LambdaHook.invoke_lambda = invoke
SnsHook.publish_to_target = send("topic")
SqsHook.send_message = send("queue")
dag = DagBag(folder, include_examples=False).dags[dag_id]
run = dag.test(run_conf=json.loads(sys.argv[4]) if len(sys.argv) > 4 else None)
print(
    json.dumps(
        {
            "state": str(run.state.value),
            "calls": calls,
            "tasks": {task.task_id: str(task.state.value) for task in run.get_task_instances()},
        },
        default=str,
    )
)
