"""Iceberg tables through Spark: branches, so that what a transaction writes becomes visible in one commit."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from py4j.java_gateway import JavaObject
from pyspark.sql import SparkSession

from .names import CATALOG

PREFIX = "ingot_"
STALE_MILLISECONDS = 24 * 3_600_000
"""A branch that is older is what a job that was killed left behind: no job runs so long."""

MERGE_ON_READ = {f"write.{operation}.mode": "merge-on-read" for operation in ("delete", "update", "merge")}
"""With copy-on-write a merge that changes nothing would make a snapshot, and one that changes a row a new file."""


class ConflictError(Exception):
    """Another writer was first: then the same work, run again from its start, may succeed."""


@dataclass(frozen=True)
class State:
    """A table as a transaction found it."""

    properties: Mapping[str, str]
    snapshot: int | None
    """Current snapshot of `main`."""
    readable: int | None
    """The same, where what is read of it has the columns that the table has now."""

    @staticmethod
    def of(table: JavaObject) -> State:
        snapshot = table.currentSnapshot()
        found = None if snapshot is None else int(snapshot.snapshotId())
        same = found is not None and snapshot.schemaId() == table.schema().schemaId()
        return State(dict(table.properties()), found, found if same else None)

    def rows(self) -> str | None:
        """Snapshot whose rows these are: a compaction changes no row, and its mark says whose they are."""
        if self.snapshot is None:
            return None
        current = str(self.snapshot)
        mark = self.properties.get("ingot.compacted")
        compacted = {} if mark is None else json.loads(mark)
        return str(compacted["rows"]) if compacted.get("snapshot") == current else current

    def has_moved_to(self, other: State) -> bool:
        return self.snapshot != other.snapshot or self.has_changed_in(other)

    def has_changed_in(self, other: State) -> bool:
        """Whether other properties are there than were: positions are among them."""

        def own(properties: Mapping[str, str]) -> dict[str, str]:
            return {name: value for name, value in properties.items() if name not in MERGE_ON_READ}

        return own(self.properties) != own(other.properties)


class Table:
    """One table of the lake, through Iceberg's own API, which says what SQL cannot."""

    def __init__(self, spark: SparkSession, database: str, name: str) -> None:
        self.spark = spark
        self.database = database
        self.name = name

    @property
    def path(self) -> str:
        return f"{CATALOG}.`{self.database}`.`{self.name}`"

    def load(self) -> JavaObject:
        util = self.spark._jvm.org.apache.iceberg.spark.Spark3Util  # type: ignore[union-attr]
        return util.loadIcebergTable(self.spark._jsparkSession, self.path)

    def state(self) -> State:
        return State.of(self.load())

    def refresh(self) -> None:
        """Spark plans by what it has read of a table before, unless it is told that there is more."""
        self.spark.catalog.refreshTable(self.path)


class Write:
    """What one transaction writes into one table: a branch that becomes `main`, and properties, in one commit."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.branch: str | None = None
        self.properties: dict[str, str] = {}
        self._base: int | None = None

    def begin(self, seen: State | None = None) -> str:
        """
        The branch that statements write to.

        Raises ConflictError where the table is no longer as the transaction has `seen` it.
        """
        if self.branch is not None:
            return self.branch
        table = self.table.load()
        found = State.of(table)
        if seen is not None and seen.has_moved_to(found):
            raise self._conflict()
        given = table.properties()
        missing = {name: value for name, value in MERGE_ON_READ.items() if given.get(name) is None}
        if missing:
            update = table.updateProperties()
            for name, value in missing.items():
                update.set(name, value)
            update.commit()
        branch = f"{PREFIX}{uuid.uuid4().hex}"
        base = found.snapshot
        if base is None:
            # Else the branch would be all that the table has, and DuckDB would read it before it is committed.
            table.newFastAppend().commit()
            table.refresh()
            first = table.currentSnapshot()
            if first.parentId() is not None:
                raise self._conflict()
            base = int(first.snapshotId())
        self._base = base
        manage = table.manageSnapshots()
        for stale in self._stale(table):
            manage = manage.removeBranch(stale)
        manage.createBranch(branch, self._base).commit()
        self.branch = branch
        self.table.refresh()
        return branch

    def changed(self) -> int:
        """Rows that the last statement has put in or taken out; an update is one."""
        summary = self.table.load().snapshot(self.branch).summary()

        def number(name: str) -> int:
            return int(summary.get(name) or 0)

        removed = number("deleted-records") + number("added-position-deletes") + number("added-dvs")
        return max(number("added-records"), removed)

    def head(self) -> int | None:
        snapshot = self.table.load().snapshot(self.branch) if self.branch is not None else None
        return None if snapshot is None else int(snapshot.snapshotId())

    def commit(self, seen: State | None = None) -> None:
        """
        Raises ConflictError where `main` has moved since `begin`, or the table is not as the transaction has `seen` it.
        """
        table = self.table.load()
        if seen is not None:
            # From `begin` on, it is the base that says whether rows have come.
            found = State.of(table)
            if seen.has_changed_in(found) if self.branch is not None else seen.has_moved_to(found):
                raise self._conflict()
        transaction = table.newTransaction()
        try:
            if self.branch is not None:
                manage = transaction.manageSnapshots()
                if self.head() != self._base:
                    manage = self._forward(manage, table)
                manage.removeBranch(self.branch).commit()
            if self.properties:
                update = transaction.updateProperties()
                for name, value in self.properties.items():
                    update.set(name, value)
                update.commit()
            transaction.commitTransaction()
        except Exception as error:
            if is_conflict(error):
                raise ConflictError(str(error).splitlines()[0]) from error
            raise
        self.branch = None
        self.table.refresh()

    def _forward(self, manage: JavaObject, table: JavaObject) -> JavaObject:
        current = table.currentSnapshot()
        if (None if current is None else current.snapshotId()) != self._base:
            raise self._conflict()
        if self._base is None:
            return manage.createBranch("main", self.head())
        return manage.fastForwardBranch("main", self.branch)

    def _conflict(self) -> ConflictError:
        return ConflictError(f"{self.table.path}: branch main has changed")

    def abandon(self) -> None:
        """Removes the branch. What cannot be removed now is removed by a later write."""
        if self.branch is None:
            return
        try:
            self.table.load().manageSnapshots().removeBranch(self.branch).commit()
        except Exception as error:
            # Another writer was first with something else; a later write removes it.
            if not is_conflict(error):
                raise
        self.branch = None
        self.table.refresh()

    def _stale(self, table: JavaObject) -> list[str]:
        before = time.time() * 1000 - STALE_MILLISECONDS
        refs: Mapping[str, JavaObject] = table.refs()
        return [
            name
            for name, ref in dict(refs).items()
            if name.startswith(PREFIX) and table.snapshot(ref.snapshotId()).timestampMillis() < before
        ]


_CONFLICTS = ("CommitFailedException", "ValidationException", "Cannot fast-forward", "branch main has changed")


def is_conflict(error: Exception) -> bool:
    """Whether another writer was first."""
    return any(word in f"{type(error).__name__}: {error}" for word in _CONFLICTS)
