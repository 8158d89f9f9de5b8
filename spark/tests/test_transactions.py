"""What a transaction sees of a table that others write meanwhile. The table is a stand-in for Iceberg's."""

from __future__ import annotations

import itertools
import re
from types import SimpleNamespace
from typing import Any

import pytest

from ingot_spark.engine import Engine
from ingot_spark.lake import MERGE_ON_READ, ConflictError, Table, is_conflict
from ingot_spark.session import Settings


class Iceberg:
    """A table with branches and properties, as far as transactions ask for them."""

    def __init__(self, rows: bool = True) -> None:
        self._ids = itertools.count(1)
        self.snapshots: dict[int, SimpleNamespace] = {}
        self.heads: dict[str, int] = {}
        self.given: dict[str, str] = {}
        self.schema_id = 0
        self.fails = False
        if rows:
            self.write("main")

    def write(self, branch: str, **properties: str) -> int:
        number = next(self._ids)
        parent = self.heads.get(branch)
        summary = {"added-records": "1"}
        self.snapshots[number] = SimpleNamespace(
            snapshotId=lambda: number,
            parentId=lambda: parent,
            schemaId=lambda schema=self.schema_id: schema,
            summary=lambda: summary,
            timestampMillis=lambda: 0,
        )
        self.heads[branch] = number
        self.given.update(properties)
        return number

    # What Iceberg's tables answer.

    def properties(self) -> dict[str, str]:
        return dict(self.given)

    def currentSnapshot(self) -> SimpleNamespace | None:
        return self.snapshot("main")

    def snapshot(self, name: str) -> SimpleNamespace | None:
        return self.snapshots.get(self.heads.get(name, 0))

    def schema(self) -> SimpleNamespace:
        return SimpleNamespace(schemaId=lambda: self.schema_id)

    def refs(self) -> dict[str, Any]:
        return {}

    def refresh(self) -> None:
        pass

    def newFastAppend(self) -> SimpleNamespace:
        return SimpleNamespace(commit=lambda: self.write("main"))

    def updateProperties(self) -> SimpleNamespace:
        return SimpleNamespace(set=self.given.__setitem__, commit=lambda: None)

    def newTransaction(self) -> Iceberg:
        return self

    def commitTransaction(self) -> None:
        pass

    def manageSnapshots(self) -> Iceberg:
        return self

    def createBranch(self, name: str, snapshot: int) -> Iceberg:
        self.heads[name] = snapshot
        return self

    def fastForwardBranch(self, name: str, to: str) -> Iceberg:
        self.heads[name] = self.heads[to]
        return self

    def removeBranch(self, name: str) -> Iceberg:
        if self.fails:
            raise RuntimeError("the catalog is not there")
        del self.heads[name]
        return self

    def commit(self) -> None:
        pass


class Spark:
    """Takes each statement for one that writes a row where it names a branch."""

    def __init__(self, tables: dict[str, Iceberg]) -> None:
        self.tables = tables
        self.said: list[str] = []

    def sql(self, text: str) -> SimpleNamespace:
        self.said.append(text)
        written = re.match(r"DELETE FROM `lake`\.`db`\.`(\w+)`\.`branch_(\w+)`", text)
        if written:
            self.tables[written[1]].write(written[2])
        return SimpleNamespace(schema=None, collect=lambda: [])


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> dict[str, Iceberg]:
    tables = {"t": Iceberg(), "u": Iceberg(), "empty": Iceberg(rows=False)}
    monkeypatch.setattr(Table, "load", lambda self: tables[self.name])
    monkeypatch.setattr(Table, "refresh", lambda self: None)
    return tables


def engine_on(tables: dict[str, Iceberg]) -> Engine:
    return Engine(Spark(tables), Settings(catalog={}, scratch=""))  # type: ignore[arg-type]


WRITING = "DELETE FROM lake.db.{} WHERE a = 1"


@pytest.mark.parametrize("name", ["t", "empty"])
def test_what_another_writer_commits_between_the_first_look_and_the_first_statement_is_a_conflict(
    tables: dict[str, Iceberg], name: str
) -> None:
    one, other = engine_on(tables), engine_on(tables)
    one.begin()
    assert one.properties("db", name) == {}
    other.begin()
    assert other.run(WRITING.format(name)) == 1
    other.set_properties("db", name, {"ingot.position": "1"})
    other.commit()
    with pytest.raises(ConflictError) as said:
        one.run(WRITING.format(name))
    assert is_conflict(said.value)
    one.rollback()

    one.begin()
    assert one.properties("db", name)["ingot.position"] == "1"
    assert one.run(WRITING.format(name)) == 1
    one.set_properties("db", name, {"ingot.position": "2"})
    one.commit()
    assert tables[name].given["ingot.position"] == "2"
    assert list(tables[name].heads) == ["main"]


def test_a_query_is_a_look_too_and_later_looks_see_the_same(tables: dict[str, Iceberg]) -> None:
    engine = engine_on(tables)
    seen = tables["u"].heads["main"]
    engine.begin()
    engine.query("SELECT a FROM lake.db.u")
    tables["u"].write("main", position="1")
    assert engine.properties("db", "u") == {}
    assert engine.snapshot_id("db", "u") == str(seen)
    engine.query("SELECT a FROM lake.db.u")
    assert engine.run("DELETE FROM lake.db.t WHERE a IN (SELECT a FROM lake.db.u)") == 1
    said = engine.spark.said  # type: ignore[attr-defined]
    assert all(f"`lake`.`db`.`u`.`snapshot_id_{seen}`" in text for text in said)
    engine.commit()
    assert engine.properties("db", "u") == {"position": "1"}
    with pytest.raises(ConflictError):
        engine.begin()
        engine.query("SELECT a FROM lake.db.u")
        tables["u"].write("main")
        engine.run(WRITING.format("u"))


def test_a_table_whose_columns_are_newer_than_its_rows_is_read_as_it_is(tables: dict[str, Iceberg]) -> None:
    engine = engine_on(tables)
    tables["t"].schema_id = 1
    engine.begin()
    engine.query("SELECT added FROM lake.db.t")
    assert engine.spark.said == ["SELECT added FROM `lake`.`db`.`t` AS `t`"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("statement", [None, WRITING.format("t")])
def test_properties_that_have_changed_since_they_were_read_are_a_conflict(
    tables: dict[str, Iceberg], statement: str | None
) -> None:
    engine = engine_on(tables)
    engine.begin()
    engine.properties("db", "t")
    if statement is not None:
        engine.run(statement)
    tables["t"].given["ingot.position"] = "1"
    engine.set_properties("db", "t", {"ingot.position": "1", "ingot.sum": "1"})
    with pytest.raises(ConflictError):
        engine.commit()
    assert tables["t"].given == {"ingot.position": "1", **(MERGE_ON_READ if statement else {})}
    assert list(tables["t"].heads) == ["main"]
    engine.begin()


def test_a_transaction_is_over_where_its_branch_could_not_be_removed(tables: dict[str, Iceberg]) -> None:
    engine = engine_on(tables)
    engine.begin()
    engine.run(WRITING.format("t"))
    tables["t"].fails = True
    with pytest.raises(RuntimeError, match="the catalog is not there"):
        engine.rollback()
    tables["t"].fails = False
    engine.begin()
    engine.run(WRITING.format("t"))
    tables["t"].write("main")
    tables["t"].fails = True
    with pytest.raises(ConflictError):
        engine.commit()
    engine.begin()
