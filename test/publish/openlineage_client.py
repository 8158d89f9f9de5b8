"""Reads OpenLineage events into the classes that are generated from OpenLineage's JSON schemas, and says what does not fit."""

import importlib
import inspect
import json
import pkgutil
import sys
import types
import typing

import attr
from openlineage.client import event_v2, generated

classes = {}
for module in pkgutil.iter_modules(generated.__path__):
    loaded = importlib.import_module(f"openlineage.client.generated.{module.name}")
    for name, value in inspect.getmembers(loaded, attr.has):
        classes.setdefault(name, value)

problems = []


def read(cls, given, at):
    """An object of a class, or of one of a union, with all that it holds read as well."""
    hints = typing.get_type_hints(cls)
    fields = {field.name.lstrip("_"): field for field in attr.fields(cls)}
    held = {}
    for name, value in given.items():
        key = name.lstrip("_")
        if key not in fields or key in ("producer", "schemaURL"):
            # Classes make their own of these; unknown ones are allowed only where the schema is open.
            if key not in ("producer", "schemaURL"):
                problems.append(f"{at}.{name}: {cls.__name__} has no such field")
            continue
        held[key] = nested(hints[fields[key].name], value, f"{at}.{name}")
    try:
        return cls(**held)
    except Exception as error:
        problems.append(f"{at}: {cls.__name__}: {error}")


def nested(hint, value, at):
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    inner = typing.get_args(hint) if union else ()
    if isinstance(value, list):
        item = next((typing.get_args(arg)[0] for arg in [hint, *inner] if typing.get_origin(arg) is list), None)
        return [nested(item, one, f"{at}[{i}]") for i, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    held = next((arg for arg in [hint, *inner] if inspect.isclass(arg) and attr.has(arg)), None)
    if held is not None:
        return read(held, value, at)
    mapped = next((typing.get_args(arg)[1] for arg in [hint, *inner] if typing.get_origin(arg) is dict), None)
    if mapped is None:
        return value
    return {name: facet(one, f"{at}.{name}") or nested(mapped, one, f"{at}.{name}") for name, one in value.items()}


def facet(value, at):
    """A facet by the class that its schema names, of the very version that it names."""
    url = value.get("_schemaURL") if isinstance(value, dict) else None
    if url is None:
        return None
    cls = classes.get(url.split("/")[-1])
    if cls is None:
        problems.append(f"{at}: no class for {url}")
        return None
    if cls._get_schema() != url:
        problems.append(f"{at}: given {url}, the client has {cls._get_schema()}")
    return read(cls, value, at)


for i, event in enumerate(json.load(sys.stdin)):
    given = {**event, "eventType": event_v2.RunState[event["eventType"]]}
    read(event_v2.RunEvent, given, f"[{i}]")
json.dump(problems, sys.stdout)
