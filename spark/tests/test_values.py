"""Values that Spark makes of DuckDB's SQL. It runs on this machine, and reads nothing but what is written here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from ingot_spark.engine import Engine
from ingot_spark.functions import register
from ingot_spark.session import Settings, _register_try


@pytest.fixture(scope="module")
def engine(here: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    settings = {
        **here,
        "spark.sql.ansi.enabled": "true",
        "spark.sql.subexpressionElimination.enabled": "false",
    }
    spark = SparkSession.builder.config(map=settings).getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    _register_try(spark)
    register(spark)
    scratch: Path = tmp_path_factory.mktemp("values")
    yield Engine(spark, Settings(catalog={}, scratch=str(scratch)))
    spark.stop()


def test_whole_numbers_of_many_digits_are_divided_exactly(engine: Engine) -> None:
    said = {
        "'100000000000000000000000000000'::HUGEINT // 10": "10000000000000000000000000000",
        "(9223372036854775807::HUGEINT * 4294967296 + 4294967295) // 4294967296": "9223372036854775807",
        "(3::HUGEINT + 0) // 2": "1",
        "(-7)::HUGEINT // 2": "-3",
        "7 // 2::HUGEINT": "3",
        "7::HUGEINT // 0": None,
        "7::HUGEINT // 2.0": "3.5",
    }
    sql = ", ".join(f"{what} AS c{i}" for i, what in enumerate(said))
    _, [row] = engine.query(f"SELECT {sql}")
    assert [None if value is None else str(value) for value in row] == list(said.values())


def test_a_nested_cast_that_may_fail_is_null_where_it_does(engine: Engine) -> None:
    cast = "TRY_CAST(TRY_CAST(t AS JSON) AS STRUCT(b INTEGER))"
    texts = """VALUES ('{"b":"x"}'), ('{"b":1}'), ('no'), (NULL)"""
    _, rows = engine.query(f"SELECT ({cast}).b AS b FROM ({texts}) AS v(t)")
    assert [b for (b,) in rows] == [None, 1, None, None]


def test_rows_that_a_handler_holds_are_null_where_they_are_not_of_their_type(engine: Engine) -> None:
    times = ["2024-01-02T03:04:05.5Z", "2024", "Tue, 02 Jan 2024 03:04:05 GMT", "2024-01-02T24:00:00Z", None]
    given = [{"n": n, "t": time} for n, time in enumerate(times)]
    shape = '[{"n":"INTEGER","t":"TIMESTAMPTZ"}]'
    _, rows = engine.query(
        f"SELECT n, t::VARCHAR AS t FROM (SELECT unnest(json_transform($json::JSON, '{shape}'), recursive := true))",
        {"json": json.dumps(given)},
    )
    assert rows == [(0, "2024-01-02 03:04:05.5+00"), (1, None), (2, None), (3, None), (4, None)]


TIMES = ("TIMESTAMP", "TIMESTAMPTZ")
TEXTS: list[tuple[tuple[str, ...], str, str | None]] = [
    (("DATE",), "2024-01-02", "2024-01-02"),
    (("DATE",), " 2024/1/02 ", "2024-01-02"),
    (("DATE",), "2024-01-02 03:04", "2024-01-02"),
    (("DATE",), "0044-03-15 (BC)", None),
    (("DATE",), "0044-03-15  (bc) ", None),
    (("DATE",), "2024-01/02", None),
    (("TIMESTAMP",), "2024/01/02 03:04:05", "2024-01-02 03:04:05"),
    (("TIMESTAMPTZ",), "2024-01-02 03:04:05+02", "2024-01-02 01:04:05+00"),
    (("TIMESTAMPTZ",), "2024-01-02 03:04:05+0200 ", "2024-01-02 01:04:05+00"),
    (("TIMESTAMPTZ",), "2024-01-02T03:04:05Z", "2024-01-02 03:04:05+00"),
    (("TIMESTAMPTZ",), "2024-01-02 03:04:05 UTC", "2024-01-02 03:04:05+00"),
    (TIMES, "2024/01-02 03:04:05", None),
    (TIMES, "2024-01-02 03:04:05 +02", None),
    (TIMES, "2024-01-02 03:04:05 Z", None),
    (TIMES, "2024-01-02 03:04:05UTC", None),
    (TIMES, "2024-01-02 03:04:05+2", None),
    (("BOOLEAN",), "TRUE", "true"),
    (("BOOLEAN",), "true ", None),
    (("BOOLEAN",), "\ttrue", None),
    (("UUID",), "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    (("UUID",), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\n", None),
    (("DECIMAL(9, 2)",), "1234567.9e-1", "123456.79"),
    (("DECIMAL(9, 2)",), "0001e-1", "0.10"),
    (("DECIMAL(9, 2)",), "0.00000001e8", "1.00"),
    (("DECIMAL(9, 2)",), "12345678.9e-1", None),
    (("DECIMAL(9, 2)",), "100000000e-2", None),
]


def test_texts_are_the_values_that_they_are_on_duckdb(engine: Engine) -> None:
    """What is expected is what DuckDB says, but that it knows years before the first."""
    given = [(kind, text, value) for kinds, text, value in TEXTS for kind in kinds]
    casts = [f"TRY_CAST(t{i} AS {kind})::VARCHAR AS c{i}" for i, (kind, *_) in enumerate(given)]
    # Out of a file, so that Spark does at run what it does with rows, and not with literals.
    shape = json.dumps([{f"t{i}": "VARCHAR" for i in range(len(given))}])
    rows = f"SELECT unnest(json_transform($json::JSON, '{shape}'), recursive := true)"
    held = json.dumps([{f"t{i}": text for i, (_, text, _) in enumerate(given)}])
    _, [row] = engine.query(f"SELECT {', '.join(casts)} FROM ({rows})", {"json": held})
    assert [(kind, text, value) for (kind, text, _), value in zip(given, row, strict=True)] == given
