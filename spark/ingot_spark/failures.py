"""What went wrong in Spark: DuckDB's word for its kind, which handlers go by, and one line for people."""

from __future__ import annotations

import re
from collections.abc import Mapping

from py4j.protocol import Py4JNetworkError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from .lake import ConflictError
from .rewrite import UntranslatableError

MEMORY = "Out of Memory"
LOST = "Executor Lost"
TRANSIENT = "Transient"
"""The catalog or the object store is broken, throttling or out of reach, and the clients have tried enough."""


class SparkGoneError(Exception):
    """The process in which Spark ran is there no more."""


def is_gone(error: BaseException) -> bool:
    return isinstance(error, Py4JNetworkError | ConnectionError)


def has_ended(spark: SparkSession) -> bool:
    """Whether nothing can be asked of it any more: what it says of that differs with the moment at which it ended."""
    try:
        return bool(spark._jsc.sc().isStopped())
    except Exception:
        return True


_kinds = {
    "UNRESOLVED_COLUMN": "Binder",
    "DATATYPE_MISMATCH": "Binder",
    "AMBIGUOUS": "Binder",
    "UNRESOLVED_ROUTINE": "Binder",
    "TABLE_OR_VIEW_NOT_FOUND": "Catalog",
    "PARSE_SYNTAX_ERROR": "Parser",
    "MALFORMED_": "Invalid Input",
    "CANNOT_PARSE_TIMESTAMP": "Invalid Input",
    "CAST_": "Conversion",
    "NUMERIC_VALUE_OUT_OF_RANGE": "Conversion",
    "DATETIME_": "Conversion",
    "ARITHMETIC_OVERFLOW": "Out of Range",
    "BINARY_ARITHMETIC_OVERFLOW": "Out of Range",
    "INTERVAL_ARITHMETIC_OVERFLOW": "Out of Range",
    # What Ingot's own functions say; what a sequence number lacks is nobody's value.
    "USER_RAISED_EXCEPTION] Out of Range Error: ": "Out of Range",
    "USER_RAISED_EXCEPTION] cannot be read as ": "Conversion",
}

# Where nothing else looks to blame, the file is.
_files = {
    "FAILED_READ_FILE": "Invalid Input",
    "CANNOT_READ_FILE_FOOTER": "Invalid Input",
    "UNABLE_TO_INFER_SCHEMA": "Invalid Input",
}

_MEMORY = re.compile(
    # Executors end with 52 where the heap is full, and with 137 where the system has killed them, as for their memory.
    r"OutOfMemoryError|UNABLE_TO_ACQUIRE_MEMORY|exceeding (physical )?memory limits"
    # What all workers would hold, or the driver.
    r"|bigger than spark\.driver\.maxResultSize"
    r"|Not enough memory to build and broadcast|Cannot broadcast the table that is larger than"
    r"|ExecutorLostFailure.*(exited with code|Exit status:?|exit code) (52|137)\b"
)
_TRANSIENT = re.compile(
    # Iceberg's REST client: 500 and 503, and on a commit 502 and 504 too; others it gives with their code.
    r"\b(?:[a-z]\w*\.)+(?:ServiceUnavailableException|ServiceFailureException"
    r"|RESTException: Unable to process \(code: (?:429|5(?!01|05|07)\d\d),"
    # What either client, or the connection under it, says of time and of a server that is not there.
    r"|(?:SocketTimeout|Connect(?:ion|ionRequest|ionPool)?Timeout|ApiCall(?:Attempt)?Timeout)Exception"
    r"|(?:ConnectException|HttpHostConnectException|UnknownHostException|NoHttpResponseException)"
    r"|SocketException: (?:Connection reset|Broken pipe)"
    # AWS's SDK, in both its versions, under whatever reads S3.
    r"|\w*Exception: (?:(?!Exception: ).)*\bStatus Code: (?:429|5(?!01|05|07)\d\d)\b).*"
)
_GONE_FILE = re.compile(r"(?:NotFoundException|FileNotFoundException|NoSuchKeyException): (.*)")
_IN_TASK = re.compile(r"Job aborted due to stage failure.* failed (\d+) times.*?executor \w+\): (.*)")


def described(error: Exception) -> tuple[str, str]:
    """Kind and message. What is not known is not the data's fault."""
    if isinstance(error, ConflictError):
        return "Conflict", _first(str(error), error)
    if isinstance(error, UntranslatableError):
        return "Parser", _first(str(error), error)
    text = re.sub(r"^An error occurred while calling \S+\.\n: ", "", str(error))
    first = _first(text, error)
    task = _IN_TASK.match(first) or _IN_TASK.search(first)
    cause = task.group(2) if task else first
    # First, since they quote values, in which anything may stand.
    kind = _kind(error, text, _kinds)
    if kind is not None:
        return kind, cause
    if _MEMORY.search(text):
        where = "an executor, for one part of the rows" if task else "the driver"
        return MEMORY, f"Spark had too little memory in {where} ({cause})"
    if "ExecutorLostFailure" in first:
        times = f", {task.group(1)} times at the same part of the rows" if task else ""
        return LOST, f"Spark lost executors while they worked{times} ({cause})"
    transient = _TRANSIENT.search(f"{text}\n{_trace(error)}")
    if transient:
        return TRANSIENT, f"the catalog or the object store is broken, throttling or out of reach ({transient.group()})"
    kind = _kind(error, text, _files)
    gone = _GONE_FILE.search(first)
    if kind is None and gone:
        return "IO", f"a file that a table names is not there: {gone.group(1)}"
    return kind or "INTERNAL", cause


def _kind(error: Exception, text: str, kinds: Mapping[str, str]) -> str | None:
    name = (error.getCondition() or "") if isinstance(error, PySparkException) else ""
    found = next((kind for start, kind in kinds.items() if name.startswith(start)), None)
    return found or next((kind for start, kind in kinds.items() if f"[{start}" in text), None)


def _trace(error: Exception) -> str:
    """What PySpark leaves out of the text of an error that it knows: what came before it."""
    return str(getattr(error, "_stackTrace", None) or "")


def _first(text: str, error: Exception) -> str:
    return next((line for line in text.splitlines() if line.strip()), type(error).__name__)
