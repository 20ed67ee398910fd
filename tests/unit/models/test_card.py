import html
import re
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vi_risk.models.card import FeatureImportance, ModelCard, reliability_figure, write_card
from vi_risk.models.evaluation import evaluate
from vi_risk.models.truth import AgainstTruth, Tenth


@pytest.fixture(scope="module")
def evaluation() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    risk = rng.beta(1, 6, 400)
    outcome = (rng.random(400) < risk).astype(int)
    return evaluate(
        risk,
        outcome,
        patient_id=[f"{number:03d}" for number in range(400)],
        practice_code=["A", "B"] * 200,
        capacity=10,
        comparators={"age_and_sex": np.sqrt(risk)},
        notes={"charlson": "not computed: no diagnoses"},
        known={"a register": rng.random(400) < 0.3},
        attributes={"sex": ["female", "male"] * 190 + [None] * 20},
    ).to_dict()


@pytest.fixture
def card(evaluation: dict[str, Any]) -> ModelCard:
    return ModelCard(
        title="Emergency admission",
        version="0.1.0",
        outcome="an emergency admission in the next 12 months",
        index_dates={"train": [date(2023, 1, 1), date(2023, 4, 1)], "test": [date(2024, 11, 1)], "list": []},
        cohort_flow={"In the records": {"train": 40_000, "test": 20_000}, "Aged 18 and over": {"train": 31_234}},
        features=[
            FeatureImportance("Age", "person", 0.31),
            FeatureImportance("Nights in hospital", "acute use", 0.1),
            FeatureImportance("Emergency admissions", "acute use", 0.4),
        ],
        evaluation=evaluation,
        limits=["Trained on one trust."],
        warnings=["gp_events: 120 of 20,310 rows have no known code"],
        versions={"vi_risk": "0.1.0", "lightgbm": "4.7.0"},
        checksum="ab" * 32,
        sources=["Hospital and GP records of one trust."],
    )


