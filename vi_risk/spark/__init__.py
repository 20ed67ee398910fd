"""The same definitions on Spark: records in canonical Parquet tables in, snapshots as Parquet out.

Nothing but small things reaches the driver: distinct codes, rows a month, numbers of people. docs/scale.md says when
this is worth it. The only folder that knows pyspark.
"""
