"""The synthetic trust keeps the rules that a site's records are checked against."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from vi_risk.errors import ResourceError, UsageError
from vi_risk.records.synthetic import make_trust, write_trust
from vi_risk.records.synthetic.frames import ARROW_TYPES
from vi_risk.records.tables import TABLES

SMALL = {"patients": 60, "seed": 3, "first_day": date(2023, 1, 10), "last_day": date(2023, 9, 20)}
DATED = [name for name, table in TABLES.items() if table.dated]
OF_PRACTICES = [name for name, table in TABLES.items() if table.held_by == "practice"]
PANDAS_TYPES = {
    "text": "str",
    "integer": "Int64",
    "number": "float64",
    "date": "date32[day][pyarrow]",
    "timestamp": "datetime64[us]",
    "boolean": "boolean",
}


def days(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values).dt.normalize()


def with_person(trust: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    rows = trust[name].merge(trust["patients"][["patient_id", "birth_month", "died_on"]], on="patient_id")
    return rows.assign(event=days(rows[TABLES[name].event]))


def practice_joined(trust: dict[str, pd.DataFrame], rows: pd.DataFrame) -> pd.Series:
    """The day on which the practice joined with which each row's patient was registered on the day of the row."""
    stays = rows.reset_index(names="row").merge(trust["registrations"], on="patient_id", suffixes=("", "_of_practice"))
    until = days(stays["registered_to"]).fillna(pd.Timestamp(2100, 1, 1))
    # The last day counts: people die on the day that ends their registration.
    current = stays[(days(stays["registered_from"]) <= stays["event"]) & (stays["event"] <= until)]
    joined = trust["practices"].set_index("practice_code")["integrated_from"]
    return current.assign(joined=days(current["practice_code"].map(joined))).groupby("row")["joined"].min()


def test_every_canonical_table_is_there_with_all_its_columns_and_types(trust):
    assert list(trust) == list(TABLES)
    for name, table in TABLES.items():
        assert tuple(trust[name].columns) == table.column_names
        for column in table.columns:
            assert str(trust[name][column.name].dtype) == PANDAS_TYPES[column.type], (name, column.name)
        assert len(trust[name])


def test_required_values_are_never_missing(trust):
    for name, table in TABLES.items():
        for column in table.columns:
            if column.required:
                assert trust[name][column.name].notna().all(), (name, column.name)


def test_keys_are_unique(trust):
    for name, table in TABLES.items():
        if table.key:
            assert not trust[name].duplicated(list(table.key)).any(), name


def test_links_resolve(trust):
    for name, table in TABLES.items():
        for link in table.links:
            assert trust[name][link.column].isin(trust[link.table][link.column]).all(), (name, link)


def test_codes_and_numbers_are_among_the_declared_ones(trust):
    for name, table in TABLES.items():
        for column in table.columns:
            known = trust[name][column.name].dropna()
            if column.values is not None:  # noqa: PD011  the declared codes, not an array
                assert known.isin(list(column.values)).all(), (name, column.name)
            if column.minimum is not None:
                assert (known >= column.minimum).all(), (name, column.name)
            if column.maximum is not None:
                assert (known <= column.maximum).all(), (name, column.name)


@pytest.mark.parametrize("name", DATED)
def test_nothing_happens_before_birth_or_after_death(trust, name):
    rows = with_person(trust, name)
    assert (rows["event"] >= days(rows["birth_month"])).all()
    assert not (rows["event"] > days(rows["died_on"])).any()


@pytest.mark.parametrize("name", DATED)
def test_nothing_lies_after_the_last_day_or_arrives_after_it_or_before_it_happened(trust, name):
    rows = with_person(trust, name)
    recorded = days(rows["recorded_on"])
    assert (rows["event"] <= pd.Timestamp(2024, 12, 31)).all()
    assert (recorded <= pd.Timestamp(2024, 12, 31)).all()
    assert (recorded >= rows["event"]).all()


