"""What counts in a month of a practice: who is registered, and how often they came to hospital."""

from datetime import date

import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.impact.panel import Panel, panel_of
from vi_risk.records.linked import Records

FIRST, LAST = date(2020, 1, 1), date(2022, 12, 31)
CROWD = 60  # of each practice; nothing happens to them but one planned stay a month in all


def registered(person: str, practice: str, since: str, until: str | None = None) -> dict[str, object]:
    return {"patient_id": person, "practice_code": practice, "registered_from": since, "registered_to": until}


def stay(number: str, person: str, admitted: str, discharged: str, method: str = "21") -> dict[str, object]:
    return {
        "spell_id": number,
        "patient_id": person,
        "admitted_on": admitted,
        "discharged_on": discharged,
        "admission_method": method,
    }


def panel(
    registrations: list[dict[str, object]],
    spells: list[dict[str, object]],
    attendances: list[dict[str, object]] | None = None,
    joined: dict[str, str | None] | None = None,
    died: dict[str, str] | None = None,
    *,
    beside_every_month: bool = True,
) -> Panel:
    crowd = [registered(f"{code}-{n}", code, "2015-01-01") for code in ("A", "B") for n in range(CROWD)]
    months = pd.date_range(FIRST, LAST, freq="MS")
    planned = [stay(f"planned-{m:%Y%m}", "A-0", f"{m:%Y-%m-02}", f"{m:%Y-%m-03}", "11") for m in months]
    planned.append(stay("planned-last", "A-0", str(LAST), str(LAST), "11"))
    rows = pd.DataFrame([*crowd, *registrations])
    people = pd.DataFrame({"patient_id": rows["patient_id"].unique(), "birth_month": "1950-01-01", "sex": "1"})
    people["died_on"] = people["patient_id"].map(died or {})
    tables = {
        "patients": people,
        "practices": pd.DataFrame(
            {
                "practice_code": ["A", "B", "C"],
                "integrated_from": [(joined or {}).get(code) for code in ("A", "B", "C")],
            }
        ),
        "registrations": rows,
        "spells": pd.DataFrame([*planned, *spells]),
    }
    if attendances is not None:
        every_month = [{"attendance_id": f"m{m:%Y%m}", "patient_id": "nobody", "arrived_at": m} for m in months]
        tables["ed_attendances"] = pd.DataFrame([*(every_month if beside_every_month else ()), *attendances])
    for table in tables.values():
        for column in table.columns:
            if column.endswith(("_on", "_from", "_to", "_month")):
                table[column] = pd.to_datetime(table[column])
    return panel_of(Records.from_frames(tables))


def of(found: Panel, practice: str, month: str, what: str) -> float:
    number = list(found.months).index(date.fromisoformat(f"{month}-01"))
    rows = found.rows
    return float(rows.loc[(rows["practice_code"] == practice) & (rows["month"] == number), what].iloc[0])


def test_a_person_counts_with_the_practice_of_the_day() -> None:
    moved = [registered("ann", "A", "2015-01-01", "2021-03-10"), registered("ann", "B", "2021-03-10")]
    found = panel(moved, [stay("s1", "ann", "2021-03-09", "2021-03-09"), stay("s2", "ann", "2021-03-10", "2021-03-11")])
    #   month     practice  emergency admissions  registered
    #   2021-03   A         1                     60 and 9 days of 31
    #   2021-03   B         1                     60 and 22 days of 31
    assert of(found, "A", "2021-03", "emergency_admissions") == 1
    assert of(found, "B", "2021-03", "emergency_admissions") == 1
    assert of(found, "A", "2021-03", "registered") == pytest.approx(CROWD + 9 / 31)
    assert of(found, "B", "2021-03", "registered") == pytest.approx(CROWD + 22 / 31)


def test_of_two_registrations_at_once_the_later_one_counts() -> None:
    both = [registered("ann", "A", "2015-01-01"), registered("ann", "B", "2021-01-01")]
    found = panel(both, [stay("s1", "ann", "2021-02-09", "2021-02-09")])
    assert of(found, "A", "2021-02", "emergency_admissions") == 0
    assert of(found, "B", "2021-02", "emergency_admissions") == 1
    assert of(found, "A", "2021-02", "registered") == CROWD


def test_who_is_elsewhere_for_a_while_counts_there_and_then_with_the_first_practice_again() -> None:
    term = registered("ann", "B", "2021-02-01", "2021-04-01")
    stays = [stay("s1", "ann", "2021-02-09", "2021-02-09"), stay("s2", "ann", "2021-04-01", "2021-04-02")]
    found = panel([registered("ann", "A", "2015-01-01"), term], stays)
    #   month     practice  emergency admissions  registered
    #   2021-01   A         0                     61
    #   2021-02   B         1                     61
    #   2021-04   A         1                     61
    assert [of(found, "A", f"2021-0{month}", "registered") - CROWD for month in (1, 2, 3, 4)] == [1, 0, 0, 1]
    assert [of(found, "B", f"2021-0{month}", "registered") - CROWD for month in (1, 2, 3, 4)] == [0, 1, 1, 0]
    assert of(found, "B", "2021-02", "emergency_admissions") == 1
    assert of(found, "A", "2021-04", "emergency_admissions") == 1


