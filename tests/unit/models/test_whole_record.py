"""What a list sees further back than the model: which features, how far, and that a file gives back the same."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.unit.models.test_snapshots import CATALOGUE, LIST_DATE, SPEC, definition
from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue
from vi_risk.models.snapshot_files import WHOLE_RECORD_FILE, load_snapshots, save_plan, save_snapshots, write_snapshots
from vi_risk.models.snapshots import Snapshots, build_features, whole_record_at
from vi_risk.models.spec import ModelSpec
from vi_risk.models.whole_record import WholeRecord
from vi_risk.records.linked import Records

BEGIN = date(2020, 1, 1)
LIST_BEFORE = LIST_DATE - timedelta(days=91)
MONTHS = [date(year, month, 9) for year in range(2020, 2025) for month in range(1, 13)]
AFTER_DISCHARGE = SPEC.model_dump() | {"cohort": {"index": "discharge"}, "horizon_days": 30}
DECLARED = Catalogue(
    (
        definition("age", "patients", "age"),
        definition("admissions", "spells", windows=[30, 365, 730, 1095, 3650]),
        definition("visits", "gp_appointments", windows=[365, 1095]),
    ),
    {},
)


@pytest.fixture(scope="module")
def records(make_records: Any) -> Records:
    """Five years of a stay and an appointment a month."""
    stays = [{"patient_id": who, "admitted_on": day, "discharged_on": day} for day in MONTHS for who in "ab"]
    found: Records = make_records(
        patients=[{"patient_id": "a"}, {"patient_id": "b"}],
        spells=stays,
        gp_appointments=[{"patient_id": "a", "appointment_on": day, "status": "attended"} for day in MONTHS],
        registrations=[{"patient_id": "a"}, {"patient_id": "b"}],
    )
    return found


@pytest.fixture(scope="module")
def snapshots(records: Records) -> Snapshots:
    return build_features(records, SPEC, index_date=LIST_DATE, previous=LIST_BEFORE, catalogue=DECLARED)


def stays_within(days: int, before: date) -> float:
    return float(sum(0 < (before - day).days <= days for day in MONTHS))


def test_features_that_the_model_cut_look_back_as_declared_or_as_far_as_the_records_go(snapshots: Snapshots) -> None:
    of_model = (min(snapshots.index_dates.train) - BEGIN).days
    at_list = (LIST_DATE - BEGIN).days

    assert snapshots.windows == {
        "admissions_730d": of_model,
        "admissions_1095d": None,
        "admissions_3650d": None,
        "visits_1095d": of_model,
    }
    assert snapshots.windows_on_list == {"admissions_3650d": at_list}
    told = snapshots.told_on_list(["admissions_730d", "admissions_1095d", "admissions_3650d", "admissions_365d"])
    assert told.to_numpy().tolist() == [
        [stays_within(days, LIST_DATE) for days in (730, 1095, at_list, 365)] for _ in "ab"
    ]


def test_the_models_own_features_stay_as_they_are(records: Records, snapshots: Snapshots) -> None:
    _, features = snapshots.rows("list")

    assert (
        features["admissions_730d"].tolist() == [stays_within(snapshots.windows["admissions_730d"] or 0, LIST_DATE)] * 2
    )
    assert features["admissions_1095d"].isna().all()


def test_the_list_before_sees_as_far_back_as_its_own_date_does(snapshots: Snapshots) -> None:
    then = snapshots.at_previous()

    assert then.windows_on_list == {"admissions_3650d": (LIST_BEFORE - BEGIN).days}
    told = then.told_on_list(["admissions_1095d", "admissions_3650d"])
    assert told.to_numpy().tolist() == [[stays_within(1095, LIST_BEFORE), stays_within(3650, LIST_BEFORE)]] * 2


def test_only_some_people_can_be_asked_for_and_what_is_not_there_is_left_out(snapshots: Snapshots) -> None:
    told = snapshots.told_on_list(["visits_1095d", "no_such", "age"], [1])

    assert list(told) == ["visits_1095d", "age"]
    assert told["visits_1095d"].tolist() == [0.0]


def test_where_the_model_looks_back_as_declared_there_is_nothing_further(records: Records) -> None:
    short = Catalogue((definition("admissions", "spells", windows=[30, 365]),), {})
    found = build_features(records, SPEC, index_date=LIST_DATE, catalogue=short)

    assert found.whole_record is None
    assert found.windows_on_list == {}


def test_people_told_of_at_their_discharge_are_told_of_as_the_earliest_of_them_sees(records: Records) -> None:
    spec = ModelSpec.model_validate(AFTER_DISCHARGE)
    found = build_features(records, spec, index_date=LIST_DATE + timedelta(days=10), catalogue=DECLARED)
    cohort, _ = found.rows("list")
    (asked,) = cohort["index_date"].unique()

    assert asked == LIST_DATE
    assert found.windows_on_list["admissions_3650d"] == (asked - BEGIN).days
    assert found.told_on_list(["admissions_1095d"])["admissions_1095d"].tolist() == [stays_within(1095, asked)] * 2


def test_the_sweep_and_the_database_say_the_same(
    records: Records, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vi_risk.models.snapshots._ROWS_SWEPT", 1)
    swept = whole_record_at(snapshots, snapshots.cohort, records.as_of(LIST_DATE))

    names = list(snapshots.windows)
    pd.testing.assert_frame_equal(
        replace(snapshots, whole_record=swept).told_on_list(names), snapshots.told_on_list(names)
    )


# --- on disk ---------------------------------------------------------------------------------------------------------


def test_what_is_read_back_is_what_was_built(records: Records, snapshots: Snapshots, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"index_date": LIST_DATE, "previous": LIST_BEFORE, "catalogue": DECLARED}
    saved, written = tmp_path / "saved", tmp_path / "written"
    for folder in (saved, written):
        folder.mkdir()
    names = ["admissions_3650d", "age", "visits_1095d"]

    for found in (
        load_snapshots(saved, save_snapshots(snapshots, saved)),
        load_snapshots(written, save_plan(write_snapshots(records, SPEC, written, **asked), written)),
    ):
        assert found.windows_on_list == snapshots.windows_on_list
        for read, built in ((found, snapshots), (found.at_previous(), snapshots.at_previous())):
            pd.testing.assert_frame_equal(read.told_on_list(names), built.told_on_list(names))


def test_a_folder_without_it_tells_what_the_model_saw(snapshots: Snapshots, tmp_path: Path) -> None:
    about = save_snapshots(snapshots, tmp_path)
    (tmp_path / WHOLE_RECORD_FILE).unlink()
    found = load_snapshots(tmp_path, about | {"checksums": {}})  # as of an earlier version, or built on Spark

    assert found.windows_on_list == snapshots.windows
    assert found.told_on_list(["admissions_1095d"]).isna().all(axis=None)


def test_a_file_of_an_earlier_build_does_not_stay(records: Records, snapshots: Snapshots, tmp_path: Path) -> None:
    save_snapshots(snapshots, tmp_path)
    write_snapshots(records, SPEC, tmp_path, index_date=LIST_DATE, catalogue=Catalogue(CATALOGUE.definitions[:1], {}))

    assert not (tmp_path / WHOLE_RECORD_FILE).exists()


@pytest.mark.parametrize("of_another_make", [False, True])
def test_a_damaged_file_is_refused_with_what_to_run(
    snapshots: Snapshots, tmp_path: Path, *, of_another_make: bool
) -> None:
    about = save_snapshots(snapshots, tmp_path)
    path = tmp_path / WHOLE_RECORD_FILE
    if of_another_make:
        pd.DataFrame({"patient_id": ["a"]}).to_parquet(path)
    else:
        path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(InputError, match=r"whole_record\.parquet: is not a whole Parquet file\. Run `vi-risk features"):
        load_snapshots(tmp_path, about)


def test_people_who_are_not_in_the_file_are_not_told_of_as_if_nothing_was_found(
    snapshots: Snapshots, tmp_path: Path
) -> None:
    about = save_snapshots(snapshots, tmp_path)
    found = snapshots.whole_record
    assert found is not None
    of_model = found.features
    assert isinstance(of_model, pd.DataFrame)
    WholeRecord(of_model[of_model["patient_id"] == "a"], found.days).save(tmp_path / WHOLE_RECORD_FILE)

    with pytest.raises(InputError, match=r"whole_record\.parquet: lacks 1 of 2 rows"):
        load_snapshots(tmp_path, about | {"checksums": {}}).told_on_list(["admissions_1095d"])
