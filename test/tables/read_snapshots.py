"""Reads a table with pyiceberg at each of its snapshots, from the oldest on: the operation, and the ids of its rows."""

import json
import sys

from pyiceberg.catalog.rest import RestCatalog

uri, namespace, name = sys.argv[1:]
table = RestCatalog("ingot", uri=uri, warehouse="test").load_table((namespace, name))
result = []
for snapshot in sorted(table.metadata.snapshots, key=lambda one: one.sequence_number):
    rows = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()
    result.append({"operation": snapshot.summary.operation.value, "ids": sorted(rows["id"].to_pylist())})
print(json.dumps(result))
