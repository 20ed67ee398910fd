import sys

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError, UsageError
from vi_risk.models.evidence.fairness import COMPARED, Gap, Group, fairness, to_metric_frame
from vi_risk.models.evidence.metrics import wilson_interval
from vi_risk.models.evidence.subgroups import FEWEST


def people(*groups: tuple[str, int, int, int, int]) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Outcomes, labels and listed rows of groups of (label, people, with the outcome, listed, listed with it)."""
    outcome: list[float] = []
    labels: list[str] = []
    listed: list[bool] = []
    for label, n, events, places, found in groups:
        labels += [label] * n
        outcome += [1.0] * events + [0.0] * (n - events)
        others = [True] * (places - found) + [False] * (n - events - (places - found))
        listed += [True] * found + [False] * (events - found) + others
    return np.array(outcome), labels, np.flatnonzero(listed)


# Of 100 north, 20 need it and 30 are listed, 15 of them rightly; of 100 south 40 and 10, all of them rightly.
TOWN = people(("north", 100, 20, 30, 15), ("south", 100, 40, 10, 10))


def test_the_figures_of_two_groups_are_those_worked_by_hand() -> None:
    outcome, labels, listed = TOWN
    groups = fairness(outcome, {"side": labels}, listed=listed)["side"].groups
    north, south = groups["north"], groups["south"]

    assert (north.n, north.selection_rate, north.false_negative_rate, north.ppv) == (100, 0.3, 5 / 20, 15 / 30)
    assert (south.n, south.selection_rate, south.false_negative_rate, south.ppv) == (100, 0.1, 30 / 40, 1.0)
    assert (north.share_of_listed, north.share_of_outcomes) == (30 / 40, 20 / 60)
    assert (south.share_of_listed, south.share_of_outcomes) == (10 / 40, 40 / 60)
    assert north.listed_for_need == pytest.approx(2.25)
    assert south.listed_for_need == pytest.approx(0.375)
    assert north.selection_rate_interval == wilson_interval(30, 100)
    assert north.false_negative_rate_interval == pytest.approx(wilson_interval(5, 20))
    assert south.ppv_interval == pytest.approx(wilson_interval(10, 10))


def test_the_gap_is_between_the_highest_and_the_lowest() -> None:
    outcome, labels, listed = TOWN
    gaps = fairness(outcome, {"side": labels}, listed=listed)["side"].gaps

    assert list(gaps) == list(COMPARED)
    assert gaps["selection_rate"] == Gap("south", "north", pytest.approx(0.2), pytest.approx(1 / 3))
    assert gaps["false_negative_rate"] == Gap("north", "south", 0.5, pytest.approx(1 / 3))
    assert gaps["ppv"] == Gap("north", "south", 0.5, 0.5)


def test_the_interval_of_listed_for_need_is_that_of_drawing_the_patients_anew() -> None:
    rng = np.random.default_rng(1)
    risk = rng.beta(1, 9, 4000)
    outcome = (rng.random(4000) < risk).astype(float)
    labels = np.where(rng.random(4000) < 0.3, "few", "many")
    is_listed = risk > np.quantile(risk, 0.9)
    group = fairness(outcome, {"group": labels}, listed=np.flatnonzero(is_listed))["group"].groups["few"]

    drawn = rng.integers(0, 4000, (3000, 4000))
    few, places, need = (labels == "few")[drawn], is_listed[drawn], outcome[drawn]
    ratios = ((few & places).sum(1) / places.sum(1)) / ((few * need).sum(1) / need.sum(1))
    low, high = group.listed_for_need_interval or (0.0, 0.0)
    assert np.log(high / low) == pytest.approx(2 * 1.96 * np.log(ratios).std(), rel=0.05)
    assert low * high == pytest.approx((group.listed_for_need or 0) ** 2)
    assert (low, high) == pytest.approx(np.quantile(ratios, (0.025, 0.975)), rel=0.03)


def test_lists_drawn_by_lot_give_each_group_its_share() -> None:
    rng = np.random.default_rng(2)
    outcome = (rng.random(30_000) < 0.2).astype(float)
    labels = rng.choice(["a", "b", "c"], 30_000)
    found = fairness(outcome, {"letter": labels}, listed=rng.choice(30_000, 6000, replace=False))["letter"]

    for group in found.groups.values():
        low, high = group.listed_for_need_interval or (0.0, 0.0)
        assert low < 1 < high
    assert all(gap is not None and gap.difference < 0.03 for gap in found.gaps.values())


def test_weights_of_one_change_nothing() -> None:
    outcome, labels, listed = TOWN
    assert fairness(outcome, {"side": labels}, listed=listed, weight=np.ones(200)) == fairness(
        outcome, {"side": labels}, listed=listed
    )


def test_an_outcome_of_weight_two_counts_as_two_patients_and_the_list_counts_everyone_once() -> None:
    outcome, labels, listed = TOWN
    weight = np.ones(200)
    weight[[0, 199]] = 2, 0  # one of the north, rightly listed, stands for two; of one of the south nothing is known
    found = fairness(outcome, {"side": labels}, listed=listed, weight=weight)["side"].groups

    assert found["north"].false_negative_rate == pytest.approx(5 / 21)
    assert found["north"].ppv == pytest.approx(16 / 31)
    assert found["north"].share_of_outcomes == pytest.approx(21 / 61)
    assert (found["north"].selection_rate, found["north"].share_of_listed) == (0.3, 0.75)
    assert (found["south"].n, found["south"].selection_rate) == (100, 0.1)
    low, high = found["north"].ppv_interval or (0.0, 0.0)
    alike = 31**2 / (29 + 4)  # as many patients of equal weight tell it as well
    assert (low, high) == pytest.approx(wilson_interval(16 / 31 * alike, alike))


def test_of_a_handful_of_people_nothing_is_told() -> None:
    outcome, labels, listed = people(("many", 200, 60, 40, 20), ("few", FEWEST - 1, 20, 15, 10))
    found = fairness(outcome, {"size": labels}, listed=listed)["size"]

    assert found.groups["few"] == Group()
    assert found.gaps == dict.fromkeys(COMPARED)


def test_few_listed_and_few_outcomes_are_told_to_who_made_the_model() -> None:
    outcome, labels, listed = people(("a", 300, 80, 60, 40), ("b", 200, 7, 20, 3), ("c", 100, 30, 1, 1))
    groups = fairness(outcome, {"letter": labels}, listed=listed)["letter"].groups

    assert (groups["c"].selection_rate, groups["c"].ppv) == (0.01, 1.0)
    assert groups["b"].false_negative_rate == pytest.approx(4 / 7)


def test_a_group_without_anyone_listed_or_without_need_is_told_as_far_as_it_can_be() -> None:
    outcome, labels, listed = people(("a", 300, 80, 60, 40), ("unlisted", 100, 20, 0, 0), ("healthy", 100, 0, 10, 0))
    found = fairness(outcome, {"letter": labels}, listed=listed)["letter"]
    unlisted, healthy = found.groups["unlisted"], found.groups["healthy"]

    assert (unlisted.selection_rate, unlisted.ppv, unlisted.false_negative_rate) == (0.0, None, 1.0)
    assert (unlisted.listed_for_need, unlisted.listed_for_need_interval) == (0.0, None)
    assert (healthy.ppv, healthy.false_negative_rate, healthy.share_of_outcomes) == (0.0, None, 0.0)
    assert healthy.listed_for_need is None
    assert found.gaps["selection_rate"] == Gap("unlisted", "a", 0.2, 0.0)


def test_of_groups_that_all_have_nothing_there_is_a_difference_and_no_ratio() -> None:
    outcome, labels, listed = people(("a", 100, 20, 10, 0), ("b", 100, 20, 10, 0))
    assert fairness(outcome, {"letter": labels}, listed=listed)["letter"].gaps["ppv"] == Gap("a", "a", 0.0, None)


def test_a_missing_label_is_a_group_of_its_own() -> None:
    outcome, labels, listed = TOWN
    unknown = [None if label == "south" else label for label in labels]
    groups = fairness(outcome, {"side": unknown}, listed=listed)["side"].groups
    assert groups["not known"].selection_rate == 0.1


def test_weights_of_other_people_are_refused() -> None:
    outcome, labels, listed = TOWN
    with pytest.raises(InputError, match="fairness: weight: expected 200 values"):
        fairness(outcome, {"side": labels}, listed=listed, weight=[1.0])


@pytest.mark.parametrize("weighted", [False, True])
def test_fairlearn_tells_the_same(weighted: bool) -> None:
    pytest.importorskip("fairlearn", reason="the extra fair is not installed")
    rng = np.random.default_rng(3)
    outcome = (rng.random(2000) < 0.3).astype(float)
    labels = pd.Series(rng.choice(["a", "b", "c"], 2000)).mask(rng.random(2000) < 0.1)
    listed = rng.choice(2000, 400, replace=False)
    weight = rng.uniform(0.5, 2, 2000) if weighted else None
    ours = fairness(outcome, {"letter": labels}, listed=listed, weight=weight)["letter"]

    theirs = to_metric_frame(outcome, labels, listed=listed, weight=weight)

    assert sorted(theirs.by_group.index) == sorted(ours.groups)
    for figure in COMPARED:
        gap = ours.gaps[figure]
        assert gap is not None
        assert theirs.difference()[figure] == pytest.approx(gap.difference)
        assert theirs.ratio()[figure] == pytest.approx(gap.ratio)
        for label, group in ours.groups.items():
            assert theirs.by_group.loc[label, figure] == pytest.approx(getattr(group, figure))


def test_without_fairlearn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, labels, listed = TOWN
    monkeypatch.setitem(sys.modules, "fairlearn.metrics", None)
    with pytest.raises(UsageError, match=r"vi-risk\[fair\]"):
        to_metric_frame(outcome, labels, listed=listed)
