"""The feature table into a file, a batch at a time; and what is asked wrongly is told before anything is computed."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vi_risk.errors import UsageError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.engine import compute_features, write_features
from vi_risk.records.linked import Records

DATES = (date(2024, 1, 1), date(2025, 1, 1))
PEOPLE = ("a", "b", "c")
STAYS = Catalogue(
    (
        Definition(
            name="stays", domain="acute use", title="", table="spells", measure="count", windows=(365,), reason=""
        ),
    ),
    {},
)


@pytest.fixture
def records(make_records: Any) -> Records:
    found: Records = make_records(
        patients=[{"patient_id": who} for who in PEOPLE],
        spells=[
            {"patient_id": "b", "admitted_on": date(2023, 5, 1)},
            {"patient_id": "c", "admitted_on": date(2024, 3, 1)},
        ],
    )
    return found


@pytest.fixture
def cohort() -> pd.DataFrame:
    rows = [(who, on, None) for who in reversed(PEOPLE) for on in DATES]
    return pd.DataFrame(rows, columns=["patient_id", "index_date", "gp_seen_from"], dtype=object)


@pytest.mark.parametrize("rows_in_a_batch", [1, 4, None])
def test_the_file_is_the_table_however_many_people_are_taken_at_once(
    records: Records, cohort: pd.DataFrame, tmp_path: Path, rows_in_a_batch: int | None
) -> None:
    file = tmp_path / "features.parquet"

    rows = write_features(records, cohort, STAYS, file, rows_in_a_batch=rows_in_a_batch)

    written = pd.read_parquet(file)
    assert rows == len(cohort)
    pd.testing.assert_frame_equal(written, compute_features(records, cohort, STAYS))
    assert written["stays_365d"].tolist() == [0, 0, 1, 0, 0, 1]


def test_nobody_asked_about_is_a_table_without_rows(records: Records, cohort: pd.DataFrame, tmp_path: Path) -> None:
    assert write_features(records, cohort.head(0), STAYS, tmp_path / "none.parquet") == 0
    assert list(pd.read_parquet(tmp_path / "none.parquet")) == ["patient_id", "index_date", "stays_365d"]
    assert compute_features(records, cohort.head(0), STAYS).empty


def test_a_last_batch_that_cannot_be_written_is_told(
    records: Records, cohort: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A file on a disk that is full from the last batch on."""

        def __init__(self, *_: Any, **__: Any) -> None:
            self.batches = 0

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def write_table(self, *_: Any) -> None:
            self.batches += 1
            if self.batches == len(PEOPLE):
                raise OSError("No space left on device")

    monkeypatch.setattr("vi_risk.features.engine.pq.ParquetWriter", Full)
    with pytest.raises(OSError, match="No space left"):
        write_features(records, cohort, STAYS, tmp_path / "features.parquet", rows_in_a_batch=1)


def test_all_that_is_asked_wrongly_is_told_at_once(records: Records, cohort: pd.DataFrame) -> None:
    with pytest.raises(UsageError) as caught:
        compute_features(
            records,
            cohort,
            STAYS,
            windows={"stays_365d": 0},
            rows_in_a_batch=0,
            engine="fast",  # type: ignore[arg-type]
        )
    assert str(caught.value).splitlines() == [
        "windows: stays_365d: expected 1 day or more, got 0.",
        "rows_in_a_batch: expected 1 or more, got 0.",
        "engine: expected auto, portable, sweep, got 'fast'.",
    ]
