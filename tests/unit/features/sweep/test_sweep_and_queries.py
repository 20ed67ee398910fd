"""The sweep and the portable queries are two ways to the same values, to the last bit."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.property.strategies import CATALOGUE, INDEX_DATES, frames, throw_cohort, throw_gaps, throw_record
from vi_risk.features import engine
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.codelists import CodeEntry, CodeList
from vi_risk.features.conditions import condition_faults
from vi_risk.features.definition import Definition
from vi_risk.features.engine import _sweep, compute_features
from vi_risk.features.sweep.known import changes_on
from vi_risk.features.sweep.passes import Sweep
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

_FAST_DICE = st.randoms(use_true_random=True, note_method_calls=False)


def assert_same(
    tables: dict[str, pd.DataFrame],
    cohort: pd.DataFrame,
    catalogue: Catalogue,
    *,
    windows: dict[str, int | None] | None = None,
    rows_in_a_batch: int = 250_000,
) -> pd.DataFrame:
    records = Records.from_frames(tables)
    asked = compute_features(records, cohort, catalogue, windows=windows, engine="portable")
    swept = compute_features(
        records, cohort, catalogue, windows=windows, engine="sweep", rows_in_a_batch=rows_in_a_batch
    )
    pd.testing.assert_frame_equal(asked, swept, check_exact=True)
    return swept


def _of_a_crowd(dice: Random, people: int, catalogue: Catalogue, *, with_gaps: bool) -> None:
    index_date = dice.choice(INDEX_DATES)
    record = throw_record(dice, index_date, people=people, definitions=catalogue.definitions)
    cohort = throw_cohort(dice, record, index_date)
    gaps = throw_gaps(dice, list(record)) if with_gaps else ((), ())
    assert_same(frames(record, gaps), cohort, catalogue, rows_in_a_batch=1 + len(cohort) // 2)


@settings(max_examples=2, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(_FAST_DICE, st.booleans())
def test_some_features_of_a_crowd_are_the_same(dice: Random, with_gaps: bool) -> None:
    _of_a_crowd(
        dice, 40, Catalogue(tuple(dice.sample(CATALOGUE.definitions, 20)), CATALOGUE.codelists), with_gaps=with_gaps
    )


@pytest.mark.slow
@settings(max_examples=4, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(_FAST_DICE, st.booleans())
def test_all_features_of_a_crowd_are_the_same(dice: Random, with_gaps: bool) -> None:
    _of_a_crowd(dice, 150, CATALOGUE, with_gaps=with_gaps)


def _one_person() -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Make one person with three appointments, asked about at eight dates a quarter apart."""
    last = date(2024, 10, 1)
    spells = {"spell_id": ["s"], "patient_id": ["p"], "admitted_on": [date(2020, 1, 1)], "admission_method": ["21"]}
    days = [date(2023, 4, 1), date(2024, 3, 1), date(2024, 9, 30)]
    tables = {
        "patients": pd.DataFrame({"patient_id": ["p"], "birth_month": [date(1950, 1, 1)], "sex": ["1"]}),
        "spells": pd.DataFrame(spells | {"discharged_on": [date(2020, 1, 2)]}),
        "outpatient_appointments": pd.DataFrame(
            {"appointment_id": ["a", "b", "c"], "patient_id": "p", "appointment_on": days, "attended": "5"}
        ),
    }
    dates = [last - timedelta(days=91 * number) for number in range(8)]
    cohort = pd.DataFrame({"patient_id": "p", "index_date": dates, "gp_seen_from": None}, dtype=object)
    return tables, cohort


def _only(*names: str) -> Catalogue:
    return Catalogue(tuple(d for d in CATALOGUE.definitions if d.name in names), CATALOGUE.codelists)


def test_each_of_eight_dates_has_its_own_look_back() -> None:
    swept = assert_same(*_one_person(), _only("outpatient_attended"))

    assert swept["outpatient_attended_365d"].tolist() == [0, 1, 1, 1, 1, 1, 1, 2]


