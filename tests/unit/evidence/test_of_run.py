"""The card of a run, from its spec, its snapshots, its run.json and its evaluation."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.outcomes import OUTCOMES
from vi_risk.evidence import card_of, spec_in_words
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.card import ModelCard
from vi_risk.models.card.content import FollowUp
from vi_risk.models.learning import boosting
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec, load_spec

_PEOPLE = 200
_DATES = IndexDates(date(2025, 1, 1), date(2024, 1, 2), (date(2022, 10, 3), date(2023, 1, 2)))
_USED = ("age", "sex_female", "care_home")
EVALUATION: dict[str, Any] = {
    "model": {"auroc": 0.7, "auroc_interval": [0.6, 0.8], "n": _PEOPLE, "events": 20, "at": {}},
    "comparators": {},
}
RUN: dict[str, Any] = {
    "versions": {"vi_risk": "1.2.3"},
    "records": {
        "source": "a trust",
        "mapping": "canonical",
        "governance": None,
        "rows": {"patients": 300, "spells": 900},
        "absent": ["mdt_reviews"],
        "warnings": [],
    },
    "spec": {"companions": [{"name": "death_12m", "outcome_words": "dying", "horizon_days": 365}]},
    "features": {"catalogue": "f00d"},
    "model": {
        "version": "abc", "checksum": "ab" * 32, "rows": 390, "patients": 210, "events": 40,
        "features": ["age"],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def snapshots() -> Snapshots:
    whole = read_catalogue()
    rng = np.random.default_rng(3)
    parts = []
    for day, role in _DATES.roles:
        ended = np.array(["event"] * 20 + ["died"] * 10 + ["left"] * 15 + ["horizon"] * (_PEOPLE - 45), dtype=object)
        known = role != "list"
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": [f"p{number:03d}" for number in range(_PEOPLE)],
                    "index_date": day,
                    "role": role,
                    "practice_code": "A",
                    "age": rng.integers(40, 90, _PEOPLE).astype(float),
                    "age_band": "40-89",
                    "sex": ["female", "male"] * (_PEOPLE // 2),
                    "sex_female": [1.0, 0.0] * (_PEOPLE // 2),
                    "care_home": [1.0] * 3 + [0.0] * (_PEOPLE - 3),
                    "gp_seen_from": date(2000, 1, 1),
                    "outcome": (ended == "event").astype(float) if known else np.nan,
                    "ended": ended if known else None,
                    "weight": np.where(ended == "left", 0, 1.25) if known else np.nan,
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True)
    flow = [
        {"index_date": day.isoformat(), "role": role, "alive": 260, "aged 18 or over": _PEOPLE}
        for day, role in _DATES.roles
    ]
    return Snapshots(
        features=rows[["patient_id", "index_date", *_USED]],
        cohort=rows.drop(columns=[*_USED[1:]]),
        index_dates=_DATES,
        windows={},
        flow=flow,
        notes=("mdt_reviews is not in the records",),
        data_to={"spells": date(2024, 12, 30)},
        practices={"A": {"name": "Ash", "network": None}},
        catalogue=Catalogue(tuple(d for d in whole.definitions if d.name in _USED), whole.codelists),
    )


def the_card(snapshots: Snapshots, spec: ModelSpec | None = None, **changed: Any) -> ModelCard:
    _, test = snapshots.rows("test")
    contributions = pd.DataFrame({"age": test["age"] / 100 - 0.6, "care_home": test["care_home"]})
    return card_of(spec or load_spec(), snapshots, RUN | changed, EVALUATION, contributions[::2])


def test_dates_flow_and_follow_up_are_counted_by_role(snapshots: Snapshots) -> None:
    card = the_card(snapshots)
    assert card.index_dates == {"train": [*_DATES.train], "test": [_DATES.test], "list": [_DATES.list_date]}
    assert card.cohort_flow == {
        "alive": {"train": 520, "test": 260, "list": 260},
        "aged 18 or over": {"train": 400, "test": 200, "list": 200},
        "with the outcome": {"train": 40, "test": 20},
    }
    assert card.follow_up["test"] == FollowUp(200, {"event": 20, "died": 10, "left": 15, "horizon": 155}, 1.25, 1.25)
    assert card.follow_up["train"].people == 400


def test_of_whom_one_row_is_tested_out_of_several_the_flow_ends_with_those_asked_about(snapshots: Snapshots) -> None:
    last = [step | {"aged 18 or over": _PEOPLE + 30} for step in snapshots.flow]
    flow = the_card(replace(snapshots, flow=last)).cohort_flow
    assert flow["asked about"] == {"train": 400, "test": 200, "list": 200}
    assert list(flow) == ["alive", "aged 18 or over", "asked about", "with the outcome"]


def test_a_cohort_that_tells_nothing_of_leaving_has_no_follow_up(snapshots: Snapshots) -> None:
    assert the_card(replace(snapshots, cohort=snapshots.cohort.drop(columns=["ended", "weight"]))).follow_up == {}


def test_few_people_are_told_neither_by_how_they_ended_nor_by_who_they_were(snapshots: Snapshots) -> None:
    cohort = snapshots.cohort.copy()
    test = cohort.index[cohort["role"] == "test"]
    cohort.loc[test[:3], "sex"] = None
    cohort.loc[cohort[(cohort["role"] == "test") & (cohort["ended"] == "died")].index[6:], "ended"] = "horizon"
    flow = [step | {"alive": 4} for step in snapshots.flow]

    card = the_card(replace(snapshots, cohort=cohort, flow=flow))

    assert card.cohort_flow["alive"] == {"train": 10, "test": None, "list": None}
    assert card.follow_up["test"].ended == {"event": 20, "died": None, "left": 15, "horizon": 160}
    assert card.characteristics["sex"]["not known"] == {"list": 0, "test": None, "train": 0}
    assert {of["test"] for of in card.characteristics["sex"].values()} == {None, 100}


def test_who_they_were_is_told_beside_one_another(snapshots: Snapshots) -> None:
    card = the_card(snapshots)
    assert card.characteristics["sex"] == {
        "female": {"list": 100, "test": 100, "train": 200},
        "male": {"list": 100, "test": 100, "train": 200},
    }
    assert card.mean_age["test"] == pytest.approx(snapshots.rows("test")[0]["age"].mean(), abs=0.05)
    assert "practice" not in card.characteristics


def test_features_have_their_direction_and_their_means_but_for_those_of_a_few_people(snapshots: Snapshots) -> None:
    found = {feature.title: feature for feature in the_card(snapshots).features}
    age, home = found["Age"], next(feature for title, feature in found.items() if "care home" in title.lower())
    assert age.correlation == pytest.approx(1)
    assert age.known == 1
    assert age.test_mean == pytest.approx(snapshots.rows("test")[1]["age"].mean(), abs=2.5 / 200)  # five of 200 people
    assert home.declared == "up"
    assert home.test_mean is None  # three of 200 people: the mean would tell how many
    assert home.training_mean is None


def test_sources_tables_and_companions_come_from_the_run(snapshots: Snapshots) -> None:
    card = the_card(snapshots)
    assert card.sources[0] == "Records: a trust, read by the mapping canonical."
    assert card.sources[-1] == "Not in these records: mdt_reviews."
    assert [(table.name, table.seen_to) for table in card.tables] == [
        ("patients", None),
        ("spells", date(2024, 12, 30)),
    ]
    assert [(other.words, other.mean_risk) for other in card.companions] == [("dying", None)]
    assert card.making["Training"] == "390 rows of 210 people, 40 events"
    assert card.making["Features"] == "1 of the 2 that the spec allows; the others are missing for everyone in training"


def test_how_the_score_ages_is_taken_from_training(snapshots: Snapshots) -> None:
    decay = {"at_risk": {"0": {"auroc": 0.7}}, "same_people": None}
    assert the_card(snapshots, model=RUN["model"] | {"score_decay": decay}).evaluation["score_decay"] == decay
    assert "score_decay" not in the_card(snapshots).evaluation


@pytest.mark.parametrize("left", ["weight", "drop", "ignore"])
def test_what_is_done_about_leaving_is_told_as_definition_and_as_limit(snapshots: Snapshots, left: str) -> None:
    spec = load_spec()
    spec = spec.model_copy(update={"censoring": spec.censoring.model_copy(update={"left_area": left})})
    card = the_card(snapshots, spec)
    words = {"weight": "stand for them by", "drop": "left out of training", "ignore": "as if they had stayed"}
    assert words[left] in card.making["Left the area"]
    assert [words[other] in " ".join(card.definition) for other in words] == [other == left for other in words]
    assert sum("left the area" in limit or "leave the area" in limit for limit in card.limits) == 1


@pytest.mark.parametrize("name", sorted(OUTCOMES))
def test_death_is_said_to_be_no_event_only_where_it_is_none(snapshots: Snapshots, name: str) -> None:
    objective = "poisson" if OUTCOMES[name].kind == "count" else "binary"
    content = load_spec("death_12m").model_dump() | {"outcome": name}
    spec = ModelSpec.model_validate(content | {"learner": content["learner"] | {"objective": objective}})
    card = the_card(snapshots, spec)
    said = " ".join(card.limits)
    assert ("Death before the outcome counts as no event" in said) == (
        objective == "binary" and not OUTCOMES[name].death
    )
    assert ("The count stops at death." in said) == (objective == "poisson")
    assert card.kind == OUTCOMES[name].kind


def test_a_model_of_discharges_says_when_its_window_begins(snapshots: Snapshots) -> None:
    content = load_spec("death_12m").model_dump() | {"outcome": "emergency_admission", "horizon_days": 30}
    spec = ModelSpec.model_validate(content | {"cohort": content["cohort"] | {"index": "discharge"}})
    card = the_card(snapshots, spec)
    assert any("Tested on discharges of one later year" in limit for limit in card.limits)
    assert "the day after discharge from an emergency stay on and within 30 days" in card.definition[0]


def test_the_rule_by_which_a_version_comes_into_use_is_told(snapshots: Snapshots) -> None:
    spec = load_spec()
    promotion = spec.promotion.model_copy(update={"threshold": 0.15, "slope": (0.7, 1.3)})
    spec = spec.model_copy(update={"promotion": promotion})
    said = " ".join(the_card(snapshots, spec).promotion)
    assert "net benefit at a risk of 15 %" in said
    assert "slope must lie from 0.7 to 1.3" in said
    assert "`vi-risk run` and `vi-risk demo` score with the model that they have just trained" in said
    assert "by which lists are made unless told otherwise" not in said


def test_of_counts_the_card_tells_their_own_making_and_no_promotion(snapshots: Snapshots) -> None:
    card = the_card(snapshots, load_spec("emergency_bed_days_12m"))
    assert card.making["Calibration"].startswith("scale and slope of the logarithm of the expected count, fitted")
    assert "Uncertainty" not in card.making
    assert "refuses a model of counts" in card.promotion[0]
    assert any(said.startswith("A day in hospital is a night there") for said in card.definition)
    assert "no lists" in card.intended_use
    assert not any("Multidisciplinary" in users for users in card.intended_users)


@pytest.mark.parametrize(
    ("asked", "rows", "folds"), [(None, 390, 3), (None, 99_999, 3), (None, 100_000, 2), (5, 390, 5)]
)
def test_how_many_folds_calibration_took_is_a_number(
    snapshots: Snapshots, asked: int | None, rows: int, folds: int
) -> None:
    spec = load_spec()
    spec = spec.model_copy(update={"learner": spec.learner.model_copy(update={"calibration_folds": asked})})
    card = the_card(snapshots, spec, model=RUN["model"] | {"rows": rows})
    assert f"({folds} folds of patients)" in card.making["Calibration"]


def test_which_features_were_chosen_how_is_told(snapshots: Snapshots) -> None:
    spec = load_spec()
    features = spec.features.model_copy(update={"exclude": ("care_home",), "domains": ("person",)})
    card = the_card(snapshots, spec.model_copy(update={"features": features}))
    said = " ".join(card.choice)
    assert "of the 3 that are declared" in said
    assert "Domains that it leaves out: comorbidity, acute use" in said
    home = next(definition for definition in snapshots.catalogue.definitions if definition.name == "care_home")
    assert f"Left out by name: {home.title}." in said
    assert "fixed beforehand" not in card.making["Settings"]


def test_a_recalibrated_model_says_what_is_not_of_this_run(snapshots: Snapshots) -> None:
    moved = RUN["model"] | {"recalibrated_from": "0ld", "recalibrated_how": "slope", "companions": []}
    card = the_card(snapshots, model=moved, git_revision="c0ffee")
    assert (card.recalibrated_from, card.recalibrated_how, card.git_revision) == ("0ld", "slope", "c0ffee")
    assert card.making["Learner"].startswith("the trees of version 0ld, unchanged")
    assert "spread or drawn together" in card.making["Calibration"]
    assert card.making["Rows of the recalibration"] == "390 rows of 210 people, 40 events"
    assert [other.trained for other in card.companions] == [False]


def test_training_events_of_a_companion_are_counted_where_it_was_asked_about(snapshots: Snapshots) -> None:
    (other,) = the_card(snapshots).companions
    assert other.training_events is None
    cohort = snapshots.cohort
    died = cohort.assign(death_12m_outcome=(cohort["ended"] == "died").astype(float), death_12m_weight=1.0)
    (other,) = the_card(replace(snapshots, cohort=died)).companions
    assert other.training_events == 20
    assert other.trained


def test_a_run_after_discharge_says_so_to_the_card(snapshots: Snapshots) -> None:
    spec = load_spec("emergency_readmission_30d")
    features = spec.features.model_copy(update={"include": ()})
    card = the_card(snapshots, spec.model_copy(update={"features": features}))
    assert card.of_discharges
    assert card.asked == {"train": 400, "test": 200, "list": 200}


def test_very_many_discharges_are_all_index_dates(snapshots: Snapshots) -> None:
    days = [date(2023, 1, 1) + timedelta(days=number % 150) for number in range(len(snapshots.cohort))]
    card = the_card(replace(snapshots, cohort=snapshots.cohort.assign(index_date=days)))
    assert len(card.index_dates["train"]) == 150


def test_from_how_many_rows_on_calibration_takes_fewer_folds_is_what_the_estimator_does() -> None:
    assert spec_in_words._MANY_ROWS == boosting._MANY_ROWS
