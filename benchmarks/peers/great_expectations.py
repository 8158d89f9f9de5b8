"""The twelve rules with Great Expectations over pandas; rows that fail each of them, in the order of quality.ts."""

import logging
import sys

sys.path.append(sys.path.pop(0))  # This file has the name of the package.
import great_expectations as gx
import pandas as pd
from cost import measured

logging.disable(logging.WARNING)
KEY = ["departed_at", "origin", "destination", "delay_minutes"]
CODE = "^[A-Z0-9]{3}$"
x = gx.expectations


def rules(path):
    data = pd.read_parquet(path)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = context.data_sources.add_pandas("bench").add_dataframe_asset("flights").add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(gx.ExpectationSuite(
        name="flights",
        expectations=[
            x.ExpectColumnValuesToNotBeNull(column="departed_at"),
            x.ExpectColumnValuesToNotBeNull(column="origin"),
            x.ExpectColumnValuesToMatchRegex(column="origin", regex=CODE),
            x.ExpectColumnValuesToNotBeNull(column="destination"),
            x.ExpectColumnValuesToMatchRegex(column="destination", regex=CODE),
            x.ExpectColumnValuesToNotBeNull(column="delay_minutes"),
            x.ExpectColumnValuesToBeBetween(column="delay_minutes", min_value=-120, max_value=2880),
            x.ExpectColumnValuesToNotBeNull(column="distance_miles"),
            x.ExpectColumnValuesToBeBetween(column="distance_miles", min_value=0, strict_min=True),
            x.ExpectCompoundColumnsToBeUnique(column_list=KEY, ignore_row_if="any_value_is_missing"),
            x.ExpectTableRowCountToBeBetween(min_value=1),
        ],
    ))
    definition = context.validation_definitions.add(gx.ValidationDefinition(data=batch, suite=suite, name="flights"))
    results = definition.run(batch_parameters={"dataframe": data}, result_format="BASIC").results
    failed = [one.result.get("unexpected_count", 0 if one.success else 1) for one in results]
    # It counts all rows that share a key; those too many are what the others count.
    repeated = data[KEY].dropna()
    failed[9] = int(repeated.duplicated().sum())
    # It has no expectation that two columns differ; this is what its custom expectations would compute.
    failed.append(int((data["origin"].eq(data["destination"]) & data["origin"].notna()).sum()))
    return failed


measured(rules)
