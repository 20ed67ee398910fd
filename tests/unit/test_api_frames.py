"""Records made of data frames: what is no canonical table or value is told, and no value with it; frames come back."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from vi_risk import InputError, Records, UsageError, read_catalogue


def test_values_of_another_type_are_told_by_table_and_column_alone() -> None:
    patients = pd.DataFrame(
        {"patient_id": ["p", "q"], "birth_month": ["a secret", date(1950, 1, 1)], "sex": ["1", {"of": "another"}]}
    )

    with pytest.raises(InputError) as caught:
        Records.from_frames({"patients": patients})

    said = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in said] == ["patients.birth_month", "patients.sex"]
    assert said[0].startswith("patients.birth_month: expected a date in each row, or none; found others in a column of")
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_table_that_is_no_canonical_one_is_told() -> None:
    with pytest.raises(UsageError, match=r"^patient: is no canonical table\. Expected one or more of patients, "):
        Records.from_frames({"patient": pd.DataFrame()})


def test_frames_come_back_as_they_went_in_and_of_a_table_that_is_not_there_the_others_are_told() -> None:
    patients = pd.DataFrame({"patient_id": ["p"], "birth_month": [date(1950, 1, 1)], "sex": ["1"]})
    records = Records.from_frames({"patients": patients.assign(shoe_size=42)})

    found = records.frame("patients")

    assert pd.api.types.is_datetime64_dtype(found["birth_month"])
    expected = patients.astype({"birth_month": "datetime64[ms]"})
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    with pytest.raises(UsageError, match=r"^spells: is no table of these records\. They have patients\.$"):
        records.frame("spells")


def test_a_catalogue_of_some_definitions_keeps_their_order_and_refuses_what_is_not_declared() -> None:
    whole = read_catalogue()

    some = whole.only("medicines", "age")

    assert [one.name for one in some.definitions] == [
        one.name for one in whole.definitions if one.name in ("age", "medicines")
    ]
    assert some.codelists.keys() == whole.codelists.keys()
    with pytest.raises(UsageError, match=r"^catalogue: emergency_admissions_365d: no such definition\."):
        whole.only("age", "emergency_admissions_365d")


def test_frames_that_are_none_or_hold_no_column_or_one_twice_are_told() -> None:
    with pytest.raises(UsageError, match=r"^patients: expected DataFrame, got list\. Make it with"):
        Records.from_frames({"patients": [1, 2]})  # type: ignore[dict-item]
    for frame in (pd.DataFrame(), pd.DataFrame(index=["p"]), pd.DataFrame([["p", "1"]])):
        with pytest.raises(InputError, match=r"^patients: the frame has none of its columns\. Expected some of patien"):
            Records.from_frames({"patients": frame})
    twice = pd.DataFrame([["p", "q"]], columns=["patient_id", "patient_id"])
    with pytest.raises(InputError, match=r"^patients: the frame has patient_id more than once\."):
        Records.from_frames({"patients": twice})


@pytest.mark.parametrize("zone", ["Europe/London", "UTC", "America/New_York"])
@pytest.mark.parametrize("kind", ["datetime64", "pyarrow", "object"])
def test_a_moment_with_a_time_zone_falls_on_its_day_in_england(zone: str, kind: str) -> None:
    clock = pd.Series(pd.to_datetime(["2024-01-15 00:00", "2024-06-15 00:00", "2024-06-15 23:45", None]))
    moments: pd.Series[Any] = clock.dt.tz_localize("Europe/London").dt.tz_convert(zone)
    if kind == "pyarrow":
        moments = moments.convert_dtypes(dtype_backend="pyarrow")
    if kind == "object":
        moments = moments.astype(object)
    ids = [f"p{number}" for number in range(len(clock))]
    records = Records.from_frames(
        {
            "patients": pd.DataFrame({"patient_id": ids, "died_on": moments}),
            "ed_attendances": pd.DataFrame({"patient_id": ids, "arrived_at": moments}),
        }
    )

    died = records.frame("patients").set_index("patient_id")["died_on"].loc[ids]
    arrived = records.frame("ed_attendances").set_index("patient_id")["arrived_at"].loc[ids]

    assert died.tolist()[:-1] == clock.dt.normalize().tolist()[:-1]
    assert arrived.tolist()[:-1] == clock.tolist()[:-1]
    assert pd.isna(died.iloc[-1])
    assert pd.isna(arrived.iloc[-1])