def test_a_feature_whose_window_was_taken_away_is_missing() -> None:
    windows = {"outpatient_attended_90d": None, "outpatient_attended_365d": 200}

    swept = assert_same(*_one_person(), _only("outpatient_attended"), windows=windows)

    assert swept["outpatient_attended_90d"].isna().all()
    assert swept["outpatient_attended_365d"].tolist()[-1] == 1


def test_a_rise_whose_look_back_was_cut_to_the_recent_days_is_missing() -> None:
    usual = {"domain": "acute use", "title": "", "reason": "", "table": "outpatient_appointments"}
    rise = Definition(name="rise", measure="rise", recent=30, windows=(90, 400), **usual)

    swept = assert_same(*_one_person(), Catalogue((rise,), {}), windows={"rise_90d": 30, "rise_400d": 31})

    assert swept["rise_90d"].isna().all()
    assert swept["rise_400d"].tolist()[-1] == pytest.approx(31 / 30)


def test_coded_entries_of_records_without_diagnoses_are_those_of_the_practice() -> None:
    tables, cohort = _one_person()
    entry = {"event_on": [date(2024, 5, 1)], "code_system": ["snomed"], "code": ["84114007"]}
    tables["gp_events"] = pd.DataFrame({"patient_id": ["p"], **entry})
    heart = CodeList("heart", (CodeEntry("snomed", "84114007", "heart"),), {"heart": "heart failure"})
    usual = {"domain": "comorbidity", "title": "", "reason": "", "table": "coded_entries"}
    known = Definition(name="heart", measure="any", codes="heart", windows=(365,), **usual)

    swept = assert_same(tables, cohort.assign(gp_seen_from=date(2000, 1, 1)), Catalogue((known,), {"heart": heart}))

    assert swept["heart_365d"].tolist() == [float(on > date(2024, 5, 1)) for on in swept["index_date"]]


def test_a_source_without_any_row_in_reach_gives_zeros() -> None:
    tables, cohort = _one_person()
    tables["outpatient_appointments"]["appointment_on"] = date(2030, 1, 1)

    swept = assert_same(
        tables, cohort, _only("outpatient_attended", "outpatient_specialties", "outpatient_missed_share")
    )

    assert (swept["outpatient_attended_365d"] == 0).all()
    assert swept["outpatient_missed_share_730d"].isna().all()


def test_stays_change_from_date_to_date_as_spells_begin_end_and_arrive() -> None:
    tables, cohort = _one_person()
    dates = sorted(cohort["index_date"])
    begun = [dates[0] - timedelta(days=9), dates[2] - timedelta(days=1), dates[2] + timedelta(days=8)]
    tables["spells"] = pd.DataFrame(
        {
            "spell_id": ["known late", "open for long", "moved to"],
            "patient_id": "p",
            "admitted_on": begun,
            "discharged_on": [begun[0] + timedelta(days=4), begun[2], dates[5]],
            "admission_method": ["21", "21", "81"],
            "discharge_destination": ["19", "51", "19"],
            "recorded_on": [dates[1], None, None],
        }
    )

    swept = assert_same(tables, cohort, _only("emergency_admissions", "longest_emergency_stay"), rows_in_a_batch=1)

    assert swept["emergency_admissions_730d"].tolist() == [0, 0, 2, 2, 2, 2, 2, 2]
    nights = (
        swept["longest_emergency_stay_365d"].astype(object).where(swept["longest_emergency_stay_365d"].notna(), None)
    )
    assert nights.tolist() == [None, None, 4, 4, None, None, (dates[5] - begun[1]).days, None]


