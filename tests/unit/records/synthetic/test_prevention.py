"""Vaccinations and yearly reviews are of those who are called, in their season, with gaps."""

import numpy as np
import pandas as pd
import pytest

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.prevention import INFLUENZA, MEDICATION_REVIEW, PNEUMOCOCCAL, REVIEWS, prevention
from vi_risk.records.synthetic.world import World, lived_in


@pytest.fixture(scope="module")
def lived():
    return lived_in(World(patients=8_000, seed=4))


@pytest.fixture(scope="module")
def entries(lived) -> pd.DataFrame:
    parts = prevention(np.random.default_rng(6), lived.life, lived.place)
    person, day, code = (np.concatenate([part[at] for part in parts]) for at in range(3))
    return pd.DataFrame({"person": person, "day": pd.to_datetime(day), "code": code})


@pytest.fixture(scope="module")
def seen_throughout(lived) -> np.ndarray:
    """People alive in the place from the first to the last day, with a practice that had joined before."""
    people, months = lived.life.people, lived.life.months
    stays = np.isnat(people.left_on) & np.isnat(people.moved_on) & np.isnat(lived.life.died_on)
    since = (people.present_from <= months.first_day) & (people.registered_from <= months.first_day)
    return stays & since & (lived.place.integrated_from[people.practice] <= months.first_day)


def test_influenza_vaccination_is_given_once_a_season_from_september_on(entries):
    given = entries[entries["code"] == INFLUENZA]
    assert set(given["day"].dt.month) <= {9, 10, 11, 12, 1, 2, 3}
    assert given["day"].dt.month.isin([9, 10, 11]).mean() > 0.8
    season = (given["day"] - pd.Timedelta(days=200)).dt.year
    assert not given.assign(season=season).duplicated(["person", "season"]).any()


def test_most_of_the_old_and_fewer_of_the_others_are_vaccinated(lived, entries, seen_throughout):
    life = lived.life
    age = life.age[:, np.searchsorted(life.months.starts, np.datetime64("2022-09-01"))]
    season = entries[(entries["code"] == INFLUENZA) & entries["day"].between("2022-09-01", "2023-03-31")]
    vaccinated = np.isin(np.arange(len(age)), season["person"])
    at_risk = life.onsets[:, POSITION["diabetes"]] <= np.datetime64("2022-09-01")
    adult = seen_throughout & (age >= 18) & (age < 64)
    share = {
        "old": vaccinated[seen_throughout & (age >= 66)].mean(),
        "at risk": vaccinated[adult & at_risk].mean(),
        "all": vaccinated[adult].mean(),
    }
    assert 0.62 < share["old"] < 0.82
    assert 0.3 < share["at risk"] < 0.55
    assert share["all"] < 0.1


def test_who_came_last_year_comes_more_often_this_year(entries, lived, seen_throughout):
    old = np.flatnonzero(seen_throughout & (lived.life.age[:, 0] >= 66))
    given = entries[entries["code"] == INFLUENZA]
    came = [
        np.isin(old, given.loc[given["day"].between(f"{year}-09-01", f"{year + 1}-03-31"), "person"])
        for year in (2021, 2022)
    ]
    assert came[1][came[0]].mean() > came[1][~came[0]].mean() + 0.3


def test_pneumococcal_vaccination_is_given_once_to_the_old_or_at_risk(entries, lived):
    given = entries[entries["code"] == PNEUMOCOCCAL]
    assert len(given) > 50
    assert not given["person"].duplicated().any()
    born = pd.to_datetime(lived.life.people.born_on[given["person"]])
    age = (given["day"].to_numpy() - born.to_numpy()) / np.timedelta64(1, "D") / 365.25
    assert (age >= 65).mean() > 0.3


@pytest.mark.parametrize("condition", list(REVIEWS))
def test_a_condition_is_reviewed_about_once_a_year_with_gaps_and_of_those_who_have_it(
    lived, entries, seen_throughout, condition
):
    onset = lived.life.onsets[:, POSITION[condition]]
    reviews = entries[entries["code"] == REVIEWS[condition]].sort_values(["person", "day"])
    assert (onset[reviews["person"]] < reviews["day"].to_numpy().astype("datetime64[D]")).all()
    apart = reviews.groupby("person")["day"].diff().dropna()
    assert apart.min() > pd.Timedelta(days=280)
    due = np.flatnonzero(seen_throughout & (onset < lived.life.months.first_day - 100))
    in_2023 = np.isin(due, reviews.loc[reviews["day"].dt.year == 2023, "person"])
    assert 0.5 < in_2023.mean() < 0.9


def test_medicines_are_reviewed_of_those_who_take_them_often_on_the_day_of_the_other_review(entries, lived):
    medicines = entries[entries["code"] == MEDICATION_REVIEW]
    never_ill = np.isnat(lived.life.onsets).all(axis=1)
    assert not never_ill[medicines["person"]].any()
    diabetes = entries[entries["code"] == REVIEWS["diabetes"]]
    both = diabetes.merge(medicines, on=["person", "day"])
    assert 0.5 < len(both) / len(diabetes) < 0.95
