"""DuckDB's words in Spark's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingot_spark.dialect import Names, parse, spark_sql
from ingot_spark.rewrite import UntranslatableError

NAMES = Names(
    zones={"silver": "shop_silver"},
    temporary={"_ingot_rows": "view_1"},
    branch=lambda database, table: "b1" if (database, table) == ("shop_silver", "orders") else None,
    read=lambda _: "files_1",
)


def translated(sql: str, **parameters: object) -> str:
    return spark_sql(parse(sql, parameters), NAMES)


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        # A zone is its database; what this transaction writes is read from its branch, others from main.
        ("SELECT a FROM silver.clicks", "SELECT a FROM `lake`.`shop_silver`.`clicks` AS `clicks`"),
        ("SELECT a FROM silver.orders AS o", "SELECT a FROM `lake`.`shop_silver`.`orders`.`branch_b1` AS o"),
        (
            "SELECT orders.a FROM silver.orders",
            "SELECT orders.a FROM `lake`.`shop_silver`.`orders`.`branch_b1` AS `orders`",
        ),
        # A common table expression hides a table of its name; temporary tables are views.
        (
            "WITH _ingot_rows AS (SELECT 1 AS a) FROM _ingot_rows",
            "WITH _ingot_rows AS (SELECT 1 AS a) SELECT * FROM _ingot_rows",
        ),
        ("SELECT a FROM _ingot_rows", "SELECT a FROM `view_1` AS `_ingot_rows`"),
        ("SELECT rowid FROM _ingot_rows", "SELECT rowid FROM `view_1_with_rowid` AS `_ingot_rows`"),
        ("SELECT a FROM ingot_read('{}')", "SELECT a FROM files_1"),
        # What an error leaves is null; and times have no zone unless they say so.
        ("SELECT TRY(CAST(a AS INT))", "SELECT INGOT_TRY(INGOT_CAST(a, 'int'))"),
        (
            "SELECT CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMPTZ)",
            "SELECT INGOT_CAST(a, 'timestamp_ntz'), INGOT_CAST(b, 'timestamp')",
        ),
        (
            "SELECT CAST(a AS STRUCT(b INT, c TIMESTAMP[])), TRY_CAST(d AS MAP(VARCHAR, DOUBLE))",
            "SELECT INGOT_CAST(a, 'struct<b: INT, c: array<TIMESTAMP_NTZ>>'), INGOT_TRY_CAST(d, 'map<STRING, DOUBLE>')",
        ),
        ("SELECT a IS DISTINCT FROM b", "SELECT INGOT_DISTINCT(a, b)"),
        ("SELECT a IS NOT DISTINCT FROM b", "SELECT INGOT_SAME(a, b)"),
        ("SELECT count(DISTINCT row(a, b))", "SELECT COUNT(DISTINCT NAMED_STRUCT('f0', a, 'f1', b))"),
        ("SELECT list_extract(a, 1)", "SELECT TRY_ELEMENT_AT(a, 1)"),
        ("SELECT a // b, a / b", "SELECT INGOT_INTDIV(a, b), INGOT_DIV(a, b)"),
        # Positions in a log: 38 digits, of which a whole number is left when they are divided.
        (
            "SELECT a::HUGEINT * 2, a::HUGEINT // 2",
            "SELECT INGOT_CAST(a, 'decimal(38,0)') * 2, INGOT_HUGEDIV(INGOT_CAST(a, 'decimal(38,0)'), 2)",
        ),
        ("SELECT (1 + a::HUGEINT) // 2", "SELECT INGOT_HUGEDIV((1 + INGOT_CAST(a, 'decimal(38,0)')), 2)"),
        ("SELECT CAST(NULL AS HUGEINT)", "SELECT CAST(NULL AS DECIMAL(38, 0))"),
        # Rows that are looked for are columns of the query.
        (
            "SELECT (a, b) IN (SELECT (c, d) FROM _ingot_rows)",
            "SELECT (a, b) IN (SELECT c, d FROM `view_1` AS `_ingot_rows`)",
        ),
        # A text that is to be a struct is JSON; one that is to be JSON stays a text.
        (
            "SELECT CAST(TRY_CAST(a AS JSON) AS STRUCT(b INT)), TRY_CAST(a AS JSON)",
            "SELECT INGOT_CAST_JSON(a, 'struct<b: INT>'), INGOT_TRY_CAST(a, 'string')",
        ),
        (
            "SELECT TRY_CAST(TRY_CAST(a AS JSON) AS STRUCT(b INT))",
            "SELECT INGOT_TRY(INGOT_CAST_JSON(a, 'struct<b: INT>'))",
        ),
    ],
)
def test_a_statement_says_the_same(duckdb: str, spark: str) -> None:
    assert translated(duckdb) == spark


def test_values_of_parameters_are_literals_whatever_they_hold() -> None:
    assert translated("SELECT $a, $b", a="it's", b=3) == "SELECT 'it\\'s', 3"


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("SELECT unnest(json_transform($a::JSON, $b), recursive := true)", "SELECT value.* FROM rows_of"),
        ("SELECT unnest(json_transform($a::JSON, $b)) AS n", "SELECT value AS n FROM rows_of"),
        (
            "SELECT * FROM t WHERE c IN (SELECT unnest(json_transform($a::JSON, $b)))",
            "SELECT * FROM t WHERE c IN (SELECT value FROM rows_of)",
        ),
    ],
)
def test_rows_that_a_handler_holds_are_a_view_and_no_text_of_the_statement(duckdb: str, spark: str) -> None:
    given: list[tuple[str, str]] = []

    def rows(text: str, shape: str) -> str:
        given.append((text, shape))
        return "rows_of"

    said = spark_sql(parse(duckdb, {"a": '["it\'s"]', "b": '["VARCHAR"]'}), replace(NAMES, rows=rows))
    assert (said, given) == (spark, [('["it\'s"]', '["VARCHAR"]')])


def test_a_parameter_without_a_value_is_an_error() -> None:
    with pytest.raises(UntranslatableError, match=r"no value is given for \$a"):
        translated("SELECT $a")


def test_what_is_no_sql_is_an_error() -> None:
    with pytest.raises(UntranslatableError, match="Parser Error"):
        translated("SELECT (")


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        # What a part becomes is looked into, too.
        ("SELECT TRY({'v': a // b})", "SELECT INGOT_TRY(STRUCT(INGOT_INTDIV(a, b) AS v))"),
        ("SELECT l[1], l[-1], l[i]", "SELECT TRY_ELEMENT_AT(l, 1), TRY_ELEMENT_AT(l, -1), TRY_ELEMENT_AT(l, i)"),
        ("SELECT s LIKE 'a\\b%'", "SELECT s LIKE 'a\\\\\\\\b%'"),
        ("SELECT dayofweek(d)", "SELECT (DAYOFWEEK(d) - 1)"),
        ("SELECT d + INTERVAL 1 MONTH", "SELECT INGOT_PLUS(d, INTERVAL '1' MONTH)"),
        ("SELECT quantile_cont(i, 0.5)", "SELECT PERCENTILE(i, 0.5)"),
        ("SELECT sum(n) FILTER (WHERE ok) OVER ()", "SELECT SUM(CASE WHEN ok THEN n END) OVER ()"),
        ("SELECT arg_min(s, n)", "SELECT MIN_BY(s, CASE WHEN NOT s IS NULL THEN n END)"),
    ],
)
def test_what_means_something_else_there_is_said_otherwise(duckdb: str, spark: str) -> None:
    assert translated(duckdb) == spark


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list(a ORDER BY b)",
        "SELECT first(a ORDER BY b)",
        "SELECT regexp_replace(s, 'a', 'b')",
        "SELECT regexp_matches(s, t)",
        "SELECT CAST(s AS TIME)",
        "SELECT l[1:2]",
        "SELECT format('{}', s)",
        "SELECT reverse(s)",
        "SELECT extract(decade FROM d)",
        "SELECT 1 AS a UNION BY NAME SELECT 2 AS a",
        "SELECT unnest(json_transform(a, '[\"VARCHAR\"]')) FROM silver.clicks",
        "SELECT json_transform(a, '[\"VARCHAR\"]') FROM silver.clicks",
        "SELECT * REPLACE (1 AS a) FROM silver.clicks",
    ],
)
def test_what_would_say_something_else_is_refused(sql: str) -> None:
    with pytest.raises(UntranslatableError, match="Spark has no counterpart"):
        translated(sql)