def text_of(card: ModelCard, folder: Path) -> str:
    path = folder / "model_card.html"
    write_card(card, path)
    body = path.read_text(encoding="utf-8").partition("</style>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_the_card_holds_all_that_it_was_given(card: ModelCard, tmp_path: Path) -> None:
    text = text_of(card, tmp_path)
    for words in (
        "Model card: Emergency admission",
        "chance of an emergency admission in the next 12 months",
        "Decision support: to be reviewed by a clinician.",
        "1 January 2023; 1 April 2023",
        "In the records 40,000 20,000",
        "Aged 18 and over 31,234 –",  # noqa: RUF001 -- a dash where a role has no count
        "Trained on one trust.",
        "gp_events: 120 of 20,310 rows have no known code",
        "lightgbm 4.7.0",
        "ab" * 32,
        "Hospital and GP records of one trust.",
    ):
        assert words in text


def test_the_model_stands_beside_its_comparators(card: ModelCard, tmp_path: Path) -> None:
    text = text_of(card, tmp_path)
    model, age_and_sex = card.evaluation["model"], card.evaluation["comparators"]["age_and_sex"]
    low, high = model["auroc_interval"]
    assert f"This model {model['auroc']:.3f} ({low:.3f} to {high:.3f})" in text
    difference = age_and_sex["difference"]["auroc"]
    low, high = difference["interval"]
    assert f"{difference['value']:z.3f} ({low:z.3f} to {high:z.3f}) {age_and_sex['auprc']:.3f}" in text
    ppv, sensitivity = (100 * age_and_sex["at"]["capacity"][name] for name in ("ppv", "sensitivity"))
    slope = age_and_sex["calibration_slope"]
    assert f"{age_and_sex['scaled_brier']:.3f} {slope:.2f} {ppv:.1f} % {sensitivity:.1f} %" in text
    assert "Charlson not computed: no diagnoses" in text


def test_the_figures_of_the_model_stand_with_their_intervals(card: ModelCard, tmp_path: Path) -> None:
    text, model = text_of(card, tmp_path), card.evaluation["model"]
    assert f"Had the outcome {model['events']} ({model['events'] / 4:.1f} %)" in text
    low, high = model["intervals"]["brier"]
    assert f"Brier score 0 is perfect {model['brier']:.4f} ({low:.4f} to {high:.4f})" in text
    top = model["at"]["5%"]
    low, high = (100 * end for end in model["intervals"]["ppv.5%"])
    assert f"Top 5 % 20 {100 * top['ppv']:.1f} % ({low:.1f} to {high:.1f})" in text
    assert f"{top['number_needed_to_review']:.1f} {top['lift']:.1f} Top 10 %" in text


def test_who_was_not_known_stands_for_every_predictor(card: ModelCard, tmp_path: Path) -> None:
    text, finds = text_of(card, tmp_path), card.evaluation["model"]["incremental_finds"]
    true, new = finds["true_cases"], finds["new"]
    assert "Without: a register Without any of these" in text
    assert f"This model {true} {new} ({100 * new / true:.1f} %) {new} ({100 * new / true:.1f} %)" in text


def test_groups_stand_by_attribute_and_small_ones_are_told_as_too_few(card: ModelCard, tmp_path: Path) -> None:
    text, groups = text_of(card, tmp_path), card.evaluation["subgroups"]["sex"]
    female = groups["female"]
    share = 100 * female["share_of_outcomes"]
    assert f"Sex female {female['n']} {female['events']} ({share:.1f} %) {female['listed']} (" in text
    assert "not known too few to tell" in text


def test_the_decision_curve_is_drawn_inside_its_plot_and_told_in_numbers(card: ModelCard, tmp_path: Path) -> None:
    text = text_of(card, tmp_path)
    source = (tmp_path / "model_card.html").read_text(encoding="utf-8")
    curve = card.evaluation["decision_curve"]
    lines = re.findall(r'<polyline class="(\w+)" points="([^"]*)"><title>', source)
    assert [kind for kind, _ in lines] == ["other", "everyone", "model"]
    for _, points in lines:
        places = [tuple(float(part) for part in point.split(",")) for point in points.split()]
        assert places
        assert all(60 <= x <= 435 and 20 <= y <= 380 for x, y in places)
    at_a_tenth = 1000 * curve["model"][curve["thresholds"].index(0.1)]
    assert f" {at_a_tenth:.1f} " in text.partition("Acting at")[2].partition("Everyone listed")[0]
    assert f"risk is about {100 * curve['list_threshold']:.1f} % or more" in text


def test_the_curve_of_calibration_is_drawn_inside_its_plot(card: ModelCard, tmp_path: Path) -> None:
    write_card(card, tmp_path / "card.html")
    found = re.search(r'<polyline class="model" points="([^"]*)"/>', (tmp_path / "card.html").read_text("utf-8"))
    assert found is not None
    places = [tuple(float(part) for part in point.split(",")) for point in found[1].split()]
    assert len(places) > 10
    assert all(60 <= x <= 435 and 20 <= y <= 395 for x, y in places)


def test_features_stand_by_domain_from_the_most_important(card: ModelCard, tmp_path: Path) -> None:
    text = text_of(card, tmp_path)
    assert "Acute use 0.500 Emergency admissions 0.400 Nights in hospital 0.100 Person 0.310 Age 0.310" in text


def test_what_could_not_be_estimated_is_said_and_never_shown_as_a_number(card: ModelCard, tmp_path: Path) -> None:
    unknown = {
        **dict.fromkeys(("auroc", "auroc_interval", "auprc", "brier", "calibration_in_the_large", "calibration_slope")),
        "n": 0,
        "events": 0,
        "at": {"capacity": {"ppv": None, "sensitivity": None, "n": 0}},
        "reliability": [],
    }
    text = text_of(replace(card, evaluation={"model": unknown, "comparators": {}}, features=[]), tmp_path)
    assert text.count("not estimated") == 6 + 8 + 4 + 2  # compared, measures, found, reliability and features
    assert "nan" not in text.lower().split()
    assert "Reliability was not estimated." in text


def test_the_true_risk_stands_on_the_card_only_where_it_was_given(card: ModelCard, tmp_path: Path) -> None:
    tenths = (Tenth(1_170, 0.021, 0.019), Tenth(1_171, 0.305, 0.284))
    truth = AgainstTruth(2_341, 2, 0.828, (0.814, 0.841), 0.762, 0.799, (0.761, 0.837), 0.82, 0.038, tenths)
    text = text_of(replace(card, evaluation={**card.evaluation, "truth": asdict(truth)}), tmp_path)
    for words in (
        "Against the true risk (synthetic records only)",
        "People whose true risk is known 2,341",
        "the best attainable but for chance 0.828 (0.814 to 0.841)",
        "AUROC of this model on the same people 0.762",
        "1 is perfect 0.799 (0.761 to 0.837)",
        "Correlation with the true risk 1 is perfect 0.820",
        "0 is perfect 3.8 %",
        "1,170 2.1 % 1.9 % 1,171 30.5 % 28.4 %",
    ):
        assert words in text
    without_interval = replace(truth, share_of_best_interval=None, correlation=None)
    text = text_of(replace(card, evaluation={**card.evaluation, "truth": asdict(without_interval)}), tmp_path)
    assert "1 is perfect 0.799 Correlation with the true risk 1 is perfect not estimated" in text
    assert "true risk" not in text_of(card, tmp_path)


def test_every_group_of_the_reliability_plot_is_drawn_inside_it(card: ModelCard, tmp_path: Path) -> None:
    write_card(card, tmp_path / "card.html")
    source = (tmp_path / "card.html").read_text(encoding="utf-8")
    points = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', source)
    assert len(points) == len(card.evaluation["model"]["reliability"]) > 0
    assert all(60 <= float(x) <= 435 and 20 <= float(y) <= 395 for x, y in points)
    assert source.count('class="interval"') == len(points)


def test_the_card_fetches_nothing_and_runs_nothing(card: ModelCard, tmp_path: Path) -> None:
    write_card(card, tmp_path / "card.html")
    source = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img|src=", source)
    assert set(re.findall(r'href="([^"]*)"', source)) == {"#card"}


def test_text_appears_as_text(card: ModelCard, tmp_path: Path) -> None:
    odd = '<script>alert(1)</script> "مرحبا" 🏥 & Sons'
    write_card(replace(card, title=odd, warnings=[odd], versions={odd: odd}), tmp_path / "card.html")
    source = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert "<script" not in source
    assert html.unescape(source).count(odd) == 5


def test_the_same_card_gives_the_same_bytes(card: ModelCard, tmp_path: Path) -> None:
    write_card(card, tmp_path / "first.html")
    write_card(card, tmp_path / "second.html")
    assert (tmp_path / "first.html").read_bytes() == (tmp_path / "second.html").read_bytes()


def test_the_reliability_plot_is_a_picture_with_the_same_bytes_each_time(evaluation: dict[str, Any]) -> None:
    picture = reliability_figure(evaluation)
    assert picture.startswith(b"\x89PNG")
    assert picture == reliability_figure(evaluation)
    shifted = {**evaluation, "model": {**evaluation["model"], "reliability": evaluation["model"]["reliability"][:3]}}
    assert picture != reliability_figure(shifted)


def test_the_reliability_plot_of_nothing_is_still_a_picture() -> None:
    assert reliability_figure({"model": {"reliability": []}, "comparators": {}}).startswith(b"\x89PNG")
