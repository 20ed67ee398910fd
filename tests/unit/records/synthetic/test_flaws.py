"""Chosen rates of missing values, duplicates and late coding are found in the records."""

from datetime import date

import pandas as pd
import pytest

from vi_risk.errors import UsageError
from vi_risk.records.synthetic import Flaws, make_trust
from vi_risk.records.tables import TABLES

WORLD = {"patients": 600, "seed": 6, "first_day": date(2022, 1, 1), "last_day": date(2023, 12, 31)}


@pytest.fixture(scope="module")
def usual():
    return make_trust(**WORLD)


def test_no_flaws_is_the_default(usual):
    tables = make_trust(**WORLD, flaws=Flaws())
    for name, table in usual.items():
        pd.testing.assert_frame_equal(table, tables[name])


def test_rows_come_twice_at_the_chosen_rate_beside_the_first(usual):
    tables = make_trust(**WORLD, flaws=Flaws(duplicates=0.1))
    for name, table in TABLES.items():
        once, rows = usual[name], tables[name]
        if name in ("patients", "practices") or not len(once):
            assert len(rows) == len(once)
        elif len(once) > 1_000:
            assert len(rows) / len(once) == pytest.approx(1.1, abs=0.03), name
        if table.key and len(rows) > len(once):
            again = rows.duplicated(list(table.key))
            assert again.sum() == len(rows) - len(once)
            pd.testing.assert_frame_equal(rows[~again].reset_index(drop=True), once)
            assert rows.drop_duplicates().shape == once.shape  # each is the same row, not another one


def test_optional_values_are_missing_at_the_chosen_rate_and_no_other(usual):
    tables = make_trust(**WORLD, flaws=Flaws(missing=0.25))
    for name, table in TABLES.items():
        for column in table.columns:
            before, after = usual[name][column.name], tables[name][column.name]
            fixed = column.required or column.type in ("date", "timestamp") or column.name in table.key
            if fixed or any(link.column == column.name for link in table.links):
                pd.testing.assert_series_equal(before, after)
            elif before.notna().sum() > 1_000:
                assert after.notna().sum() / before.notna().sum() == pytest.approx(0.75, abs=0.06), (name, column.name)


def test_measured_values_slip_at_the_chosen_rate_and_nothing_else_does(usual):
    tables = make_trust(**WORLD, flaws=Flaws(slips=0.2))
    before, after = usual["gp_events"], tables["gp_events"]
    measured = before["value"].notna()
    slipped = (before["value"] != after["value"])[measured]
    assert slipped.mean() == pytest.approx(0.2, abs=0.02)
    other_unit = (before["unit"] != after["unit"])[measured]
    assert 0.02 < other_unit.mean() < 0.08
    assert set(after["unit"][measured][other_unit]) == {"%", "g/dL"}
    assert after["value"][~measured].isna().all()
    for name, table in usual.items():
        columns = [column for column in table.columns if column not in ("value", "unit")]
        pd.testing.assert_frame_equal(table[columns], tables[name][columns])


def test_a_coding_lag_of_three_takes_three_times_as_long_and_changes_nothing_else(usual):
    tables = make_trust(**WORLD, flaws=Flaws(coding_lag=3))

    def waited(trust, until):
        coded = trust["diagnoses"].merge(trust["spells"], on="spell_id")
        coded = coded[pd.to_datetime(coded["discharged_on"]) < until]
        return (pd.to_datetime(coded["recorded_on_x"]) - pd.to_datetime(coded["discharged_on"])).dt.days.mean()

    until = pd.Timestamp(2023, 6, 1)  # whatever is coded after the last day has not arrived
    assert waited(tables, until) / waited(usual, until) == pytest.approx(3, abs=0.2)
    assert len(tables["diagnoses"]) < len(usual["diagnoses"])
    for name in set(TABLES) - {"diagnoses", "procedures"}:
        pd.testing.assert_frame_equal(tables[name], usual[name])


def test_from_the_day_of_a_coding_change_the_main_diagnosis_is_coded_and_no_other(usual):
    day = date(2023, 1, 15)
    tables = make_trust(**WORLD, flaws=Flaws(coding_change=day))

    before, after = usual["diagnoses"], tables["diagnoses"]
    since = pd.to_datetime(before["recorded_on"]) >= pd.Timestamp(day)
    assert (since & (before["position"] > 1)).sum() > 50
    pd.testing.assert_frame_equal(after, before[~(since & (before["position"] > 1))].reset_index(drop=True))
    for name in set(TABLES) - {"diagnoses"}:
        pd.testing.assert_frame_equal(tables[name], usual[name])


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"missing": 1.2}, "missing: expected a share from 0 to 1, got 1.2"),
        ({"duplicates": -0.1}, "duplicates: expected a share from 0 to 1, got -0.1"),
        ({"slips": 2.0}, "slips: expected a share from 0 to 1, got 2"),
        ({"coding_lag": -1.0}, "coding_lag: expected 0 or more, got -1"),
    ],
)
def test_rates_that_cannot_be_are_refused(chosen, told):
    with pytest.raises(UsageError, match=told):
        Flaws(**chosen)
