"""What a handler asks of a lake, done by Spark: the same statements, in DuckDB's words, with the same effect."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce
from typing import Literal, cast

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import StructType
from sqlglot import exp

from .dialect import ROWID, WITH_ROWID, Names, parse, read_argument, spark_sql, table_of, temporary_name
from .lake import ConflictError, State, Table, Write, is_conflict
from .readers import Reading, columns_of, read, read_records, read_rows
from .session import Settings
from .streaming import Following, Source, few_rows, numbered


@dataclass
class Temporary:
    """A table of this session: files in the scratch folder, written by each statement that adds rows."""

    view: str
    schema: StructType
    parts: list[DataFrame] = field(default_factory=list)
    """Its rows, by the statements that added them."""
    numbered: list[DataFrame] = field(default_factory=list)
    """Those of the first parts, with their numbers: they are counted once somebody asks for one."""
    rows: int = 0
    """Rows that have a number."""


RECORDS = "ingot_records"
"""Temporary table of a micro-batch's records."""

_PLACE, _FILE, _BLOCK, _SPLIT, _SHIFT, _GIVEN = (
    f"_ingot_{name}" for name in ("place", "file_name", "block", "split", "shift", "given")
)


class Engine:
    """One session: temporary tables, and at most one transaction at a time."""

    def __init__(self, spark: SparkSession, settings: Settings, is_heard: Callable[[], bool] = lambda: True) -> None:
        """`is_heard` says whether whoever asks is still there: else nobody waits for what a stream may still bring."""
        self.spark = spark
        self.settings = settings
        self._is_heard = is_heard
        self._temporary: dict[str, Temporary] = {}
        self._writes: dict[tuple[str, str], Write] | None = None
        self._seen: dict[tuple[str, str], State] | None = None
        """Tables as the open transaction found them; a statement that is one by itself notes none."""
        self._following: Following | None = None

    # Transactions

    def begin(self) -> None:
        if self._writes is not None:
            raise RuntimeError("a transaction is already open")
        self._writes, self._seen = {}, {}

    def commit(self) -> None:
        """
        Makes what the transaction wrote visible, in one commit of its one table.

        Raises ConflictError where another writer was first.
        """
        writes = self._writes or {}
        try:
            for place, write in writes.items():
                write.commit((self._seen or {}).get(place))
        except ConflictError:
            # Whoever asked is told of the conflict, after which the work is begun again, and not of what came of it.
            with suppress(Exception):
                self.rollback()
            raise
        self._writes = self._seen = None

    def rollback(self) -> None:
        """Undoes what the transaction wrote. It is over in any case: a later write removes a branch that is left."""
        writes, self._writes, self._seen = self._writes or {}, None, None
        for write in writes.values():
            write.abandon()

    def properties(self, database: str, table: str) -> dict[str, str]:
        pending = (self._writes or {}).get((database, table))
        return {**self._state(database, table).properties, **(pending.properties if pending else {})}

    def set_properties(self, database: str, table: str, properties: Mapping[str, str]) -> None:
        self._write(database, table).properties.update(properties)

    def snapshot_id(self, database: str, table: str) -> str | None:
        return self._state(database, table).rows()

    def _state(self, database: str, table: str) -> State:
        """A table as it is, or as the transaction found it when it first asked: by that it decides what it writes."""
        if self._seen is None:
            return Table(self.spark, database, table).state()
        if (database, table) not in self._seen:
            self._seen[database, table] = Table(self.spark, database, table).state()
        return self._seen[database, table]

    # Statements

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> tuple[StructType, list[Row]]:
        tree = parse(sql, parameters)
        if isinstance(tree, exp.Describe):
            frame = self._frame(tree.this)
            described = [(field.name, field.dataType.simpleString()) for field in frame.schema.fields]
            frame = self.spark.createDataFrame(described, "column_name string, column_type string")
        else:
            frame = self._frame(tree)
        return frame.schema, frame.collect()

    def run(self, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        """Number of rows changed."""
        tree = parse(sql, parameters)
        if isinstance(tree, exp.Create):
            return self._create(tree)
        if isinstance(tree, exp.Drop):
            return self._drop(tree)
        target = _target(tree)
        if isinstance(tree, exp.DML | exp.Delete | exp.Update | exp.Merge) and isinstance(target, exp.Table):
            temporary = self._temporary.get(temporary_name(target)) if not target.db else None
            if temporary is None:
                return self._change(tree, target)
            if isinstance(tree, exp.Insert):
                return self._append(temporary, self._frame(tree.expression), _named(tree))
            if isinstance(tree, exp.Delete):
                return self._remove(temporary, tree)
        raise RuntimeError(f"Spark is not asked to run such a statement: {sql.strip().splitlines()[0]}")

    def columns(self, given: dict[str, object]) -> list[tuple[str, str]]:
        """Names and types of the columns of a file."""
        return columns_of(self.spark, Reading.of(given))

    def _frame(self, tree: exp.Expr) -> DataFrame:
        return self.spark.sql(self._said(tree))

    def _said(self, tree: exp.Expr) -> str:
        """A statement in Spark's words, once the rows are numbered whose numbers it asks for."""
        if any(column.name.lower() == ROWID for column in tree.find_all(exp.Column)):
            for table in tree.find_all(exp.Table):
                temporary = self._temporary.get(temporary_name(table))
                if temporary is not None and not table.db:
                    self._number(temporary)
        return spark_sql(tree, self._names())

    def _names(self) -> Names:
        def branch(database: str, table: str) -> str | None:
            write = (self._writes or {}).get((database, table))
            return write.branch if write else None

        def snapshot(database: str, table: str) -> int | None:
            return None if self._seen is None else self._state(database, table).readable

        def read_view(argument: str) -> str:
            view = f"ingot_files_{uuid.uuid4().hex}"
            self._read(read_argument(argument)).createOrReplaceTempView(view)
            return view

        views = {name: temporary.view for name, temporary in self._temporary.items()}
        return Names(
            zones=self.settings.zones,
            temporary=views,
            branch=branch,
            snapshot=snapshot,
            read=read_view,
            rows=self._rows,
            properties=self.properties,
        )

    def _read(self, given: dict[str, object]) -> DataFrame:
        """What `ingot_read` stands for: files, or texts of records, which a query gives."""
        reading = Reading.of(given) if given["format"] != "records" else None
        if reading is not None:
            return read(self.spark, reading)
        texts = self._frame(parse(str(given["texts"])))
        nested = cast(list[str], given.get("nested", []))
        return read_records(texts, cast(list[str], given["columns"]), nested)

    def _rows(self, text: str, shape: str) -> str:
        view = f"ingot_rows_{uuid.uuid4().hex}"
        read_rows(self.spark, f"{self.settings.scratch}/{view}.json", text, shape).createOrReplaceTempView(view)
        return view

    # Streams

    def next_batch(self, given: Mapping[str, object]) -> str | Literal[False] | None:
        """
        The next records of a stream, as a temporary table; of the batch before, and of what was made meanwhile, nothing
        is left. None where the stream has come to its end, False where it goes on and has brought nothing for a minute.
        """
        for name in list(self._temporary):
            self._forget(name)
        for made in self.spark.catalog.listTables():
            if made.isTemporary and made.name.startswith("ingot_"):
                self.spark.catalog.dropTempView(made.name)
        remove(self.spark, self.settings.scratch)
        if self._following is None:
            self._following = Following(self.spark, Source.of(given), self._is_heard)
        try:
            records = self._following.next()
            if records is None or records is False:
                return records
            rows = numbered(self.spark, records, f"{self.settings.scratch}/records_{uuid.uuid4().hex}")
        except Exception:
            # To ask the same query for the next batch is to say that this one is done with; a new one begins with it.
            self.close()
            raise
        view = f"ingot_temporary_{uuid.uuid4().hex}"
        placed = rows.withColumn(ROWID, f.col("ordinal").cast("long"))
        self._temporary[RECORDS] = Temporary(view=view, schema=rows.schema, parts=[rows], numbered=[placed])
        self._show(self._temporary[RECORDS])
        return RECORDS

    def close(self) -> None:
        """Ends what is still at work."""
        if self._following is not None:
            self._following.stop()
            self._following = None

    def _write(self, database: str, table: str) -> Write:
        if self._writes is None:
            raise RuntimeError(f"{database}.{table} is written outside a transaction")
        other = next((key for key in self._writes if key != (database, table)), None)
        if other is not None:
            raise RuntimeError(f"one transaction writes one table: {'.'.join(other)}, not also {database}.{table}")
        return self._writes.setdefault((database, table), Write(Table(self.spark, database, table)))

    def _change(self, tree: exp.Expr, target: exp.Table) -> int:
        """A statement that writes a table of the lake; its own transaction where none is open."""
        alone = self._writes is None
        if alone:
            self._writes = {}
        try:
            place = table_of(target, self.settings.zones)
            write = self._write(*place)
            write.begin((self._seen or {}).get(place))
            before = write.head()
            if isinstance(tree, exp.Insert):
                tree = self._fitting(tree, write)
            self.spark.sql(self._said(tree))
            changed = 0 if write.head() == before else write.changed()
        except Exception as error:
            if alone:
                self.rollback()
            if is_conflict(error):
                raise ConflictError(str(error).splitlines()[0]) from error
            raise
        if alone:
            self.commit()
        return changed

    def _fitting(self, tree: exp.Insert, write: Write) -> exp.Insert:
        """
        The same rows in the table's own types: Spark puts no text into a time by itself, as DuckDB does, nor null into
        a column that is not named.
        """
        schema = self.spark.table(write.table.path).schema
        frame = self._frame(tree.expression)
        frame, columns = _placed_in(schema, frame, _named(tree))
        view = f"ingot_inserted_{uuid.uuid4().hex}"
        frame.select(*columns).createOrReplaceTempView(view)
        insert = tree.copy()
        insert.set("this", _target(tree).copy())
        insert.set("expression", exp.select("*").from_(exp.to_identifier(view, quoted=True)))
        return insert

    # Temporary tables

    def _create(self, tree: exp.Create) -> int:
        name = temporary_name(_target(tree))
        if tree.expression is None:
            empty = exp.select(
                *(exp.cast(exp.null(), column.kind).as_(column.this) for column in tree.this.expressions)
            ).limit(0)
            frame = self._frame(empty)
        else:
            frame = self._frame(tree.expression)
        self._forget(name)
        temporary = Temporary(view=f"ingot_temporary_{uuid.uuid4().hex}", schema=frame.schema)
        changed = 0 if tree.expression is None or _has_none(tree.expression) else self._append(temporary, frame)
        self._show(temporary)
        self._temporary[name] = temporary
        return changed

    def _append(self, temporary: Temporary, frame: DataFrame, named: Sequence[str] = ()) -> int:
        """
        Adds rows, whose columns are those that are `named`, or all, each with a number that grows as the rows of its
        file do and leaves none out: handlers tell people where in a file a row stands, and of rows with one key the
        last one wins.
        """
        frame, columns = _placed_in(temporary.schema, frame, named)
        part = f"{self.settings.scratch}/{temporary.view}/{uuid.uuid4().hex}"
        _placed(frame, columns).write.parquet(part)
        schema = StructType(list(temporary.schema.fields)).add(_PLACE, "long").add(_FILE, "string").add(_BLOCK, "long")
        rows = self.spark.read.schema(schema).parquet(part)
        count = _count(rows)
        if count > 0:
            temporary.parts.append(rows)
            self._show(temporary)
        return count

    def _number(self, temporary: Temporary) -> None:
        for rows in temporary.parts[len(temporary.numbered) :]:
            # One split of a file is one run of numbers; splits are put in their order, which Spark does not keep.
            split = f.shiftright(_PLACE, 33)
            splits = rows.groupBy(_FILE, _BLOCK, split.alias(_SPLIT)).agg(f.min(_PLACE), f.count("*")).collect()
            shifts = []
            for file, block, number, first, size in sorted(splits, key=lambda one: (one[0], one[1], one[2])):
                shifts.append((file, block, number, temporary.rows - first))
                temporary.rows += size
            kinds = {_FILE: "string", _BLOCK: "long", _SPLIT: "long", _SHIFT: "long"}
            known = few_rows(self.spark, shifts, kinds)
            numbered = rows.withColumn(_SPLIT, split).join(f.broadcast(known), [_FILE, _BLOCK, _SPLIT])
            number = (f.col(_PLACE) + f.col(_SHIFT)).alias(ROWID)
            temporary.numbered.append(numbered.select(*_columns(temporary), number))
        empty = self._empty(StructType(list(temporary.schema.fields)).add(ROWID, "long"))
        _union(temporary.numbered, empty).createOrReplaceTempView(temporary.view + WITH_ROWID)

    def _remove(self, temporary: Temporary, tree: exp.Delete) -> int:
        goes = exp.Is(this=exp.paren(tree.args["where"].this.copy()), expression=exp.true())
        table = exp.to_table(tree.this.name, dialect="duckdb")
        # To speak of `rowid` is to keep it.
        kept = exp.select("*").from_(table).where(exp.not_(goes)).where(f"{ROWID} IS NOT NULL")
        before = _count(self.spark.table(temporary.view))
        part = f"{self.settings.scratch}/{temporary.view}/{uuid.uuid4().hex}"
        frame = self._frame(kept)
        frame.write.parquet(part)
        rows = self.spark.read.schema(frame.schema).parquet(part)
        temporary.parts, temporary.numbered = [rows], [rows]
        self._show(temporary)
        return before - _count(rows)

    def _show(self, temporary: Temporary) -> None:
        rows = [part.select(*_columns(temporary)) for part in temporary.parts]
        _union(rows, self._empty(temporary.schema)).createOrReplaceTempView(temporary.view)

    def _empty(self, schema: StructType) -> DataFrame:
        # Spark knows that there is none, and leaves out whatever would be done with it.
        session = self.spark._jsparkSession
        none = self.spark._jvm.java.util.ArrayList()  # type: ignore[union-attr]
        return DataFrame(session.createDataFrame(none, session.parseDataType(schema.json())), self.spark)

    def _drop(self, tree: exp.Drop) -> int:
        for table in tree.args["tables"]:
            self._forget(temporary_name(table))
        return 0

    def _forget(self, name: str) -> None:
        temporary = self._temporary.pop(name, None)
        if temporary is not None:
            self.spark.catalog.dropTempView(temporary.view)
            self.spark.catalog.dropTempView(temporary.view + WITH_ROWID)


def _columns(temporary: Temporary) -> list[Column]:
    return [f.col(f"`{name}`") for name in temporary.schema.names]


def _has_none(query: exp.Expr) -> bool:
    """Whether it says itself that it gives no row."""
    limit = query.args.get("limit")
    return isinstance(limit, exp.Limit) and isinstance(limit.expression, exp.Literal) and limit.expression.this == "0"


def _count(rows: DataFrame) -> int:
    """How many there are. Each task counts its own: an aggregate would bring numbers together in one more stage."""
    return int(rows.select()._jdf.queryExecution().toRdd().count())


def _union(frames: list[DataFrame], none: DataFrame) -> DataFrame:
    return reduce(lambda a, b: a.union(b), frames) if frames else none


def _target(tree: exp.Expr) -> exp.Table:
    """The table that a statement writes."""
    return cast(exp.Table, tree.this.this if isinstance(tree.this, exp.Schema) else tree.this)


def _named(tree: exp.Insert) -> list[str]:
    """The columns that an INSERT names."""
    return [one.name for one in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []


def _placed_in(schema: StructType, frame: DataFrame, named: Sequence[str]) -> tuple[DataFrame, list[Column]]:
    """A frame, and the columns of a table out of its own: all, or those that are `named`; the others are null."""
    # By place: what a query gives may have one name twice.
    places = [f"{_GIVEN}{i}" for i in range(len(frame.columns))]
    held = dict(zip([name.lower() for name in named or schema.names], places, strict=True))
    columns = [
        (f.col(held[name]) if (name := wanted.name.lower()) in held else f.lit(None))
        .cast(wanted.dataType)
        .alias(wanted.name)
        for wanted in schema.fields
    ]
    return frame.toDF(*places), columns


def _placed(frame: DataFrame, columns: list[Column]) -> DataFrame:
    """Rows with the place from which each was read: a file, a block of it, and a number that grows within it."""
    number = f.monotonically_increasing_id().alias(_PLACE)
    file, block = f.input_file_name().alias(_FILE), f.input_file_block_start().alias(_BLOCK)
    try:
        return frame.select(*columns, number, file, block)
    except AnalysisException as error:
        if error.getCondition() != "MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION":
            raise
        # What is joined of several files has no place in one.
        return frame.select(*columns, number, f.lit("").alias(_FILE), f.lit(0).cast("long").alias(_BLOCK))


def remove(spark: SparkSession, folder: str) -> None:
    """Removes a folder, wherever it is."""
    path = spark._jvm.org.apache.hadoop.fs.Path(folder)  # type: ignore[union-attr]
    path.getFileSystem(spark._jsc.hadoopConfiguration()).delete(path, True)
