"""Stays that go on in another hospital, and regular attenders: what is written lets whole stays be found again."""

import numpy as np
import pandas as pd
import pytest

from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS
from vi_risk.records.synthetic import make_trust
from vi_risk.records.synthetic.counted import stays_of
from vi_risk.records.synthetic.truth import state_on
from vi_risk.records.synthetic.world import World, lived_in

PATIENTS, SEED = 8_000, 9
LAST_DAYS = np.datetime64("2024-12-25")  # what was admitted later may not have arrived


@pytest.fixture(scope="module")
def lived():
    return lived_in(World(patients=PATIENTS, seed=SEED))


@pytest.fixture(scope="module")
def written() -> pd.DataFrame:
    spells = make_trust(patients=PATIENTS, seed=SEED)["spells"]
    return spells.assign(
        admitted_on=pd.to_datetime(spells["admitted_on"]), discharged_on=pd.to_datetime(spells["discharged_on"])
    )


def spells(written: pd.DataFrame) -> pd.DataFrame:
    return written.assign(
        **{name: written[name].astype("date32[pyarrow]") for name in ("admitted_on", "discharged_on")}
    )


def test_the_stays_that_were_lived_are_found_again_in_what_was_written(lived, written):
    stays, life = lived.stays, lived.life
    emergency = np.isin(stays.method.astype(str), EMERGENCY_ADMISSION_METHODS) & (stays.admitted_on < LAST_DAYS)
    happened = set(
        zip(lived.patient_id[stays.person[emergency]], stays.admitted_on[emergency].astype(str), strict=True)
    )
    found = stays_of(spells(written))
    found = found[found["admission_method"].isin(EMERGENCY_ADMISSION_METHODS)]
    days = pd.to_datetime(found["admitted_on"])
    found, days = found[days < pd.Timestamp(LAST_DAYS)], days[days < pd.Timestamp(LAST_DAYS)]
    again = set(zip(found["patient_id"], days.dt.strftime("%Y-%m-%d"), strict=True))
    assert len(happened) > 2_000
    assert (
        len(happened ^ again) / len(happened) < 0.003
    )  # a new emergency within two days of a move reads as a transfer
    closed = stays.discharged_on <= life.months.last_day
    nights = (stays.discharged_on - stays.admitted_on)[emergency & closed].astype(int).sum()
    assert (pd.to_datetime(found["discharged_on"]) - days).dt.days.sum() == pytest.approx(nights, rel=0.01)


def test_some_emergencies_go_on_in_another_hospital_on_that_day_or_the_next(written):
    before = written.groupby("patient_id")[["discharged_on", "discharge_destination", "provider_code"]].shift(1)
    second = written["admission_method"].isin(["2B", "81"])
    waited = (written["admitted_on"] - before["discharged_on"]).dt.days
    assert set(waited[second]) == {0, 1}
    assert (before["provider_code"] != written["provider_code"])[second].all()
    assert 0.85 < (before["discharge_destination"] == "51")[second].mean() < 1
    emergencies = written["admission_method"].isin(EMERGENCY_ADMISSION_METHODS).sum()
    assert 0.015 < second.sum() / emergencies < 0.045


def test_some_second_hospitals_code_a_transfer_as_an_emergency(written):
    before = written.groupby("patient_id")[["discharged_on", "discharge_destination", "provider_code"]].shift(1)
    waited = (written["admitted_on"] - before["discharged_on"]).dt.days
    moved = (before["discharge_destination"] == "51") & waited.isin([0, 1])
    moved &= before["provider_code"] != written["provider_code"]
    assert 0.1 < (written.loc[moved, "admission_method"] == "21").mean() < 0.35


def test_whoever_was_moved_is_in_hospital_until_the_whole_stay_ends(lived):
    moved = np.flatnonzero(lived.spells.moved & (lived.spells.discharged_on < lived.life.months.last_day - 60))
    first = moved[lived.spells.discharged_on[moved] > lived.spells.admitted_on[moved]][0]
    day, person = lived.spells.discharged_on[first], lived.spells.person[first]
    state = state_on(lived.life, lived.stays, day)
    until = state.in_hospital_until[state.person == person]
    assert until == lived.spells.discharged_on[first + 1] > day


def test_regular_attenders_come_for_the_day_and_never_while_in_hospital(lived, written):
    regular = written[written["patient_classification"] == "3"]
    assert (regular["discharged_on"] == regular["admitted_on"]).all()
    assert set(regular["treatment_function"]) == {"361", "800"}
    assert set(regular["discharge_destination"]) == {"19"}
    people = regular["patient_id"].nunique()
    assert 0.0005 < people / PATIENTS < 0.01
    in_hospital = regular.merge(written[written["patient_classification"] == "1"], on="patient_id")
    inside = in_hospital["admitted_on_x"].between(
        in_hospital["admitted_on_y"], in_hospital["discharged_on_y"].fillna(pd.Timestamp(2030, 1, 1))
    )
    assert not inside.any()
    on_dialysis = regular[regular["treatment_function"] == "361"].groupby("patient_id")["admitted_on"]
    apart = on_dialysis.diff().dropna().dt.days
    assert set(apart[apart <= 3]) == {2, 3}
    assert apart.median() == 2


def test_the_frail_and_unsettled_are_reviewed_once_their_practice_joined(lived):
    reviews, life = lived.ratios.reviews, lived.life
    assert 0.0015 < len(reviews) / (life.days.sum() / 365.25) < 0.008
    month = np.searchsorted(life.months.starts, reviews.day, side="right") - 1
    assert life.frailty[reviews.person, month].mean() > 0.7
    assert life.unsettled[reviews.person, month].mean() > 3 * life.unsettled.mean()
    practice = life.people.practice_on(reviews.person, reviews.day)
    assert (lived.place.integrated_from[practice] <= reviews.day).all()
    pairs = list(zip(reviews.person, reviews.day, strict=True))
    assert len(set(pairs)) == len(pairs)
