"""DuckDB's SQL as Spark's: one statement in, one statement out, or an error that says what has no counterpart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError

from .names import CATALOG
from .rewrite import UntranslatableError, rewritten

READ = "ingot_read"
"""Table function that stands for files: its argument is JSON, see `readers.py`."""


def no_rows() -> str:
    """Raises UntranslatableError: only what a handler holds comes as rows of a text."""
    raise UntranslatableError("Spark has no counterpart: json_transform; use json_extract_string")


@dataclass(frozen=True)
class Names:
    """What names of tables mean at the moment."""

    zones: Mapping[str, str]
    """Database of each zone, by the zone's name."""
    temporary: Mapping[str, str]
    """View of each temporary table, by the table's name in lower case."""
    branch: Callable[[str, str], str | None]
    """Branch of a table (database, name) that this transaction writes, if it does."""
    read: Callable[[str], str]
    """View over files, from the JSON that describes them."""
    rows: Callable[[str, str], str] = lambda text, shape: no_rows()
    """View of the elements of a list in JSON, in a column `value`, from its text and the shape of `json_transform`."""
    properties: Callable[[str, str], Mapping[str, str]] = lambda database, table: {}
    """Properties of a table (database, name)."""
    snapshot: Callable[[str, str], int | None] = lambda database, table: None
    """Snapshot at which this transaction reads a table (database, name) that it does not write, if at a certain one."""


def parse(sql: str, parameters: Mapping[str, object] | None = None) -> exp.Expr:
    """
    Parses one statement of DuckDB's, with the values of `$name` in their places.

    Raises UntranslatableError where it is none.
    """
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError as error:
        raise UntranslatableError(f"Parser Error: {error}") from error
    given = parameters or {}
    for node in list(tree.find_all(exp.Parameter, exp.Placeholder)):
        name = node.name
        if name not in given:
            raise UntranslatableError(f"Parser Error: no value is given for ${name}")
        node.replace(exp.convert(given[name]))
    return tree


def spark_sql(tree: exp.Expr, names: Names) -> str:
    """
    A parsed statement as Spark takes it.

    Raises UntranslatableError where Spark has no counterpart.
    """
    # Names first: a common table expression hides a table of its name.
    said = rewritten(_rename(tree.copy(), names))
    try:
        return said.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise UntranslatableError(f"Spark has no counterpart: {error}") from error


def table_of(table: exp.Table, zones: Mapping[str, str]) -> tuple[str, str]:
    """Database and name of a table of the lake: `lake.db.t`, or `zone.t` as models write it."""
    given = str(table.db)
    return (given if table.catalog == CATALOG else zones.get(given, given), str(table.name))


def temporary_name(table: exp.Table) -> str:
    return table.name.lower()


def _rename(tree: exp.Expr, names: Names) -> exp.Expr:
    numbered = {id(c.find_ancestor(exp.Select)) for c in tree.find_all(exp.Column) if c.name.lower() == ROWID}
    for given in [one for one in tree.find_all(exp.Explode) if _is_rows(one)]:
        _as_rows(given, names)
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.Anonymous) and table.this.name.lower() == READ:
            view = names.read(table.this.expressions[0].name)
            table.set("this", exp.to_identifier(view))
        elif isinstance(table.this, exp.Anonymous) and table.this.name.lower() == SNAPSHOTS:
            table.replace(_snapshots(table.this.expressions[0]))
        elif isinstance(table.this, exp.Anonymous) and table.this.name.lower() == PROPERTIES:
            named = [part.name for part in table.this.expressions[0].parts]
            table.replace(_properties(names.properties(*named[-2:])))
        elif table.db:
            place, name = table_of(table, names.zones)
            parts = [CATALOG, place, name, *_version(place, name, names)]
            alias = table.args.get("alias")
            # Rows of `silver.flights` are known as `flights` where no alias is given.
            if alias is None and isinstance(table.parent, exp.From | exp.Join):
                alias = exp.TableAlias(this=exp.to_identifier(name, quoted=True))
            table.replace(_path(parts, alias))
        elif (held := names.temporary.get(temporary_name(table))) and not _is_cte(table):
            shown = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
            wanted = held + WITH_ROWID if id(table.find_ancestor(exp.Select)) in numbered else held
            table.set("this", exp.to_identifier(wanted, quoted=True))
            table.set("alias", shown)
    return tree