@pytest.mark.parametrize("name", sorted(set(DATED) - {"registrations", "objections"}))
def test_records_begin_with_the_first_day(trust, name):
    assert with_person(trust, name)["event"].min() >= pd.Timestamp(2021, 1, 1)


@pytest.mark.parametrize("name", DATED)
def test_rows_stand_by_patient_and_day(trust, name):
    rows = trust[name]
    assert rows.index.equals(rows.sort_values(["patient_id", TABLES[name].event], kind="stable").index)


def test_no_spell_ends_before_it_begins_or_overlaps_another_or_outlives_the_person(trust):
    spells = with_person(trust, "spells")
    discharged = days(spells["discharged_on"])
    assert not (discharged < spells["event"]).any()
    assert not (discharged > days(spells["died_on"])).any()
    following = spells.groupby("patient_id")["event"].shift(-1)
    method = spells.groupby("patient_id")["admission_method"].shift(-1)
    moved = (spells["discharge_destination"] == "51") | method.isin(["81", "2B"])
    assert (following >= discharged)[following.notna() & moved].all()
    assert (following > discharged)[following.notna() & ~moved].all()


def test_stays_still_open_are_kept_with_their_admission_only(trust):
    spells = trust["spells"]
    still_in = spells[spells["discharged_on"].isna()]
    assert 0 < len(still_in) < 60
    assert still_in["discharge_method"].isna().all()
    assert still_in["discharge_destination"].isna().all()
    assert not still_in["spell_id"].isin(trust["diagnoses"]["spell_id"]).any()


def test_a_stay_ends_by_death_exactly_when_the_person_dies_on_that_day(trust):
    spells = with_person(trust, "spells").dropna(subset="discharged_on")
    died_then = days(spells["discharged_on"]) == days(spells["died_on"])
    assert ((spells["discharge_method"] == "4") == died_then).all()
    assert ((spells["discharge_destination"] == "79") == died_then).all()
    assert 0.3 < died_then.sum() / trust["patients"]["died_on"].notna().sum() < 0.75


def test_a_stay_admitted_from_the_emergency_department_has_its_attendance(trust):
    admitted = trust["ed_attendances"].loc[lambda rows: rows["disposal"] == "01"]
    arrivals = set(zip(admitted["patient_id"], days(admitted["arrived_at"]), strict=True))
    from_here = trust["spells"].loc[lambda rows: rows["admission_method"] == "21"]
    # On the very last days an attendance may not have arrived yet.
    from_here = from_here[days(from_here["admitted_on"]) < pd.Timestamp(2024, 12, 28)]
    pairs = list(zip(from_here["patient_id"], days(from_here["admitted_on"]), strict=True))
    assert pairs
    assert all(pair in arrivals for pair in pairs)


def test_diagnoses_arrive_after_discharge_and_count_from_one(trust):
    coded = trust["diagnoses"].merge(trust["spells"], on="spell_id", suffixes=("", "_of_spell"))
    assert (days(coded["recorded_on"]) > days(coded["discharged_on"])).all()
    positions = coded.groupby("spell_id")["position"]
    assert (positions.min() == 1).all()
    assert (positions.max() == positions.size()).all()
    assert coded["code"].str.fullmatch(r"[A-Z][0-9]{2}[0-9X]").all()
    assert not coded.duplicated(["spell_id", "code"]).any()


@pytest.mark.parametrize("name", OF_PRACTICES)
def test_a_practice_is_silent_until_the_day_it_joins_the_trust(trust, name):
    rows = with_person(trust, name)
    rows = rows[rows["event"] < pd.Timestamp(2024, 12, 24)].reset_index(drop=True)  # later moves may not have arrived
    joined = practice_joined(trust, rows)
    assert len(joined) == len(rows)  # every row falls within a registration
    assert (joined <= rows["event"]).all()  # and none with a practice that had not joined


