"""The protocol between a handler and Spark: one request a line, one answer a line, both JSON, one after another."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Any, TextIO

from pyspark.errors import PySparkException

from .engine import Engine
from .lake import ConflictError
from .rewrite import UntranslatableError
from .values import rows_as_json

Request = dict[str, Any]


def serve(engine: Engine, requests: TextIO, answers: TextIO) -> None:
    """Answers until the requests end."""
    for line in requests:
        if line.strip():
            answers.write(json.dumps(_answer(engine, json.loads(line)), ensure_ascii=False) + "\n")
            answers.flush()


def _answer(engine: Engine, request: Request) -> dict[str, Any]:
    operation = _operations.get(request["do"])
    if operation is None:
        return {"error": {"kind": "Protocol", "message": f"no operation {request['do']!r}"}}
    try:
        return {"value": operation(engine, request)}
    except Exception as error:
        kind = _kind(error)
        if kind == "INTERNAL":
            # Whoever asked is told in one line; the job's log has the rest.
            traceback.print_exc()
        return {"error": {"kind": kind, "message": _message(error)}}


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
}


_kinds = {
    "UNRESOLVED_COLUMN": "Binder",
    "DATATYPE_MISMATCH": "Binder",
    "AMBIGUOUS": "Binder",
    "UNRESOLVED_ROUTINE": "Binder",
    "TABLE_OR_VIEW_NOT_FOUND": "Catalog",
    "PARSE_SYNTAX_ERROR": "Parser",
    # The file is to blame, and no other cause is known that looks so.
    "FAILED_READ_FILE": "Invalid Input",
    "CANNOT_READ_FILE_FOOTER": "Invalid Input",
    "UNABLE_TO_INFER_SCHEMA": "Invalid Input",
    "MALFORMED_": "Invalid Input",
    "CAST_": "Conversion",
    "ARITHMETIC_OVERFLOW": "Out of Range",
}


def _kind(error: Exception) -> str:
    """DuckDB's word for what went wrong, which handlers go by. What is not known is not the data's fault."""
    if isinstance(error, ConflictError):
        return "Conflict"
    if isinstance(error, UntranslatableError):
        return "Parser"
    name = (error.getCondition() or "") if isinstance(error, PySparkException) else ""
    found = next((kind for start, kind in _kinds.items() if name.startswith(start)), None)
    return found or next((kind for start, kind in _kinds.items() if f"[{start}" in str(error)), "INTERNAL")


def _message(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
