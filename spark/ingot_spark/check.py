"""
`python -m ingot_spark.check`: says of statements whether Spark has words for them. Needs no Spark.

Standard input is JSON, a list of `{"sql": …, "zones": {…}}`; standard output is a list with null for each statement
that can be translated, and `{"message": …, "line": …}` for each that cannot. The line counts from 1.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping

from sqlglot import exp

from .dialect import Names, parse, spark_sql
from .rewrite import UntranslatableError, refuse_huge, rewritten


def problem_of(sql: str, zones: Mapping[str, str]) -> dict[str, object] | None:
    """What is wrong with a statement, or None."""
    try:
        tree = parse(sql)
        for node in tree.walk():
            refuse_huge(node)
        spark_sql(
            tree, Names(zones=zones, temporary={}, branch=lambda _database, _table: None, read=lambda _files: "files")
        )
    except UntranslatableError as error:
        message = str(error).splitlines()[0]
        said = re.search(r"Line (\d+), Col", str(error))
        return {"message": message, "line": int(said[1]) if said else _line_of(message, sql)}
    return None


def _line_of(message: str, sql: str) -> int | None:
    """Line of the smallest part that is refused for the same reason."""
    try:
        nodes = list(parse(sql).walk())
    except UntranslatableError:
        return None
    found: exp.Expr | None = None
    for node in nodes:
        try:
            refuse_huge(node)
            rewritten(node.copy())
        except UntranslatableError as error:
            if str(error).splitlines()[0] == message:
                found = node
        except Exception:
            continue  # Not every part is something by itself.
    # A type has no place of its own; what it stands in has one.
    while found is not None:
        lines = [int(part.meta["line"]) for part in found.walk() if "line" in part.meta]
        if lines:
            return min(lines)
        found = found.parent
    return None


def main() -> None:
    statements = json.load(sys.stdin)
    json.dump([problem_of(one["sql"], one["zones"]) for one in statements], sys.stdout)


if __name__ == "__main__":
    main()
