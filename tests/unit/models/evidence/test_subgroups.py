from datetime import date

import numpy as np
import pandas as pd
import pytest

from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.attributes import attributes_of, gp_record_seen
from vi_risk.models.evidence.subgroups import FEWEST, FEWEST_OF_A_SHARE, subgroups

HALF = FEWEST
RISK = np.concatenate([np.linspace(0.1, 0.9, HALF), np.full(HALF, 0.3)])
OUTCOME = np.concatenate([(np.arange(HALF) >= HALF // 2).astype(float), np.arange(HALF) % 2 == 0]).astype(float)
LISTED = np.argsort(-RISK, kind="stable")[:20]  # all of them ranked, and all had the outcome
LABELS = ["ranked"] * HALF + ["not ranked"] * HALF


def test_each_group_has_its_own_results() -> None:
    found = subgroups(RISK, OUTCOME, {"half": LABELS}, listed=LISTED)["half"]

    assert list(found) == ["not ranked", "ranked"]
    assert found["ranked"].auroc == 1.0
    assert found["not ranked"].auroc == 0.5
    assert found["not ranked"].mean_risk == pytest.approx(0.3)
    assert found["not ranked"].observed == 0.5
    assert sum(group.n or 0 for group in found.values()) == len(RISK)
    assert sum(group.events or 0 for group in found.values()) == OUTCOME.sum()


def test_of_a_handful_of_people_nothing_is_told() -> None:
    labels = ["many"] * (2 * HALF - 1) + ["one"]

    one = subgroups(RISK, OUTCOME, {"size": labels}, listed=LISTED)["size"]["one"]

    assert one.n is None
    assert one.observed is None


def test_a_missing_label_is_a_group_of_its_own() -> None:
    labels = ["a"] * HALF + [None] * HALF

    assert subgroups(RISK, OUTCOME, {"letter": labels}, listed=LISTED)["letter"]["not known"].n == HALF


def test_the_gp_record_is_seen_all_year_in_part_or_not() -> None:
    day = date(2024, 1, 1)
    seen_from = [date(1900, 1, 1), date(2023, 1, 1), date(2023, 1, 2), date(2023, 12, 31), day, None]
    cohort = pd.DataFrame({"index_date": [day] * 6, "gp_seen_from": seen_from}, dtype=object)

    assert gp_record_seen(cohort) == [
        "seen all year", "seen all year", "seen in part", "seen in part", "not seen", "not seen",
    ]  # fmt: skip


def test_who_is_listed_is_told_beside_whose_need_it_is() -> None:
    found = subgroups(RISK, OUTCOME, {"half": LABELS}, listed=LISTED)["half"]
    ranked, other = found["ranked"], found["not ranked"]

    assert (ranked.listed, other.listed) == (20, 0)
    assert (ranked.share_of_listed, other.share_of_listed) == (1.0, 0.0)
    assert (ranked.share_of_outcomes, other.share_of_outcomes) == (0.5, 0.5)
    assert ranked.ppv == 1.0
    assert ranked.ppv_interval == metrics.wilson_interval(20, 20)
    assert ranked.false_negative_rate == pytest.approx(5 / 25)
    assert ranked.false_negative_rate_interval == metrics.wilson_interval(5, 25)
    assert other.false_negative_rate == 1.0


def test_a_share_of_a_handful_is_not_told() -> None:
    few = subgroups(RISK, OUTCOME, {"half": LABELS}, listed=LISTED[: FEWEST_OF_A_SHARE - 1])["half"]["ranked"]
    enough = subgroups(RISK, OUTCOME, {"half": LABELS}, listed=LISTED[:FEWEST_OF_A_SHARE])["half"]["ranked"]

    assert (few.listed, few.share_of_listed, few.ppv, few.ppv_interval) == (7, 1.0, None, None)
    assert (enough.listed, enough.ppv) == (FEWEST_OF_A_SHARE, 1.0)


def test_none_at_all_is_told_as_nought() -> None:
    assert subgroups(RISK, OUTCOME, {"half": LABELS}, listed=LISTED)["half"]["not ranked"].listed == 0


def test_few_outcomes_are_told_to_who_made_the_model() -> None:
    outcome = np.concatenate([np.repeat([1.0, 0.0], [3, HALF - 3]), OUTCOME[:HALF]])
    risk = np.concatenate([RISK[:HALF]] * 2)

    few = subgroups(risk, outcome, {"half": LABELS}, listed=np.arange(2 * HALF)[::3])["half"]["ranked"]

    assert (few.n, few.events, few.observed) == (HALF, 3, 3 / HALF)
    assert few.false_negative_rate is None


def test_weights_of_one_change_nothing_in_a_group() -> None:
    plain = subgroups(RISK, OUTCOME, {"half": LABELS}, listed=LISTED)
    assert subgroups(RISK, OUTCOME, {"half": LABELS}, listed=LISTED, weight=np.ones(len(RISK))) == plain


def test_a_weight_of_two_tells_as_much_as_being_there_twice() -> None:
    weight = np.where(np.arange(2 * HALF) % 3 == 0, 2.0, 1.0)
    rows = np.repeat(np.arange(2 * HALF), weight.astype(int))
    twice = subgroups(RISK[rows], OUTCOME[rows], {"half": np.array(LABELS)[rows]}, listed=np.flatnonzero(rows >= 40))
    once = subgroups(RISK, OUTCOME, {"half": LABELS}, listed=np.arange(40, 2 * HALF), weight=weight)
    for label in ("ranked", "not ranked"):
        for figure in ("observed", "mean_risk", "auroc", "calibration_in_the_large", "ppv", "false_negative_rate"):
            expected = getattr(twice["half"][label], figure)
            assert getattr(once["half"][label], figure) == pytest.approx(expected), (label, figure)
        assert once["half"][label].share_of_outcomes == pytest.approx(twice["half"][label].share_of_outcomes)


def test_who_was_not_followed_is_listed_but_has_no_part_in_the_ppv() -> None:
    weight = np.ones(2 * HALF)
    weight[LISTED[:5]] = 0
    outcome = np.where(weight == 0, 0, OUTCOME)
    ranked = subgroups(RISK, outcome, {"half": LABELS}, listed=LISTED, weight=weight)["half"]["ranked"]
    assert (ranked.listed, ranked.ppv, ranked.n) == (20, 1.0, HALF)
    assert ranked.events == OUTCOME[:HALF].sum() - 5


def test_calibration_in_the_large_is_of_the_group_alone() -> None:
    own = subgroups(RISK, OUTCOME, {"half": LABELS}, listed=LISTED)["half"]["not ranked"]

    assert own.calibration_in_the_large == pytest.approx(np.log(1) - np.log(0.3 / 0.7))
    low, high = own.calibration_in_the_large_interval or (0, 0)
    assert (low + high) / 2 == pytest.approx(own.calibration_in_the_large)
    assert (high - low) / 2 == pytest.approx(1.959964 / np.sqrt(HALF * 0.25), rel=1e-6)


def test_bands_of_age_stand_in_order_of_age() -> None:
    labels = ["5-15", "16-24", "90+", None] * (HALF // 2)

    assert list(subgroups(RISK, OUTCOME, {"age band": labels}, listed=LISTED)["age band"]) == [
        "5-15", "16-24", "90+", "not known",
    ]  # fmt: skip


def cohort_of(practices: list[str]) -> pd.DataFrame:
    day = date(2024, 1, 1)
    rows = {"index_date": day, "gp_seen_from": date(1900, 1, 1), "sex": "female", "age_band": "75-79"}
    return pd.DataFrame([rows | {"practice_code": practice} for practice in practices])


def test_people_are_told_apart_by_what_the_records_tell() -> None:
    features = pd.DataFrame(
        {
            "imd_decile": [1.0, 2.0, 3.0, 10.0, np.nan],
            "ethnic_white": [1.0, 0.0, 0.0, 0.0, np.nan],
            "ethnic_asian": [0.0, 1.0, 0.0, 0.0, np.nan],
        }
    )

    told = attributes_of(cohort_of(["A", "A", "B", "B", "B"]), features)

    assert list(told) == ["sex", "age band", "deprivation fifth", "ethnic group", "practice", "GP record"]
    fifths = ["1 (most deprived)", "1 (most deprived)", "2", "5 (least deprived)", None]
    assert told["deprivation fifth"].astype("object").where(told["deprivation fifth"].notna(), None).tolist() == fifths
    group = told["ethnic group"]
    assert group.astype("object").where(group.notna(), None).tolist() == [
        "White", "Asian or Asian British", None, None, None,
    ]  # fmt: skip


def test_what_the_records_do_not_tell_tells_nobody_apart() -> None:
    told = attributes_of(cohort_of(["A", "A"]), pd.DataFrame({"imd_decile": [np.nan, np.nan]}))

    assert list(told) == ["sex", "age band", "GP record"]


def test_of_a_group_that_nobody_followed_nothing_is_told() -> None:
    weight = np.repeat([0.0, 1.0], HALF)
    found = subgroups(RISK, OUTCOME, {"half": LABELS}, listed=LISTED, weight=weight)["half"]
    assert found["ranked"].n is None
    assert found["not ranked"].auroc == 0.5
