"""What joining did, of panels made by hand: exact without chance, alike to diff-diff, refused where nothing is told."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.impact.joining import Comparable, _detectable, _effect, _figures, _freedom, comparable, joining_of
from vi_risk.impact.panel import Panel
from vi_risk.impact.synthetic_control import gaps_of

MONTHS = 60
JOINED = {"E": None, "A": 20, "B": 30, "C": 40, "D": None, "F": None}  # by their level, lowest first


def made(
    joined: dict[str, int | None] = JOINED,
    *,
    effect: float = 0.0,
    noise: float = 0.0,
    drift: float = 0.0,
    seed: int = 3,
) -> Panel:
    """A panel in which joining adds `effect` per 100 a month, and those that join drift by so much a month."""
    rng = np.random.default_rng(seed)
    rows = []
    for number, (practice, start) in enumerate(joined.items()):
        for month in range(MONTHS):
            rate = 2.0 + 0.3 * number + 0.4 * np.cos(month / 2) + rng.normal(0, noise) if noise else 2.0 + 0.3 * number
            rate += (effect if start is not None and month >= start else 0) + (drift * month if start else 0)
            rows.append((practice, month, 1000.0, 10 * rate, np.nan if start is None else start))
    columns = ["practice_code", "month", "registered", "emergency_admissions", "joined"]
    months = tuple(date(2016 + month // 12, month % 12 + 1, 1) for month in range(MONTHS))
    return Panel(pd.DataFrame(rows, columns=columns), months, len(joined), ())


def found(panel: Panel) -> Comparable:
    return comparable(panel)


def test_an_effect_without_chance_is_found_exactly() -> None:
    one = joining_of(found(made(effect=-0.5)), "emergency_admissions")
    assert one.effect.value == pytest.approx(-0.5)
    assert one.effect.low == pytest.approx(-0.5, abs=1e-6)
    assert one.detectable == pytest.approx(0, abs=1e-6)


def test_the_jackknife_repeats_the_estimate_of_diff_diff() -> None:
    rows = found(made(effect=-0.5, noise=0.3)).rows
    rows = rows.assign(rate=100 * rows["emergency_admissions"] / rows["registered"])
    assert _figures(rows, ())[0] == pytest.approx(_effect(rows), abs=1e-8)


def test_where_few_joined_nearly_all_chance_is_theirs() -> None:
    three_of_twelve = {**{f"J{n}": 20 + 8 * n for n in range(3)}, **{f"N{n}": None for n in range(9)}}
    six_of_twelve = {**{f"J{n}": 20 + 4 * n for n in range(6)}, **{f"N{n}": None for n in range(6)}}
    few, many = (
        float(_freedom(rows.assign(rate=rows["emergency_admissions"]), ())[0])
        for rows in (found(made(joined, noise=0.3)).rows for joined in (three_of_twelve, six_of_twelve))
    )
    assert few < 3 < 7 < many <= 11


def test_the_smallest_effect_is_the_textbook_one_with_many_practices() -> None:
    assert _detectable(1.0, 1e6) == pytest.approx(1.96 + 0.84, abs=0.01)
    assert _detectable(1.0, 2.0) > 5


def test_a_step_in_the_last_half_year_before_joining_is_told() -> None:
    panel = made(noise=0.1)
    rows = panel.rows
    since = rows["month"] - rows["joined"]
    sooner = rows["emergency_admissions"].where(~since.between(-6, -1), rows["emergency_admissions"] - 10)
    step = joining_of(found(replace(panel, rows=rows.assign(emergency_admissions=sooner))), "emergency_admissions")
    assert step.pretrend is not None
    assert step.pretrend.p_value < 0.05


def test_the_rate_ratio_is_that_of_the_practice_and_month_without_joining() -> None:
    panel = made(noise=0.2)
    rows = panel.rows
    fewer = rows["emergency_admissions"].where(~(rows["month"] >= rows["joined"]), 0.8 * rows["emergency_admissions"])
    fewer_panel = Panel(rows.assign(emergency_admissions=fewer), panel.months, panel.practices, ())
    one, same = (joining_of(found(of), "emergency_admissions").ratio for of in (fewer_panel, panel))
    assert one is not None
    assert same is not None
    assert one.value / same.value == pytest.approx(0.8)
    assert one.low < 0.8 < one.high


def test_the_interval_is_wider_than_the_effect_of_one_practice_more() -> None:
    one = joining_of(found(made(effect=-0.5, noise=0.3)), "emergency_admissions")
    assert one.effect.low < -0.5 < one.effect.high
    assert one.detectable > (one.effect.high - one.effect.low) / 2


def test_practices_that_drifted_apart_before_joining_are_told() -> None:
    apart = {0.0: 0, 0.05: 0}
    for seed in range(20):
        for drift in apart:
            one = joining_of(found(made(noise=0.1, drift=drift, seed=seed)), "emergency_admissions").pretrend
            assert one is not None
            apart[drift] += one.p_value < 0.05
    # 5 in 100 are told apart by chance, and more of few practices.
    assert apart[0.0] <= 4
    assert apart[0.05] >= 18


def test_the_band_of_the_plot_is_wider_than_an_interval() -> None:
    one = joining_of(found(made(effect=-0.5, noise=0.3)), "emergency_admissions")
    assert [point.since for point in one.points if point.since < 0]
    before = [point.effect for point in one.points if point.since < 0]
    assert all(band.low < 0 < band.high for band in before)


def test_a_synthetic_control_finds_the_gap() -> None:
    gaps, without = gaps_of(found(made(effect=-0.5, noise=0.05)), "emergency_admissions")
    assert [gap.practice_code for gap in gaps] == ["A", "B", "C"]
    assert without == 0
    assert all(gap.gap.low < -0.5 < gap.gap.high < 0 for gap in gaps)
    assert all(gap.p_value >= 1 / (gap.others + 1) for gap in gaps)


def test_no_synthetic_control_is_made_for_a_practice_below_all_others() -> None:
    lowest_joined = {"A": 20, "B": None, "C": None, "D": 30, "E": 40, "F": None}
    gaps, without = gaps_of(found(made(lowest_joined, noise=0.05)), "emergency_admissions")
    assert [gap.practice_code for gap in gaps] == ["D", "E"]
    assert without == 1


def test_no_synthetic_control_is_made_of_too_few_practices() -> None:
    few = {"A": 20, "B": 24, "C": 26, "D": None, "E": None}
    gaps, without = gaps_of(found(made(few)), "emergency_admissions")
    assert not gaps
    assert without == 3


def test_practices_in_the_trust_from_the_beginning_are_never_compared() -> None:
    with_early = found(made({**JOINED, "G": 0}))
    assert "G" not in set(with_early.rows["practice_code"])
    assert any("without that time before" in note for note in with_early.notes)


def test_months_in_which_hardly_any_practice_had_yet_to_join_are_left_out() -> None:
    panel = made({"A": 20, "B": 24, "C": 30, "D": 50, "E": 55, "F": None})
    assert found(panel).rows["month"].max() == 54


@pytest.mark.parametrize(
    ("joined", "said"),
    [
        ({"A": 0, "B": 5, "C": None, "D": None, "E": None}, "no time before joining"),
        ({"A": None, "B": None, "C": None, "D": None, "E": None}, "no time before joining"),
        ({"A": 20, "B": 20, "C": 20, "D": 20, "E": 20}, "all practices joined at once"),
        ({"A": 20, "B": None, "C": None, "D": None, "E": None}, "No effect can be told from so few"),
        ({"A": 20, "B": 30, "C": None, "D": None}, "No effect can be told from so few"),
        ({"A": 20, "B": 57, "C": None, "D": None, "E": None}, "No effect can be told from so few"),
    ],
)
def test_no_effect_is_told_that_its_assumptions_forbid(joined: dict[str, int | None], said: str) -> None:
    with pytest.raises(InputError, match=said):
        found(made(joined))
