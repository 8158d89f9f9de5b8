import io
import json

import pytest
from py4j.protocol import Py4JNetworkError
from pyspark.errors import AnalysisException, PySparkException

from ingot_spark.failures import SparkGoneError, described
from ingot_spark.lake import ConflictError
from ingot_spark.server import serve

CALL = "An error occurred while calling o126.collectToPython.\n: "
TASK = (
    "org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, "
    "most recent failure: Lost task 0.5 in stage 3.0 (TID 11) (192.0.2.2 executor 4): "
)
LOST = "ExecutorLostFailure (executor 4 exited caused by one of the running tasks) Reason: "
TRACE = "\nDriver stacktrace:\n\tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:2935)"


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (
            CALL + TASK + LOST + "Command exited with code 52" + TRACE,
            "Out of Memory",
            f"Spark had too little memory in an executor, for one part of the rows ({LOST}Command exited with code 52)",
        ),
        (
            TASK + LOST + "Container from a bad node: container_1 on host: ip. Exit status: 137. Diagnostics" + TRACE,
            "Out of Memory",
            f"Spark had too little memory in an executor, for one part of the rows "
            f"({LOST}Container from a bad node: container_1 on host: ip. Exit status: 137. Diagnostics)",
        ),
        (
            CALL + "java.lang.OutOfMemoryError: Java heap space\n\tat org.apache",
            "Out of Memory",
            "Spark had too little memory in the driver (java.lang.OutOfMemoryError: Java heap space)",
        ),
        (
            CALL + TASK + LOST + "Executor heartbeat timed out after 125837 ms" + TRACE,
            "Executor Lost",
            f"Spark lost executors while they worked, 4 times at the same part of the rows "
            f"({LOST}Executor heartbeat timed out after 125837 ms)",
        ),
        (
            CALL
            + TASK
            + "org.apache.iceberg.exceptions.NotFoundException: File does not exist: s3://b/t/1.parquet\n\tat",
            "IO",
            "a file that a table names is not there: File does not exist: s3://b/t/1.parquet",
        ),
        (CALL + TASK + "java.lang.IllegalStateException: what is this" + TRACE, "INTERNAL", "what is this"),
    ],
)
def test_what_went_wrong_is_told_in_one_line_with_its_kind(said: str, kind: str, message: str) -> None:
    found, line = described(RuntimeError(said))
    assert found == kind
    assert line == message if kind != "INTERNAL" else line.endswith(message)
    assert "\n" not in line


@pytest.mark.parametrize(
    "said",
    [
        "org.apache.spark.SparkException: Job aborted due to stage failure: Total size of serialized results of "
        "16 tasks (1028.5 MiB) is bigger than spark.driver.maxResultSize (1024.0 MiB)",
        "org.apache.spark.SparkException: Not enough memory to build and broadcast the table to all worker nodes.",
        "org.apache.spark.SparkException: Cannot broadcast the table that is larger than 8.0 GiB: 9.1 GiB.",
    ],
)
def test_what_is_too_large_for_the_driver_is_too_little_memory(said: str) -> None:
    kind, message = described(RuntimeError(CALL + said + "\n\tat x"))
    assert (kind, message) == ("Out of Memory", f"Spark had too little memory in the driver ({said})")


def test_what_spark_refuses_has_the_kind_that_duckdb_has_for_it() -> None:
    assert described(AnalysisException("[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `nowhere`"))[0] == "Binder"
    assert described(ConflictError("main has changed")) == ("Conflict", "main has changed")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("[USER_RAISED_EXCEPTION] Out of Range Error: cannot take square root of a negative number", "Out of Range"),
        ("[USER_RAISED_EXCEPTION] cannot be read as STRUCT<a: INT>: {}", "Conversion"),
        ("[USER_RAISED_EXCEPTION] the sequence number 17 does not say its shard", "INTERNAL"),
        ("[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] 12345.6 cannot be represented as Decimal(3, 1)", "Conversion"),
        ("[DATETIME_OVERFLOW] Datetime operation overflow: add 1000 YEAR", "Conversion"),
        ("[DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION] Invalid value for MonthOfYear: 13", "Conversion"),
        ("[CANNOT_PARSE_TIMESTAMP] Text 'x' could not be parsed at index 0", "Invalid Input"),
        ("[INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION] Integer overflow with intervals", "Out of Range"),
        ("[BINARY_ARITHMETIC_OVERFLOW] 127S + 1S caused overflow", "Out of Range"),
        # A value may say what it likes.
        ("[CAST_INVALID_INPUT] The value 'java.lang.OutOfMemoryError: 52' of the type STRING cannot", "Conversion"),
        ("[FAILED_READ_FILE.NO_HINT] Encountered error while reading file s3://b/1.parquet", "Invalid Input"),
        (
            "[FAILED_READ_FILE.NO_HINT] Encountered error\n\tat x\nCaused by: java.lang.OutOfMemoryError: heap",
            "Out of Memory",
        ),
    ],
)
def test_a_value_that_spark_refuses_has_the_kind_that_duckdb_has_for_it(said: str, kind: str) -> None:
    assert described(RuntimeError(CALL + TASK + "org.apache.spark.SparkRuntimeException: " + said + TRACE))[0] == kind
    assert described(RuntimeError(said))[0] == kind


