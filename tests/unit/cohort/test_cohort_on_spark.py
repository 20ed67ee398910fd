"""The expressions of the cohort on Spark: outcomes, how windows end and index events are the same as embedded."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from vi_risk.cohort.discharges import discharges_at
from vi_risk.cohort.outcomes import OUTCOMES, follow_up
from vi_risk.cohort.people import cohort_frame
from vi_risk.records.linked import Records
from vi_risk.records.synthetic import make_trust
from vi_risk.spark.records import read_canonical

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed: make spark"),
    pytest.mark.skipif(shutil.which("java") is None and "JAVA_HOME" not in os.environ, reason="Java is not installed"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets of the session
]

KNOWN_BY = date(2023, 6, 1)


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.session.timeZone", "Europe/London")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    yield spark
    spark.stop()


@pytest.fixture(scope="module")
def both(session: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Records, Records]:
    """The same records, embedded and on Spark."""
    folder: Path = tmp_path_factory.mktemp("trust")
    here = Records.from_frames(make_trust(patients=1000, seed=5, first_day=date(2021, 1, 1), last_day=KNOWN_BY))
    here.write_parquet({name: folder / f"{name}.parquet" for name in here.tables})
    return here, read_canonical(session, str(folder))


def rows_of(table: Any) -> pd.DataFrame:
    rows: pd.DataFrame = table.to_pyarrow().to_pandas(date_as_object=True)
    return rows.sort_values(["patient_id", "index_date"], ignore_index=True)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_and_the_end_of_every_window_are_the_same(
    session: Any, both: tuple[Records, Records], outcome: str
) -> None:
    here, there = both
    people = here.tables["patients"].select("patient_id").to_pyarrow().to_pandas()
    days = [date(2022, 1, 1), date(2022, 4, 1), date(2023, 1, 1)]
    asked = pd.concat([people.assign(index_date=day) for day in days], ignore_index=True)
    schema = pa.schema([("patient_id", pa.string()), ("index_date", pa.date32())])
    cohort = pa.Table.from_pandas(asked, schema=schema, preserve_index=False)
    window: dict[str, Any] = {
        "outcome": outcome,
        "horizon_days": 180,
        "known_by": KNOWN_BY,
        "starts_after_days": 30,
        "codes": ("I50", "J44", "N39", "L03"),
    }

    embedded = follow_up(here, here.workspace.backend.create_table("asked", cohort, overwrite=True), **window)
    distributed = follow_up(there, there.workspace.table("asked", session.createDataFrame(cohort)), **window)

    found = rows_of(embedded)
    pd.testing.assert_frame_equal(found, rows_of(distributed), check_dtype=False)
    assert found["outcome"].sum() > 0
    assert found["outcome"].isna().any()
    assert {"died", "left"} - {"died" if OUTCOMES[outcome].death else ""} <= set(found["ended"].dropna())


def test_index_events_are_the_same(both: tuple[Records, Records]) -> None:
    here, there = (
        discharges_at(records, between=(date(2022, 3, 1), date(2022, 12, 31)), min_age=18, role="train")
        for records in both
    )

    frame = cohort_frame([here])
    assert len(frame) > 10
    pd.testing.assert_frame_equal(frame, cohort_frame([there]), check_dtype=False)
    assert here.flow() == there.flow()
