"""The declarations of the canonical tables hold together, and each says what its gaps mean."""

import pytest

from vi_risk.records.tables import TABLES, Column, Table

ALL_TABLES = tuple(TABLES.values())
ALL_COLUMNS = [(table, column) for table in ALL_TABLES for column in table.columns]
every_table = pytest.mark.parametrize("table", ALL_TABLES, ids=list(TABLES))
every_column = pytest.mark.parametrize(
    ("table", "column"), ALL_COLUMNS, ids=[f"{table.name}.{column.name}" for table, column in ALL_COLUMNS]
)


def test_the_canonical_tables_are_those_of_the_design() -> None:
    assert set(TABLES) == {
        *("patients", "practices", "registrations", "spells", "diagnoses", "procedures", "ed_attendances"),
        *("outpatient_appointments", "gp_events", "gp_appointments", "prescriptions", "community_contacts"),
        *("referrals", "mdt_reviews", "objections"),
    }
    assert [table.name for table in ALL_TABLES if table.required] == ["patients", "spells"]


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("procedures", {"spell_id", "position", "code", "performed_on"}),
        ("referrals", {"patient_id", "referred_on", "service"}),
        ("mdt_reviews", {"patient_id", "reviewed_on", "decision", "owner", "plan", "review_on"}),
        ("objections", {"patient_id", "kind", "objected_from"}),
    ],
)
def test_a_table_has_the_columns_that_the_design_names(table: str, columns: set[str]) -> None:
    assert columns <= set(TABLES[table].column_names)


@every_table
def test_a_table_names_its_own_columns_and_other_tables(table: Table) -> None:
    assert len(set(table.column_names)) == len(table.columns)
    assert {*table.key, *(link.column for link in table.links)} <= set(table.column_names)
    for link in table.links:
        assert link.table in TABLES
        assert TABLES[link.table].column(link.column).required


@every_table
def test_a_key_and_an_event_are_never_missing(table: Table) -> None:
    for name in (*table.key, *([table.event] if table.event else [])):
        assert table.column(name).required, name


@every_table
def test_a_dated_table_may_say_when_its_rows_arrived(table: Table) -> None:
    assert table.dated == (table.event is not None)
    if table.event is not None:
        assert table.column(table.event).type in ("date", "timestamp")
        assert "recorded_on" in table.column_names


@every_table
def test_rows_without_a_day_of_their_own_are_known_from_one_in_a_linked_table(table: Table) -> None:
    if table.known_from is not None:
        other, column = table.known_from.split(".")
        assert other in [link.table for link in table.links]
        assert TABLES[other].column(column).type == "date"
    assert (table.known_from is not None) == (table.name in ("diagnoses", "procedures"))


@every_table
def test_a_table_says_what_a_run_does_without_it(table: Table) -> None:
    assert table.absent
    assert (table.absent == "the run stops") == table.required


@every_column
def test_a_column_says_what_it_means_and_what_missing_means(table: Table, column: Column) -> None:
    assert column.meaning
    assert column.missing
    assert not (column.required and column.mapped), "required says mapped already"
    if column.required:
        assert column.missing == Column("x", "text", "any").missing, "it is never missing"


@every_column
def test_a_value_known_later_is_known_from_a_date_of_its_row(table: Table, column: Column) -> None:
    if column.known_from is not None:
        assert table.column(column.known_from).type == "date"
        assert not column.required


@every_column
def test_limits_belong_to_numbers_and_codes_to_text(table: Table, column: Column) -> None:
    if column.minimum is not None or column.maximum is not None:
        assert column.type in ("integer", "number")
    if column.values is not None:
        assert column.type == "text"
        assert all(isinstance(code, str) and meaning for code, meaning in column.values.items())


def test_measures_have_a_unit() -> None:
    measures = [column for _, column in ALL_COLUMNS if column.type == "number"]
    assert [column.name for column in measures] == ["value", "quantity"]
    assert all(column.unit for column in measures)


def test_asking_for_a_column_that_is_not_declared_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="nhs_number"):
        TABLES["patients"].column("nhs_number")
