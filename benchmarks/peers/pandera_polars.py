"""The twelve rules with pandera over polars; rows that fail each of them, in the order of quality.ts."""

import pandera.polars as pa
import polars as pl
from cost import measured

KEY = ["departed_at", "origin", "destination", "delay_minutes"]
CODE = "^[A-Z0-9]{3}$"


def failing(check, data):
    """Failing rows of one check, over the frame that was read once."""
    column, what = check
    if what == "not_null":
        schema = pa.DataFrameSchema({column: pa.Column(nullable=False)})
    elif isinstance(what, pa.Check):
        schema = pa.DataFrameSchema({column: pa.Column(nullable=True, checks=what)})
    try:
        schema.validate(data, lazy=True)
        return 0
    except pa.errors.SchemaErrors as errors:
        return errors.failure_cases.height


def rules(path):
    data = pl.read_parquet(path)
    checks = [
        ("departed_at", "not_null"),
        ("origin", "not_null"),
        ("origin", pa.Check.str_matches(CODE)),
        ("destination", "not_null"),
        ("destination", pa.Check.str_matches(CODE)),
        ("delay_minutes", "not_null"),
        ("delay_minutes", pa.Check.in_range(-120, 2880)),
        ("distance_miles", "not_null"),
        ("distance_miles", pa.Check.gt(0)),
    ]
    failed = [failing(check, data) for check in checks]
    # pandera says which rows repeat a key, the first one too; the others are those too many.
    whole = data.select(KEY).drop_nulls()
    failed.append(whole.height - whole.n_unique())
    failed.append(0 if data.height > 0 else 1)
    elsewhere = pa.Check(lambda frame: frame.lazyframe.select(pl.col("origin") != pl.col("destination")))
    try:
        pa.DataFrameSchema({}, checks=elsewhere).validate(data, lazy=True)
        failed.append(0)
    except pa.errors.SchemaErrors as errors:
        failed.append(errors.failure_cases.height)
    return failed


measured(rules)
