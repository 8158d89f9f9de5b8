"""What `ingot check` says of statements that Spark has no words for."""

from __future__ import annotations

import pytest

from ingot_spark.check import problem_of


@pytest.mark.parametrize(
    ("sql", "line", "says"),
    [
        ("SELECT a,\n  b::TIME AS x\nFROM silver.t", 2, "TIME"),
        ("SELECT a\nFROM silver.t\nWHERE regexp_replace(a, b, c) = ''", 3, "regexp_replace"),
        ("SELECT a FROM silver.t\nWHERE (", 2, ""),
        ("SELECT\n  unnest(json_transform('[\"a\"]'::JSON, '[\"VARCHAR\"]'))", 2, "json_transform"),
        ("SELECT\n  unnest(json_transform(a))", 2, "json_transform"),
        ("SELECT a,\n  json_transform(b) AS c\nFROM silver.t", 2, "json_transform"),
        ("SELECT a,\n  b::HUGEINT // 2 AS c\nFROM silver.t", 2, "the type HUGEINT"),
        ("SELECT h // 2 FROM\n(SELECT 3::HUGEINT AS h)", 2, "the type HUGEINT"),
        ("SELECT a FROM silver.t\nWHERE (a, b) IN (SELECT (c, d) FROM silver.u)", 2, "use EXISTS with IS NOT DISTINCT"),
        ("SELECT a FROM silver.t\nWHERE (a, b) IN (SELECT (1, 2) UNION SELECT (3, 4))", 2, "use EXISTS with IS NOT"),
    ],
)
def test_says_what_cannot_be_translated_and_where(sql: str, line: int, says: str) -> None:
    problem = problem_of(sql, {"silver": "shop_silver"})
    assert problem is not None
    assert problem["line"] == line
    assert says in str(problem["message"])


def test_says_nothing_of_what_can() -> None:
    assert problem_of("SELECT count(*) FILTER (WHERE a > 1) FROM silver.t", {"silver": "shop_silver"}) is None
