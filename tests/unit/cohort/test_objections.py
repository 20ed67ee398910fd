from datetime import date
from typing import Any

import pytest

from vi_risk.cohort.objections import OBJECTOR_COLUMNS, objectors_of

DAY, AUTUMN = date(2025, 1, 1), date(2024, 10, 2)
OBJECTS = "risk_stratification"


def objectors(make_records: Any, *rows: dict[str, Any], **person: Any) -> list[str]:
    records = make_records(patients=[{"patient_id": "p", **person}], spells=[], objections=list(rows))
    found = objectors_of(records, DAY)
    assert tuple(found.columns) == OBJECTOR_COLUMNS
    return [str(patient) for patient in found["patient_id"]]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"kind": OBJECTS, "objected_from": AUTUMN}, ["p"]),
        ({"kind": OBJECTS, "objected_from": date(1890, 1, 1)}, ["p"]),
        ({"kind": "type_1", "objected_from": AUTUMN}, []),
        ({"kind": OBJECTS, "objected_from": DAY}, []),
        ({"kind": OBJECTS, "objected_from": AUTUMN, "recorded_on": DAY}, []),
    ],
)
def test_an_objection_to_risk_stratification_known_before_the_list_counts(
    make_records: Any, row: dict[str, Any], expected: list[str]
) -> None:
    assert objectors(make_records, {"patient_id": "p", **row}) == expected


def test_the_objection_of_who_has_died_or_is_registered_nowhere_is_known_still(make_records: Any) -> None:
    assert objectors(
        make_records, {"patient_id": "p", "kind": OBJECTS, "objected_from": AUTUMN}, died_on=date(2024, 12, 1)
    ) == ["p"]


def test_each_person_stands_once_in_order(make_records: Any) -> None:
    rows = [
        {"patient_id": person, "kind": OBJECTS, "objected_from": day}
        for person, day in (("q", AUTUMN), ("p", AUTUMN), ("p", date(2020, 1, 1)))
    ]
    records = make_records(patients=[{"patient_id": "p"}, {"patient_id": "q"}], spells=[], objections=rows)

    assert objectors_of(records, DAY)["patient_id"].tolist() == ["p", "q"]


def test_records_without_objections_know_of_none(make_records: Any) -> None:
    found = objectors_of(make_records(patients=[{"patient_id": "p"}], spells=[]), DAY)

    assert found.empty
    assert tuple(found.columns) == OBJECTOR_COLUMNS
