"""Cohort, features and outcomes put together: rows that belong together, and nothing from on or after each date."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.codelists import CodeEntry, CodeList
from vi_risk.features.definition import Definition
from vi_risk.models.snapshot_files import (
    CATALOGUE_FILE,
    COHORT_FILE,
    FEATURES_FILE,
    PARTICULARS_FILES,
    load_snapshots,
    save_plan,
    save_snapshots,
    write_snapshots,
)
from vi_risk.models.snapshots import Snapshots, build_features
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records

LIST_DATE = date(2024, 1, 10)
YEAR = timedelta(days=365)

SPEC = ModelSpec.model_validate(
    {
        "name": "small",
        "title": "Emergency admission",
        "outcome": "emergency_admission",
        "outcome_words": "an emergency admission",
        "horizon_days": 365,
        "snapshots": {"most": 2},
    }
)


def definition(name: str, table: str, measure: str = "count", **more: Any) -> Definition:
    common = {"name": name, "domain": "acute use", "title": name, "table": table, "measure": measure, "reason": "{n}"}
    return Definition.model_validate({**common, **more})


CATALOGUE = Catalogue(
    (
        definition("age", "patients", "age"),
        definition("admissions", "spells", windows=[30, 365, 730]),
        definition("visits", "gp_appointments", windows=[365]),
        definition("home", "gp_appointments", where={"mode": "home"}, windows=[365]),
        definition("codes", "coded_entries", windows=[365]),
    ),
    {},
)


@pytest.fixture(scope="module")
def records(make_records: Any) -> Records:
    """Four years of a spell a month for each of three people; GP appointments without a mode."""
    months = [date(year, month, 9) for year in range(2020, 2025) for month in range(1, 13)]
    found: Records = make_records(
        patients=[{"patient_id": "a"}, {"patient_id": "b"}, {"patient_id": "child", "birth_month": date(2015, 1, 1)}],
        spells=[
            {"patient_id": patient, "admitted_on": day, "discharged_on": day, "admission_method": method}
            for day in months
            for patient, method in (("a", "21"), ("b", "11"))
        ],
        gp_appointments=[{"patient_id": "a", "appointment_on": day, "status": "attended"} for day in months],
        practices=[{"practice_code": "A", "name": "Bilston Road Surgery", "network": "East"}],
        registrations=[{"patient_id": patient} for patient in ("a", "b", "child")],
    )
    return found


@pytest.fixture(scope="module")
def snapshots(records: Records) -> Snapshots:
    return build_features(records, SPEC, index_date=LIST_DATE, catalogue=CATALOGUE)


def test_features_and_cohort_have_the_same_rows_in_the_same_order(snapshots: Snapshots) -> None:
    keys = ["patient_id", "index_date"]

    pd.testing.assert_frame_equal(snapshots.features[keys], snapshots.cohort[keys])
    assert not snapshots.features.duplicated(keys).any()
    assert set(snapshots.features["patient_id"]) == {"a", "b"}


def test_each_role_has_its_own_dates_and_its_own_rows(snapshots: Snapshots) -> None:
    assert snapshots.index_dates.test == LIST_DATE - YEAR
    for role, dates in (("train", 2), ("test", 1), ("list", 1)):
        cohort, features = snapshots.rows(role)
        assert len(cohort) == len(features) == 2 * dates
        assert set(cohort["role"]) == {role}


def test_outcomes_are_known_for_training_and_test_and_not_for_the_list(snapshots: Snapshots) -> None:
    for role in ("train", "test"):
        cohort, _ = snapshots.rows(role)
        assert cohort.groupby("patient_id")["outcome"].unique().map(list).to_dict() == {"a": [1.0], "b": [0.0]}
    listed, _ = snapshots.rows("list")
    assert listed["outcome"].isna().all()


def test_counts_are_those_of_the_look_back_and_windows_of_one_reach_are_not_repeated(snapshots: Snapshots) -> None:
    _, listed = snapshots.rows("list")
    earliest = min(snapshots.index_dates.train)
    reach = (earliest - date(2020, 1, 1)).days

    assert listed["admissions_30d"].tolist() == [1.0, 1.0]
    assert listed["admissions_365d"].tolist() == [12.0, 12.0]
    assert snapshots.windows == {"admissions_730d": reach}
    expected = sum((LIST_DATE - day).days <= reach for day in _month_days() if day < LIST_DATE)
    assert listed["admissions_730d"].tolist() == [expected, expected]


def _month_days() -> list[date]:
    return [date(year, month, 9) for year in range(2020, 2025) for month in range(1, 13)]


def test_what_the_site_lacks_is_missing_and_said(snapshots: Snapshots) -> None:
    assert snapshots.features[["home_365d", "codes_365d"]].isna().all(axis=None)
    assert "gp_appointments.mode is not in the records: 1 feature is missing, not zero" in snapshots.notes
    assert any(
        note.endswith("diagnoses is not in the records: 1 feature is missing, not zero") for note in snapshots.notes
    )


def test_the_last_day_of_each_table_is_that_before_the_list(snapshots: Snapshots) -> None:
    assert snapshots.data_to["spells"] == date(2024, 1, 9)
    assert snapshots.data_to["gp_appointments"] == date(2024, 1, 9)
    assert "patients" not in snapshots.data_to


def test_practices_are_known_by_name_and_network(snapshots: Snapshots) -> None:
    assert snapshots.practices == {"A": {"name": "Bilston Road Surgery", "network": "East"}}


def test_the_flow_has_every_index_date(snapshots: Snapshots) -> None:
    assert [step["role"] for step in snapshots.flow] == ["train", "train", "test", "list"]
    assert {step["aged 18 or over"] for step in snapshots.flow} == {2}


@pytest.mark.parametrize("previous", [LIST_DATE - timedelta(days=91), LIST_DATE - YEAR])  # the latter is the test date
def test_the_list_before_has_rows_of_its_own_as_they_were_known_then(records: Records, previous: date) -> None:
    found = build_features(records, SPEC, index_date=LIST_DATE, previous=previous, catalogue=CATALOGUE)

    cohort, features = found.rows("previous")
    assert cohort["index_date"].tolist() == [previous, previous]
    reach = [day for day in _month_days() if 0 < (previous - day).days <= 365]
    assert features["admissions_365d"].tolist() == [len(reach), len(reach)]
    assert [step["role"] for step in found.flow] == ["train", "train", "test", "list"]


@pytest.mark.parametrize("previous", [LIST_DATE, date(2019, 1, 1)])
def test_a_list_before_that_is_not_before_or_not_in_the_records_is_refused(records: Records, previous: date) -> None:
    with pytest.raises(InputError, match=f"--previous {previous}: expected a date inside the records"):
        build_features(records, SPEC, index_date=LIST_DATE, previous=previous, catalogue=CATALOGUE)


def test_a_list_date_before_the_first_spell_is_refused(records: Records) -> None:
    with pytest.raises(
        InputError, match="--index-date 2019-06-01: lies outside the records, whose spells begin in 2020"
    ):
        build_features(records, SPEC, index_date=date(2019, 6, 1), catalogue=CATALOGUE)


def test_a_date_at_which_nobody_is_eligible_is_refused_with_its_role(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "a"}],
        spells=[{"patient_id": "a", "admitted_on": day} for day in _month_days()],
        registrations=[{"patient_id": "a", "registered_from": date(2023, 6, 1)}],
    )

    with pytest.raises(InputError, match="cohort: nobody is alive, registered and aged 18 or over at the train date"):
        build_features(records, SPEC, index_date=LIST_DATE, catalogue=CATALOGUE)


# --- on disk ---------------------------------------------------------------------------------------------------------


def test_snapshots_read_back_are_those_that_were_saved(snapshots: Snapshots, tmp_path: Path) -> None:
    about = save_snapshots(snapshots, tmp_path)
    found = load_snapshots(tmp_path, about)

    for role in ("train", "test", "list"):
        for read, saved in zip(found.rows(role), snapshots.rows(role), strict=True):
            pd.testing.assert_frame_equal(read, saved)
    pd.testing.assert_frame_equal(found.told(["age", "no_such"]), snapshots.told(["age", "no_such"]))
    for name in ("index_dates", "windows", "flow", "notes", "data_to", "practices", "catalogue"):
        assert getattr(found, name) == getattr(snapshots, name)


@pytest.mark.parametrize("name", [FEATURES_FILE, COHORT_FILE])
def test_a_missing_or_damaged_file_is_refused_with_what_to_run(snapshots: Snapshots, tmp_path: Path, name: str) -> None:
    about = save_snapshots(snapshots, tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-20])
    with pytest.raises(InputError, match=f"{name}: is not a whole Parquet file. Run `vi-risk features build`"):
        load_snapshots(tmp_path, about)

    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=f"{name}: is not in the output folder. Run `vi-risk features build`"):
        load_snapshots(tmp_path, about)


@pytest.mark.parametrize("name", [FEATURES_FILE, COHORT_FILE, PARTICULARS_FILES["contacts"]])
def test_a_file_that_was_changed_since_is_refused(snapshots: Snapshots, tmp_path: Path, name: str) -> None:
    about = save_snapshots(snapshots, tmp_path)
    pd.read_parquet(tmp_path / name).iloc[::-1].to_parquet(tmp_path / name, index=False)
    with pytest.raises(InputError, match=f"{name}: is not the file that was written when the features were built"):
        load_snapshots(tmp_path, about)

    load_snapshots(tmp_path, about | {"checksums": {}})  # as an earlier version left it


def test_particulars_that_are_gone_are_missed(snapshots: Snapshots, tmp_path: Path) -> None:
    about = save_snapshots(snapshots, tmp_path)
    for name in PARTICULARS_FILES.values():
        (tmp_path / name).unlink()
    with pytest.raises(InputError, match=r"contacts\.parquet: is not the file that was written"):
        load_snapshots(tmp_path, about)


def test_snapshots_written_a_batch_at_a_time_are_those_built_in_memory(
    records: Records, snapshots: Snapshots, tmp_path: Path
) -> None:
    plan = write_snapshots(records, SPEC, tmp_path, index_date=LIST_DATE, catalogue=CATALOGUE)
    found = load_snapshots(tmp_path, save_plan(plan, tmp_path))

    for role in ("train", "test", "list"):
        for read, built in zip(found.rows(role), snapshots.rows(role), strict=True):
            pd.testing.assert_frame_equal(read, built)


def test_a_catalogue_that_is_not_the_one_of_the_features_is_refused(snapshots: Snapshots, tmp_path: Path) -> None:
    about = save_snapshots(snapshots, tmp_path)
    other = Catalogue(CATALOGUE.definitions[:-1], {})
    (tmp_path / CATALOGUE_FILE).write_text(other.to_json(), encoding="utf-8")

    with pytest.raises(
        InputError, match=r"catalogue\.json: is not the catalogue that features\.parquet was built with"
    ):
        load_snapshots(tmp_path, about)


@pytest.mark.parametrize("text", [None, "", '{"definitions": [', "[]"])
def test_a_catalogue_that_is_gone_or_damaged_is_refused_with_what_to_run(
    snapshots: Snapshots, tmp_path: Path, text: str | None
) -> None:
    about = save_snapshots(snapshots, tmp_path)
    (tmp_path / CATALOGUE_FILE).unlink()
    if text is not None:
        (tmp_path / CATALOGUE_FILE).write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=r"catalogue\.json: is missing or damaged. Run `vi-risk features build`"):
        load_snapshots(tmp_path, about)


def test_which_sensitive_kinds_were_read_is_told_with_the_rest(snapshots: Snapshots, tmp_path: Path) -> None:
    blood = CodeList("blood", (CodeEntry("icd10", "B20", "hiv"),), {"hiv": "HIV"}, {}, {"hiv": "hiv"})
    for kinds, told in (((), {"hiv": False}), (("hiv",), {"hiv": True})):
        catalogue = Catalogue(CATALOGUE.definitions, {"blood": blood.allowing(kinds)})
        assert save_snapshots(replace(snapshots, catalogue=catalogue), tmp_path)["sensitive"] == told
