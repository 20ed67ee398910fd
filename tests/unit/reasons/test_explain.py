"""Reasons from contributions that are given, so that what is told follows from nothing else."""

from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.errors import UsageError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.codelists import CodeList
from vi_risk.features.definition import Definition
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.snapshots import Snapshots
from vi_risk.reasons.explain import MOST_REASONS, explain

DATES = IndexDates(date(2025, 1, 1), date(2024, 1, 2), (date(2023, 1, 2),))


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
NAMES = [feature.name for feature in CATALOGUE.features]


class GivenContributions:
    """A model whose contributions are given, one number for each feature; the rest is not asked of it."""

    def __init__(self, weights: pd.DataFrame) -> None:
        self.feature_name_ = list(weights.columns)
        self._weights = weights

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        return self._weights.loc[rows.index].assign(base=-3.0)


def told(
    values: dict[str, float], weights: dict[str, float], windows: dict[str, int | None] | None = None, **options: Any
) -> list[str]:
    """Return the reasons of one patient, the empty ones left out."""
    used = pd.DataFrame([{name: weights.get(name, -0.01) for name in NAMES}], index=[0])
    reasons = explain(_as_model(used), snapshots_of([values], windows or {}), ["p0"], **options)
    assert reasons.columns.tolist() == ["patient_id", *(f"reason_{n + 1}" for n in range(reasons.shape[1] - 1))]
    texts = [str(text) for text in reasons.iloc[0, 1:]]
    found = [text for text in texts if text]
    assert texts[: len(found)] == found
    return found


def _as_model(weights: pd.DataFrame) -> RiskClassifier:
    return cast(RiskClassifier, GivenContributions(weights))


def snapshots_of(
    people: list[dict[str, float]], windows: dict[str, int | None], catalogue: Catalogue = CATALOGUE
) -> Snapshots:
    names = [feature.name for feature in catalogue.features]
    keys = pd.DataFrame({"patient_id": [f"p{n}" for n in range(len(people))], "index_date": DATES.list_date})
    values = pd.DataFrame([{name: person.get(name, 0.0) for name in names} for person in people])
    return Snapshots(
        features=pd.concat([keys, values], axis=1),
        cohort=keys.assign(role="list"),
        index_dates=DATES,
        windows=windows,
        flow=[],
        notes=(),
        data_to={},
        practices={},
        catalogue=catalogue,
    )


def test_reasons_stand_in_order_of_what_they_add_with_the_patients_values() -> None:
    values = {"admissions_365d": 3.0, "visits_365d": 1.0}

    assert told(values, {"admissions_365d": 0.4, "visits_365d": 0.9}) == [
        "1 visit in the last 12 months",
        "3 admissions in the last 12 months",
    ]


def test_all_windows_of_a_definition_are_one_reason_told_by_the_strongest() -> None:
    values = {"admissions_90d": 2.0, "admissions_365d": 5.0, "visits_365d": 7.0}
    weights = {"admissions_90d": 0.3, "admissions_365d": 0.25, "visits_365d": 0.5}

    assert told(values, weights) == ["2 admissions in the last 90 days", "7 visits in the last 12 months"]


def test_a_theme_whose_windows_together_lower_the_risk_is_no_reason() -> None:
    values = {"admissions_90d": 2.0, "admissions_365d": 5.0}

    assert told(values, {"admissions_90d": 0.3, "admissions_365d": -0.4}) == []


def test_what_lowers_the_risk_or_adds_nothing_is_no_reason() -> None:
    values = dict.fromkeys(NAMES, 2.0)

    assert told(values, dict.fromkeys(NAMES, -0.5)) == []
    assert told(values, dict.fromkeys(NAMES, 0.0)) == []


def test_a_theme_without_words_for_the_value_is_passed_over() -> None:
    values = {"admissions_365d": 0.0, "visits_365d": 2.0}

    assert told(values, {"admissions_365d": 0.9, "visits_365d": 0.1}) == ["2 visits in the last 12 months"]


def test_where_the_strongest_window_has_no_words_the_next_that_raises_the_risk_is_told() -> None:
    values = {"admissions_90d": 0.0, "admissions_365d": 4.0}

    assert told(values, {"admissions_90d": 0.9, "admissions_365d": 0.1}) == ["4 admissions in the last 12 months"]
    assert told(values, {"admissions_90d": 0.9, "admissions_365d": -0.1}) == []


def test_zero_and_missing_values_are_told_in_their_own_words() -> None:
    values = {"nights_365d": 0.0, "visits_365d": np.nan}

    assert told(values, {"nights_365d": 0.9, "visits_365d": 0.1}) == ["no night in hospital", "visits not seen"]


