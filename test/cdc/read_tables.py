"""Reads tables with pyiceberg: their rows, as counts and sums."""

import json
import sys

import pyarrow.compute as pc
from pyiceberg.catalog.rest import RestCatalog

uri, namespace, *names = sys.argv[1:]
catalog = RestCatalog("ingot", uri=uri, warehouse="test")
result = {}
for name in names:
    table = catalog.load_table((namespace, name))
    rows = table.scan().to_arrow()
    if "is_current" in rows.column_names:
        rows = rows.filter(rows["is_current"])
    result[name] = {
        "rows": rows.num_rows,
        "ids": pc.sum(rows["id"]).as_py(),
        "amount": str(pc.sum(rows["amount"]).as_py()),
        "notes": pc.sum(pc.utf8_length(rows["notes"])).as_py(),
    }
print(json.dumps(result))
