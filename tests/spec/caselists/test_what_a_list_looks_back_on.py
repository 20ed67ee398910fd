"""How far a list looks back: over all that its own date sees, where the dates of the model saw only a year.

Records begin on 1 January 2021 and the list is of 1 January 2025. The model's first date is 3 January 2022, so that all
of its windows are cut to some twelve months; conditions are declared to count for three years.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.spec.caselists.listing import rules_of
from vi_risk.caselists.beside.facts import facts_of
from vi_risk.caselists.beside.record_seen import notes_for
from vi_risk.caselists.choosing.people import people_at_list
from vi_risk.caselists.ranking import choose, ranked_people
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.snapshots import Snapshots, build_features
from vi_risk.models.spec import ModelSpec
from vi_risk.reasons.asking import prompts_for
from vi_risk.reasons.prompts import read_prompts

LIST_DATE, LIST_BEFORE = date(2025, 1, 1), date(2024, 10, 1)
DIABETES, ASTHMA, SEVERE, MODERATE = "44054006", "195967001", "925861000000102", "925831000000107"
SEEN, NOT_SEEN = "A", "B"  # a practice of the trust, and one that is not
NOTHING = "none recorded"
BOTH, BY_HOSPITAL = "diabetes, asthma", "diabetes (hospital coding only)"

SPEC = ModelSpec.model_validate(
    {
        "name": "small",
        "title": "Emergency admission",
        "outcome": "emergency_admission",
        "outcome_words": "an emergency admission",
        "horizon_days": 365,
    }
)
READ = (
    "condition",
    "long_term_conditions",
    "severe_frailty",
    "moderate_frailty",
    "hospital_frailty_score",
    "emergency_admissions",
    "days_since_emergency_admission",
)

Entry = tuple[str, dict[str, Any]]


def gp(day: date, code: str = DIABETES, **other: Any) -> Entry:
    return "gp_events", {"event_on": day, "code_system": "snomed", "code": code, **other}


def stay(day: date, code: str = "Z00") -> Entry:
    return "spells", {"admitted_on": day, "discharged_on": day, "code": code}


# who, their practice, what is in their record; conditions in the model's year, and on the list: number and names
CONDITIONS: list[tuple[str, str, list[Entry], float, float | str, str]] = [
    ("nothing", SEEN, [], 0, 0, NOTHING),
    ("5 months ago", SEEN, [gp(date(2024, 8, 1))], 1, 1, "diabetes"),
    ("30 months ago", SEEN, [gp(date(2022, 7, 1))], 0, 1, "diabetes"),
    ("30 months ago, another now", SEEN, [gp(date(2022, 7, 1)), gp(date(2024, 8, 1), ASTHMA)], 1, 2, BOTH),
    ("the first day that counts", SEEN, [gp(date(2022, 1, 2))], 0, 1, "diabetes"),
    ("the day before that", SEEN, [gp(date(2022, 1, 1))], 0, 0, NOTHING),
    ("the day before the list", SEEN, [gp(date(2024, 12, 31))], 1, 1, "diabetes"),
    ("the day of the list", SEEN, [gp(LIST_DATE)], 0, 0, NOTHING),
    ("entered on the day of the list", SEEN, [gp(date(2022, 7, 1), recorded_on=LIST_DATE)], 0, 0, NOTHING),
    ("by the hospital", SEEN, [stay(date(2022, 7, 1), "E119")], 0, 1, "diabetes"),
    ("by the hospital alone", NOT_SEEN, [stay(date(2022, 7, 1), "E119")], 0, "1 (hospital)", BY_HOSPITAL),
    ("by a GP who is not seen", NOT_SEEN, [gp(date(2022, 7, 1))], 0, "0 (hospital)", "none (hospital coding only)"),
]  # fmt: skip


OTHERS: dict[str, list[Entry]] = {
    "frail": [gp(date(2022, 7, 1), SEVERE)],
    "frail, and less so since": [gp(date(2022, 7, 1), SEVERE), gp(date(2024, 8, 1), MODERATE)],
    "admitted 18 months ago": [stay(date(2023, 7, 3))],
    "admitted 30 months ago": [stay(date(2022, 7, 3))],
}


@pytest.fixture(scope="module")
def snapshots(make_records: Any) -> Snapshots:
    """Return the snapshots of these people and of one more, who fills every month of the records."""
    people = {person: (practice, entries) for person, practice, entries, *_ in CONDITIONS}
    people |= {person: (SEEN, entries) for person, entries in OTHERS.items()}
    months = [date(year, month, 9) for year in range(2021, 2025) for month in range(1, 13)]
    rows: dict[str, list[dict[str, Any]]] = {
        "spells": [{"patient_id": "other", "admitted_on": day, "discharged_on": day} for day in months],
        "gp_events": [
            {"patient_id": "other", "event_on": day, "code_system": "snomed", "code": "1", "recorded_on": None}
            for day in months
        ],
    }
    rows["diagnoses"] = [{"spell_id": f"spells-{n}", "position": 1, "code": "Z00"} for n in range(len(months))]
    for person, (_, entries) in people.items():
        for table, row in entries:
            of_person = {"patient_id": person, **row}
            if table == "spells":
                code = of_person.pop("code")
                rows["diagnoses"].append({"spell_id": f"spells-{len(rows['spells'])}", "position": 1, "code": code})
            rows[table].append(of_person)
    records = make_records(
        patients=[{"patient_id": person} for person in ["other", *people]],
        practices=[
            {"practice_code": SEEN, "integrated_from": date(2016, 6, 1)},
            {"practice_code": NOT_SEEN, "integrated_from": None},
        ],
        registrations=[
            {"patient_id": "other", "practice_code": SEEN},
            *({"patient_id": person, "practice_code": practice} for person, (practice, _) in people.items()),
        ],
        **rows,
    )
    shipped = read_catalogue()
    read = tuple(one for one in shipped.definitions if one.name in READ)
    catalogue = Catalogue(read, shipped.codelists, shipped.sets)
    return build_features(records, SPEC, index_date=LIST_DATE, previous=LIST_BEFORE, catalogue=catalogue)


def listed(snapshots: Snapshots) -> pd.DataFrame:
    cohort, _ = snapshots.rows("list")
    scores = pd.DataFrame({"patient_id": cohort["patient_id"], "risk": 0.2})
    return choose(scores, snapshots, rules=rules_of(f"places.outside = ['{NOT_SEEN}']"), capacity=100)


def told(snapshots: Snapshots, *facts: str) -> dict[str, list[Any]]:
    """Return person -> these facts."""
    table = listed(snapshots)
    found = facts_of(table, snapshots, rules=rules_of())[list(facts)]
    return dict(zip(table["patient_id"], found.to_numpy(object).tolist(), strict=True))


def test_the_model_saw_a_year_and_the_list_sees_what_is_declared(snapshots: Snapshots) -> None:
    assert snapshots.windows["condition_diabetes_1095d"] == 367
    assert snapshots.windows_on_list == {}


def told_of(model: object, listed: object) -> object:
    """Return how many conditions a list says there are: with those that the model knows, where it knows fewer."""
    return listed if model == listed or isinstance(listed, str) else f"{listed} ({model} in the last 12 months)"


def test_conditions_are_counted_and_named_over_all_that_the_list_sees(snapshots: Snapshots) -> None:
    cohort, features = snapshots.rows("list")
    of_model = dict(zip(cohort["patient_id"], features["long_term_conditions_1095d"], strict=True))
    on_list = told(snapshots, "long_term_conditions", "conditions")

    assert {who: [of_model[who], *on_list[who]] for who, *_ in CONDITIONS} == {
        who: [model, told_of(model, listed), named] for who, _, _, model, listed, named in CONDITIONS
    }


def test_a_prompt_asks_by_what_the_list_tells(snapshots: Snapshots, tmp_path: Path) -> None:
    file = tmp_path / "prompts.toml"
    file.write_text(
        """
        [[prompt]]
        name = "diabetes"
        role = "practice nurse"
        when = { condition_diabetes_1095d = { min = 1 }, emergency_admissions_730d = { max = 0 } }
        words = "diabetes: has anyone looked at the feet?"
        reference = "of this test"
        """,
        encoding="utf-8",
    )
    cohort, _ = snapshots.rows("list")
    people = people_at_list(pd.DataFrame({"patient_id": cohort["patient_id"], "risk": 0.1}), snapshots)

    asked = prompts_for(people, read_prompts(file, catalogue=snapshots.catalogue), windows=snapshots.windows_on_list)

    assert {*asked["patient_id"]} == {who for who, *_, conditions in CONDITIONS if "diabetes" in conditions}


def test_the_note_tells_how_far_the_list_looks_and_how_far_the_model(snapshots: Snapshots) -> None:
    (note,) = (one for one in notes_for(snapshots, listed(snapshots), pd.DataFrame()) if one.startswith("Conditions"))

    assert note == (
        "Conditions and frailty beside a name are those recorded in the last 3 years (the hospital's frailty score:"
        " 2 years); the chance and its reasons know those of the last 12 months alone, as far back as all dates of the"
        " model see, and may count fewer"
    )


def test_the_last_emergency_admission_is_looked_for_as_far_back_as_is_declared(snapshots: Snapshots) -> None:
    found = told(snapshots, "last_emergency_admission")

    assert found["admitted 18 months ago"] == ["18 months ago"]
    assert found["admitted 30 months ago"] == ["none in 2 years"]


def test_of_two_grades_of_frailty_the_worse_is_told_as_neither_has_a_date(snapshots: Snapshots) -> None:
    found = told(snapshots, "frailty")

    assert found["frail"] == ["severe, by the practice"]
    assert found["frail, and less so since"] == ["severe, by the practice"]


def test_who_was_set_apart_by_an_old_entry_at_both_dates_neither_comes_nor_goes(snapshots: Snapshots) -> None:
    """The list before, of a date alone, is chosen by the same look-back: else the rule would seem to be new."""
    rules = rules_of(
        """
        [standing.frail]
        words = "severe frailty"
        when = { severe_frailty_1095d = { min = 1 } }
        do = "exclude"
        """
    )
    scores = pd.DataFrame({"patient_id": ["frail", "nothing"], "risk": [0.3, 0.2]})

    for at_list in (snapshots, snapshots.at_previous()):
        ranked = ranked_people(scores, at_list, rules=rules, capacity=2)
        assert dict(zip(ranked["patient_id"], ranked["kept_off"].astype(str), strict=True)) == {
            "frail": "severe frailty",
            "nothing": "",
        }
