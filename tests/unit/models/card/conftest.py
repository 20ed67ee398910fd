"""A card of each kind from real evaluations of made-up people, and both forms of it as words."""

import copy
import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vi_risk.evidence.disclosed import disclosed
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.card import Companion, FeatureImportance, FollowUp, ModelCard, SourceTable, write_card
from vi_risk.models.card.content import INTENDED_USE_OF_COUNTS, INTENDED_USERS_OF_COUNTS
from vi_risk.models.evidence.as_json import plain
from vi_risk.models.evidence.count_evaluation import evaluate_counts
from vi_risk.models.evidence.evaluation import evaluate
from vi_risk.models.evidence.fairness import fairness
from vi_risk.models.evidence.held_out import grouped_evaluation
from vi_risk.models.evidence.lists import lists_of
from vi_risk.models.evidence.score_decay import score_decay

_PEOPLE = 900
_RESAMPLES = 40


@dataclass(frozen=True)
class Written:
    """Both forms of a card: the page as it is and as words, and the text."""

    page: str
    words: str
    markdown: str


@pytest.fixture
def write(tmp_path: Path) -> Callable[[ModelCard], Written]:
    """Write a card in both forms and read them again."""

    def written(card: ModelCard) -> Written:
        for name in ("card.html", "card.md"):
            write_card(card, tmp_path / name)
        page = (tmp_path / "card.html").read_text(encoding="utf-8")
        body = re.sub(r"<svg.*?</svg>", " ", page.partition("</style>")[2], flags=re.DOTALL)
        words = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())
        return Written(page, words, (tmp_path / "card.md").read_text(encoding="utf-8"))

    return written


