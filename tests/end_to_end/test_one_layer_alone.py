"""One layer alone, as another tool takes it: features without a model, a model on its table, lists from its scores."""

import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import vi_risk
from tests.conftest import MakeRecords

LIST_DATE = date(2025, 4, 1)


# --- features without a model ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records() -> vi_risk.Records:
    """A small synthetic trust."""
    return vi_risk.synthetic_records(patients=400, seed=2)


@pytest.fixture(scope="module")
def few() -> vi_risk.Catalogue:
    """Some features, of the hospital's and of the practice's records."""
    return vi_risk.read_catalogue().only("age", "emergency_admissions", "long_term_conditions", "medicines")


def test_features_of_ones_own_people_and_dates_are_those_of_a_run(
    records: vi_risk.Records, few: vi_risk.Catalogue
) -> None:
    spec = vi_risk.load_spec().with_changes(
        companions=(), features={"exclude": (), "as_at_extract": ()}, snapshots={"most": 1}
    )
    snapshots = vi_risk.build_features(records, spec, index_date=date(2025, 1, 1), catalogue=few)
    cohort, of_run = snapshots.rows("list")

    alone = vi_risk.compute_features(records, cohort[["patient_id", "index_date"]], catalogue=few)

    alike = [name for name in alone if name not in snapshots.windows]  # a run looks back as far as its first date can
    assert len(alike) > 4
    there = of_run.sort_values(["patient_id", "index_date"], ignore_index=True)
    pd.testing.assert_frame_equal(alone[alike], there[alike], check_dtype=False)


def test_each_row_is_told_as_at_its_own_date(make_records: MakeRecords, few: vi_risk.Catalogue) -> None:
    day = date(2025, 1, 5)
    earlier = [date(year, 1, 1) for year in range(2020, 2025)]  # none of them in the year before
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[{"patient_id": "p", "admitted_on": each} for each in (*earlier, day)],
    )
    people = pd.DataFrame({"patient_id": "p", "index_date": [day, date(2025, 1, 6)]})

    found = vi_risk.compute_features(records, people, catalogue=few.only("emergency_admissions"))

    assert found["emergency_admissions_365d"].tolist() == [0, 1]


def test_who_objects_has_no_row(make_records: MakeRecords, few: vi_risk.Catalogue) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}, {"patient_id": "q"}],
        spells=[{"patient_id": "p", "admitted_on": date(2025, 1, 5), "discharged_on": date(2025, 1, 7)}],
        objections=[{"patient_id": "q", "kind": "risk_stratification", "objected_from": date(2024, 1, 1)}],
    )
    people = pd.DataFrame({"patient_id": ["p", "q"], "index_date": LIST_DATE})

    found = vi_risk.compute_features(records, people, catalogue=few.only("age"))

    assert found["patient_id"].tolist() == ["p"]


def test_a_shortened_look_back_is_said(records: vi_risk.Records, few: vi_risk.Catalogue) -> None:
    people = records.frame("patients").head(3).assign(index_date=date(2022, 1, 1))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        vi_risk.compute_features(records, people, catalogue=few)

    said = [one for one in caught if one.category is UserWarning]
    assert any("looks back 365 days at most" in str(one.message) for one in said)
    assert {one.filename for one in said} == {__file__}  # the caller's line, not ours


def test_records_that_came_through_no_door_have_no_features(records: vi_risk.Records, few: vi_risk.Catalogue) -> None:
    own = vi_risk.Records.from_frames({name: records.frame(name) for name in ("patients", "spells")})

    with pytest.raises(vi_risk.GovernanceError, match="nothing says what these records may be used for"):
        vi_risk.compute_features(own, own.frame("patients").assign(index_date=LIST_DATE), catalogue=few)


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (pd.DataFrame({"id": ["p"]}), "people: expected the columns patient_id and index_date, found no patient_id"),
        (pd.DataFrame({"patient_id": ["nobody"], "index_date": LIST_DATE}), "1 of 1 people are not in the table"),
        (pd.DataFrame({"patient_id": ["nobody"], "index_date": "soon"}), "cohort.index_date: expected dates"),
    ],
)
def test_people_who_cannot_be_asked_about_are_told(
    records: vi_risk.Records, few: vi_risk.Catalogue, people: pd.DataFrame, said: str
) -> None:
    with pytest.raises(vi_risk.InputError, match=said):
        vi_risk.compute_features(records, people, catalogue=few)


# --- a model on a table of one's own --------------------------------------------------------------------------------


def test_a_model_learns_from_any_table_and_is_kept_without_pickle(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "age": draw.integers(18, 95, 1500).astype(float),
            "falls": draw.poisson(0.5, 1500).astype(float),
            "home": pd.Categorical(draw.choice(["own", "care home"], 1500)),
        }
    )
    outcome = (draw.random(1500) < 1 / (1 + np.exp(4 - 0.02 * table["age"] - table["falls"]))).astype(int)
    model = vi_risk.RiskClassifier(n_estimators=30, num_threads=1).fit(table[:1000], outcome[:1000])

    risk = model.predict_proba(table[1000:])[:, 1]
    evidence = vi_risk.evaluate_risks(risk, outcome[1000:], capacity=25, resamples=50)
    vi_risk.save_model(model, str(tmp_path / "model"))
    again, about = vi_risk.load_model(str(tmp_path / "model"))

    assert evidence.model.auroc is not None
    assert evidence.model.auroc > 0.6
    assert dict(evidence.model.at)["capacity"].n == 25
    assert again.predict_proba(table[1000:])[:, 1].tolist() == risk.tolist()
    assert about == {}


# --- lists from scores of one's own ---------------------------------------------------------------------------------

_WORDS = {"list_date": LIST_DATE, "title": "Falls score", "outcome": "a fall in the next year"}


