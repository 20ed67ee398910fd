"""Linked records that Spark reads: one canonical Parquet table each."""

from pathlib import PurePath
from typing import TYPE_CHECKING

from vi_risk.errors import InputError
from vi_risk.identity.identifying_columns import refuse_identifying_columns
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES
from vi_risk.spark.workspace import SparkWorkspace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def read_canonical(session: "SparkSession", folder: str) -> Records:
    """Return the canonical tables of a folder: ``NAME.parquet``, a file or a folder of files, columns as declared.

    Parameters
    ----------
    folder
        A path or URL that Spark reads (``hdfs://``, ``s3a://``, ``abfss://``, a local folder).

    Raises
    ------
    GovernanceError
        A column that is not declared looks as if it told who somebody is.
    InputError
        A required table is not there, or one is not Parquet.
    """
    workspace = SparkWorkspace(session)
    from pyspark.errors import AnalysisException, PySparkException  # noqa: PLC0415 - an extra, and large

    tables, columns = {}, {}
    for name, table in TABLES.items():
        path = f"{folder.rstrip('/')}/{name}.parquet"
        try:
            rows = session.read.parquet(path)
        except AnalysisException as error:
            if error.getCondition() == "PATH_NOT_FOUND" and not table.required:
                continue
            msg = (
                f"{folder}: {name}.parquet cannot be read ({error.getCondition() or 'no more is known'}). Expected a"
                f" canonical Parquet table ({table.grain}); `vi-risk mapping export` writes it."
            )
            raise InputError(msg) from None
        except PySparkException:
            msg = f"{folder}: {name}.parquet is not whole Parquet. Write it again with `vi-risk mapping export`."
            raise InputError(msg) from None
        columns[name] = list(rows.columns)
        declared = [column for column in table.column_names if column in rows.columns]
        tables[name] = workspace.table(f"canonical_{name}", rows.select(declared))
    refuse_identifying_columns(columns)
    return Records(tables, workspace, source=PurePath(folder).name)
