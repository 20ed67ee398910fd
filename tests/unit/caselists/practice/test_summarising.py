"""The practice in one view: figures beside the trust's, of what was seen."""

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.practice.asked_of_people import CARE_GAP, THREE_ADMISSIONS, THREE_CONDITIONS, asked_of
from vi_risk.caselists.practice.care_gaps import CARE_GAPS
from vi_risk.caselists.practice.practice_summary import Compared, PracticeSummary
from vi_risk.caselists.practice.summarising import columns_read, practice_summaries
from vi_risk.errors import UsageError
from vi_risk.features.catalogue import read_catalogue

INDEX_DATE = date(2025, 1, 1)
CATALOGUE = read_catalogue()
FOR_YEARS = INDEX_DATE - timedelta(days=2000)
NOTHING: dict[str, float] = dict.fromkeys(columns_read(CATALOGUE), 0.0)


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a people frame; who does not say otherwise is 50, female, seen for years, and has nothing."""
    usual = {"practice_code": "A", "age": 50, "age_band": "45-54", "sex": "female", "risk": 0.1}
    usual |= {"gp_seen_from": FOR_YEARS, "index_date": INDEX_DATE}
    return pd.DataFrame([{"patient_id": f"P{place}"} | usual | NOTHING | row for place, row in enumerate(rows)])


def summaries(people: pd.DataFrame, **other: Any) -> dict[str, PracticeSummary]:
    asked: dict[str, Any] = {"outcome": "an emergency admission in the next 12 months", "windows": {}}
    asked |= {"listed": people.head(0), "rules": load_rules(), "catalogue": CATALOGUE}
    return practice_summaries(people, **(asked | other))


def figure(summary: PracticeSummary, title: str) -> Compared:
    (found,) = [one for one in summary.figures if one.title == title]
    return found


# practice, age, three conditions, three admissions, risk
TABLE = [
    ("A", 80, 1, 1, 0.6),
    ("A", 70, 1, 0, 0.3),
    ("A", 40, 0, 0, 0.05),
    ("A", 30, 0, 0, 0.05),
    ("B", 90, 1, 0, 0.2),
    ("B", 20, 0, 0, 0.0),
]


def people_of_the_table() -> pd.DataFrame:
    columns = ("practice_code", "age", THREE_CONDITIONS, THREE_ADMISSIONS, "risk")
    rows = [dict(zip(columns, row, strict=True)) for row in TABLE]
    return frame(*({**row, "age_band": "75+" if row["age"] >= 75 else "0-74"} for row in rows))


def test_the_figures_of_a_small_trust_are_those_of_the_table() -> None:
    found = summaries(people_of_the_table(), listed=pd.DataFrame({"patient_id": ["P0", "P4"]}))

    assert list(found) == ["A", "B"]
    assert found["A"].people == 4
    told = {one.title: (one.practice, round(one.trust, 4), one.unit) for one in found["A"].figures}
    assert told == {
        "Registered people, of the ages listed": (4, 6, "people"),
        "Median age": (55, 55, "years"),
        "Aged 75 or over": (0.25, 0.3333, "share"),
        "Three or more long-term conditions": (0.5, 0.5, "share"),
        "Three or more emergency admissions in 12 months": (0.25, 0.1667, "share"),
        "People expected to have an emergency admission in the next 12 months": (pytest.approx(1.0), 1.2, "people"),
        "The same, for every 1,000 people": (pytest.approx(250), 200, "people"),
        "On this list": (1, 2, "people"),
        "Share of what is expected among those on this list": (pytest.approx(0.6), 0.6667, "share"),
    }


def test_fair_shares_add_up_to_the_trust() -> None:
    found = summaries(people_of_the_table())

    assert [(one.share_of_people, one.share_of_need) for one in found.values()] == [
        (pytest.approx(4 / 6), pytest.approx(1.0 / 1.2)),
        (pytest.approx(2 / 6), pytest.approx(0.2 / 1.2)),
    ]


def test_expected_numbers_take_the_place_of_chances_where_they_were_modelled() -> None:
    people = people_of_the_table()
    expected = pd.DataFrame({"patient_id": people["patient_id"][::-1], "emergency_admissions": 0.5, "bed_days": 3.0})

    found = summaries(people, expected=expected)["B"]

    assert figure(found, "Emergency admissions expected in the next 12 months").practice == 1.0
    assert figure(found, "Emergency bed days expected in the next 12 months").trust == 18.0
    assert found.share_of_need == pytest.approx(2 / 6)


def test_the_pyramid_has_every_age_band_from_the_youngest_and_every_band_of_risk() -> None:
    pyramid = summaries(people_of_the_table())["A"].pyramid

    bands = [band.name for band in load_rules().bands]
    assert list(pyramid) == [(age, band) for age in ("0-74", "75+") for band in bands]
    assert {key: number for key, number in pyramid.items() if number} == {
        ("75+", "very high"): 1,
        ("0-74", "high"): 1,  # 0.3 belongs to the band that it begins
        ("0-74", "lower"): 2,
    }


def test_a_band_of_the_pyramid_is_that_of_the_rules_for_every_risk() -> None:
    risks = [0.0, 0.1499, 0.15, 0.2999, 0.3, 0.4999, 0.5, 1.0]
    rules = load_rules()

    for risk in risks:
        pyramid = summaries(frame({"risk": risk}))["A"].pyramid
        assert [band for (_, band), number in pyramid.items() if number] == [rules.band(risk)]


def test_what_the_practice_record_would_show_is_missing_where_it_is_not_seen() -> None:
    unseen = {"practice_code": "C", "gp_seen_from": None, THREE_CONDITIONS: 0.0}
    lately = {"practice_code": "D", "gp_seen_from": INDEX_DATE - timedelta(days=400), THREE_CONDITIONS: 0.0}
    people = frame({THREE_CONDITIONS: 1.0}, {}, unseen, lately)

    found = summaries(people)

    of_conditions = {name: figure(one, "Three or more long-term conditions") for name, one in found.items()}
    assert of_conditions["A"].practice == of_conditions["A"].trust == 0.5
    assert math.isnan(of_conditions["C"].practice)
    assert math.isnan(of_conditions["D"].practice)
    assert figure(found["C"], "Three or more emergency admissions in 12 months").practice == 0
    assert "The GP record of this practice is not seen" in found["C"].notes[0]


def test_a_practice_seen_as_far_back_as_the_feature_looks_is_told() -> None:
    lately = {"gp_seen_from": INDEX_DATE - timedelta(days=400), THREE_CONDITIONS: 1.0}

    found = summaries(frame(lately, {}), windows={THREE_CONDITIONS: 400})

    assert figure(found["A"], "Three or more long-term conditions").practice == 0.5


def trust_with(rate: float, flag: str = "condition_copd_1095d", **of_second: Any) -> pd.DataFrame:
    """Return two practices of 1,000 people: one in ten of the first has the flag, of the second so many."""
    rows = []
    for practice, share, other in (("A", 0.1, {}), ("B", rate, of_second)):
        rows += [{"practice_code": practice, flag: float(place < 1000 * share), **other} for place in range(1000)]
    return frame(*rows)


def test_a_condition_that_is_commoner_than_expected_stands_out() -> None:
    found = summaries(trust_with(0.3))

    assert [(one.kind, one.title, one.observed, one.expected) for one in found["B"].stands_out] == [
        ("condition", "COPD", 300, pytest.approx(200))
    ]
    assert found["B"].stands_out[0].low > 1
    assert found["B"].notes[0].endswith("compared with what is expected; 1 stands out.")
    assert [one.ratio for one in found["A"].stands_out] == [pytest.approx(0.5)]


def test_a_condition_that_the_lists_do_not_name_is_not_named_here() -> None:
    people = trust_with(0.3, "condition_alcohol_dependence_1095d")
    titles = {one.title for one in asked_of(people, CATALOGUE, {})[0]}
    hidden = {one.title for one in asked_of(people, CATALOGUE, {}, hide=("alcohol_dependence",))[0]}

    assert titles - hidden == {"Alcohol dependence"}


def test_nothing_of_a_practice_is_compared_that_is_not_seen_so_far_back() -> None:
    lately = INDEX_DATE - timedelta(days=400)

    found = summaries(trust_with(0.0, gp_seen_from=lately))

    assert found["B"].stands_out == ()
    (_, note) = found["B"].notes
    assert note.startswith("Not compared, as the GP record is not seen so far back: long-term conditions; ")
    assert "blood pressure in 2 years" in note
    assert "influenza" not in note


def test_of_records_without_conditions_the_care_gaps_that_are_not_compared_are_named_alone() -> None:
    lately = INDEX_DATE - timedelta(days=200)
    trust = trust_with(0.0, gp_seen_from=lately)
    conditions = [name for name in trust if name.startswith("condition_") and name.endswith("_1095d")]

    found = summaries(trust.drop(columns=[*conditions, THREE_CONDITIONS]))

    note = next(note for note in found["B"].notes if note.startswith("Not compared"))
    assert note == (
        "Not compared, as the GP record is not seen so far back: Five or more medicines without a medication review in"
        " 12 months; Aged 65 or over without an influenza vaccination in 12 months; Three or more long-term conditions"
        " without a GP practice appointment in 12 months."
    )
    assert "Three or more long-term conditions" not in {figure.title for figure in found["B"].figures}


# a care gap -> who is due and had it, who is due and did not, who is not due
CASES: dict[str, tuple[dict[str, float], dict[str, float], dict[str, float]]] = {
    "Diabetes, asthma, COPD or heart failure without a review in 12 months": (
        {"condition_asthma_1095d": 1, "condition_review_365d": 1},
        {"condition_heart_failure_1095d": 1},
        {"condition_dementia_1095d": 1},
    ),
    "Five or more medicines without a medication review in 12 months": (
        {"medicines_90d": 5, "days_since_medication_review_730d": 365},
        {"medicines_90d": 5, "days_since_medication_review_730d": 366},
        {"medicines_90d": 4, "days_since_medication_review_730d": math.nan},
    ),
    "Aged 65 or over without an influenza vaccination in 12 months": (
        {"age": 65, "influenza_vaccination_365d": 1},
        {"age": 65},
        {"age": 64},
    ),
    "Three or more long-term conditions without a GP practice appointment in 12 months": (
        {"long_term_conditions_1095d": 3, "gp_appointments_365d": 1},
        {"long_term_conditions_1095d": 3},
        {"long_term_conditions_1095d": 2},
    ),
    "Aged 75 or over with atrial fibrillation without an anticoagulant in 90 days": (
        {"age": 75, "condition_atrial_fibrillation_1095d": 1, "prescribed_anticoagulant_90d": 1},
        {"age": 75, "condition_atrial_fibrillation_1095d": 1},
        {"age": 74, "condition_atrial_fibrillation_1095d": 1},
    ),
    "Hypertension without a blood pressure in 2 years": (
        {"condition_hypertension_1095d": 1, "systolic_730d": 140},
        {"condition_hypertension_1095d": 1, "systolic_730d": math.nan},
        {"systolic_730d": math.nan},
    ),
    "Diabetes without an HbA1c in 2 years": (
        {"condition_diabetes_1095d": 1, "hba1c_730d": 50},
        {"condition_diabetes_1095d": 1, "hba1c_730d": math.nan},
        {"hba1c_730d": math.nan},
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_a_care_gap_is_of_those_who_are_due_the_care_and_did_not_have_it(title: str) -> None:
    people = frame(*CASES[title])

    (gap,) = [one for one in asked_of(people, CATALOGUE, {})[0] if one.title == title]

    assert gap.kind == CARE_GAP
    assert gap.among.tolist() == [True, True, False]
    assert (gap.among & gap.has).tolist() == [False, True, False]
    assert gap.seen.all()


def test_every_care_gap_has_a_case_here_and_reads_features_that_are_declared() -> None:
    names = {feature.name for feature in CATALOGUE.features} | {"age"}

    assert [gap.title_of(gap.days) for gap in CARE_GAPS] == list(CASES)
    assert all(names.issuperset(gap.columns) for gap in CARE_GAPS)


def test_a_gap_says_how_far_back_was_looked_where_the_records_reach_back_less_far() -> None:
    people = frame({"condition_diabetes_1095d": 1, "gp_seen_from": INDEX_DATE - timedelta(days=367)})

    asked, _ = asked_of(people, CATALOGUE, {"hba1c_730d": 367, "days_since_medication_review_730d": 200})

    titles = {one.title: one.seen.tolist() for one in asked if one.kind == CARE_GAP}
    assert titles["Diabetes without an HbA1c in 12 months"] == [True]
    assert titles["Five or more medicines without a medication review in 7 months"] == [True]
    assert titles["Hypertension without a blood pressure in 2 years"] == [False]


def test_what_the_records_lack_is_said_and_not_compared() -> None:
    people = frame({}, {}).drop(columns="condition_copd_1095d").assign(medicines_90d=np.nan)

    found = summaries(people)["A"]

    assert found.notes[-1] == (
        "Not in these records, so not compared: COPD; Diabetes, asthma, COPD or heart failure without a review in"
        " 12 months; Five or more medicines without a medication review in 12 months."
    )


def test_what_became_of_the_list_before_is_passed_on() -> None:
    found = summaries(frame({}, {"practice_code": "B"}), reviewed={"A": {"listed": 20, "reviewed": 9}})

    assert (found["A"].reviewed, found["B"].reviewed) == ({"listed": 20, "reviewed": 9}, {})


@pytest.mark.parametrize(
    ("people", "expected", "fault"),
    [
        (frame({}).drop(columns="risk"), None, "risk not found"),
        (frame({"patient_id": "P1"}, {"patient_id": "P1"}), None, "one row per person, found 1 more"),
        (frame({"risk": math.nan}), None, "risk: 1 of 1 are missing or outside 0 to 1"),
        (
            frame({}, {}),
            pd.DataFrame({"patient_id": ["P0"], "emergency_admissions": [1.0], "bed_days": [1.0]}),
            "expected: 1 of 2 people have none",
        ),
    ],
)
def test_what_does_not_fit_is_refused(people: pd.DataFrame, expected: pd.DataFrame | None, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        summaries(people, expected=expected)


def test_a_sex_that_is_not_known_and_a_practice_of_one_are_told() -> None:
    found = summaries(frame({"sex": None}, {"practice_code": "B"}))

    assert [one.people for one in found.values()] == [1, 1]
