"""The protocol between a handler and Spark: one request a line, one answer a line, both JSON, one after another."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Any, TextIO

from .engine import Engine
from .failures import SparkGoneError, described, has_ended, is_gone
from .values import rows_as_json

Request = dict[str, Any]


def serve(engine: Engine, requests: TextIO, answers: TextIO) -> None:
    """
    Answers until the requests end.

    Raises SparkGoneError where Spark ends before: then nobody is told that it has refused, since another may succeed.
    """
    try:
        for line in requests:
            if line.strip():
                # In ASCII: U+2028 ends a line, too, for some who read lines.
                answers.write(json.dumps(_answer(engine, json.loads(line))) + "\n")
                answers.flush()
    finally:
        engine.close()


def _answer(engine: Engine, request: Request) -> dict[str, Any]:
    operation = _operations.get(request["do"])
    if operation is None:
        return {"error": {"kind": "Protocol", "message": f"no operation {request['do']!r}"}}
    try:
        return {"value": operation(engine, request)}
    except Exception as error:
        if is_gone(error) or has_ended(engine.spark):
            raise SparkGoneError(f"Spark has ended while it was asked to {request['do']}: {error}") from error
        kind, message = described(error)
        if kind == "INTERNAL":
            # Whoever asked is told in one line; the job's log has the rest.
            traceback.print_exc()
        return {"error": {"kind": kind, "message": message}}


def _query(engine: Engine, request: Request) -> list[dict[str, Any]]:
    schema, rows = engine.query(request["sql"], request.get("parameters"))
    return rows_as_json(schema, rows)


_operations: dict[str, Callable[[Engine, Request], Any]] = {
    "query": _query,
    "run": lambda engine, given: engine.run(given["sql"], given.get("parameters")),
    "begin": lambda engine, _: engine.begin(),
    "commit": lambda engine, _: engine.commit(),
    "rollback": lambda engine, _: engine.rollback(),
    "properties": lambda engine, given: engine.properties(given["database"], given["table"]),
    "setProperties": lambda engine, given: engine.set_properties(
        given["database"], given["table"], given["properties"]
    ),
    "snapshotId": lambda engine, given: engine.snapshot_id(given["database"], given["table"]),
    "columns": lambda engine, given: engine.columns(given["reading"]),
    "nextBatch": lambda engine, given: engine.next_batch(given["source"]),
}
