"""How the spec tables ask: each line is a person of its own, and both ways of the engine and the reference say it."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd

from tests.property.strategies import tables_behind
from tests.reference.slow_features import slow_features
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.codelists import CodeEntry, CodeList
from vi_risk.features.definition import Definition
from vi_risk.features.engine import compute_features
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

INDEX_DATE = date(2024, 3, 1)
LONG_SEEN = 5000  # days before the index date from which the practice is seen
NEVER = None

# table and row, without the person
Entry = tuple[str, dict[str, Any]]
# what it shows, the person's entries, the value
Line = tuple[str, Sequence[Entry], float | None]


def days_ago(days: int) -> date:
    return INDEX_DATE - timedelta(days=days)


def spell(spell_id: str, admitted: int, discharged: int | None, **other: Any) -> Entry:
    """Return a spell from so many to so many days ago; without more words an ordinary emergency that went home."""
    row = {"admission_method": "21", "patient_classification": "1", "discharge_destination": "19"} | other
    discharged_on = None if discharged is None else days_ago(discharged)
    return "spells", row | {"spell_id": spell_id, "admitted_on": days_ago(admitted), "discharged_on": discharged_on}


def diagnosis(spell_id: str, position: int, code: str | None) -> Entry:
    return "diagnoses", {"spell_id": spell_id, "position": position, "code": code}


def measured(days: int, value: float | None, unit: str = "mmHg", code: str = "271649006") -> Entry:
    """Return a value in the GP record, a systolic pressure without more words."""
    row = {"event_on": days_ago(days), "code_system": "snomed", "code": code, "value": value, "unit": unit}
    return "gp_events", row


def appointment(days: int, **other: Any) -> Entry:
    return "gp_appointments", {"appointment_on": days_ago(days), "status": "attended"} | other


def ed(days: int, at: time = time(14, 30), **other: Any) -> Entry:
    return "ed_attendances", {"arrived_at": datetime.combine(days_ago(days), at)} | other


def community(days: int, attended: str = "5") -> Entry:
    return "community_contacts", {"contact_on": days_ago(days), "attended": attended}


def outpatient(days: int, attended: str = "5") -> Entry:
    return "outpatient_appointments", {"appointment_on": days_ago(days), "attended": attended}


def registration(begun: int, ended: int | None, practice_code: str = "A") -> Entry:
    registered_to = None if ended is None else days_ago(ended)
    row = {"registered_from": days_ago(begun), "registered_to": registered_to, "practice_code": practice_code}
    return "registrations", row


def codelist(
    *entries: tuple[str, str, str, float],
    replaced_by: Mapping[str, str] | None = None,
    sensitive: Mapping[str, str] | None = None,
) -> CodeList:
    """Return the code list "codes" of (system, code, group, points)."""
    groups = {group: group for _, _, group, _ in entries}
    return CodeList("codes", tuple(CodeEntry(*entry) for entry in entries), groups, replaced_by or {}, sensitive or {})


def values(
    people: Mapping[str, Sequence[Entry]], *, codes: CodeList | None = None, **declared: Any
) -> dict[str, float | None]:
    """Return the value of the feature declared so for each of the people, None where it is missing; see `values_of`."""
    asked = {name: declared.pop(name) for name in ("seen_from", "at") if name in declared}
    if codes is not None:
        declared["codes"] = codes.name
    definition = Definition(name="feature", domain="acute use", title="", reason="", **declared)
    (of_people,) = values_of([definition], people, codes=[codes] if codes else [], **asked).values()
    return of_people


def values_of(
    definitions: Sequence[Definition],
    people: Mapping[str, Sequence[Entry]],
    *,
    codes: Sequence[CodeList] = (),
    seen_from: int | Mapping[str, int | None] | None = LONG_SEEN,
    at: date = INDEX_DATE,
) -> dict[str, dict[str, float | None]]:
    """Return feature -> person -> value, computed together.

    All tables that they read are there; `seen_from` is the number of days before the index date from which the practice
    is seen, of everyone or of each person.
    """
    catalogue = Catalogue(tuple(definitions), {codelist.name: codelist for codelist in codes})
    given = [table for entries in people.values() for table, _ in entries]
    behind = [table for definition in definitions for table in tables_behind(definition.table)]
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("patients", "spells", "diagnoses", *behind, *given)}
    for person, entries in people.items():
        rows["patients"].append({"patient_id": person, "birth_month": date(1950, 6, 1), "sex": "1"})
        for number, (table, entry) in enumerate(entries):
            own = {"patient_id": person, "attendance_id": f"{person} {number}", "appointment_id": f"{person} {number}"}
            spell_of = {"spell_id": f"{person} {entry['spell_id']}"} if "spell_id" in entry else {}
            rows[table].append(own | entry | spell_of)
    frames = {
        name: pd.DataFrame(
            [[row.get(column) for column in TABLES[name].column_names] for row in of_table],
            columns=TABLES[name].column_names,
            dtype=object,
        )
        for name, of_table in rows.items()
    }
    days_seen = seen_from if isinstance(seen_from, Mapping) else dict.fromkeys(people, seen_from)
    joined = {person: None if days is None else at - timedelta(days=days) for person, days in days_seen.items()}
    asked = [(person, at, joined[person]) for person in people]
    cohort = pd.DataFrame(asked, columns=["patient_id", "index_date", "gp_seen_from"], dtype=object)

    records = Records.from_frames(frames)
    asked_of_the_database = compute_features(records, cohort, catalogue, engine="portable")
    fast = compute_features(records, cohort, catalogue, engine="sweep")
    slow = slow_features(frames, cohort, catalogue)

    pd.testing.assert_frame_equal(fast, asked_of_the_database, check_exact=True)
    pd.testing.assert_frame_equal(fast, slow, check_dtype=False, rtol=1e-7, atol=1e-9)
    return {
        feature.name: {
            person: None if math.isnan(value) else round(value, 6)
            for person, value in zip(fast["patient_id"], fast[feature.name].astype(float), strict=True)
        }
        for feature in catalogue.features
    }


def assert_table(lines: Sequence[Line], **asked: Any) -> None:
    """Each line of the table holds: the person's entries give the value."""
    found = values({what: entries for what, entries, _ in lines}, **asked)
    assert found == {what: None if value is None else round(value, 6) for what, _, value in lines}
