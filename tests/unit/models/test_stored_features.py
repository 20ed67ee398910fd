"""Features in a file are those in memory, whichever rows are asked for and in whatever order the file holds them."""

import gc
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vi_risk.errors import InputError, ResourceError
from vi_risk.models.stored_features import StoredFeatures
from vi_risk.running.memory import Budget, within

DATES = [date(2022, 1, 1), date(2023, 1, 1), date(2024, 1, 1)]


def table(rows: int = 40, *, seed: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "patient_id": [f"p{number:03}" for number in range(rows) for _ in DATES],
            "index_date": DATES * rows,
            "age": generator.integers(18, 90, rows * len(DATES)).astype(float),
            "bmi": generator.normal(27, 4, rows * len(DATES)),
        }
    )
    features.loc[features.index % 5 == 0, "bmi"] = np.nan
    return features


def written(features: pd.DataFrame, path: Path, *, row_group: int = 7) -> Path:
    schema = pa.schema(
        [("patient_id", pa.string()), ("index_date", pa.date32()), ("age", pa.float64()), ("bmi", pa.float64())]
    )
    pq.write_table(pa.Table.from_pandas(features, schema, preserve_index=False), path, row_group_size=row_group)
    return path


def test_rows_come_in_the_order_of_the_cohort_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    features = table()
    shuffled = features.sample(frac=1, random_state=3)
    stored = StoredFeatures(written(shuffled, tmp_path / "features.parquet"))
    cohort = features.loc[features["index_date"] == DATES[1], ["patient_id", "index_date"]].sample(
        frac=0.5, random_state=4
    )

    found = stored.of("test", cohort)

    pd.testing.assert_frame_equal(found, features.loc[cohort.index])


def test_a_person_asked_about_twice_at_one_date_has_the_same_features_in_both_roles(tmp_path: Path) -> None:
    features = table(3)
    stored = StoredFeatures(written(features, tmp_path / "features.parquet"))
    twice = features.iloc[[4, 1, 4]][["patient_id", "index_date"]].reset_index(drop=True)

    found = stored.columns(["age", "bmi"], twice)

    pd.testing.assert_frame_equal(found, features.iloc[[4, 1, 4]][["age", "bmi"]].reset_index(drop=True))


def test_columns_that_the_file_lacks_are_left_out(tmp_path: Path) -> None:
    features = table(2)
    stored = StoredFeatures(written(features, tmp_path / "features.parquet"))
    assert list(stored.columns(["age", "imd_decile"], features[["patient_id", "index_date"]])) == ["age"]


def test_a_cohort_with_people_whom_the_file_lacks_is_refused_by_number_alone(tmp_path: Path) -> None:
    features = table(3)
    stored = StoredFeatures(written(features, tmp_path / "features.parquet"))
    strangers = pd.DataFrame({"patient_id": ["p000", "zzz", "yyy"], "index_date": [DATES[0]] * 3})
    with pytest.raises(InputError, match="lacks 2 of 3 rows of the cohort") as raised:
        stored.columns(["age"], strangers)
    assert "zzz" not in str(raised.value)


def test_nobody_has_no_rows(tmp_path: Path) -> None:
    features = table(2)
    stored = StoredFeatures(written(features, tmp_path / "features.parquet"))
    assert stored.of("list", features[["patient_id", "index_date"]].head(0)).empty


def test_a_damaged_file_is_refused_in_words(tmp_path: Path) -> None:
    path = written(table(2), tmp_path / "features.parquet")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="not a whole Parquet file"):
        StoredFeatures(path)


def test_what_does_not_fit_the_budget_lies_in_its_folder_and_is_the_same(tmp_path: Path) -> None:
    features = table()
    shuffled = features.sample(frac=1, random_state=3)
    spill = tmp_path / "spill"
    spill.mkdir()
    cohort = features[["patient_id", "index_date"]].sample(frac=0.7, random_state=4)
    stored = StoredFeatures(written(shuffled, tmp_path / "features.parquet"))

    with within(Budget(limit_mb=1, spill=spill)):
        found = stored.blocks("train", cohort)
        expected = features.loc[cohort.index, ["age", "bmi"]].reset_index(drop=True)
        pd.testing.assert_frame_equal(found.table(), expected)
        (folder,) = spill.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700

    del found, stored
    gc.collect()
    assert list(spill.iterdir()) == []


def test_what_fits_alone_but_not_beside_what_is_held_lies_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = table()
    stored = StoredFeatures(written(features, tmp_path / "features.parquet"))
    train, test = (features.loc[features["index_date"] == day, ["patient_id", "index_date"]] for day in DATES[:2])
    monkeypatch.setattr(Budget, "holds", lambda _, rows, columns: rows * columns <= 1.5 * len(train) * 2)

    with within(Budget(limit_mb=1, spill=tmp_path)):
        held, spilled = stored.blocks("train", train), stored.blocks("test", test)
        again = stored.blocks("train", train)

    assert [type(found.source).__name__ for found in (held, spilled, again)] == ["HeldRows", "SpilledRows", "HeldRows"]


def test_a_folder_that_cannot_take_what_does_not_fit_is_told(tmp_path: Path) -> None:
    stored = StoredFeatures(written(table(), tmp_path / "features.parquet"))
    cohort = table()[["patient_id", "index_date"]]

    with (
        within(Budget(limit_mb=1, spill=tmp_path / "gone")),
        pytest.raises(ResourceError, match=r"gone: 0 MB of features do not fit .* name another folder with --spill"),
    ):
        stored.blocks("train", cohort)