def test_the_look_back_that_was_used_is_told() -> None:
    assert told({"admissions_365d": 4.0}, {"admissions_365d": 0.9}, {"admissions_365d": 200}) == [
        "4 admissions in the last 7 months"
    ]


def test_the_day_of_one_event_is_told_once_and_the_second_theme_in_its_next_words() -> None:
    days: dict[str, Any] = {"measure": "days_since_last", "windows": [365]}
    at_ed: dict[str, Any] = {"table": "ed_attendances", "theme": "A&E"}
    catalogue = Catalogue(
        (
            declared("admitted", "admitted {ago}", table="admissions", **days),
            declared("at_ed", "in A&E {ago}", **at_ed, **days),
            declared("ed_count", "{n} times in A&E", windows=[365], **at_ed),
            declared("by_team", "team {ago}", table="community_contacts", **days),
        ),
        {},
    )
    names = [feature.name for feature in catalogue.features]

    def reasons(admitted: float, at_ed: float) -> list[str]:
        values = dict(zip(names, (admitted, at_ed, 3.0, 9.0), strict=True))
        weights = pd.DataFrame([dict(zip(names, (0.9, 0.5, 0.1, 0.3), strict=True))])
        told_of = explain(_as_model(weights), snapshots_of([values], {}, catalogue), ["p0"], most=3)
        return [str(text) for text in told_of.iloc[0, 1:]]

    assert reasons(9, 10) == ["admitted 9 days ago", "3 times in A&E", "team 9 days ago"]
    assert reasons(9, 40) == ["admitted 9 days ago", "in A&E 6 weeks ago", "team 9 days ago"]


def test_there_are_at_most_five_reasons() -> None:
    values = dict.fromkeys(NAMES, 2.0)
    weights = {name: 1.0 - place / 100 for place, name in enumerate(NAMES)}

    assert MOST_REASONS == 5
    assert told(values, weights) == [
        "2 admissions in the last 90 days", "2 visits in the last 90 days", "2 nights", "ambulance 2", "falls 2",
    ]  # fmt: skip
    assert len(told(values, weights, most=2)) == 2


def test_themes_of_equal_weight_stand_in_an_order_that_does_not_change() -> None:
    values = dict.fromkeys(NAMES, 2.0)
    weights = {"falls_365d": 0.5, "alone_365d": 0.5, "matron_365d": 0.5}

    assert told(values, weights) == ["alone 2", "falls 2", "matron 2"]


def test_two_themes_of_the_same_words_are_told_once() -> None:
    twins = (declared("one", "frail", windows=[365]), declared("two", "frail", windows=[365]))
    weights = pd.DataFrame([{"one_365d": 0.4, "two_365d": 0.3}])
    snapshots = snapshots_of([{"one_365d": 1.0, "two_365d": 1.0}], {}, Catalogue(twins, {}))

    reasons = explain(_as_model(weights), snapshots, ["p0"])

    assert reasons.iloc[0].tolist() == ["p0", "frail", "", "", "", ""]


def test_groups_of_one_definition_are_reasons_of_their_own() -> None:
    flags = declared(
        "condition", "{group}", table="coded_entries", measure="group_flags", codes="conditions", windows=[365]
    )
    titles = {"heart": "heart failure", "lungs": "COPD"}
    catalogue = Catalogue((flags,), {"conditions": CodeList("conditions", (), titles)})
    names = [feature.name for feature in catalogue.features]
    snapshots = snapshots_of([dict.fromkeys(names, 1.0)], {}, catalogue)

    reasons = explain(_as_model(pd.DataFrame([dict.fromkeys(names, 0.2)])), snapshots, ["p0"])

    assert sorted(reasons.iloc[0, 1:3]) == ["COPD", "heart failure"]


def test_patients_are_explained_in_the_order_asked_for_each_by_own_values() -> None:
    snapshots = snapshots_of([{"admissions_365d": float(n)} for n in range(1, 4)], {})
    weights = pd.DataFrame([{name: 0.5 if name == "admissions_365d" else -0.1 for name in NAMES}] * 3)

    reasons = explain(_as_model(weights), snapshots, ["p2", "p0"])

    assert reasons[["patient_id", "reason_1"]].to_numpy().tolist() == [
        ["p2", "3 admissions in the last 12 months"],
        ["p0", "1 admission in the last 12 months"],
    ]


def test_a_patient_who_is_not_on_the_list_date_is_refused() -> None:
    snapshots = snapshots_of([{"admissions_365d": 1.0}], {})
    weights = pd.DataFrame([dict.fromkeys(NAMES, 0.5)])

    with pytest.raises(UsageError):
        explain(_as_model(weights), snapshots, ["nobody"])