def test_three_quarters_of_practices_join_most_of_them_before_the_records_begin_one_in_their_middle(trust):
    joined = days(trust["practices"]["integrated_from"])
    assert len(joined) == 8
    assert joined.notna().sum() == 6
    assert (joined >= pd.Timestamp(2016, 6, 1))[joined.notna()].all()
    late = joined[joined > pd.Timestamp(2021, 1, 1)]
    assert late.between(pd.Timestamp(2022, 6, 1), pd.Timestamp(2023, 6, 1)).tolist() == [True]


@pytest.mark.parametrize(
    ("first_day", "last_day", "before"),
    [
        (date(2016, 6, 1), date(2023, 5, 31), 0.2),
        (date(2018, 1, 1), date(2018, 12, 31), 0.5),
        (date(2024, 1, 1), date(2024, 12, 31), 1),
    ],
)
def test_practices_join_one_after_the_other_from_june_2016_on(first_day, last_day, before):
    practices = make_trust(patients=40, seed=2, first_day=first_day, last_day=last_day)["practices"]
    joined = days(practices["integrated_from"]).dropna()
    assert joined.is_unique
    assert joined.between(pd.Timestamp(2016, 6, 1), pd.Timestamp(last_day)).all()
    assert (joined.dt.day == 1).all()
    assert (joined <= pd.Timestamp(first_day)).mean() <= before
    assert (joined > pd.Timestamp(first_day)).any()  # someone can be seen before and after


def test_seven_years_are_made_and_eight_or_an_earlier_beginning_are_refused():
    tables = make_trust(patients=400, seed=2, first_day=date(2016, 6, 1), last_day=date(2023, 5, 31))
    attended = days(tables["ed_attendances"]["arrived_at"]).dt.year
    assert set(attended) == set(range(2016, 2024))
    for first_day, last_day in ((date(2016, 5, 31), date(2018, 1, 1)), (date(2016, 6, 1), date(2024, 1, 1))):
        with pytest.raises(UsageError, match="up to 7 years from 2016-06-01 on"):
            make_trust(patients=10, first_day=first_day, last_day=last_day)


def test_people_are_registered_with_one_practice_at_a_time(trust):
    registrations = trust["registrations"].sort_values(["patient_id", "registered_from"])
    following = days(registrations.groupby("patient_id")["registered_from"].shift(-1))
    ended = days(registrations["registered_to"])
    assert (ended <= following)[following.notna()].all()
    assert (ended > days(registrations["registered_from"]))[ended.notna()].all()
    assert following.notna().sum() > 50  # people do move


def test_codes_have_the_shape_of_their_systems(trust):
    assert (trust["prescriptions"]["bnf_code"].str.len() == 15).all()
    assert trust["gp_events"]["code"].str.fullmatch(r"[0-9]{6,18}").all()
    assert trust["procedures"]["code"].str.fullmatch(r"[A-HJ-Y][0-9]{3}").all()


def test_procedures_are_done_within_the_stay_and_count_from_one(trust):
    done = trust["procedures"].merge(trust["spells"], on="spell_id", suffixes=("", "_of_spell"))
    performed = days(done["performed_on"])
    assert performed.between(days(done["admitted_on"]), days(done["discharged_on"])).all()
    positions = done.groupby("spell_id")["position"]
    assert (positions.min() == 1).all()
    assert (positions.max() == positions.size()).all()
    elective = done["admission_method"].isin(["11", "12", "13"])
    of_electives = trust["spells"]["admission_method"].isin(["11", "12", "13"]).sum()
    assert 0.7 < done.loc[elective, "spell_id"].nunique() / of_electives <= 1


def test_a_stay_is_coded_at_once_diagnoses_and_procedures(trust):
    both = trust["diagnoses"].merge(trust["procedures"], on="spell_id")
    assert len(both) > 1_000
    assert (both["recorded_on_x"] == both["recorded_on_y"]).all()


def test_the_old_are_referred_more_often_and_to_other_services(trust):
    referrals = with_person(trust, "referrals")
    born = days(trust["patients"]["birth_month"])
    old = days(referrals["birth_month"]) < pd.Timestamp(1950, 1, 1)
    share_old = (born < pd.Timestamp(1950, 1, 1)).mean()
    assert old.mean() > 2 * share_old
    assert {"social_prescribing", "social_care", "falls"} <= set(referrals["service"])
    falls = referrals["service"] == "falls"
    assert falls[old].mean() > 3 * falls[~old].mean()


