"""Names that statements and the session agree on; they need no Spark."""

CATALOG = "lake"
"""Name under which the Iceberg catalog is known: `lake.aviation_silver.flights`."""

TRY = "ingot_try"
"""SQL function that is null where its argument raises an error, whatever the argument is."""
