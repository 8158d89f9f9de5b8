"""Files as rows, as the handlers want them: every column, the number of its file, and what is no row at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import cast

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, DataType, StringType, StructField, StructType

from .nested import END
from .rewrite import scalar_type

CORRUPT = "_ingot_broken_line"
FILE_INDEX = "file_index"
_CARRIED = 4 * 1024 * 1024
"""Bytes that are carried to the JVM at once."""
STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}


@dataclass(frozen=True)
class Reading:
    """Files that are read together. Columns of text formats are read as text."""

    format: str
    files: list[str]
    columns: list[str]
    delimiter: str = ","
    header: bool = True
    null_values: tuple[str, ...] = ("",)
    nested: tuple[str, ...] = ()
    """Columns of JSON that stay JSON."""

    @staticmethod
    def of(given: dict[str, object]) -> Reading:
        return Reading(
            format=str(given["format"]),
            files=cast(list[str], given["files"]),
            columns=cast(list[str], given.get("columns", [])),
            delimiter=str(given.get("delimiter", ",")),
            header=bool(given.get("header", True)),
            null_values=tuple(cast(list[str], given.get("nullValues", [""]))),
            nested=tuple(cast(list[str], given.get("nested", []))),
        )


def read(spark: SparkSession, reading: Reading) -> DataFrame:
    """The rows of the files, with `file_index` (from 0, in the order given) and, for text, the line that is broken."""
    frames = [_read_file(spark, reading, uri, i) for i, uri in enumerate(reading.files)]
    return reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), frames)


def columns_of(spark: SparkSession, reading: Reading) -> list[tuple[str, str]]:
    """Names of a file's columns, with Spark's types."""
    if reading.format == "parquet":
        return spark.read.parquet(_path(reading.files[0])).dtypes
    if reading.format == "json":
        sample = spark.read.option("multiLine", _is_array(spark, reading.files[0])).json(_path(reading.files[0]))
        return [(name, "string") for name in sample.columns if name != "_corrupt_record"]
    rows = spark.read.options(**_csv_options(reading), header="true").csv(_path(reading.files[0]))
    return [(name, "string") for name in rows.columns]


def _read_file(spark: SparkSession, reading: Reading, uri: str, index: int) -> DataFrame:
    rows = {"parquet": _parquet, "csv": _csv, "json": _json}[reading.format](spark, reading, uri)
    return rows.select("*", f.lit(index).alias(FILE_INDEX))


def _parquet(spark: SparkSession, reading: Reading, uri: str) -> DataFrame:
    return spark.read.parquet(_path(uri))


def _csv_options(reading: Reading) -> dict[str, str]:
    return {"sep": reading.delimiter, "quote": '"', "escape": '"', "multiLine": "true", "encoding": "UTF-8"}


def _csv(spark: SparkSession, reading: Reading, uri: str) -> DataFrame:
    schema = StructType([StructField(name, StringType()) for name in [*reading.columns, CORRUPT]])
    options = {**_csv_options(reading), "header": str(reading.header).lower(), "mode": "PERMISSIVE"}
    rows = spark.read.options(**options, columnNameOfCorruptRecord=CORRUPT, enforceSchema="true")
    # Spark knows one text that means null; the others are made null here.
    frame = rows.options(nullValue="\u0000", emptyValue="").schema(schema).csv(_path(uri))
    return frame.select(*[_nulls(name, reading).alias(name) for name in reading.columns], CORRUPT)


def _nulls(name: str, reading: Reading) -> Column:
    value = f.col(f"`{name}`")
    return f.when(value.isin(list(reading.null_values)), None).otherwise(value) if reading.null_values else value


def _json(spark: SparkSession, reading: Reading, uri: str) -> DataFrame:
    whole = _is_array(spark, uri)
    if whole:
        text = spark.read.text(_path(uri), wholetext=True)
        lines = text.select(f.explode(f.from_json("value", "array<string>")).alias("value"))
    else:
        lines = spark.read.text(_path(uri)).where(f.trim("value") != "")
    return _objects(lines, reading.columns, reading.nested)


def read_records(texts: DataFrame, columns: list[str], nested: Sequence[str] = ()) -> DataFrame:
    """The fields of texts that are one JSON object each; of others, the text. What stands beside it is passed on."""
    more = [f.col(name) for name in texts.columns if name not in ("text", "ordinal")]
    lines = texts.withColumnRenamed("text", "value")
    return _objects(lines, columns, nested, f.col("ordinal").alias(FILE_INDEX), *more)


def read_rows(spark: SparkSession, path: str, text: str, shape: str) -> DataFrame:
    """
    The elements of a list in JSON, as DuckDB's `json_transform` makes them, in a column `value`.

    Written to a file of lines first: it is read in parts, and no plan has to hold it.
    """
    lines = "\n".join(json.dumps({"value": one}) for one in json.loads(text))
    write_text(spark, path, lines)
    element = json.loads(shape)[0]
    schema = StructType([StructField("value", _texts_of(element))])
    # Of a text's length there is no limit here.
    rows = spark.read.schema(schema).option("maxStringLen", str(2**31 - 1)).json(path)
    if not isinstance(element, dict):
        return rows
    fields = [
        # What is not of its type is null.
        f.expr(f"ingot_try_cast(value.`{name}`, '{scalar_type(kind)}') AS `{name}`")
        if isinstance(kind, str)
        else f.col(f"value.`{name}`")
        for name, kind in element.items()
    ]
    return rows.select(f.struct(*fields).alias("value"))


def _texts_of(shape: object) -> DataType:
    """The type of such values as they are read: each scalar a text."""
    if isinstance(shape, list):
        return ArrayType(_texts_of(shape[0]))
    if isinstance(shape, dict):
        return StructType([StructField(name, _texts_of(kind)) for name, kind in shape.items()])
    return StringType()


def _objects(lines: DataFrame, columns: list[str], nested: Sequence[str], *more: Column) -> DataFrame:
    """The fields of the objects that `value` holds, as text or, where they are nested, as they are."""
    kinds = {"string": "fields", **({"variant": "nested"} if nested else {})}
    # Each step by itself: Spark would read a text as often as what comes of it is named.
    pairs = lines.select("*", *(_pair(kind).alias(f"{name}_pair") for kind, name in kinds.items()))
    parsed = pairs.select("*", *(_object(f.col(f"{name}_pair")).alias(name) for name in kinds.values()))
    is_broken = reduce(lambda a, b: a | b, (f.col(name).isNull() for name in kinds.values()))
    broken = f.when(is_broken, f.col("value")).alias(CORRUPT)
    fields = [(name, "nested" if name in nested else "fields") for name in columns]
    return parsed.select(*[f.col(held).getItem(name).alias(name) for name, held in fields], broken, *more)


def _pair(kind: str) -> Column:
    """The objects that a text holds, and one behind them."""
    # That one shows that the first is one, and is all there is: Spark reads no further than it must.
    last = f.lit(f',{{"{END}":0}}]')
    return f.from_json(f.concat(f.lit("["), "value", last), f"array<map<string,{kind}>>", STRICT)


def _object(pair: Column) -> Column:
    """The fields of a text that is one JSON object."""
    return f.when((f.size(pair) == 2) & f.map_contains_key(pair[1], END), pair[0])


def _is_array(spark: SparkSession, uri: str) -> bool:
    first = spark.read.text(_path(uri)).where(f.trim("value") != "").limit(1).collect()
    return bool(first) and str(first[0][0]).lstrip().startswith("[")


def write_text(spark: SparkSession, path: str, text: str) -> None:
    """Writes a file, wherever it is."""
    there = spark._jvm.org.apache.hadoop.fs.Path(path)  # type: ignore[union-attr]
    file = there.getFileSystem(spark._jsc.hadoopConfiguration()).create(there)
    said = text.encode()
    try:
        # The line to the JVM holds what it carries three times.
        for start in range(0, len(said), _CARRIED):
            file.write(said[start : start + _CARRIED])
    finally:
        file.close()


def _path(uri: str) -> str:
    # Spark takes `[`, `*` and others for patterns.
    return "".join(f"\\{c}" if c in "[]{}*?\\" else c for c in uri)
