"""The synthetic trust resembles the place: its published figures, measured on what was made."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import UsageError
from vi_risk.records.synthetic import make_trust, make_truth
from vi_risk.records.synthetic.counted import stays_of
from vi_risk.records.synthetic.fact import Fact, pooled
from vi_risk.records.synthetic.facts import facts

SEEDS = (1, 2, 3)
INDEX_DATE = date(2023, 1, 1)


@pytest.fixture(scope="module")
def measured(trust):
    return {fact.name: fact for fact in facts(trust)}


def of(measured, start: str) -> Fact:
    (fact,) = [fact for name, fact in measured.items() if name.startswith(start)]
    return fact


def test_four_thousand_people_lie_where_four_thousand_can(measured):
    # The many facts of one small trust: one in thirty may lie beyond three standard errors where a rate is of few.
    outside = [name for name, fact in measured.items() if not fact.inside]
    assert len(outside) <= 2, outside


def test_every_fact_says_what_was_published(measured):
    assert len(measured) == 47
    for fact in measured.values():
        assert (fact.target is None) != (np.isinf(fact.lowest) and np.isinf(fact.highest)), fact.name
        assert fact.standard_error > 0, fact.name


def test_emergency_admissions_are_counted_per_person_year_of_registration(trust, measured):
    registrations = trust["registrations"]
    since, until = (pd.to_datetime(registrations[name]) for name in ("registered_from", "registered_to"))
    since, until = since.clip(lower=pd.Timestamp(2021, 1, 1)), until.fillna(pd.Timestamp(2025, 1, 1))
    years = (until - since).dt.days.clip(lower=0).sum() / 365.25
    stays = stays_of(trust["spells"])
    emergencies = stays["admission_method"].isin(["21", "22", "23", "24", "25", "2A", "2D", "28"]).sum()
    assert of(measured, "emergency admissions per 1,000 reg").value == pytest.approx(
        1000 * emergencies / years, rel=1e-3
    )


def test_a_stay_that_goes_on_in_another_hospital_is_one_admission(trust, measured):
    spells = trust["spells"]
    apart = spells.assign(
        discharge_destination=spells["discharge_destination"].mask(spells["discharge_destination"] == "51", "19"),
        admission_method=spells["admission_method"].mask(spells["admission_method"].isin(["2B", "81"]), "21"),
    )
    counted_apart = {fact.name: fact for fact in facts({**trust, "spells": apart})}
    rate = "emergency admissions per 1,000 registered a year"
    assert 1.02 < counted_apart[rate].value / measured[rate].value < 1.06


def test_shares_of_numbers_of_admissions_add_up(measured):
    shares = [fact.value for name, fact in measured.items() if name.startswith("of those admitted")]
    assert len(shares) == 5
    assert sum(shares) == pytest.approx(1)


def test_shares_of_ages_and_of_ethnic_groups_add_up(measured):
    for start, number in (("age ", 7), ("ethnic group ", 5)):
        shares = [fact.value for name, fact in measured.items() if name.startswith(start)]
        assert len(shares) == number
        assert sum(shares) == pytest.approx(1)


def test_more_admissions_move_the_facts_that_count_them_and_no_other(trust, measured):
    spells = trust["spells"]
    one_spell_each = spells[(spells["discharge_destination"] != "51") & ~spells["admission_method"].isin(["2B", "81"])]
    again = one_spell_each.assign(spell_id="again-" + one_spell_each["spell_id"])
    once, twice = (
        {fact.name: fact for fact in facts({**trust, "spells": pd.concat(parts, ignore_index=True)})}
        for parts in ([one_spell_each], [one_spell_each, again])
    )
    rate = "emergency admissions per 1,000 registered a year"
    assert twice[rate].value == pytest.approx(2 * once[rate].value)
    assert twice["of those admitted, 1 admissions"].value == 0
    assert twice["A&E attendances per 1,000"] == measured["A&E attendances per 1,000"]


def test_the_best_attainable_c_statistic_needs_a_horizon_within_the_records(trust):
    truth = make_truth(patients=4_000, seed=7, index_dates=[INDEX_DATE])
    best = facts(trust, truth)[-1]
    assert best.name.startswith("best attainable c-statistic")
    assert 0.76 < best.value < 0.88
    with pytest.raises(UsageError, match="found none"):
        facts(trust, truth.assign(index_date=date(2024, 6, 1)))


def test_records_of_less_than_a_year_have_no_facts():
    with pytest.raises(UsageError, match="at least one whole calendar year"):
        facts(make_trust(patients=300, first_day=date(2023, 2, 1), last_day=date(2023, 11, 1)))


def test_a_fact_is_inside_within_a_tenth_or_three_standard_errors():
    fact = Fact("a rate", 109.0, 100.0, 1.0)
    assert fact.inside
    assert not replace(fact, value=111.0).inside
    assert replace(fact, value=111.0, standard_error=4.0).inside
    ranged = Fact("a share", 0.7, None, 0.01, lowest=0.8, highest=0.9)
    assert not ranged.inside
    assert replace(ranged, value=0.78).inside


def test_pooling_three_trusts_averages_values_and_shrinks_the_error():
    parts = [[Fact("a rate", value, 10.0, 3.0)] for value in (9.0, 10.0, 14.0)]
    (fact,) = pooled(parts)
    assert fact.value == pytest.approx(11)
    assert fact.standard_error == pytest.approx(3 / np.sqrt(3))


@pytest.fixture(scope="module")
def three_trusts() -> list[Fact]:
    measured = []
    for seed in SEEDS:
        truth = make_truth(seed=seed, index_dates=[INDEX_DATE])
        measured.append(facts(make_trust(seed=seed), truth))
    return pooled(measured)


@pytest.mark.slow
def test_three_trusts_of_twenty_thousand_together_hold_every_fact(three_trusts):
    outside = [f"{fact.name}: {fact.value:.4f}" for fact in three_trusts if not fact.inside]
    assert len(three_trusts) == 48
    assert not outside
