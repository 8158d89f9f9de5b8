"""Prints what Airflow's DagBag finds in a folder."""

import json
import sys

from airflow.models.dagbag import DagBag

bag = DagBag(sys.argv[1], include_examples=False)
print(
    json.dumps(
        {
            "errors": bag.import_errors,
            "dags": {
                dag.dag_id: {
                    "schedule": str(dag.schedule),
                    "start": dag.start_date.isoformat(),
                    "timeZone": str(dag.timezone),
                    "seconds": dag.dagrun_timeout.total_seconds(),
                    "catchup": dag.catchup,
                    "runs": dag.max_active_runs,
                    "atOnce": dag.max_active_tasks,
                    "tasks": {
                        task.task_id: {
                            "next": sorted(task.downstream_task_ids),
                            "operator": task.task_type,
                            "retries": task.retries,
                            "function": getattr(task, "function_name", None),
                            "payload": getattr(task, "payload", None),
                            "seconds": task.execution_timeout.total_seconds() if task.execution_timeout else None,
                        }
                        for task in dag.tasks
                    },
                }
                for dag in bag.dags.values()
            },
        },
        default=str,
    )
)