def test_objections_are_rare_and_hold_from_a_day_of_registration(trust):
    objections = trust["objections"]
    assert 0.02 < objections["patient_id"].nunique() / len(trust["patients"]) < 0.07
    assert set(objections["kind"]) == {"type_1", "national_data_opt_out", "risk_stratification"}
    since = trust["registrations"].groupby("patient_id")["registered_from"].min()
    assert (days(objections["objected_from"]) >= days(objections["patient_id"].map(since))).all()


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    for file_format in ("parquet", "csv"):
        first, second = tmp_path / f"first_{file_format}", tmp_path / f"second_{file_format}"
        write_trust(first, **SMALL, file_format=file_format)
        write_trust(second, **SMALL, file_format=file_format)
        written = {f"{name}.{file_format}" for name in TABLES}
        assert {path.name for path in first.iterdir()} == {*written, "synthetic.json"}
        for path in first.iterdir():
            assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_another_seed_gives_other_records():
    one, other = (make_trust(**SMALL | {"seed": seed})["patients"] for seed in (1, 2))
    assert not one.equals(other)


def test_parquet_files_hold_the_declared_types(tmp_path):
    write_trust(tmp_path, **SMALL)
    tables = make_trust(**SMALL)
    for name, table in TABLES.items():
        stored = pq.read_table(tmp_path / f"{name}.parquet")
        assert stored.num_rows == len(tables[name])
        assert {field.name: field.type for field in stored.schema} == {
            column.name: ARROW_TYPES[column.type] for column in table.columns
        }


def test_records_within_other_days_stay_within_them():
    tables = make_trust(**SMALL)
    attendances = days(make_trust(**SMALL | {"patients": 500})["ed_attendances"]["arrived_at"])
    assert attendances.between(pd.Timestamp(2023, 1, 10), pd.Timestamp(2023, 9, 20)).all()
    assert set(attendances.dt.month) == set(range(1, 10))
    assert len(tables["patients"]) == 60


def test_one_patient_is_a_trust():
    tables = make_trust(patients=1, seed=1)
    assert len(tables["patients"]) == 1
    assert list(tables) == list(TABLES)


def test_the_order_of_pseudonyms_tells_nothing(trust):
    died = trust["patients"]["died_on"].notna().to_numpy()
    born = days(trust["patients"]["birth_month"]).astype("int64").to_numpy()
    number = np.arange(len(died))
    assert abs(np.corrcoef(number, died)[0, 1]) < 0.06
    assert abs(np.corrcoef(number, born)[0, 1]) < 0.06


def test_nobody_and_no_time_are_refused_with_what_to_do():
    with pytest.raises(UsageError, match="patients: expected at least 1, got 0"):
        make_trust(patients=0)
    with pytest.raises(UsageError, match="expected more than a month between them"):
        make_trust(first_day=date(2024, 1, 1), last_day=date(2023, 1, 1))
    with pytest.raises(UsageError, match="expected 'parquet' or 'csv', got 'xlsx'"):
        write_trust("trust", file_format="xlsx")


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback_to_the_system(tmp_path):
    blocked = tmp_path / "taken"
    blocked.write_text("a file, not a folder")
    with pytest.raises(ResourceError, match="Name another folder"):
        write_trust(blocked, **SMALL)


def test_the_truth_of_other_people_does_not_stay_beside_new_records(tmp_path: Path) -> None:
    write_trust(tmp_path, patients=1000, index_dates=[date(2023, 1, 1)])
    write_trust(tmp_path, patients=1000, seed=2)

    assert not (tmp_path / "truth.parquet").exists()


def test_a_folder_with_the_tables_in_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spells.csv").write_text("spell_id\n")

    with pytest.raises(UsageError, match=r"holds spells.csv"):
        write_trust(tmp_path, patients=1000)
