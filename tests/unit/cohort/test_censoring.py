"""Leaving the area: the weights against the Aalen-Johansen estimator, written out slowly, and against the truth."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from vi_risk.cohort.censoring import about_censoring, censoring_weights, share_still_there
from vi_risk.errors import UsageError

HORIZON = 100


def followed(*ends: tuple[str, int], index_date: str = "2023-03-01") -> pd.DataFrame:
    rows = [(index_date, ended, days, float(ended == "event")) for ended, days in ends]
    return pd.DataFrame(rows, columns=["index_date", "ended", "followed_days", "outcome"])


def aalen_johansen(ends: Sequence[tuple[str, int]]) -> Fraction:
    """Return the cumulative incidence of the event at the horizon, death competing, from its definition.

    Day by day: the share who have had nothing yet, times the share of those at risk who have the event on the day.
    """
    nothing_yet, incidence = Fraction(1), Fraction(0)
    for day in sorted({days for _, days in ends}):
        at_risk = sum(days >= day for _, days in ends)
        events = sum(ended == "event" and days == day for ended, days in ends)
        deaths = sum(ended == "died" and days == day for ended, days in ends)
        incidence += nothing_yet * Fraction(events, at_risk)
        nothing_yet *= 1 - Fraction(events + deaths, at_risk)
    return incidence


def weighted_share(rows: pd.DataFrame, how: str = "weight") -> float:
    weight = censoring_weights(rows, horizon_days=HORIZON, how=how)  # type: ignore[arg-type]
    return float((rows["outcome"] * weight).sum() / weight.sum())


def test_a_hand_worked_example() -> None:
    # Ten people. On day 20 one is admitted (1/10). On day 30 one leaves: nine at risk of it, so those known later
    # stand for 9/8. On day 40 one dies. On day 50 two leave, of seven: those known later stand for 9/8 x 7/5 = 63/40.
    # On day 60 one is admitted. Four are followed to the end.
    ends = [("event", 20), ("left", 30), ("died", 40), ("left", 50), ("left", 50), ("event", 60)]
    rows = followed(*ends, *[("horizon", HORIZON)] * 4)

    weight = censoring_weights(rows, horizon_days=HORIZON)

    expected = [1, 0, 9 / 8, 0, 0, *[63 / 40] * 5]
    assert weight.tolist() == pytest.approx(expected)
    # 1/10 + what is left on day 60 (9/10 x 7/8) x 1/5
    by_hand = Fraction(1, 10) + Fraction(9, 10) * Fraction(7, 8) * Fraction(1, 5)
    assert weighted_share(rows) == pytest.approx(float(by_hand))
    assert aalen_johansen([*ends, *[("horizon", HORIZON)] * 4]) == by_hand


def drawn(rng: np.random.Generator, people: int) -> list[tuple[str, int]]:
    """Return windows with many ties: days in steps of ten, everything on the first and on the last day too."""
    kinds = rng.choice(["event", "died", "left", "horizon"], size=people, p=[0.3, 0.15, 0.25, 0.3])
    return [(str(kind), HORIZON if kind == "horizon" else int(rng.integers(0, 10) * 10)) for kind in kinds]


@pytest.mark.parametrize("seed", range(40))
def test_the_weighted_share_of_events_is_the_aalen_johansen_estimate(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = [*drawn(rng, int(rng.integers(5, 60))), ("horizon", HORIZON)]
    rows = followed(*ends)

    assert weighted_share(rows) == pytest.approx(float(aalen_johansen(ends)), rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_the_known_stand_for_everyone(seed: int) -> None:
    rows = followed(*drawn(np.random.default_rng(seed), 50), ("horizon", HORIZON))

    assert censoring_weights(rows, horizon_days=HORIZON).mean() == pytest.approx(1)


@pytest.mark.parametrize("first", ["event", "died"])
def test_on_one_day_events_and_deaths_come_before_leaving(first: str) -> None:
    rows = followed((first, 50), ("left", 50), ("horizon", HORIZON), ("horizon", HORIZON))

    # Three were there to leave, not four.
    assert censoring_weights(rows, horizon_days=HORIZON).tolist() == pytest.approx([1, 0, 1.5, 1.5])


def test_who_leaves_on_the_day_counts_as_there_on_it() -> None:
    there = share_still_there(np.array([0, 5, 10]), np.array([True, False, False]), 10)

    assert there[0] == 1
    assert there[1:] == pytest.approx(2 / 3)


def test_leaving_is_estimated_for_each_index_date_unless_told_otherwise() -> None:
    one, other = followed(("left", 10), ("event", 20)), followed(("event", 5), ("event", 20), index_date="2023-06-01")
    rows = pd.concat([one, other]).assign(band=["old", "old", "old", "young"])

    assert censoring_weights(rows, horizon_days=HORIZON).tolist() == [0, 2, 1, 1]
    assert censoring_weights(rows, horizon_days=HORIZON, by=()).tolist() == pytest.approx([0, 1.5, 1, 1.5])
    assert censoring_weights(rows, horizon_days=HORIZON, by=["band"]).tolist() == pytest.approx([0, 2, 1, 1])


def test_dropping_and_ignoring_weigh_nobody() -> None:
    rows = followed(("left", 10), ("event", 20), ("died", 30), ("horizon", HORIZON))

    assert censoring_weights(rows, horizon_days=HORIZON, how="drop").tolist() == [0, 1, 1, 1]
    assert censoring_weights(rows, horizon_days=HORIZON, how="ignore").tolist() == [1, 1, 1, 1]


def test_where_nobody_left_everyone_weighs_one_exactly() -> None:
    rows = followed(("event", 20), ("died", 30), ("horizon", HORIZON))

    assert (censoring_weights(rows, horizon_days=HORIZON) == 1.0).all()


def test_a_window_that_is_not_over_has_no_weight_and_tells_nothing_about_leaving() -> None:
    rows = followed(("left", 10), ("event", 20), ("horizon", HORIZON))
    open_rows = rows.assign(ended=None, followed_days=np.nan, outcome=np.nan)
    both = pd.concat([rows, open_rows], ignore_index=True)

    for how, first in (("weight", [0, 1.5, 1.5]), ("drop", [0, 1, 1]), ("ignore", [1, 1, 1])):
        weight = censoring_weights(both, horizon_days=HORIZON, how=how)  # type: ignore[arg-type]
        assert weight[:3].tolist() == pytest.approx(first)
        assert weight[3:].isna().all()


def test_nobody_stands_for_more_than_twenty_and_that_is_said() -> None:
    rows = followed(*[("left", 10)] * 98, *[("horizon", HORIZON)] * 2)
    weight = censoring_weights(rows, horizon_days=HORIZON)

    about = about_censoring(rows, weight)

    assert (about.people, about.left, about.died, about.largest_weight) == (100, 98, 0, 20)
    assert about.notes[0].startswith("leaving the area: 2 weights were bounded at 20")
    assert not about_censoring(rows[97:], censoring_weights(rows[97:], horizon_days=HORIZON)).notes


def test_another_word_is_refused() -> None:
    with pytest.raises(UsageError, match=r"one of weight, drop, ignore, got 'impute'"):
        censoring_weights(followed(("event", 1)), horizon_days=HORIZON, how="impute")  # type: ignore[arg-type]


# --- against the truth ------------------------------------------------------------------------------------------------


def lives(rng: np.random.Generator, people: int) -> tuple[pd.DataFrame, float]:
    """Return windows of people of whom many leave, and the risk of the event before death had nobody left.

    Events, deaths and departures come at constant rates, so the risk is known: e / (e + d) x (1 - exp(-(e + d))).
    """
    event_rate, death_rate, leaving_rate = 0.3, 0.1, 0.5
    event, death, leave = (
        np.floor(rng.exponential(HORIZON / rate, people)) for rate in (event_rate, death_rate, leaving_rate)
    )
    first = np.minimum.reduce([event, death, leave, np.full(people, float(HORIZON))])
    ended = np.select([first == HORIZON, first == event, first == death], ["horizon", "event", "died"], default="left")
    rows = pd.DataFrame({"index_date": "2023-03-01", "ended": ended, "followed_days": first.astype(int)})
    both = event_rate + death_rate
    return rows.assign(outcome=(ended == "event").astype(float)), event_rate / both * (1 - math.exp(-both))


def test_weights_are_unbiased_and_dropping_those_who_left_is_not() -> None:
    rng = np.random.default_rng(7)
    found: dict[str, NDArray[np.float64]] = {}
    samples = [lives(rng, 5000) for _ in range(60)]
    truth = samples[0][1]
    for how in ("weight", "drop", "ignore"):
        found[how] = np.array([weighted_share(rows, how) for rows, _ in samples])

    standard_error = found["weight"].std() / math.sqrt(len(samples))
    assert abs(found["weight"].mean() - truth) < 3 * standard_error + 0.002  # days are whole: ties go to the event
    assert standard_error < 0.002
    assert found["drop"].mean() > truth + 0.01
    assert found["ignore"].mean() < truth - 0.03  # of outcomes that end with leaving


def test_people_who_are_counted_alike_get_the_weights_that_they_get_one_by_one() -> None:
    each = pd.DataFrame(
        {
            "index_date": "2024-01-01",
            "ended": ["left", "event", "event", "horizon", "horizon", "horizon", "left"],
            "followed_days": [2, 4, 4, 10, 10, 10, 6],
        }
    )
    counted = each.value_counts().reset_index(name="people")

    one_by_one = each.assign(weight=censoring_weights(each, horizon_days=10)).drop_duplicates()
    together = counted.assign(weight=censoring_weights(counted, horizon_days=10, people=counted["people"]))

    ways = ["index_date", "ended", "followed_days"]
    assert one_by_one.set_index(ways)["weight"].to_dict() == together.set_index(ways)["weight"].to_dict()
