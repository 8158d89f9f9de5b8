"""Reads a stream's table and a window's results with pyiceberg: their rows, as counts and sums."""

import json
import sys

import pyarrow.compute as pc
from pyiceberg.catalog.rest import RestCatalog

catalog = RestCatalog("ingot", uri=sys.argv[1], warehouse="test")
events = catalog.load_table(("test_silver", "events")).scan().to_arrow()
results = catalog.load_table(("test_gold", "per_minute")).scan().to_arrow()
state = catalog.load_table(("test_ops", "window_clicks_per_minute"))
print(
    json.dumps(
        {
            "events": events.num_rows,
            "amount": pc.sum(events["amount"]).as_py(),
            "counted": pc.sum(results["events"]).as_py(),
            "late": pc.sum(results["late"]).as_py(),
            "position": "ingot.stream.positions" in state.properties,
        }
    )
)
