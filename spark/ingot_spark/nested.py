"""Structs, lists and maps, out of JSON or out of others of their kind, as DuckDB's casts make them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, DataType, MapType, NullType, StructType

VARIANT = "variant"
"""Spark's type for JSON whose types are not known."""

CastScalar = Callable[[Column, str, str], Column]
"""A value, its type and the one that is wanted, both no nested ones. Null where it is none."""


def is_nested(kind: str) -> bool:
    return kind.startswith(("struct<", "array<", "map<"))


END = uuid.uuid4().hex
"""Name that no text can hold on purpose: else one could close what it stands in, and have more after it."""


def parsed(text: Column) -> Column:
    """A text that is JSON; null where it is none."""
    # A second value shows that the first is one, and is all there is: Spark reads no further than it must.
    pair = _items(f.try_parse_json(f.concat(f.lit("["), text, f.lit(f',{{"{END}":0}}]'))))
    return f.when((f.size(pair) == 2) & _field(pair[1], END).isNotNull(), pair[0])


def json_text(value: Column) -> Column:
    return f.to_json(value)


def json_type(value: Column) -> Column:
    """What DuckDB's `json_type` says of objects, lists, texts, booleans and null; numbers are all DOUBLE."""
    kind = f.schema_of_variant(value)
    return (
        f.when(f.is_variant_null(value), "NULL")
        .when(kind.startswith("OBJECT"), "OBJECT")
        .when(kind.startswith("ARRAY"), "ARRAY")
        .when(kind == "STRING", "VARCHAR")
        .when(kind == "BOOLEAN", "BOOLEAN")
        .otherwise("DOUBLE")
    )


def from_json(value: Column, to: str, scalar: CastScalar) -> Column:
    """
    JSON as a nested type: objects have all fields of a struct and no other, and every value is of its type, or a text
    that is read as one. Of anything else the cast is an error.
    """
    wanted = DataType.fromDDL(to)
    refused = f.raise_error(f.concat(f.lit(f"cannot be read as {to}: "), json_text(value)))
    made = f.when(_fits(value, wanted, scalar), _made(value, wanted, scalar)).otherwise(refused)
    return f.when(~_is_null(value), made)


def by_name(value: Column, given: DataType, to: str, scalar: CastScalar) -> Column:
    """A nested type as another: fields of structs by their names, null where there is none."""
    return _by_name(value, given, DataType.fromDDL(to), scalar)


def comparable(value: Column, kind: DataType) -> Column:
    """A value that Spark compares, which it refuses to do with maps: their entries in the order of their keys."""
    if isinstance(kind, StructType):
        fields = [comparable(value.getField(one.name), one.dataType).alias(one.name) for one in kind.fields]
        return f.when(value.isNotNull(), f.struct(*fields))
    if isinstance(kind, ArrayType):
        element = kind.elementType
        return f.transform(value, lambda one: comparable(one, element))
    if isinstance(kind, MapType):
        held = kind.valueType
        entries = f.transform(
            f.map_entries(value),
            lambda one: f.struct(
                one.getField("key").alias("key"), comparable(one.getField("value"), held).alias("value")
            ),
        )
        return f.array_sort(entries)
    return value


def _is_null(value: Column) -> Column:
    return value.isNull() | f.is_variant_null(value)


def _field(value: Column, name: str) -> Column:
    path = "$['" + name.replace("\\", "\\\\").replace("'", "\\'") + "']"
    return f.try_variant_get(value, path, VARIANT)


def _entries(value: Column) -> Column:
    return value.try_cast("map<string,variant>")


def _items(value: Column) -> Column:
    return value.try_cast("array<variant>")


def _fits(value: Column, to: DataType, scalar: CastScalar) -> Column:
    if isinstance(to, StructType):
        fits = f.size(_entries(value)) == len(to.fields)
        for field in to.fields:
            one = _field(value, field.name)
            fits = fits & one.isNotNull() & _fits(one, field.dataType, scalar)
    elif isinstance(to, ArrayType):
        element = to.elementType
        fits = f.forall(_items(value), lambda one: _fits(one, element, scalar))
    elif isinstance(to, MapType):
        held, key = to.valueType, to.keyType.simpleString()
        fits = f.forall(f.map_values(_entries(value)), lambda one: _fits(one, held, scalar))
        if key != "string":
            keys = f.map_keys(_entries(value))
            fits = fits & f.forall(keys, lambda one: scalar(one, "string", key).isNotNull())
    else:
        fits = _scalar(value, to, scalar).isNotNull()
    return _is_null(value) | f.coalesce(fits, f.lit(False))


def _made(value: Column, to: DataType, scalar: CastScalar) -> Column:
    """Of what fits."""
    if isinstance(to, StructType):
        fields = [_made(_field(value, one.name), one.dataType, scalar).alias(one.name) for one in to.fields]
        return f.when(~_is_null(value), f.struct(*fields))
    if isinstance(to, ArrayType):
        element = to.elementType
        return f.transform(_items(value), lambda one: _made(one, element, scalar))
    if isinstance(to, MapType):
        held, key = to.valueType, to.keyType.simpleString()
        made = f.transform_values(_entries(value), lambda _, one: _made(one, held, scalar))
        return made if key == "string" else f.transform_keys(made, lambda one, _: scalar(one, "string", key))
    return _scalar(value, to, scalar)


def _scalar(value: Column, to: DataType, scalar: CastScalar) -> Column:
    wanted = to.simpleString()
    kind = f.schema_of_variant(value)
    text = f.when(kind == "STRING", value.try_cast("string")).otherwise(json_text(value))
    if wanted == "string":
        return f.when(~_is_null(value), text)
    read = scalar(text, "string", wanted)
    if wanted in ("int", "bigint"):
        # A number is rounded, half to the even one; a text is not.
        number = scalar(value.try_cast("double"), "double", wanted)
        read = (
            f.when(kind == "BOOLEAN", value.try_cast("boolean").cast("int").cast(wanted))
            .when(kind.startswith("DECIMAL") | (kind == "DOUBLE"), number)
            .when(text.rlike(r"^\s*[+-]?[0-9]+\s*$"), read)
        )
    return f.when(~_is_null(value), read)


def _by_name(value: Column, given: DataType, to: DataType, scalar: CastScalar) -> Column:
    if isinstance(given, StructType) and isinstance(to, StructType):
        held = {field.name.lower(): field for field in given.fields}
        fields = []
        for wanted in to.fields:
            found = held.get(wanted.name.lower())
            made = (
                f.lit(None).cast(wanted.dataType)
                if found is None
                else _by_name(value.getField(found.name), found.dataType, wanted.dataType, scalar)
            )
            fields.append(made.alias(wanted.name))
        return f.when(value.isNotNull(), f.struct(*fields))
    if isinstance(given, ArrayType) and isinstance(to, ArrayType):
        inner, element = given.elementType, to.elementType
        return f.transform(value, lambda one: _by_name(one, inner, element, scalar))
    if isinstance(given, MapType) and isinstance(to, MapType):
        values, wanted_value = given.valueType, to.valueType
        keys, wanted_key = given.keyType, to.keyType
        made = f.transform_values(value, lambda _, one: _by_name(one, values, wanted_value, scalar))
        if keys == wanted_key:
            return made
        return f.transform_keys(made, lambda one, _: _by_name(one, keys, wanted_key, scalar))
    if isinstance(given, NullType):
        return value.cast(to)
    if is_nested(given.simpleString()) or is_nested(to.simpleString()):
        raise ValueError(f"{given.simpleString()} is never {to.simpleString()}")
    return scalar(value, given.simpleString(), to.simpleString())
