"""pyiceberg as an independent client of the embedded catalog: python pyiceberg_client.py <uri> <root> <step>.

Prints one line of JSON, which the test judges.
"""
import json
import sys
from datetime import datetime

import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.types import (
    IntegerType, ListType, LongType, NestedField, StringType, StructType, TimestampType,
)

uri, root, step = sys.argv[1:4]
catalog = RestCatalog("ingot", uri=uri, warehouse="any")


def refused(action):
    try:
        action()
    except Exception as error:  # the kind of error is what the test looks at
        return type(error).__name__
    return None


def create():
    schema = Schema(
        NestedField(10, "id", LongType(), required=True, doc="the key"),
        NestedField(11, "at", TimestampType(), required=False),
        NestedField(12, "codes", ListType(13, StringType(), element_required=False), required=False),
        NestedField(14, "place", StructType(NestedField(15, "city", StringType(), required=False)), required=False),
        NestedField(16, "n", IntegerType(), required=False),
        identifier_field_ids=[10],
    )
    catalog.create_namespace("py", {"owner": "a"})
    catalog.update_namespace_properties("py", removals={"owner"}, updates={"team": "b"})
    table = catalog.create_table(
        "py.flights", schema, location=f"{root}/flights",
        partition_spec=PartitionSpec(PartitionField(11, 1000, DayTransform(), "at_day")),
        sort_order=SortOrder(SortField(10, IdentityTransform())),
        properties={"a": "1"},
    )
    arrow = pa.schema([
        pa.field("id", pa.int64(), nullable=False), pa.field("at", pa.timestamp("us")),
        pa.field("codes", pa.list_(pa.string())), pa.field("place", pa.struct([("city", pa.string())])),
        pa.field("n", pa.int32()),
    ])
    rows = [
        {"id": i, "at": datetime(2026, 1, 1 + i % 3, 12), "codes": ["x"], "place": {"city": "Köln"}, "n": i}
        for i in range(6)
    ]
    table.append(pa.Table.from_pylist(rows, schema=arrow))
    stale = catalog.load_table("py.flights")
    with table.update_schema() as update:
        update.rename_column("codes", "tags")
        update.update_column("n", LongType())
        update.add_column("extra", StringType(), doc="new")
        update.move_first("n")
    with table.update_spec() as update:
        update.add_identity("extra")
    with table.transaction() as transaction:
        transaction.set_properties(b="2")
        transaction.remove_properties("a")
    table.delete("id = 5")
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "checked").commit()
    table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "side").commit()
    table.manage_snapshots().remove_branch("side").commit()
    table.maintenance.expire_snapshots().by_id(table.metadata.snapshots[0].snapshot_id).commit()
    # Its schema is that of before: whoever commits on top of what has changed is told.
    conflict = refused(lambda: stale.update_schema().add_column("late", StringType()).commit())
    return {
        "conflict": conflict,
        "team": catalog.load_namespace_properties("py"),
        "tables": [".".join(name) for name in catalog.list_tables("py")],
        "exists": [catalog.table_exists("py.flights"), catalog.table_exists("py.other")],
        "columns": [field.name for field in table.schema().fields],
        "spec": [field.name for field in table.spec().fields],
        "properties": dict(table.properties),
        "refs": sorted(table.metadata.refs),
        "snapshots": len(table.metadata.snapshots),
        "refused": {
            "no location": refused(lambda: catalog.create_table("py.nowhere", schema)),
            "outside": refused(lambda: catalog.create_table("py.outside", schema, location="file:///tmp/elsewhere")),
            "rename": refused(lambda: catalog.rename_table("py.flights", "py.other")),
            "staged": refused(lambda: catalog.create_table_transaction("py.staged", schema, location=f"{root}/staged")),
            "purge": refused(lambda: catalog.purge_table("py.flights")),
            "not empty": refused(lambda: catalog.drop_namespace("py")),
            "missing": refused(lambda: catalog.load_table("py.none")),
            "twice": refused(lambda: catalog.create_table("py.flights", schema, location=f"{root}/flights2")),
        },
    }


def use():
    """Reads, writes and evolves what DuckDB has made."""
    table = catalog.load_table("duck.flights")
    before = table.scan().to_arrow().sort_by("id").to_pylist()
    with table.update_schema() as update:
        update.add_column("note", StringType())
        update.rename_column("ts", "departed")
    arrow = pa.schema([("id", pa.int64()), ("departed", pa.timestamp("us")), ("note", pa.string())])
    table.append(pa.Table.from_pylist([{"id": 7, "departed": datetime(2026, 2, 1), "note": "py"}], schema=arrow))
    flights = catalog.load_table("py.flights").scan().to_arrow().sort_by("id").to_pylist()
    location = catalog.load_table("py.flights").metadata_location
    catalog.drop_table("py.flights")
    gone = not catalog.table_exists("py.flights")
    catalog.register_table("py.again", location)
    again = catalog.load_table("py.again").scan().to_arrow().num_rows
    return {"before": before, "flights": flights, "gone": gone, "again": again}


print(json.dumps({"create": create, "use": use}[step](), default=str))
