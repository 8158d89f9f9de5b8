"""The Spark session in which everything runs."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from py4j.java_gateway import JavaObject
from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import SparkSession

from .functions import register
from .names import CATALOG, TRY


@dataclass(frozen=True)
class Settings:
    """What a job is told of where it runs."""

    catalog: Mapping[str, str]
    """Properties of Iceberg's REST catalog: `uri`, `warehouse`, and for Glue `rest.sigv4-enabled`."""
    scratch: str
    """Folder for rows between two statements: a path or `s3://…`, of this job alone."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """Database of each zone by the name that SQL models use: `silver` -> `aviation_silver`."""
    spark: Mapping[str, str] = field(default_factory=dict)
    """Further settings of Spark; on EMR they come with the job."""


def open_session(settings: Settings) -> SparkSession:
    """Opens the session; on EMR it takes over what the job was submitted with."""
    # PySpark gives times of the process's own zone.
    os.environ["TZ"] = "UTC"
    time.tzset()
    builder = (
        SparkSession.builder.appName("ingot")
        .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        .config(f"spark.sql.catalog.{CATALOG}", "org.apache.iceberg.spark.SparkCatalog")
        .config(f"spark.sql.catalog.{CATALOG}.type", "rest")
        # What another writer has committed must be seen at once: positions are read from it.
        .config(f"spark.sql.catalog.{CATALOG}.cache-enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        # A cast that fails is an error, as in DuckDB; what may fail stands in TRY.
        .config("spark.sql.ansi.enabled", "true")
        # It would lift an expression that stands twice out of TRY, which then no longer catches its error.
        .config("spark.sql.subexpressionElimination.enabled", "false")
        .config("spark.sql.adaptive.enabled", "true")
        .config("spark.sql.adaptive.skewJoin.enabled", "true")
        # Also where rows are grouped by the same key afterwards: one more exchange costs less than one long task.
        .config("spark.sql.adaptive.forceOptimizeSkewedJoin", "true")
        .config("spark.sql.caseSensitive", "false")
        # A row in quarantine says which of its columns are empty.
        .config("spark.sql.jsonGenerator.ignoreNullFields", "false")
    )
    for name, value in settings.catalog.items():
        builder = builder.config(f"spark.sql.catalog.{CATALOG}.{name}", value)
    for name, value in settings.spark.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    _register_try(spark)
    register(spark)
    return spark


class _TryBuilder:
    """Spark has this expression, but no name for it in SQL."""

    def __init__(self, jvm: Any) -> None:  # noqa: ANN401 - a gateway has no type
        self._jvm = jvm

    def apply(self, arguments: JavaObject) -> JavaObject:
        return self._jvm.org.apache.spark.sql.catalyst.expressions.TryEval(arguments.head())

    class Java:
        implements = ("scala.Function1",)


def _register_try(spark: SparkSession) -> None:
    ensure_callback_server_started(spark.sparkContext._gateway)  # type: ignore[no-untyped-call]
    registry = spark._jsparkSession.sessionState().functionRegistry()
    registry.createOrReplaceTempFunction(TRY, _TryBuilder(spark._jvm), "built-in")
