"""The reasons of patients as a table: who is in it, in which order, at what cost, and that contributions add up."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.spec.reasons.given import LIST_DATE, Facts, Person, given, peers, texts
from vi_risk.errors import UsageError, ViRiskError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.codelists import CodeList
from vi_risk.features.definition import Definition
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.snapshots import Snapshots
from vi_risk.reasons.explain import COLUMNS, MOST_REASONS, explain
from vi_risk.reasons.peers import FEWEST


def declared(name: str, reason: str, **more: Any) -> Definition:
    common = {"domain": "acute use", "title": name, "table": "spells", "measure": "count", "windows": [90, 365]}
    return Definition.model_validate({**common, "name": name, "reason": reason, **more})


DEFINITIONS = (
    declared("admissions", "{n} admission{s} in the last {window}"),
    declared("visits", "{n} visit{s} in the last {window}", reason_missing="visits not seen"),
    declared("nights", "{n} night{s}", reason_zero="no night in hospital"),
    *(declared(name, f"{name} {{n}}", windows=[365]) for name in ("ambulance", "falls", "alone", "matron")),
)
CATALOGUE = Catalogue(DEFINITIONS, {})


def told(facts: Facts, catalogue: Catalogue = CATALOGUE, **options: Any) -> list[str]:
    windows = options.pop("windows", None)
    model, snapshots = given([Person(facts)], catalogue=catalogue, windows=windows)
    return texts(explain(model, snapshots, ["p0"], **options))


def test_reasons_stand_in_order_of_what_they_add_with_the_patients_values() -> None:
    assert told({"admissions_365d": (3, 0.4), "visits_365d": (1, 0.9)}) == [
        "1 visit in the last 12 months",
        "3 admissions in the last 12 months",
    ]


def test_the_table_has_the_columns_that_are_promised_also_where_nothing_is_said() -> None:
    model, snapshots = given([Person({"admissions_365d": (3, 0.4)}), Person()], catalogue=CATALOGUE)

    some, none = explain(model, snapshots, ["p0", "p1"]), explain(model, snapshots, ["p1"])

    assert tuple(some.columns) == tuple(none.columns) == COLUMNS
    assert some.drop(columns="contribution").to_numpy().tolist() == [
        ["p0", "raises", 1, "Admissions", "acute use", "3 admissions in the last 12 months", "", "admissions_365d"]
    ]
    assert some["contribution"].tolist() == [0.4]
    assert none.empty
    assert none["contribution"].dtype == float
    assert explain(model, snapshots, []).empty


def test_windows_of_a_definition_are_one_reason_that_adds_what_all_of_them_add() -> None:
    facts = {"admissions_90d": (2.0, 0.3), "admissions_365d": (5.0, 0.25), "visits_365d": (7.0, 0.5)}
    model, snapshots = given([Person(facts)], catalogue=CATALOGUE)

    said = explain(model, snapshots, ["p0"])

    assert said[["theme", "text"]].to_numpy().tolist() == [
        ["Admissions", "5 admissions in the last 12 months, 2 of them in the last 90 days"],
        ["Visits", "7 visits in the last 12 months"],
    ]
    assert said["contribution"].tolist() == pytest.approx([0.55, 0.5])


def test_a_theme_whose_windows_together_lower_the_risk_is_no_reason() -> None:
    assert told({"admissions_90d": (2, 0.3), "admissions_365d": (5, -0.4)}) == []


def test_a_theme_without_words_for_the_value_is_passed_over() -> None:
    assert told({"admissions_365d": (0, 0.9), "visits_365d": (2, 0.1)}) == ["2 visits in the last 12 months"]


def test_where_the_strongest_window_has_no_words_the_next_that_raises_the_risk_is_told() -> None:
    assert told({"alone_365d": (0, 0.9), "admissions_90d": (0, 0.9), "admissions_365d": (4, 0.1)}) == [
        "4 admissions in the last 12 months"
    ]


def test_the_look_back_that_was_used_is_told() -> None:
    facts = {"admissions_365d": (4.0, 0.9)}

    assert told(facts, windows={"admissions_365d": 200}) == ["4 admissions in the last 7 months"]


def test_there_are_at_most_five_reasons() -> None:
    names = ("admissions_365d", "visits_365d", "nights_365d", "ambulance_365d", "falls_365d", "alone_365d")
    facts = {name: (2.0, 1.0 - place / 100) for place, name in enumerate(names)}

    assert MOST_REASONS == 5
    assert [text.split(" in the last ")[0] for text in told(facts)] == [
        "2 admissions",
        "2 visits",
        "2 nights",
        "ambulance 2",
        "falls 2",
    ]
    assert len(told(facts, most=2)) == 2


def test_themes_of_equal_weight_stand_in_an_order_that_does_not_change() -> None:
    assert told(dict.fromkeys(("matron_365d", "falls_365d", "alone_365d"), (2, 0.5))) == [
        "alone 2",
        "falls 2",
        "matron 2",
    ]


def test_two_themes_of_the_same_words_are_told_once() -> None:
    twins = Catalogue((declared("one", "frail", windows=[365]), declared("two", "frail", windows=[365])), {})

    assert told({"one_365d": (1, 0.4), "two_365d": (1, 0.3)}, twins) == ["frail"]


def test_groups_of_one_definition_are_reasons_of_their_own() -> None:
    flags = declared(
        "condition", "{group}", table="coded_entries", measure="group_flags", codes="conditions", windows=[365]
    )
    titles = {"heart": "heart failure", "lungs": "COPD"}
    catalogue = Catalogue((flags,), {"conditions": CodeList("conditions", (), titles)})
    model, snapshots = given(
        [Person({"condition_heart_365d": (1, 0.2), "condition_lungs_365d": (1, 0.3)})], catalogue=catalogue
    )

    said = explain(model, snapshots, ["p0"])

    assert said[["theme", "text"]].to_numpy().tolist() == [["COPD", "COPD"], ["Heart failure", "heart failure"]]


def test_patients_are_explained_in_the_order_asked_for_each_by_own_values() -> None:
    people = [Person({"admissions_365d": (float(n), 0.5)}) for n in (1, 2, 3)]
    model, snapshots = given(people, catalogue=CATALOGUE)

    said = explain(model, snapshots, ["p2", "p0"])

    assert said[["patient_id", "text"]].to_numpy().tolist() == [
        ["p2", "3 admissions in the last 12 months"],
        ["p0", "1 admission in the last 12 months"],
    ]


def test_a_patient_who_is_not_eligible_or_is_named_twice_is_refused() -> None:
    model, snapshots = given([Person({"admissions_365d": (1, 0.5)})], catalogue=CATALOGUE)

    with pytest.raises(UsageError, match="1 of 2 patients are not eligible at 2025-01-01"):
        explain(model, snapshots, ["p0", "nobody"])
    with pytest.raises(UsageError, match="1 of 2 patients are named again"):
        explain(model, snapshots, ["p0", "p0"])


def test_after_discharges_people_are_compared_with_people_discharged() -> None:
    facts = {"admissions_365d": (3.0, 0.5)}
    others = peers(60, [{"admissions_365d": (1, 0)}])
    days = [LIST_DATE - timedelta(days=n % 20) for n in range(61)]
    model, snapshots = given([Person(facts), *others], catalogue=CATALOGUE, days=days)

    assert explain(model, snapshots, ["p0"])["comparison"].tolist() == [
        "people discharged of the same age and sex: 1.0"
    ]


# --- what contributions are taken from --------------------------------------------------------------------------------


def test_a_reason_is_what_a_feature_adds_beyond_what_it_adds_for_peers() -> None:
    everyone = {"admissions_365d": (1.0, 0.3), "falls_365d": (1.0, 0.1)}
    patient = Person({"admissions_365d": (2.0, 0.4), "falls_365d": (3.0, 0.5)})
    model, snapshots = given([patient, *peers(99, [everyone])], catalogue=CATALOGUE)

    said = explain(model, snapshots, ["p0"])

    # By hand: of 100 people the mean is 99 x 0.3 + 0.4 = 30.1 and 99 x 0.1 + 0.5 = 10.4 in 100.
    assert said["theme"].tolist() == ["Falls", "Admissions"]
    assert said["contribution"].tolist() == pytest.approx([0.5 - 0.104, 0.4 - 0.301])


@pytest.fixture(scope="module")
def trained() -> tuple[RiskClassifier, Snapshots]:
    """Return a model trained on noise and two features that tell, and snapshots of 400 people to explain."""
    rng = np.random.default_rng(1)
    names = ["admissions_365d", "visits_365d", "falls_365d", "alone_365d"]
    values = pd.DataFrame(rng.poisson(1.0, (1_000, 4)).astype(float), columns=names)
    risk = 1 / (1 + np.exp(2 - values["admissions_365d"] - 0.5 * values["falls_365d"]))
    model = RiskClassifier(n_estimators=20, min_child_samples=20, num_threads=1).fit(values, rng.random(1_000) < risk)
    people = [
        Person({name: (row[name], 0.0) for name in names}, age=60 + n % 30)
        for n, row in enumerate(values.head(400).to_dict("records"))
    ]
    _, snapshots = given(people, catalogue=CATALOGUE)
    return model, snapshots


def test_what_is_said_of_a_patient_adds_up_to_how_far_the_raw_score_lies_from_that_of_peers(
    trained: tuple[RiskClassifier, Snapshots],
) -> None:
    model, snapshots = trained
    cohort, features = snapshots.rows("list")
    patient = int((features["admissions_365d"] * features["falls_365d"]).to_numpy().argmax())

    said = explain(model, snapshots, [f"p{patient}"], most=9)

    alike = (cohort["age_band"] == cohort["age_band"].iloc[patient]).to_numpy()
    sample = features[alike].iloc[np.linspace(0, alike.sum() - 1, min(100, alike.sum())).astype(int)]
    apart = model.predict_raw(features.iloc[[patient]])[0] - model.predict_raw(sample).mean()
    left_out = 4 * 0.02  # themes that add too little to be said
    assert alike.sum() >= FEWEST
    assert said["contribution"].sum() == pytest.approx(apart, abs=left_out)
    assert apart > 1


def test_contributions_that_were_changed_are_refused_in_words(
    trained: tuple[RiskClassifier, Snapshots], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, snapshots = trained
    booster = model.booster_

    class Changed:
        def predict(self, rows: pd.DataFrame, **how: Any) -> Any:
            found = np.asarray(booster.predict(rows, **how))
            if how.get("pred_contrib"):
                found = found.copy()
                found[0, 0] += 0.01
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(booster, name)

    assert len(explain(model, snapshots, ["p0", "p1"]))
    monkeypatch.setattr(model, "booster_", Changed())
    with pytest.raises(ViRiskError, match="do not add up to the raw score") as refused:
        explain(model, snapshots, ["p0", "p1"])
    assert "Reasons cannot be given from this model" in str(refused.value)


def test_the_cost_follows_the_patients_and_not_the_population(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[int] = []
    model, snapshots = given(
        [Person({"admissions_365d": (1.0, 0.5)}), *peers(2_000), *peers(2_000, age=30)], catalogue=CATALOGUE
    )
    right = model.contributions

    def counting(asked: pd.DataFrame) -> pd.DataFrame:
        rows.append(len(asked))
        return right(asked)

    monkeypatch.setattr(model, "contributions", counting)
    explain(model, snapshots, ["p0"])

    assert sum(rows) <= 101  # the patient, and a hundred of the same age and sex


def test_snapshots_are_left_as_they_were() -> None:
    model, snapshots = given([Person({"admissions_365d": (1.0, 0.5)}), *peers(60)], catalogue=CATALOGUE)
    before = [table.copy() for table in snapshots.rows("list")]

    explain(model, snapshots, ["p0"])

    for now, then in zip(snapshots.rows("list"), before, strict=True):
        pd.testing.assert_frame_equal(now, then)
