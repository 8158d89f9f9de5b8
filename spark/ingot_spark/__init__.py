"""Ingot's handlers on Apache Spark: takes the SQL that they give to DuckDB, and commits to Iceberg as they do."""
