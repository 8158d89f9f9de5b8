"""Rows as JSON, in the forms in which DuckDB's client gives them: what JavaScript's numbers cannot hold is a text."""

from __future__ import annotations

import base64
import datetime
import decimal
from typing import Any

from pyspark.sql import Row
from pyspark.sql.types import ArrayType, DataType, DecimalType, LongType, MapType, StructType, TimestampType

Json = None | bool | int | float | str | list[Any] | dict[str, Any]


def rows_as_json(schema: StructType, rows: list[Row]) -> list[dict[str, Json]]:
    return [_struct(schema, row) for row in rows]


def _struct(schema: StructType, row: Row) -> dict[str, Json]:
    return {field.name: _value(field.dataType, value) for field, value in zip(schema.fields, row, strict=True)}


def _value(kind: DataType, value: Any) -> Json:  # noqa: ANN401 - rows hold anything
    if value is None:
        return None
    if isinstance(kind, LongType):
        # A bigint, which JSON has no word for.
        return {"$long": str(value)}
    if isinstance(kind, StructType):
        return _struct(kind, value)
    if isinstance(kind, ArrayType):
        return [_value(kind.elementType, one) for one in value]
    if isinstance(kind, MapType):
        return [{"key": _value(kind.keyType, k), "value": _value(kind.valueType, v)} for k, v in value.items()]
    if isinstance(value, decimal.Decimal):
        # What the type says, not what the value needs.
        return format(value, f".{kind.scale}f" if isinstance(kind, DecimalType) else "f")
    if isinstance(value, datetime.datetime):
        text = value.isoformat()
        # A fraction of a second has as many digits as it needs.
        text = text.rstrip("0") if "." in text else text
        return f"{text}Z" if isinstance(kind, TimestampType) else text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and value != value:
        return {"$double": "NaN"}
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return {"$double": "Infinity" if value > 0 else "-Infinity"}
    return value  # type: ignore[no-any-return]