ICEBERG = "org.apache.iceberg.exceptions."


@pytest.mark.parametrize(
    "said",
    [
        f"{ICEBERG}ServiceUnavailableException: Service unavailable: Slow down",
        f"{ICEBERG}ServiceFailureException: Server error: InternalError: x",
        f"{ICEBERG}RESTException: Unable to process (code: 429, type: Too Many Requests): x",
        f"{ICEBERG}RESTException: Unable to process (code: 502, type: Bad Gateway): x",
        "java.net.SocketTimeoutException: Read timed out",
        "org.apache.iceberg.shaded.org.apache.hc.client5.http.ConnectTimeoutException: Connect to catalog timed out",
        "software.amazon.awssdk.core.exception.ApiCallTimeoutException: Client execution did not complete",
        "java.net.ConnectException: Connection refused",
        "software.amazon.awssdk.services.s3.model.S3Exception: Slow (Service: S3, Status Code: 503, Request ID: 1)",
        "com.amazonaws.services.s3.model.AmazonS3Exception: Slow (Service: Amazon S3; Status Code: 503; Error Code: x)",
    ],
)
def test_a_catalog_or_a_store_that_is_out_of_reach_may_be_asked_again(said: str) -> None:
    line = f"the catalog or the object store is broken, throttling or out of reach ({said})"
    commit = f"{ICEBERG}CommitStateUnknownException: x\nCannot determine whether the commit was successful\n\tat x\n"
    file = "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file s3://b/1.parquet\n\tat x\n"
    for before in ("", TASK, f"{commit}Caused by: ", f"{file}Caused by: "):
        assert described(RuntimeError(CALL + before + said + "\n\tat x")) == ("Transient", line)
    known = PySparkException("Job aborted")
    known._stackTrace = f"org.apache.spark.SparkException: Job aborted\nCaused by: {said}\n\tat x"  # type: ignore[attr-defined]
    assert described(known) == ("Transient", line)


@pytest.mark.parametrize(
    "said",
    [
        f"{ICEBERG}RESTException: Unable to process (code: 422, type: x): y",
        f"{ICEBERG}RESTException: Unable to process (code: 501, type: Not Implemented): y",
        f"{ICEBERG}ForbiddenException: Forbidden: x",
        "software.amazon.awssdk.services.s3.model.S3Exception: No (Service: S3, Status Code: 403, Request ID: 1)",
        "software.amazon.awssdk.services.s3.model.S3Exception: The provided token has expired. (Service: S3, "
        "Status Code: 400, Request ID: 1)",
        "java.io.IOException: No space left on device",
        "org.apache.spark.SparkException: Could not execute broadcast in 300 secs.",
        "java.util.concurrent.TimeoutException: Futures timed out after [300 seconds]",
        "java.lang.IllegalStateException: SparkContext was shut down",
        "java.lang.StackOverflowError",
    ],
)
def test_what_the_catalog_or_the_store_refuses_is_not_asked_again(said: str) -> None:
    assert described(RuntimeError(CALL + said + "\n\tat x"))[0] == "INTERNAL"


@pytest.mark.parametrize(
    "error", [Py4JNetworkError("Answer from Java side is empty"), ConnectionRefusedError(111, "x")]
)
def test_a_spark_that_is_gone_gives_no_answer(error: Exception) -> None:
    class Gone:
        def begin(self) -> None:
            raise error

        def close(self) -> None:
            pass

    answers = io.StringIO()
    with pytest.raises(SparkGoneError, match="Spark has ended while it was asked to begin"):
        serve(Gone(), io.StringIO(json.dumps({"do": "begin"}) + "\n"), answers)  # type: ignore[arg-type]
    assert answers.getvalue() == ""


def test_an_answer_is_one_line_for_whoever_reads_lines() -> None:
    class Told:
        def properties(self, database: str, table: str) -> dict[str, str]:
            return {"said": f"{database}\u2028{table}\u2029\u0085\n"}

        def close(self) -> None:
            pass

    answers = io.StringIO()
    asked = json.dumps({"do": "properties", "database": "a", "table": "é"})
    serve(Told(), io.StringIO(asked + "\n"), answers)  # type: ignore[arg-type]
    assert len(answers.getvalue().splitlines()) == 1
    assert json.loads(answers.getvalue()) == {"value": {"said": "a\u2028é\u2029\u0085\n"}}
