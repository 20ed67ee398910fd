"""Chosen true effects are found in what was made; without them nothing changes."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import UsageError
from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS
from vi_risk.records.synthetic import Effects, make_trust, make_truth
from vi_risk.records.synthetic.counted import stays_of

PATIENTS = 4_000
FIRST_DAY, LAST_DAY = date(2016, 6, 1), date(2019, 5, 31)
STAGGERED = {"patients": PATIENTS, "seed": 5, "first_day": FIRST_DAY, "last_day": LAST_DAY}


@pytest.fixture(scope="module")
def without():
    return make_trust(**STAGGERED)


def emergencies(tables) -> pd.DataFrame:
    """Emergency admissions with the practice of that day and whether it had joined by then."""
    spells = stays_of(tables["spells"])
    spells = spells[spells["admission_method"].isin(EMERGENCY_ADMISSION_METHODS)]
    admitted = spells[["spell_id", "patient_id"]].assign(day=pd.to_datetime(spells["admitted_on"]))
    stays = admitted.merge(tables["registrations"], on="patient_id")
    until = pd.to_datetime(stays["registered_to"]).fillna(pd.Timestamp(2100, 1, 1))
    stays = stays[(pd.to_datetime(stays["registered_from"]) <= stays["day"]) & (stays["day"] <= until)]
    stays = stays.sort_values("registered_from").drop_duplicates("spell_id", keep="last")
    joined = pd.to_datetime(tables["practices"].set_index("practice_code")["integrated_from"])
    return stays.assign(after=stays["day"] >= stays["practice_code"].map(joined))


def found(tables, without, which) -> tuple[float, float]:
    """Rate ratio of the emergencies that `which` picks, and its standard error when emergencies are left out."""
    with_effect, all_of_them = (int(which(emergencies(trust)).sum()) for trust in (tables, without))
    ratio = with_effect / all_of_them
    return ratio, np.sqrt(max(ratio * (1 - ratio), 0.05) / all_of_them)


@pytest.mark.parametrize("chosen", [0.8, 0.5])
def test_a_rate_ratio_of_integration_is_found_from_the_day_a_practice_joins(without, chosen):
    tables = make_trust(**STAGGERED, effects=Effects(integration=chosen))
    ratio, error = found(tables, without, lambda spells: spells["after"])
    assert ratio == pytest.approx(chosen, abs=3 * error)
    assert ratio < 1 - 3 * error
    before, _ = found(tables, without, lambda spells: ~spells["after"])
    assert before == pytest.approx(1, abs=0.01)  # a stay that does not happen makes room for one that overlapped it


@pytest.mark.slow
def test_a_rate_ratio_of_integration_is_found_in_the_records_alone():
    # As an evaluator would: practices that joined against those yet to join, before and after, by Poisson regression
    # of admissions on practice, quarter and having joined.
    estimates, precisions = [], []
    for seed in (1, 2, 3, 4):
        world = {"seed": seed, "first_day": FIRST_DAY, "last_day": date(2023, 5, 31)}
        tables = make_trust(**world, effects=Effects(integration=0.8))
        estimate, error = joined_against_yet_to_join(tables)
        estimates.append(estimate)
        precisions.append(1 / error**2)
    pooled = np.average(estimates, weights=precisions)
    error = 1 / np.sqrt(np.sum(precisions))
    assert error < 0.03
    assert pooled == pytest.approx(np.log(0.8), abs=3 * error)
    assert pooled < -3 * error


def joined_against_yet_to_join(tables) -> tuple[float, float]:
    """Log rate ratio of having joined, and its standard error, allowing for people who are admitted again."""
    quarters = pd.period_range("2016Q3", "2023Q1", freq="Q")
    practices = tables["practices"]
    joined = pd.to_datetime(practices["integrated_from"]).fillna(pd.Timestamp(2100, 1, 1))
    registrations = tables["registrations"].assign(
        since=lambda rows: pd.to_datetime(rows["registered_from"]),
        until=lambda rows: pd.to_datetime(rows["registered_to"]).fillna(pd.Timestamp(2100, 1, 1)),
    )
    spells = emergencies(tables)
    cells = []
    for at, quarter in enumerate(quarters):
        start, end = quarter.start_time, quarter.end_time.normalize() + pd.Timedelta(days=1)
        days = (registrations["until"].clip(upper=end) - registrations["since"].clip(lower=start)).dt.days.clip(lower=0)
        exposed = days.groupby(registrations["practice_code"]).sum()
        within = spells[(spells["day"] >= start) & (spells["day"] < end)]
        per_person = within.groupby(["practice_code", "patient_id"]).size()
        for number, practice in enumerate(practices["practice_code"]):
            counts = per_person.get(practice, pd.Series(dtype=float))
            # Of the quarter in which it joins, the days are both before and after: it is left out.
            if not start < joined[number] < end:
                cells.append(
                    (number, at, joined[number] <= start, exposed.get(practice, 0), counts.sum(), (counts**2).sum())
                )
    practice, quarter, after, exposure, count, squares = (
        np.array(column, dtype=float) for column in zip(*cells, strict=True)
    )
    design = np.column_stack(
        [after, *(practice == n for n in range(len(practices))), *(quarter == n for n in range(1, len(quarters)))]
    )
    coefficients = np.zeros(design.shape[1])
    coefficients[1 : 1 + len(practices)] = np.log(count.sum() / exposure.sum())
    for _ in range(25):
        expected = exposure * np.exp(design @ coefficients)
        information = design.T @ (design * expected[:, None])
        coefficients += np.linalg.solve(information, design.T @ (count - expected))
    overdispersion = squares.sum() / count.sum()
    return coefficients[0], np.sqrt(np.linalg.inv(information)[0, 0] * overdispersion)


def test_a_rate_ratio_above_one_is_found_too(without):
    tables = make_trust(**STAGGERED, effects=Effects(integration=1.5))
    ratio, error = found(tables, without, lambda spells: spells["after"])
    assert ratio == pytest.approx(1.5, abs=4 * max(error, 0.02))


def test_a_review_lowers_the_hazard_of_the_reviewed_for_as_long_as_it_lasts(without):
    reviewed_on, lasting = pd.Timestamp(2017, 3, 1), 200
    who = without["patients"]["patient_id"].iloc[::2]
    reviews = pd.DataFrame({"patient_id": who, "reviewed_on": reviewed_on.date()})
    tables = make_trust(**STAGGERED, effects=Effects(review=0.4, review_days=lasting), reviews=reviews)
    ends = reviewed_on + pd.Timedelta(days=lasting)

    def during(spells):
        return spells["patient_id"].isin(who) & (spells["day"] >= reviewed_on) & (spells["day"] < ends)

    ratio, error = found(tables, without, during)
    assert ratio == pytest.approx(0.4, abs=3 * error)
    for other in (
        lambda spells: ~spells["patient_id"].isin(who),
        lambda spells: spells["day"] < reviewed_on,
        lambda spells: spells["day"] >= ends,
    ):
        assert found(tables, without, other)[0] == pytest.approx(1, abs=0.01)


def test_effects_change_admissions_and_neither_lives_nor_deaths(without):
    tables = make_trust(**STAGGERED, effects=Effects(integration=0.5))
    for name in ("patients", "registrations", "practices", "gp_events", "prescriptions", "community_contacts"):
        pd.testing.assert_frame_equal(tables[name], without[name])
    assert len(tables["spells"]) < len(without["spells"])


def test_no_effect_is_the_default(without):
    reviews = pd.DataFrame({"patient_id": ["P00000001"], "reviewed_on": [date(2017, 1, 1)]})
    tables = make_trust(**STAGGERED, effects=Effects(), reviews=reviews)
    for name in without:
        if name != "mdt_reviews":
            pd.testing.assert_frame_equal(tables[name], without[name])


def test_reviews_are_written_with_what_was_decided():
    reviews = pd.DataFrame(
        {
            "patient_id": ["P00000003", "P00000001", "P00000003"],
            "reviewed_on": [date(2017, 5, 1), date(2017, 2, 1), date(2017, 1, 9)],
            "decision": ["accepted", "declined", None],
            "owner": ["community matron", None, None],
            "review_on": [None, None, date(2017, 4, 9)],
        }
    )
    written = make_trust(**STAGGERED | {"patients": 50}, reviews=reviews)["mdt_reviews"]
    assert written["patient_id"].tolist() == ["P00000001", "P00000003", "P00000003"]
    assert written["reviewed_on"].tolist() == [date(2017, 2, 1), date(2017, 1, 9), date(2017, 5, 1)]
    assert written["decision"].fillna("-").tolist() == ["declined", "-", "accepted"]
    assert written["review_on"].notna().tolist() == [False, True, False]
    assert written["recorded_on"].equals(written["reviewed_on"])


def test_the_true_risk_holds_the_effects():
    asked = {**STAGGERED, "index_dates": [date(2018, 6, 1)]}
    plain = make_truth(**asked)
    halved = make_truth(**asked, effects=Effects(integration=0.5))
    joined = make_trust(**STAGGERED)["practices"]["integrated_from"]
    assert 0 < (joined <= date(2018, 6, 1)).sum() < len(joined)
    ratio = halved["true_risk"] / plain["true_risk"].where(plain["true_risk"] > 0)
    assert ratio.min() > 0.49
    assert ratio.max() <= 1 + 1e-9
    low = plain["true_risk"] < 0.02  # where the risk is small it is as good as the rate
    assert (ratio[low] < 0.52).mean() > 0.3

    reviewed = pd.DataFrame({"patient_id": plain["patient_id"].iloc[:500], "reviewed_on": date(2018, 5, 31)})
    lasting = Effects(review=0.5, review_days=1_000)
    after = make_truth(**asked, effects=lasting, reviews=reviewed)["true_risk"]
    assert (after[:500] <= plain["true_risk"][:500]).all()
    assert after[:500].sum() < 0.65 * plain["true_risk"][:500].sum()
    pd.testing.assert_series_equal(after[500:], plain["true_risk"][500:])
    later = make_truth(**asked, effects=lasting, reviews=reviewed.assign(reviewed_on=date(2018, 6, 1)))
    pd.testing.assert_frame_equal(later, plain)  # a review still to come is not foreseen


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"integration": -0.1}, "integration: expected a rate ratio from 0 to 2, got -0.1"),
        ({"review": 3.0}, "review: expected a rate ratio from 0 to 2, got 3"),
        ({"review_days": 0}, "review_days: expected at least 1, got 0"),
    ],
)
def test_effects_that_no_place_could_have_are_refused(chosen, told):
    with pytest.raises(UsageError, match=told):
        Effects(**chosen)


@pytest.mark.parametrize(
    ("reviews", "told"),
    [
        ({"patient_id": ["P00000001"]}, "without reviewed_on"),
        ({"patient_id": ["nobody"], "reviewed_on": [date(2017, 1, 1)]}, "found 1 of 1 without"),
        ({"patient_id": ["P00000001"], "reviewed_on": [None]}, "found 1 of 1 without"),
        ({"patient_id": ["P00000001"] * 2, "reviewed_on": [date(2017, 1, 1)] * 2}, "found 1 more"),
    ],
)
def test_reviews_of_nobody_or_without_a_day_are_refused_without_telling_whom(reviews, told):
    with pytest.raises(UsageError, match=told) as fault:
        make_trust(**STAGGERED | {"patients": 50}, reviews=pd.DataFrame(reviews))
    assert "P0000" not in str(fault.value)
    assert "nobody" not in str(fault.value)
