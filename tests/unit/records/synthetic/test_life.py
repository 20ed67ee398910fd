"""Hidden lives: hazards, conditions, presence, the calendar."""

from datetime import date

import numpy as np
import pytest

from vi_risk.records.synthetic.conditions import CONDITIONS
from vi_risk.records.synthetic.draws import Menu, normal_below, normal_quantile, pick_each
from vi_risk.records.synthetic.life import happen, live
from vi_risk.records.synthetic.months import Months
from vi_risk.records.synthetic.place import draw_place
from vi_risk.records.synthetic.population import draw_population

PERSONS = 6_000


@pytest.fixture(scope="module")
def life():
    streams = np.random.default_rng(11).spawn(3)
    months = Months.between(date(2022, 1, 1), date(2023, 12, 31))
    place = draw_place(streams[0], PERSONS, months)
    return live(streams[2], draw_population(streams[1], PERSONS, place, months), place, months)


def test_months_cover_the_records_and_are_cut_at_their_ends():
    months = Months.between(date(2024, 1, 30), date(2024, 3, 2))
    assert months.starts.astype(str).tolist() == ["2024-01-30", "2024-02-01", "2024-03-01"]
    assert months.lengths.tolist() == [2, 29, 2]
    assert (str(months.first_day), str(months.last_day)) == ("2024-01-30", "2024-03-02")


def test_winter_stands_six_percent_above_summer():
    season = np.exp(Months.between(date(2023, 1, 1), date(2023, 12, 31)).season)
    assert season[[11, 0, 1]].mean() / season[[5, 6, 7]].mean() == pytest.approx(1.06, abs=0.003)


def test_conditions_are_as_common_at_the_start_as_declared(life):
    there = life.days[:, 0] > 0
    share = (life.onsets <= life.months.first_day)[there].mean(axis=0)
    for condition, observed in zip(CONDITIONS, share, strict=True):
        noise = 4 * np.sqrt(condition.prevalence / there.sum())
        assert observed == pytest.approx(condition.prevalence, abs=noise + 0.12 * condition.prevalence), condition.name


def test_nobody_has_a_condition_before_birth(life):
    ever = ~np.isnat(life.onsets)
    assert (life.onsets >= life.people.born_on[:, None])[ever].all()


def by_month(life) -> np.ndarray:
    counts = np.zeros(life.days.shape, dtype=int)
    np.add.at(counts, (life.emergencies.person, life.emergencies.month), 1)
    return counts


def test_frailty_conditions_and_a_recent_emergency_each_raise_the_hazard(life):
    later = by_month(life)[:, 13:].sum(axis=1)
    there = life.days[:, 12] > 0
    for hidden in (life.frailty[:, 12], life.burden[:, 12], life.unsettled[:, 12]):
        high = hidden > np.quantile(hidden[there], 0.9)
        assert later[there & high].mean() > 1.5 * later[there & ~high].mean()


def test_emergencies_come_as_often_as_their_rate_says(life):
    expected = (life.emergency_rate * life.days_before_illness).sum(axis=0) / 365.25
    came = by_month(life).sum(axis=0)
    assert came.sum() == pytest.approx(expected.sum(), abs=3.5 * float(np.sqrt(expected.sum())))
    assert (np.abs(came - expected) < 4 * np.sqrt(expected)).all()


def test_no_emergency_comes_once_the_last_illness_has_begun(life):
    ill_from = life.last_illness_from[life.emergencies.person]
    assert not (life.emergencies.day >= ill_from).any()
    dying = ~np.isnat(life.last_illness_from)
    assert dying.sum() > 50
    assert (life.last_illness_until >= life.last_illness_from)[dying].all()
    assert not (life.last_illness_until >= life.people.left_on).any()  # nobody leaves from a deathbed
    known = ~np.isnat(life.died_on)
    assert (life.died_on == life.last_illness_until)[known].all()
    assert (life.last_illness_until > life.months.last_day)[dying & ~known].all()


def test_nothing_happens_to_people_who_are_not_there(life):
    events = happen(np.random.default_rng(1), life, np.zeros_like(life.age))
    assert (life.people.present_from[events.person] <= events.day).all()
    assert not (events.day >= life.people.left_on[events.person]).any()
    assert not (events.day > life.died_on[events.person]).any()
    assert (events.day <= life.months.last_day).all()


def test_events_come_at_the_rate_asked_for(life):
    events = happen(np.random.default_rng(2), life, np.full_like(life.age, np.log(3)))
    assert len(events) == pytest.approx(3 * life.days.sum() / 365.25, rel=0.02)


def test_a_menu_is_drawn_in_proportion_to_its_weights():
    drawn = Menu.of(("a", 3), (None, 1), ("never", 0)).draw(np.random.default_rng(3), 20_000)
    assert (drawn == "a").mean() == pytest.approx(0.75, abs=0.015)
    assert set(drawn) == {"a", None}


def test_each_row_is_drawn_from_its_own_weights():
    weights = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    assert pick_each(np.random.default_rng(4), weights).tolist() == [1, 0, 2]


def test_the_normal_distribution_is_that_of_the_standard_library():
    from statistics import NormalDist

    points = np.array([-5.5, -3.1, -1.0, -0.0007, 0.0, 0.4, 2.2, 4.4])
    exact = np.array([NormalDist().cdf(point) for point in points])
    assert normal_below(points) == pytest.approx(exact, rel=1e-4)
    assert normal_quantile(exact) == pytest.approx(points, abs=1e-4)
