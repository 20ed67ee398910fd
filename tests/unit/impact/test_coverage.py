"""Intervals against the truth: 20 synthetic trusts with a known effect, and the same 20 without one."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.impact.joining import comparable, joining_of
from vi_risk.impact.listed import EarlierList, followed_of, rate_of
from vi_risk.impact.panel import panel_of
from vi_risk.impact.reviewing import at_the_line
from vi_risk.records.linked import Records
from vi_risk.records.synthetic import Effects, make_trust, make_truth

pytestmark = pytest.mark.slow

SEEDS = range(1, 21)
AT_LEAST = 17  # of 20; 19 are expected of intervals of 95 %
TABLES = ("patients", "practices", "registrations", "spells", "ed_attendances", "mdt_reviews")
LIST = date(2022, 1, 1)
PLACES = 40


def records(**asked: Any) -> Records:
    made = make_trust(**asked)
    return Records.from_frames({name: made[name] for name in TABLES})


def test_intervals_of_joining_cover_the_truth_with_and_without_an_effect() -> None:
    """The truth is the difference to the same lives without an effect, over the practice-months compared."""
    covered = dict.fromkeys([(what, effect) for what in ("admissions", "ratio") for effect in (1.0, 0.8)], 0)
    for seed in SEEDS:
        asked = {"patients": 4000, "seed": seed, "first_day": date(2016, 6, 1), "last_day": date(2022, 12, 31)}
        without = comparable(panel_of(records(**asked))).rows["emergency_admissions"]
        for effect in (1.0, 0.8):
            found = comparable(panel_of(records(**asked, effects=Effects(integration=effect))))
            after = found.rows["month"] >= found.rows["joined"]
            fewer = (found.rows["emergency_admissions"] - without)[after]
            truth = float((100 * fewer / found.rows["registered"][after]).mean())
            one = joining_of(found, "emergency_admissions")
            covered["admissions", effect] += one.effect.low <= truth <= one.effect.high
            assert one.ratio is not None
            covered["ratio", effect] += one.ratio.low <= effect <= one.ratio.high
    assert min(covered.values()) >= AT_LEAST, covered


def test_intervals_at_the_line_cover_the_truth_with_and_without_an_effect() -> None:
    """The truth is the difference to the same lives without an effect, of the people just above the line."""
    covered = {1.0: 0, 0.7: 0}
    for seed in SEEDS:
        asked = {"patients": 4000, "seed": seed, "first_day": date(2021, 1, 1), "last_day": date(2022, 12, 31)}
        people = listed(asked)
        reviews = pd.DataFrame({"patient_id": people.loc[people["listed"], "patient_id"]})
        reviews["reviewed_on"] = pd.Timestamp(LIST)
        found = {
            effect: followed_of(
                records(**asked, effects=Effects(review=effect), reviews=reviews),
                [EarlierList(LIST, people)],
                known_by=date(2022, 12, 1),
            )
            for effect in covered
        }
        for effect, followed in found.items():
            near = followed.people["places"].between(0, PLACES / 2)
            fewer = (followed.people["after"] - found[1.0].people["after"])[near]
            truth = rate_of(float(fewer.mean()), followed.days)
            one = at_the_line(followed).effect
            # Where the people differ before any review no effect is told: that is no interval that covers.
            covered[effect] += one is not None and one.low <= truth <= one.high
    assert min(covered.values()) >= AT_LEAST, covered


def listed(asked: dict[str, Any]) -> pd.DataFrame:
    """The first by true risk in each practice, so that the line alone decides who is reviewed."""
    risks = make_truth(index_dates=[LIST], **asked)[["patient_id", "true_risk"]].rename(columns={"true_risk": "risk"})
    registered = make_trust(**asked)["registrations"]
    since, until = (pd.to_datetime(registered[name]) for name in ("registered_from", "registered_to"))
    day = pd.Timestamp(LIST)
    there = registered[(since < day) & ~(until <= day)].drop_duplicates("patient_id", keep="last")
    people = risks.merge(there[["patient_id", "practice_code"]], on="patient_id")
    rank = people.groupby("practice_code")["risk"].rank(ascending=False, method="first")
    return people.assign(listed=rank <= PLACES)


def test_the_seeds_have_an_effect_to_be_covered() -> None:
    asked = {"patients": 4000, "seed": 1, "first_day": date(2016, 6, 1), "last_day": date(2022, 12, 31)}
    with_effect, without = (
        panel_of(records(**asked, effects=Effects(integration=ratio))).rows["emergency_admissions"].sum()
        for ratio in (0.5, 1.0)
    )
    assert np.log(with_effect / without) < -0.05
