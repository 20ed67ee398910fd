"""The synthetic trust resembles the place: published figures, within bounds that four thousand people allow."""

from datetime import date

import numpy as np
import pytest

from tests.unit.records.synthetic import place_facts as facts
from vi_risk.records.synthetic.conditions import CONDITIONS

# What the place publishes, and how far four thousand people may lie from it.
USE_OF_SERVICES = {
    "emergency admissions per 1,000": (100, 20),
    "admitted, share of adults": (0.072, 0.012),
    "three or more emergency admissions": (0.009, 0.005),
    "A&E attendances per 1,000": (320, 40),
    "outpatient attendances per person": (1.6, 0.25),
    "outpatient did not attend": (0.07, 0.01),
    "zero nights": (0.33, 0.05),
    "1 admissions, of those admitted": (0.71, 0.06),
    "2 admissions, of those admitted": (0.17, 0.05),
    "3 admissions, of those admitted": (0.06, 0.03),
    "4 admissions, of those admitted": (0.03, 0.025),
    "5+ admissions, of those admitted": (0.03, 0.025),
}
AGES = {"0-4": 7.1, "5-15": 13.3, "16-24": 11.7, "25-44": 27.0, "45-59": 19.1, "60-74": 13.5, "75+": 8.3}
RECORDED = {
    "hypertension": 13.9,
    "diabetes": 6.8,
    "copd": 2.0,
    "coronary_heart_disease": 3.1,
    "atrial_fibrillation": 1.9,
    "chronic_kidney_disease": 4.0,
    "heart_failure": 0.9,
    "stroke": 1.8,
    "dementia": 0.9,
}
DEATHS = {"45-64": (0.4, 0.3), "65-74": (1.5, 0.8), "75-84": (4, 1.8), "85+": (14, 5)}
YEARS = (2021, 2022, 2023, 2024)


@pytest.fixture(scope="module")
def use_of_services(trust):
    yearly = [facts.use_of_services(trust, date(year, 1, 1), date(year + 1, 1, 1)) for year in YEARS]
    return {fact: np.mean([year[fact] for year in yearly]) for fact in yearly[0]}


@pytest.mark.parametrize("fact", USE_OF_SERVICES)
def test_services_are_used_as_in_the_place(use_of_services, fact):
    published, tolerance = USE_OF_SERVICES[fact]
    assert use_of_services[fact] == pytest.approx(published, abs=tolerance)


def test_people_are_as_old_as_in_the_place(trust):
    shares = facts.shares_by_age(facts.registered_on(trust, date(2023, 1, 1)))
    assert {band: 100 * share for band, share in shares.items()} == pytest.approx(AGES, abs=2.0)


def test_conditions_are_recorded_as_often_as_in_the_place(trust):
    names = {condition.snomed: condition.name for condition in CONDITIONS}
    recorded = facts.recorded_conditions(trust, date(2024, 12, 1), names)
    share = 100 * recorded.mean()
    for name, published in RECORDED.items():
        assert share[name] == pytest.approx(published, abs=0.3 + 0.25 * published), name
    assert 100 * (recorded.sum(axis=1) >= 3).mean() == pytest.approx(10, abs=2)


def test_people_die_at_the_ages_at_which_they_die_in_the_place(trust):
    deaths = facts.deaths_a_year(trust, date(2021, 1, 1), date(2025, 1, 1))
    for band, (published, tolerance) in DEATHS.items():
        assert 100 * deaths[band] == pytest.approx(published, abs=tolerance), band


def test_gp_consultations_are_most_frequent_under_five_and_over_85_and_more_frequent_in_women(trust):
    people = facts.gp_consultations(trust, date(2022, 1, 1), date(2023, 1, 1))
    mean = people["consultations"].mean()
    assert mean == pytest.approx(5.2, abs=0.8)
    assert people.loc[people["age"] < 5, "consultations"].mean() > mean
    assert people.loc[people["age"] >= 85, "consultations"].mean() > mean
    by_sex = people.groupby("sex")["consultations"].mean()
    assert by_sex["2"] > 1.1 * by_sex["1"]


def test_the_old_are_admitted_or_die_about_six_times_as_often_as_the_young(trust):
    people = facts.event_in_a_year_by_age(trust, date(2023, 1, 1), date(2024, 1, 1))
    old = people.loc[people["age"] >= 80, "event"].mean()
    young = people.loc[people["age"].between(20, 40), "event"].mean()
    assert 3.5 < old / young < 11


def test_practices_differ(trust):
    rates = facts.emergencies_by_practice(trust, date(2021, 1, 1), date(2024, 12, 31))
    assert 12 < rates.std() < 55


def test_just_over_half_live_in_the_most_deprived_fifth(trust):
    assert 0.42 < (trust["patients"]["imd_decile"] <= 2).mean() < 0.66
