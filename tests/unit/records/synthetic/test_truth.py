"""The true risk agrees with what happens, with a replay of the simulation, and with nothing that comes later."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vi_risk.errors import UsageError
from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS
from vi_risk.records.synthetic import make_trust, make_truth, write_trust
from vi_risk.records.synthetic.conditions import CONDITIONS, chance_of_onset
from vi_risk.records.synthetic.counted import stays_of
from vi_risk.records.synthetic.draws import normal_below, normal_quantile
from vi_risk.records.synthetic.effects import NO_EFFECTS
from vi_risk.records.synthetic.hazards import (
    AFTERMATH_KEPT,
    FRAILTY_KEPT,
    SHARE_DYING_IN_HOSPITAL,
    burdens,
    death_rate,
    emergency_rate,
    log_rates_by_age,
    onset_days,
    personal_log_rates,
)
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Months
from vi_risk.records.synthetic.truth import risk_from, state_on
from vi_risk.records.synthetic.world import World, lived_in

INDEX_DATES = (date(2022, 1, 1), date(2023, 7, 12))
SMALL = {"patients": 60, "seed": 3, "first_day": date(2023, 1, 10), "last_day": date(2024, 9, 20)}


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return make_truth(patients=4_000, seed=7, index_dates=INDEX_DATES)


def admitted_within_a_year(tables, rows: pd.DataFrame) -> np.ndarray:
    start = pd.Timestamp(rows["index_date"].iloc[0])
    stays = stays_of(tables["spells"])
    emergencies = stays[stays["admission_method"].isin(EMERGENCY_ADMISSION_METHODS)]
    day = pd.to_datetime(emergencies["admitted_on"])
    within = emergencies.loc[(day >= start) & (day < start + pd.Timedelta(days=365)), "patient_id"]
    return rows["patient_id"].isin(within).to_numpy()


def area(risk: np.ndarray, outcome: np.ndarray) -> float:
    rank = pd.Series(risk).rank().to_numpy()
    cases = outcome.sum()
    return (rank[outcome].sum() - cases * (cases + 1) / 2) / (cases * (~outcome).sum())


def held_against(tables, truth: pd.DataFrame) -> None:
    """In all and in each tenth of risk, as many are admitted as expected, within three standard errors."""
    risk = truth["true_risk"].to_numpy()
    outcome = np.concatenate([admitted_within_a_year(tables, rows) for _, rows in truth.groupby("index_date")])
    assert abs(outcome.sum() - risk.sum()) < 3 * np.sqrt((risk * (1 - risk)).sum())
    tenth = pd.qcut(risk, 10, labels=False)
    for position in range(10):
        expected = risk[tenth == position]
        error = np.sqrt((expected * (1 - expected)).sum())
        assert abs(outcome[tenth == position].sum() - expected.sum()) < 3.5 * error, position


def test_as_many_are_admitted_as_the_true_risk_says_in_all_and_in_each_tenth(trust, truth):
    held_against(trust, truth)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_the_true_risk_of_twenty_thousand_is_calibrated_and_tells_apart_as_well_as_published(seed):
    truth = make_truth(seed=seed, index_dates=INDEX_DATES)
    tables = make_trust(seed=seed)
    held_against(tables, truth)
    for _, rows in truth.groupby("index_date"):
        assert 0.80 < area(rows["true_risk"].to_numpy(), admitted_within_a_year(tables, rows)) < 0.86


def test_everybody_alive_and_registered_that_day_has_a_risk_and_nobody_else(trust, truth):
    patients = trust["patients"].set_index("patient_id")["died_on"]
    for day, rows in truth.groupby("index_date"):
        registrations = trust["registrations"]
        until = registrations["registered_to"]
        current = registrations[(registrations["registered_from"] <= day) & ~(until <= day).fillna(False).astype(bool)]
        assert sorted(rows["patient_id"]) == sorted(current["patient_id"].unique())
        assert not (patients[rows["patient_id"]] <= day).fillna(False).any()
        assert rows["patient_id"].is_unique
    assert truth["true_risk"].between(0, 1).all()
    assert set(truth["outcome"]) == {"emergency_admission"}
    assert set(truth["horizon_days"]) == {365}


def replayed(lived, state, day: np.datetime64, days: int, times: int) -> np.ndarray:
    """Share of `times` lives, drawn on from the hidden state month by month, with an admission within the horizon."""
    rng = np.random.default_rng(99)
    people, place, life = lived.life.people, lived.place, lived.life
    who = np.repeat(state.person, times)
    frailty, aftermath = np.repeat(state.frailty, times), np.repeat(state.aftermath, times)
    aftermath_next = np.repeat(state.aftermath_next, times)
    onsets = onset_days(life.onsets[who])
    age_then = (day - people.born_on[who]).astype(float) / DAYS_IN_YEAR
    clusters = sorted({condition.cluster for condition in CONDITIONS})
    for position, condition in enumerate(CONDITIONS):  # conditions still to come are drawn anew
        shared = life.proneness.shared[who, clusters.index(condition.cluster)]
        peak = life.proneness.peak(position, people)[who]
        own_sd = np.sqrt(1 - 0.32 - 0.30)
        curve = 1 / (1 + np.exp(-(age_then - condition.midpoint) / condition.spread))
        limit = (-normal_quantile(peak * curve) - shared) / own_sd
        own = own_sd * normal_quantile(rng.random(len(who)) * normal_below(limit))
        share = normal_below(-(shared + own)) / peak
        with np.errstate(divide="ignore", invalid="ignore"):
            at_age = condition.midpoint + condition.spread * np.log(share / (1 - share))
        drawn = np.where(share < 1, people.born_on[who].astype(int) + at_age * DAYS_IN_YEAR, np.inf)
        to_come = ~(life.onsets[who, position] <= day)
        onsets[to_come, position] = drawn[to_come]

    personal = [log_rates[who] for log_rates in personal_log_rates(people)]
    practice = people.practice_on(who, np.broadcast_to(day, len(who)))
    present, admitted = np.ones(len(who), dtype=bool), np.zeros(len(who), dtype=bool)
    window = Months.between(day.astype(date), (day + days - 1).astype(date))
    for month, (start, length) in enumerate(zip(window.starts, window.lengths, strict=True)):
        age = ((start - people.born_on[who]).astype(float) / DAYS_IN_YEAR).astype(np.float32)
        (emergency_age, death_age), burden = log_rates_by_age(age), burdens(onsets, start)
        log_rate = emergency_age + personal[0] + burden[0] + place.emergency_log_rate[practice]
        emergency = emergency_rate(log_rate, frailty, aftermath, window.season[month])
        death = death_rate(death_age + personal[1] + burden[1], frailty, aftermath, window.season[month])
        leaving = people.leaving_rate[who]
        waited = [rng.exponential(DAYS_IN_YEAR / rate) for rate in (emergency, death, leaving)]
        first = np.argmin(waited, axis=0)
        soon = present & (np.min(waited, axis=0) < length)
        admitted |= soon & ((first == 0) | ((first == 1) & (rng.random(len(who)) < SHARE_DYING_IN_HOSPITAL)))
        present &= ~soon
        aftermath = AFTERMATH_KEPT * aftermath if month else aftermath_next
        frailty = FRAILTY_KEPT * frailty + np.sqrt(1 - FRAILTY_KEPT**2) * rng.normal(size=len(who))
    return admitted.reshape(-1, times).mean(axis=1)


@pytest.mark.parametrize("index_date", [date(2023, 1, 1), date(2024, 5, 20)])
def test_the_true_risk_is_that_of_lives_drawn_on_from_the_hidden_state(index_date):
    times, day = 1_500, np.datetime64(index_date)
    lived = lived_in(World(patients=400, seed=21))
    state = state_on(lived.life, lived.stays, day)
    risk = risk_from(lived.life, lived.ratios, state, day, 365)
    by_risk = np.argsort(risk)
    chosen = by_risk[np.linspace(0, len(by_risk) - 1, 40).astype(int)]
    chosen = chosen[np.isnat(state.in_hospital_until[chosen]) & ~state.last_illness[chosen]]
    some = type(state)(*(getattr(state, name)[chosen] if name != "months_since" else 0 for name in state.__slots__))
    drawn = replayed(lived, some, day, 365, times)
    error = np.sqrt(risk[chosen] * (1 - risk[chosen]) / times)
    standardised = (drawn - risk[chosen]) / error
    assert np.abs(standardised).max() < 4
    assert abs(standardised.mean()) < 3 / np.sqrt(len(chosen))
    assert standardised.std() < 1.5


def test_conditions_start_as_often_as_their_chance_says(life_of_years):
    life, day, until = life_of_years
    chance = chance_of_onset(life.proneness, life.people, life.onsets, day, until)
    started = (life.onsets > day) & (life.onsets <= until)
    born = (life.people.born_on <= day)[:, None]
    assert started.sum(where=born) == pytest.approx(
        chance.sum(where=born), abs=3.5 * float(np.sqrt(chance.sum(where=born)))
    )
    assert (chance[life.onsets <= day] == 0).all()
    assert ((chance >= 0) & (chance <= 1)).all()


@pytest.fixture(scope="module")
def life_of_years():
    life = lived_in(World(patients=3_000, seed=2)).life
    return life, np.datetime64("2022-03-01"), np.datetime64("2024-03-01")


def test_a_longer_horizon_is_never_less_risky_and_a_day_is_hardly_risky():
    asked = {"patients": 500, "seed": 4, "index_dates": [date(2023, 1, 1)]}
    day, month, year, two_years = (
        make_truth(**asked, horizon_days=days)["true_risk"].to_numpy() for days in (1, 30, 365, 730)
    )
    assert (day <= month).all()
    assert (month <= year + 1e-3).all()  # each horizon averages frailty over courses of its own length
    assert (year <= two_years + 5e-3).all()
    assert day.max() < 0.05


def test_the_day_after_the_records_has_a_true_risk_and_the_next_day_has_none():
    truth = make_truth(**SMALL, index_dates=[date(2024, 9, 21)])
    assert 0 < truth["true_risk"].mean() < 0.5
    for day in (date(2024, 9, 22), date(2023, 1, 9)):
        with pytest.raises(UsageError, match="expected a day from 2023-01-10 to 2024-09-21"):
            make_truth(**SMALL, index_dates=[day])


def test_the_day_after_the_records_is_as_risky_as_their_last():
    # On the first of a month the hidden state is that of the month before, and frailty has drifted since.
    asked = {"patients": 1_500, "seed": 4, "last_day": date(2023, 12, 31)}
    last, after = (
        make_truth(**asked, index_dates=[day]).set_index("patient_id")["true_risk"]
        for day in (date(2023, 12, 31), date(2024, 1, 1))
    )
    assert after.mean() == pytest.approx(last.mean(), rel=0.02)
    both = pd.concat([last, after], axis=1, join="inner")
    assert both.corr(method="spearman").iloc[0, 1] > 0.99


def test_a_horizon_of_no_day_and_no_index_date_are_refused():
    with pytest.raises(UsageError, match="horizon_days: expected at least 1"):
        make_truth(**SMALL, index_dates=[date(2023, 6, 1)], horizon_days=0)
    with pytest.raises(UsageError, match="index_dates: expected at least one"):
        make_truth(**SMALL, index_dates=[])


def test_what_comes_after_an_index_date_does_not_reach_its_true_risk():
    asked = {"patients": 300, "seed": 8, "index_dates": [date(2022, 6, 1)], "first_day": date(2021, 1, 1)}
    truth = make_truth(**asked)
    assert truth["true_risk"].nunique() > 250
    pd.testing.assert_frame_equal(truth, make_truth(**asked, effects=NO_EFFECTS))
    twice = make_truth(**asked | {"index_dates": [date(2022, 6, 1), date(2022, 6, 1)]})
    pd.testing.assert_frame_equal(truth, twice)


def test_asking_for_the_truth_changes_no_other_byte(tmp_path):
    plain, asked, again = (tmp_path / name for name in ("plain", "asked", "again"))
    write_trust(plain, **SMALL)
    for folder in (asked, again):
        write_trust(folder, **SMALL, index_dates=[date(2023, 6, 1), date(2024, 1, 1)])
    for path in plain.glob("*.parquet"):
        assert path.read_bytes() == (asked / path.name).read_bytes(), path.name
    assert {path.name for path in asked.iterdir()} - {path.name for path in plain.iterdir()} == {"truth.parquet"}
    assert (asked / "truth.parquet").read_bytes() == (again / "truth.parquet").read_bytes()


def test_the_truth_is_written_as_declared(tmp_path):
    write_trust(tmp_path, **SMALL, index_dates=[date(2023, 6, 1)], file_format="csv")
    stored = pq.read_table(tmp_path / "truth.parquet")
    assert {field.name: field.type for field in stored.schema} == {
        "patient_id": pa.string(),
        "index_date": pa.date32(),
        "outcome": pa.string(),
        "horizon_days": pa.int64(),
        "true_risk": pa.float64(),
    }
    assert set(stored["index_date"].to_pylist()) == {date(2023, 6, 1)}