@pytest.fixture(scope="session")
def _evaluation() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    risk = rng.beta(1, 6, _PEOPLE)
    outcome = (rng.random(_PEOPLE) < risk).astype(int)
    weight = np.where(rng.random(_PEOPLE) < 0.1, 0.0, 1.1)
    outcome[weight == 0] = 0
    patients = [f"{number:03d}" for number in range(_PEOPLE)]
    practices = ["A", "B", "C"] * (_PEOPLE // 3)
    sex = ["female", "male"] * (_PEOPLE // 2)
    listed = lists_of(risk, patient_id=patients, practice_code=practices, capacity=40)["capacity"]
    found = evaluate(
        risk,
        outcome,
        patient_id=patients,
        practice_code=practices,
        capacity=40,
        comparators={"age_and_sex": np.sqrt(risk)},
        notes={"charlson": "not computed: no diagnoses"},
        known={"a register": rng.random(_PEOPLE) < 0.3, "another register": np.zeros(_PEOPLE, dtype=bool)},
        attributes={"sex": sex, "ethnic group": ["White"] * 860 + ["Mixed"] * 20 + [None] * 20},
        age=rng.integers(18, 90, _PEOPLE),
        weight=weight,
        resamples=_RESAMPLES,
    ).to_dict()
    decay = score_decay(risk, {0: outcome, 183: outcome, 730: None}, patients, resamples=_RESAMPLES)
    return found | {
        "score_decay": decay,
        "held_out": {"practice": grouped_evaluation(risk, outcome, practices, weight=weight)},
        "fairness": plain(fairness(outcome, {"sex": sex}, listed=listed, weight=weight)),
    }


@pytest.fixture
def evaluation(_evaluation: dict[str, Any]) -> dict[str, Any]:
    """What is told of evaluation.json of a risk: all that it may hold, but for the true risk."""
    return disclosed(copy.deepcopy(_evaluation), Disclosure())


@pytest.fixture(scope="session")
def _counted() -> dict[str, Any]:
    rng = np.random.default_rng(2)
    expected = rng.gamma(0.6, 0.5, _PEOPLE)
    return evaluate_counts(
        expected,
        rng.poisson(expected),
        patient_id=[f"{number:03d}" for number in range(_PEOPLE)],
        practice_code=["A", "B", "C"] * (_PEOPLE // 3),
        capacity=40,
        comparators={"last_year": np.sqrt(expected)},
        attributes={"sex": ["female", "male"] * (_PEOPLE // 2)},
        resamples=_RESAMPLES,
    ).to_dict()


@pytest.fixture
def card(evaluation: dict[str, Any]) -> ModelCard:
    """The card of a risk."""
    return ModelCard(
        title="Emergency admission",
        version="0.1.0",
        outcome="an emergency admission in the next 12 months",
        index_dates={"train": [date(2023, 1, 1), date(2023, 4, 1)], "test": [date(2024, 11, 1)], "list": []},
        cohort_flow={
            "in the records": {"train": 40_000, "test": 20_000},
            "aged 18 or over": {"train": 31_234},
            "with the outcome": {"train": 2_345, "test": None},
        },
        features=[
            FeatureImportance("Age", "person", 0.31, "none", 0.25, 1.0, 61.2, 61.9),
            FeatureImportance("Nights in hospital", "acute use", 0.1, "up", 0.93, 0.876),
            FeatureImportance("Emergency admissions", "acute use", 0.4, "up", -0.71),
            FeatureImportance("Day cases", "acute use", 0.0001),
        ],
        evaluation=evaluation,
        limits=["Trained on one trust."],
        warnings=["gp_events: 120 of 20,310 rows have no known code"],
        versions={"vi_risk": "0.1.0", "lightgbm": "4.7.0"},
        checksum="ab" * 32,
        horizon_days=365,
        min_age=18,
        definition=["Death before it counts as no event."],
        sources=["Hospital and GP records of one trust."],
        tables=[SourceTable("gp_events", 44_934, date(2024, 12, 31)), SourceTable("patients", 3_000)],
        practices=8,
        characteristics={"sex": {"female": {"train": 60, "test": 30}, "male": {"train": 35, "test": None}}},
        asked={"train": 95, "test": 35},
        mean_age={"train": 61.23, "test": 61.94},
        follow_up={"test": FollowUp(200, {"event": 30, "died": None, "left": None, "horizon": 150}, 1.0, 1.234)},
        training={"rows": 31_234, "patients": 9_876, "events": 2_345},
        making={"Learner": "300 trees", "Split": "the test comes later"},
        companions=[
            Companion(
                "an emergency admission in the next 3 months",
                91,
                40,
                0.022,
                0.021,
                0.74,
                (0.7, 0.78),
                0.93,
                0.0034,
                130,
            )
        ],
        promotion=["Only if it finds more."],
        doubts=["the simple rule charlson ranks these patients at least as well"],
        notes=["mdt_reviews is not in the records"],
    )


@pytest.fixture
def count_card(card: ModelCard, _counted: dict[str, Any]) -> ModelCard:
    """The card of an expected count."""
    fields = {name: getattr(card, name) for name in card.__slots__}
    return ModelCard(
        **{
            **fields,
            "title": "Emergency admissions",
            "outcome": "emergency admissions in the next 12 months",
            "evaluation": disclosed(copy.deepcopy(_counted), Disclosure()),
            "kind": "count",
            "doubts": (),
            "intended_use": INTENDED_USE_OF_COUNTS,
            "intended_users": INTENDED_USERS_OF_COUNTS,
        }
    )


@pytest.fixture
def discharge_card(card: ModelCard) -> ModelCard:
    """The card of a risk asked about after discharge."""
    return replace(
        card,
        index="discharge",
        horizon_days=30,
        capacity=40,
        asked={"train": 2_000, "test": _PEOPLE, "list": 91},
        index_dates={"train": [date(2022, 1, 1)], "test": [date(2023, 12, 4), date(2024, 12, 2)]},
        cohort_flow={
            "discharged": {"train": 2_600, "test": 1_424, "list": 118},
            "aged 18 or over": {"train": 2_000, "test": 1_133, "list": 92},
            "one discharge of each, drawn": {"test": _PEOPLE},
            "the latest discharge of each": {"list": 91},
            "asked about": {"train": 2_000, "test": _PEOPLE, "list": 91},
            "with the outcome": {"train": 300, "test": 90},
        },
    )