def _is_rows(given: exp.Explode) -> bool:
    """`unnest(json_transform('[…]'::JSON, '[…]'))`: rows that the handler holds."""
    made = given.this
    if not isinstance(made, exp.Anonymous) or made.name.lower() != "json_transform":
        return False
    if len(made.expressions) != 2:
        return False
    text, shape = made.expressions
    is_literal = isinstance(text, exp.Cast) and isinstance(text.this, exp.Literal) and isinstance(shape, exp.Literal)
    select = given.parent_select
    return is_literal and select is not None and not select.args.get("from_") and len(select.expressions) == 1


def _as_rows(given: exp.Explode, names: Names) -> None:
    """Spark reads many rows out of a file, and not out of a text of a statement."""
    text, shape = given.this.expressions
    select = cast(exp.Select, given.parent_select)
    select.set("from_", exp.From(this=exp.to_table(names.rows(text.this.name, shape.name))))
    # With `recursive := true` fields are columns.
    fields = exp.Column(this=exp.Star(), table=exp.to_identifier("value"))
    given.replace(fields if given.expressions else exp.column("value"))


def _version(place: str, name: str, names: Names) -> list[str]:
    branch = names.branch(place, name)
    if branch is not None:
        return [f"branch_{branch}"]
    snapshot = names.snapshot(place, name)
    return [] if snapshot is None else [f"snapshot_id_{snapshot}"]


SNAPSHOTS = "iceberg_snapshots"
"""DuckDB's table function for the snapshots of a table."""


def _snapshots(named: exp.Expr) -> exp.Expr:
    path = _path([part.name for part in named.parts] + ["snapshots"], None)  # type: ignore[attr-defined]
    shown = ("snapshot_id", "operation", exp.column("committed_at").as_("timestamp_ms"))
    return exp.select(*shown).from_(path).subquery()


PROPERTIES = "iceberg_table_properties"
"""DuckDB's table function for the properties of a table."""


def _properties(properties: Mapping[str, str]) -> exp.Expr:
    none = exp.select("CAST(NULL AS TEXT) AS key", "CAST(NULL AS TEXT) AS value").where(exp.false())
    rows: exp.Query = none
    for name, value in properties.items():
        row = exp.select(exp.Literal.string(name).as_("key"), exp.Literal.string(value).as_("value"))
        rows = rows.union(row, distinct=False)
    return rows.subquery("properties")


ROWID = "rowid"
WITH_ROWID = "_with_rowid"
"""Ending of the view of a temporary table that shows the number of each row, which DuckDB calls `rowid`."""


def _path(parts: list[str], alias: exp.TableAlias | None) -> exp.Table:
    this: exp.Expr = exp.to_identifier(parts[-1], quoted=True)
    if len(parts) == 4:
        # A table's name may have three parts; the branch is a fourth.
        this = exp.Dot(this=exp.to_identifier(parts[2], quoted=True), expression=this)
    table = exp.Table(
        this=this,
        db=exp.to_identifier(parts[1], quoted=True),
        catalog=exp.to_identifier(parts[0], quoted=True),
    )
    if alias is not None:
        table.set("alias", alias)
    return table


def _is_cte(table: exp.Table) -> bool:
    scope: exp.Expr | None = table
    while scope is not None:
        with_ = scope.args.get("with_") or scope.args.get("with")
        if with_ is not None and any(cte.alias.lower() == table.name.lower() for cte in with_.expressions):
            return True
        scope = scope.parent
    return False


def read_argument(text: str) -> dict[str, object]:
    """What stands in `ingot_read('…')`."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise UntranslatableError(f"{READ} takes a JSON object; given {text}")
    return value
