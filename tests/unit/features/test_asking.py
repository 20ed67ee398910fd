from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError, UsageError
from vi_risk.features.asking import people_asked, refuse_strangers
from vi_risk.features.catalogue import read_catalogue
from vi_risk.features.engine import compute_features

DAY = date(2024, 2, 29)


def cohort(**columns: Any) -> pd.DataFrame:
    whole = {"patient_id": ["SECRET2", "SECRET1"], "index_date": [DAY, DAY], "gp_seen_from": [None, None]}
    return pd.DataFrame(whole | columns, dtype=object)


def test_people_are_numbered_in_the_order_of_their_ids() -> None:
    people = people_asked(cohort())

    assert people["patient_id"].to_pylist() == ["SECRET1", "SECRET2"]
    assert people["row"].to_pylist() == [0, 1]


@pytest.mark.parametrize("never", [None, np.nan, pd.NaT])
def test_a_practice_that_nobody_sees_may_be_null_of_any_kind(never: object) -> None:
    people = people_asked(cohort().assign(gp_seen_from=never))

    assert people["gp_seen_from"].null_count == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (cohort(patient_id=["SECRET1", None]), "cohort.patient_id: 1 of 2 rows are null"),
        (cohort(index_date=[DAY, None]), "cohort.index_date: 1 of 2 rows are null"),
        (cohort(patient_id=["SECRET1"] * 2), "1 of 2 rows repeat a patient_id and index_date"),
        (cohort(index_date=["SECRET", "SECRET"]), "cohort.index_date: expected dates"),
        (cohort(patient_id=[1, 2]), "cohort.patient_id: expected text"),
        (cohort().drop(columns="gp_seen_from"), "expected the column gp_seen_from"),
    ],
)
def test_a_cohort_that_cannot_be_asked_about_is_refused_without_a_value(wrong: pd.DataFrame, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        people_asked(wrong)

    assert "SECRET" not in str(refused.value)


def test_people_whom_the_records_do_not_know_are_refused_by_their_number(make_records: Any) -> None:
    records = make_records(patients=[{"patient_id": "SECRET1"}], spells=[{"patient_id": "SECRET1"}])
    people = people_asked(cohort())

    with pytest.raises(InputError, match="1 of 2 people are not in the table patients") as refused:
        refuse_strangers(people, records.tables["patients"])

    assert "SECRET" not in str(refused.value)
    refuse_strangers(people.slice(0, 1), records.tables["patients"])


def test_nobody_asked_about_is_an_empty_table(make_records: Any) -> None:
    records = make_records(patients=[{"patient_id": "p"}], spells=[{"patient_id": "p"}])
    catalogue = read_catalogue()

    assert compute_features(records, cohort().head(0), catalogue).shape == (0, 2 + len(catalogue.features))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"rows_in_a_batch": 0}, "rows_in_a_batch: expected 1 or more, got 0"),
        ({"engine": "sweeep"}, "engine: expected auto, portable, sweep, got"),
        ({"windows": {"age": 0}}, "windows: age: expected 1 day or more, got 0"),
    ],
)
def test_an_option_that_means_nothing_is_refused(make_records: Any, option: dict[str, Any], said: str) -> None:
    records = make_records(patients=[{"patient_id": "p"}], spells=[{"patient_id": "p"}])

    with pytest.raises(UsageError, match=said):
        compute_features(records, cohort(), read_catalogue(), **option)
