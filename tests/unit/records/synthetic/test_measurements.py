"""Measurements lie where real ones do, and follow the hidden state."""

import numpy as np
import pandas as pd
import pytest

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.measurements import (
    ALBUMIN,
    EGFR,
    HAEMOGLOBIN,
    HBA1C,
    MEASUREMENTS,
    SODIUM,
    measured,
    slipped,
)
from vi_risk.records.synthetic.world import World, lived_in


@pytest.fixture(scope="module")
def lived():
    return lived_in(World(patients=12_000, seed=3))


@pytest.fixture(scope="module")
def values(lived) -> pd.DataFrame:
    """Every measured value with the hidden state of its month."""
    life = lived.life
    parts = measured(np.random.default_rng(5), life, lived.place)
    person, day, code, value, unit = (np.concatenate([part[at] for part in parts]) for at in range(5))
    month = np.searchsorted(life.months.starts, day, side="right") - 1
    return pd.DataFrame(
        {
            "person": person,
            "day": day,
            "code": code,
            "value": value,
            "unit": unit,
            "female": life.people.female[person],
            "frailty": life.frailty[person, month],
            "unsettled": life.unsettled[person, month],
            **{name: life.onsets[person, at] <= day for name, at in POSITION.items()},
        }
    )


def of(values: pd.DataFrame, measurement) -> pd.DataFrame:
    """The values of one measurement in its own unit, without those that nobody could have."""
    rows = values[(values["code"] == measurement.snomed) & (values["unit"] == measurement.unit)]
    return rows[rows["value"].between(measurement.lowest, measurement.highest)]


@pytest.mark.parametrize(
    ("name", "low", "median", "high"),
    [
        ("60621009", 19, 28, 40),
        ("271649006", 105, 132, 160),
        ("999791000000106", 34, 41, 68),
        ("1011481000000105", 25, 75, 112),
        ("1022431000000105", 102, 135, 160),
        ("1000661000000107", 134, 140, 144),
        ("1000821000000103", 31, 40, 46),
    ],
)
def test_values_lie_where_those_of_adults_in_general_practice_do(values, name, low, median, high):
    (measurement,) = [measurement for measurement in MEASUREMENTS if measurement.snomed == name]
    found = of(values, measurement)["value"]
    assert found.quantile(0.5) == pytest.approx(median, rel=0.06)
    assert low * 0.9 < found.quantile(0.03) < median
    assert median < found.quantile(0.97) < high * 1.08


@pytest.mark.parametrize(
    ("measurement", "condition", "least"),
    [
        (HAEMOGLOBIN, "chronic_kidney_disease", 6),
        (HAEMOGLOBIN, "cancer", 4),
        (SODIUM, "heart_failure", 1),
        (SODIUM, "liver_disease", 1),
        (ALBUMIN, "liver_disease", 2.5),
        (ALBUMIN, "dementia", 2),
        (EGFR, "chronic_kidney_disease", 20),
        (EGFR, "heart_failure", 10),
    ],
)
def test_values_are_lower_with_the_conditions_that_lower_them(values, measurement, condition, least):
    rows = of(values, measurement)
    mean = rows.groupby(rows[condition])["value"].mean()
    assert mean[False] - mean[True] > least


def test_women_have_less_haemoglobin_and_people_with_diabetes_a_higher_hba1c(values):
    blood = of(values, HAEMOGLOBIN).groupby("female")["value"].mean()
    assert 12 < blood[False] - blood[True] < 18  # more of the old are women
    sugar = of(values, HBA1C).groupby("diabetes")["value"].mean()
    assert sugar[True] - sugar[False] > 15


@pytest.mark.parametrize("measurement", [ALBUMIN, HAEMOGLOBIN])
def test_a_value_that_falls_over_the_years_tells_of_a_state_that_worsens(values, measurement):
    rows = of(values, measurement).sort_values(["person", "day"])
    ends = rows.groupby("person")[["day", "value", "frailty", "unsettled"]].agg(["first", "last"])
    change = {name: ends[name]["last"] - ends[name]["first"] for name in ("day", "value", "frailty", "unsettled")}
    years_apart = change["day"] > pd.Timedelta(days=540)
    for state in ("frailty", "unsettled"):
        assert np.corrcoef(change["value"][years_apart], change[state][years_apart])[0, 1] < -0.1, state
    falls, rises = (
        change["frailty"][years_apart & sign].mean()
        for sign in (change["value"] < -measurement.within, change["value"] > measurement.within)
    )
    assert falls - rises > 0.1


def test_a_blood_test_measures_several_things_on_one_day(values):
    per_day = values[values["code"].isin([part.snomed for part in (EGFR, SODIUM, HAEMOGLOBIN, ALBUMIN)])]
    together = per_day.groupby(["person", "day"])["code"].nunique()
    assert 3 < together.mean() < 4


def test_a_few_of_a_thousand_values_are_in_another_unit_or_mistyped(values):
    for measurement in MEASUREMENTS:
        rows = values[values["code"] == measurement.snomed]
        other, mistyped = rows["unit"] != measurement.unit, rows["unit"] == measurement.unit
        mistyped &= ~rows["value"].between(measurement.lowest, measurement.highest)
        assert 0.001 < (other | mistyped).mean() < 0.006, measurement.snomed
        assert other.any() == (measurement.other_unit is not None)


def test_another_unit_says_the_same_and_a_slip_says_what_nobody_could_have():
    code = np.repeat(np.array([HAEMOGLOBIN.snomed, HBA1C.snomed, SODIUM.snomed], dtype=object), 400)
    value, unit = np.repeat([132.0, 48.0, 140.0], 400), np.repeat(np.array(["g/L", "mmol/mol", "mmol/L"], object), 400)
    slips, units = slipped(np.random.default_rng(1), code, value, unit, 1.0)
    assert set(zip(slips[units != unit], units[units != unit], strict=True)) == {(13.2, "g/dL"), (6.5, "%")}
    assert set(slips[units == unit]) == {1320.0, 480.0, 1400.0, 13.2, 4.8, 14.0, 0.0}
    kept, same = slipped(np.random.default_rng(1), code, value, unit, 0.0)
    assert (kept == value).all()
    assert (same == unit).all()
