"""DuckDB's words in Spark's."""

from __future__ import annotations

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
        ("SELECT count(DISTINCT row(a, b))", "SELECT COUNT(DISTINCT NAMED_STRUCT('f0', a, 'f1', b))"),
        ("SELECT list_extract(a, 1)", "SELECT TRY_ELEMENT_AT(a, 1)"),
        ("SELECT a // b, a / b", "SELECT INGOT_INTDIV(a, b), INGOT_DIV(a, b)"),
    ],
)
def test_a_statement_says_the_same(duckdb: str, spark: str) -> None:
    assert translated(duckdb) == spark


def test_values_of_parameters_are_literals_whatever_they_hold() -> None:
    assert translated("SELECT $a, $b", a="it's", b=3) == "SELECT 'it\\'s', 3"


def test_a_parameter_without_a_value_is_an_error() -> None:
    with pytest.raises(UntranslatableError, match=r"no value is given for \$a"):
        translated("SELECT $a")


def test_what_is_no_sql_is_an_error() -> None:
    with pytest.raises(UntranslatableError, match="Parser Error"):
        translated("SELECT (")
