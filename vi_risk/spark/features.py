"""Features on Spark: each part of the catalogue is computed and kept, then all are joined and written.

One query of all parts would be a plan of hundreds of stages, which Spark takes longer to plan than to run, and every
join of a stage holds memory of its own.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from vi_risk.features.asking import KEYS
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.engine import Windows, codes_in_use, computable, feature_query
from vi_risk.features.parts import Part, parts_of
from vi_risk.features.rows import Asked
from vi_risk.spark.workspace import SparkWorkspace

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_OF_PEOPLE = ["patient_id", "index_date", "gp_seen_from"]

# So many parts are joined at once: a task holds up to 64 MB for each.
_PARTS_AT_ONCE = 6


def write_features(
    workspace: SparkWorkspace,
    tables: Mapping[str, ir.Table],
    cohort: ir.Table,
    catalogue: Catalogue,
    path: str,
    *,
    windows: Windows | None = None,
) -> None:
    """Compute every feature of a catalogue for a cohort into Parquet files, sorted by index date and person.

    Parameters
    ----------
    tables
        Canonical tables of the workspace.
    cohort
        One row per patient_id, index_date, with ``gp_seen_from``, as `vi_risk.features.engine.compute_features` has it.
    path
        A folder for the files, in any place that Spark writes to; what is there is replaced.
    """
    from pyspark.sql.functions import monotonically_increasing_id  # noqa: PLC0415 - an extra, and large

    with workspace.scratch() as name_of:
        # Kept before anything reads it: the number of a row must be the same for every part.
        numbered = workspace.run(cohort.select(_OF_PEOPLE)).withColumn("row", monotonically_increasing_id())
        kept_people = kept(numbered)
        people = workspace.table(name_of("people"), kept_people)
        dates = people.select("index_date").distinct().to_pyarrow()["index_date"].to_pylist()
        asked = Asked(tables, people, tuple(sorted(dates)))
        found = _found(workspace, asked, catalogue, windows or {})
        measured = workspace.table(name_of("measured"), _joined(kept_people, found))
        query = feature_query(asked, catalogue, windows=windows or {}, measured=measured)
        write_sorted(workspace.run(query), path)


def _found(workspace: SparkWorkspace, asked: Asked, catalogue: Catalogue, windows: Windows) -> "list[DataFrame]":
    """Return what the parts of a catalogue find, some parts in each data frame, one row per `row` of the people."""
    codes = codes_in_use(asked, catalogue)
    built = [definition for definition in catalogue.definitions if computable(asked, definition)]
    parts = [
        Part(asked, catalogue, windows, tuple(members), codes.get(members[0].table))
        for members in parts_of(built).values()
    ]
    rows = workspace.run(asked.people.select("row"))
    return [
        kept(_joined(rows, [kept(workspace.run(part.query())) for part in parts[start : start + _PARTS_AT_ONCE]]))
        for start in range(0, len(parts), _PARTS_AT_ONCE)
    ]


def _joined(people: "DataFrame", found: "Iterable[DataFrame]") -> "DataFrame":
    return reduce(lambda rows, other: rows.join(other, "row", "left"), found, people)


def write_sorted(rows: "DataFrame", path: str) -> None:
    """Write rows with the columns index_date and patient_id in their order, into a folder of Parquet files."""
    rows.orderBy(*reversed(KEYS)).write.mode("overwrite").option("compression", "zstd").parquet(path)


def kept(rows: "DataFrame") -> "DataFrame":
    """Compute rows once: in the checkpoint folder of the session where it has one, else on the executors' disks."""
    from pyspark import StorageLevel  # noqa: PLC0415

    if rows.sparkSession.sparkContext.getCheckpointDir() is not None:
        return rows.checkpoint()
    return rows.localCheckpoint(storageLevel=StorageLevel.DISK_ONLY)