def _scores(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": ["p1", "p2", "p3", "p4"], "risk": [0.2, 0.6, 0.4, 0.1], **columns})


def test_ids_and_risks_are_enough_for_a_list() -> None:
    (listed,) = vi_risk.lists_from_scores(_scores(), capacity=2, **_WORDS)

    assert listed.table["patient_id"].tolist() == ["p2", "p3"]
    assert (listed.eligible, listed.about.model_title) == (4, "Falls score")
    assert "not made by vi_risk" in listed.about.notes[0]
    assert "record" not in listed.table  # of whom no record was read, none was seen


def test_reasons_practices_and_other_chances_stand_where_they_belong() -> None:
    scores = _scores(
        practice_code=["A", "A", "B", "B"], age=[81, 70, 92, np.nan], sex="female", risk_of_death=[0.1, 0.2, 0.3, 0.4]
    )
    reasons = pd.DataFrame({"patient_id": ["p2", "p2", "p3"], "text": ["two falls", "lives alone", "three falls"]})
    practices = pd.DataFrame({"practice_code": ["A"], "name": ["High Street"]})

    first, second = vi_risk.lists_from_scores(scores, reasons, practices=practices, **_WORDS)

    assert (first.title, second.title) == ("High Street", "B")
    assert first.table[["patient_id", "age_band", "reason_1", "reason_2"]].to_dict("split")["data"] == [
        ["p2", "70-74", "two falls", "lives alone"],
        ["p1", "80-84", "", ""],
    ]
    assert second.table["risk_of_death"].tolist() == [0.3, 0.4]


def test_who_objects_is_counted_and_never_named() -> None:
    (listed,) = vi_risk.lists_from_scores(_scores(objects=[False, True, False, False]), **_WORDS)

    assert listed.table["patient_id"].tolist() == ["p3", "p1", "p4"]
    assert listed.excluded_counts == {"objects to risk stratification": 1}
    assert "p2" not in listed.excluded["patient_id"].tolist()


def test_who_was_reviewed_lately_is_kept_off_and_who_is_in_hospital_is_flagged() -> None:
    scores = _scores(days_since_review=[np.nan, 20, 200, np.nan], in_hospital=[True, False, False, False])

    (listed,) = vi_risk.lists_from_scores(scores, **_WORDS)

    assert listed.table[["patient_id", "flags"]].to_dict("split")["data"] == [
        ["p3", ""],
        ["p1", "in hospital now"],
        ["p4", ""],
    ]
    assert listed.excluded_counts == {"reviewed in the last 12 weeks": 1}


def test_rules_of_ones_own_may_ask_about_columns_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "caselist.toml").write_text(
        'order = "risk * (1 - frail)"\n[standing.alone]\nwords = "lives alone"\nwhen = { alone = { min = 1 } }\n'
        'do = "exclude"\n'
    )
    rules = vi_risk.load_rules(tmp_path / "caselist.toml")

    (listed,) = vi_risk.lists_from_scores(
        _scores(frail=[0.0, 0.9, 0.0, 0.0], alone=[0, 0, 1, 0]), rules=rules, **_WORDS
    )

    assert listed.table["patient_id"].tolist() == ["p1", "p4", "p2"]
    assert listed.excluded_counts == {"lives alone": 1}
    with pytest.raises(vi_risk.SpecificationError, match=r"standing\.alone: when\.alone: is no feature and no risk"):
        vi_risk.lists_from_scores(_scores(frail=0.0), rules=rules, **_WORDS)


def test_the_packs_of_such_lists_are_written_and_hold_no_word_of_records(tmp_path: Path) -> None:
    lists = vi_risk.lists_from_scores(_scores(practice_code=["A81001"] * 4), **_WORDS)

    written = vi_risk.write_packs(lists, str(tmp_path / "lists"))

    assert [path.suffix for path in written] == [".jsonl", ".csv", ".xlsx", ".html", ".parquet"]
    page = (tmp_path / "lists" / "A81001.html").read_text()
    assert "Falls score" in page
    assert "GP record" not in page


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (pd.DataFrame({"risk": [0.1]}), "scores: expected the columns patient_id and risk, found no patient_id"),
        (pd.DataFrame({"patient_id": ["p1"]}), "scores: expected the columns patient_id and risk, found no risk"),
        (pd.DataFrame({"patient_id": [12], "risk": [0.1]}), "patient_id: expected text, found a column of int64"),
        (pd.DataFrame({"patient_id": ["p", None], "risk": 0.1}), "patient_id: 1 of 2 rows have none"),
        (pd.DataFrame({"patient_id": ["p", "p"], "risk": 0.1}), "expected one row per patient_id, found 1 too many"),
        (pd.DataFrame({"patient_id": ["p"], "risk": [1.5]}), "risk"),
        (pd.DataFrame({"patient_id": ["p"], "risk": [None]}), "risk"),
        (_scores(age=-1), "scores: age: 4 of 4 rows are not from 0 to 130 years"),
        (_scores(objects="no"), "scores: objects: expected numbers or truth values"),
        (_scores().iloc[:0], "expected one row per person, found none"),
    ],
)
def test_scores_that_cannot_be_listed_are_told_without_a_value_of_anyone(scores: pd.DataFrame, said: str) -> None:
    with pytest.raises(vi_risk.UsageError, match=said) as caught:
        vi_risk.lists_from_scores(scores, **_WORDS)
    assert "p1" not in str(caught.value)


def test_a_date_in_text_is_no_date_of_a_list() -> None:
    with pytest.raises(vi_risk.UsageError, match=r"list_date: expected a datetime\.date"):
        vi_risk.lists_from_scores(_scores(), **{**_WORDS, "list_date": "2025-04-01"})
