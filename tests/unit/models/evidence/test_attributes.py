from datetime import date

import pandas as pd

from vi_risk.models.evidence.attributes import attributes_of, integrated_practice, length_of_record
from vi_risk.models.evidence.subgroups import members_of

DAY = date(2024, 1, 1)
ALWAYS = date(1900, 1, 1)


def cohort_of(*seen_from: date | None) -> pd.DataFrame:
    rows = {"index_date": DAY, "sex": "female", "age_band": "75-79", "practice_code": "A"}
    return pd.DataFrame([rows | {"gp_seen_from": day} for day in seen_from], dtype=object)


def test_a_practice_is_of_the_trust_where_it_had_joined_before_the_index_date() -> None:
    cohort = cohort_of(ALWAYS, date(2023, 12, 31), DAY, date(2024, 6, 1), None)
    assert integrated_practice(cohort).tolist() == ["practice of the trust"] * 2 + ["another practice"] * 3


def test_the_length_of_the_record_is_told_in_bands_of_years() -> None:
    cohort = cohort_of(
        None, DAY, date(2023, 12, 31), date(2023, 1, 1), date(2022, 12, 31), date(2021, 1, 2), date(2020, 12, 31),
        date(2019, 1, 2), date(2018, 12, 31), ALWAYS,
    )  # fmt: skip
    assert length_of_record(cohort).tolist() == [
        "not seen", "not seen", "0 to 1 year", "0 to 1 year", "1 to 3 years", "1 to 3 years", "3 to 5 years",
        "3 to 5 years", "5 years or more", "5 years or more",
    ]  # fmt: skip


def test_lengths_of_record_stand_in_order() -> None:
    cohort = cohort_of(None, ALWAYS, date(2020, 1, 1), date(2023, 6, 1), date(2022, 1, 1))
    assert list(members_of(length_of_record(cohort))) == [
        "0 to 1 year", "1 to 3 years", "3 to 5 years", "5 years or more", "not seen",
    ]  # fmt: skip


def test_who_is_with_the_trust_and_for_how_long_is_asked_where_it_differs() -> None:
    features = pd.DataFrame(index=range(2))
    assert list(attributes_of(cohort_of(ALWAYS, None), features)) == [
        "sex", "age band", "GP record", "integrated practice", "length of GP record",
    ]  # fmt: skip
    assert list(attributes_of(cohort_of(ALWAYS, date(2023, 6, 1)), features)) == [
        "sex", "age band", "GP record", "length of GP record",
    ]  # fmt: skip
    assert list(attributes_of(cohort_of(ALWAYS, ALWAYS), features)) == ["sex", "age band", "GP record"]


def test_labels_keep_the_rows_they_belong_to() -> None:
    cohort = cohort_of(ALWAYS, None).set_index(pd.Index([7, 3]))
    for labels in attributes_of(cohort, pd.DataFrame(index=cohort.index)).values():
        assert labels.index.tolist() == [7, 3]
