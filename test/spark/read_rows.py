"""Reads tables with pyiceberg, each given as `database.table:column,…`: their rows as JSON, maps as lists of key and value."""

import json
import sys

from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.types import ListType, MapType, StructType

uri, *asked = sys.argv[1:]
catalog = RestCatalog("ingot", uri=uri, warehouse="any")


def plain(kind, value):
    if value is None:
        return None
    if isinstance(kind, StructType):
        return {field.name: plain(field.field_type, value[field.name]) for field in kind.fields}
    if isinstance(kind, ListType):
        return [plain(kind.element_type, one) for one in value]
    if isinstance(kind, MapType):
        return [{"key": key, "value": plain(kind.value_type, held)} for key, held in value]
    return value


answer = []
for one in asked:
    name, columns = one.split(":")
    table = catalog.load_table(tuple(name.split(".")))
    kinds = {field.name: field.field_type for field in table.schema().fields}
    rows = table.scan().to_arrow().to_pylist()
    answer.append([{column: plain(kinds[column], row[column]) for column in columns.split(",")} for row in rows])
print(json.dumps(answer, default=str))