def test_a_registration_written_twice_counts_once() -> None:
    found = panel([registered("ann", "A", "2015-01-01"), registered("ann", "A", "2015-01-01", "2021-03-01")], [])
    assert [of(found, "A", f"2021-0{month}", "registered") - CROWD for month in (2, 3)] == [1, 1]


def test_nobody_is_registered_after_death() -> None:
    found = panel([registered("ann", "A", "2015-01-01")], [], died={"ann": "2021-04-15"})
    assert of(found, "A", "2021-03", "registered") == CROWD + 1
    assert of(found, "A", "2021-04", "registered") == pytest.approx(CROWD + 15 / 30)
    assert of(found, "A", "2021-05", "registered") == CROWD


def test_planned_stays_and_transfers_are_no_emergency_admission() -> None:
    spells = [
        stay("s1", "A-1", "2021-02-01", "2021-02-05"),
        stay("s2", "A-1", "2021-02-05", "2021-02-09", method="81"),  # moved to another hospital: the same stay
        stay("s3", "A-2", "2021-02-05", "2021-02-09", method="11"),
    ]
    assert of(panel([], spells), "A", "2021-02", "emergency_admissions") == 1


@pytest.mark.parametrize(
    ("method_before", "days", "counted"),
    [("21", 30, 1), ("21", 31, 0), ("11", 10, 0)],
)
def test_a_readmission_follows_an_emergency_stay_within_thirty_days(
    method_before: str, days: int, counted: int
) -> None:
    again = pd.Timestamp("2021-02-09") + pd.Timedelta(days=days)
    spells = [
        stay("s1", "A-1", "2021-02-05", "2021-02-09", method=method_before),
        stay("s2", "A-1", f"{again:%Y-%m-%d}", f"{again:%Y-%m-%d}"),
    ]
    assert of(panel([], spells), "A", f"{again:%Y-%m}", "readmissions") == counted


def test_a_planned_stay_between_does_not_hide_a_readmission() -> None:
    spells = [
        stay("s1", "A-1", "2021-02-01", "2021-02-05"),
        stay("s2", "A-1", "2021-02-10", "2021-02-10", method="11"),  # a planned day case
        stay("s3", "A-1", "2021-02-20", "2021-02-22"),  # 15 days after the emergency stay
    ]
    assert of(panel([], spells), "A", "2021-02", "readmissions") == 1


def test_what_arrives_late_in_the_last_month_is_waited_for() -> None:
    late = stay("s1", "A-1", "2022-11-30", "2022-12-01") | {"recorded_on": "2022-12-12"}
    crowd = [
        stay(f"c{m:%Y%m}", "A-2", f"{m:%Y-%m}-03", f"{m:%Y-%m}-03", "11")
        | {"recorded_on": str((m + pd.Timedelta(days=14)).date())}  # the 3rd: 12 days
        for m in pd.date_range(FIRST, LAST, freq="MS")
    ]
    found = panel([], [late, *crowd])
    assert found.months[-1] == date(2022, 11, 1)
    assert of(found, "A", "2022-11", "emergency_admissions") == 1


def test_attendances_that_end_early_are_not_compared() -> None:
    months = pd.date_range(FIRST, "2022-08-01", freq="MS")
    came = [{"attendance_id": f"e{m:%Y%m}", "patient_id": "A-1", "arrived_at": m} for m in months]
    found = panel([], [], came, beside_every_month=False)
    assert "ed_attendances" not in found.outcomes
    assert "A&E attendances are complete up to 2022-08-02 only, and are not compared." in found.notes


def test_a_practice_that_closes_is_left_out() -> None:
    going = [registered(f"C-{n}", "C", "2015-01-01", None if n < 3 else "2022-06-01") for n in range(500)]
    found = panel(going, [])
    assert set(found.rows["practice_code"]) == {"A", "B"}
    assert any("as one has that opened or closed" in note for note in found.notes)


def test_attendances_are_counted_where_there_are_any() -> None:
    came = [{"attendance_id": "e1", "patient_id": "A-1", "arrived_at": pd.Timestamp("2021-02-01 23:59")}]
    assert of(panel([], [], came), "A", "2021-02", "ed_attendances") == 1
    without = panel([], [])
    assert without.outcomes == ("emergency_admissions", "readmissions")
    assert any("no A&E attendances" in note for note in without.notes)


def test_the_month_within_which_a_practice_joined_is_left_out() -> None:
    found = panel([], [], joined={"A": "2021-05-16", "B": "2021-05-01"})
    rows = found.rows.set_index(["practice_code", "month"])
    assert ("A", 16) not in rows.index
    assert rows.loc[("A", 17), "joined"] == 17
    assert rows.loc[("B", 16), "joined"] == 16


def test_records_without_the_day_of_joining_are_refused() -> None:
    found = Records.from_frames({"registrations": pd.DataFrame({"patient_id": ["x"], "practice_code": ["A"]})})
    with pytest.raises(InputError, match=r"practices\.integrated_from: is not in the records"):
        panel_of(found)