def test_what_the_database_cannot_answer_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    tables, cohort = _one_person()
    records = Records.from_frames(tables)
    prepared = Sweep.prepared

    def with_a_view_of_nothing(*arguments: Any) -> Sweep:
        sweep = prepared(*arguments)
        records.workspace.backend.raw_sql("DROP VIEW scratch_1_rows_of_outpatient_appointments")
        return sweep

    monkeypatch.setattr(Sweep, "prepared", with_a_view_of_nothing)

    with pytest.raises(duckdb.CatalogException):
        compute_features(records, cohort, _only("outpatient_attended", "referrals"), engine="sweep")


def test_a_large_cohort_is_swept_and_a_small_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = []
    monkeypatch.setattr(engine, "_sweep", lambda *arguments: swept.append(1) or _sweep(*arguments))
    tables, cohort = _one_person()

    compute_features(Records.from_frames(tables), cohort, _only("outpatient_attended"))
    assert not swept
    monkeypatch.setattr(engine, "_ROWS_WORTH_A_SWEEP", len(cohort))
    compute_features(Records.from_frames(tables), cohort, _only("outpatient_attended"))
    assert swept


def test_every_table_is_known_in_two_steps_at_most() -> None:
    days = {name: changes_on(table) for name, table in TABLES.items() if table.dated}

    assert {name: day for name, day in days.items() if day} == {
        "registrations": "registered_to",
        "spells": "discharged_on",
    }


def test_a_table_whose_rows_would_be_known_in_three_steps_is_refused() -> None:
    spells = TABLES["spells"]
    later = next(column for column in spells.columns if column.known_from is not None)
    once_more = replace(later, name="seen_by_a_coder", known_from="coded_on")

    with pytest.raises(AssertionError, match="spells: a row is swept as it is known at first and at last"):
        changes_on(replace(spells, columns=(*spells.columns, once_more)))


def test_nothing_that_a_definition_can_read_of_a_person_becomes_known_later() -> None:
    later = [column for column in TABLES["patients"].columns if column.known_from is not None]

    assert [column.type for column in later] == ["date"]
    for column in later:
        assert condition_faults("where", column, ("2024-01-01",))


def test_a_discharge_counts_from_the_day_after_it_and_its_bed_days_until_it() -> None:
    tables, cohort = _one_person()
    dates = sorted(cohort["index_date"])
    tables["spells"] = pd.DataFrame(
        {
            "spell_id": ["ended on an index date", "sent late", "open"],
            "patient_id": "p",
            "admitted_on": [dates[1] - timedelta(days=10), dates[2] + timedelta(days=1), dates[6] - timedelta(days=3)],
            "discharged_on": [dates[1], dates[2] + timedelta(days=6), None],
            "admission_method": ["21", "11", "21"],
            "discharge_method": ["2", "2", None],
            "recorded_on": [None, dates[3], None],
        }
    )

    swept = assert_same(tables, cohort, _only("self_discharges", "emergency_bed_days", "bed_days"), rows_in_a_batch=1)

    assert swept["self_discharges_730d"].tolist() == [0, 0, 1, 1, 2, 2, 2, 2]
    assert swept["emergency_bed_days_90d"].tolist() == [0, 10, 0, 0, 0, 0, 3, 90]


def test_an_attribute_of_the_person_is_the_same_on_every_date() -> None:
    tables, cohort = _one_person()
    tables["patients"]["imd_decile"] = 3
    usual = {"domain": "person", "title": "", "reason": "", "table": "patients", "windows": ()}
    definitions = (
        Definition(name="decile", measure="value", of="imd_decile", **usual),
        Definition(name="male", measure="is", where={"sex": ("1",)}, **usual),
    )

    swept = assert_same(tables, cohort, Catalogue(definitions, {}))

    assert swept["decile"].tolist() == [3] * 8
    assert swept["male"].tolist() == [1] * 8


def test_age_changes_with_the_month_of_birth() -> None:
    tables, cohort = _one_person()
    tables["patients"]["birth_month"] = date(1950, 4, 1)

    swept = assert_same(tables, cohort, _only("age"))

    born = [on.year - 1950 - (on.month < 4) for on in swept["index_date"]]
    assert swept["age"].tolist() == born
