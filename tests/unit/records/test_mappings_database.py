"""A database as the place of the records: what of it is told, and that it reads as files do."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from vi_risk.errors import InputError, UsageError
from vi_risk.records.database import Database, shown, url_of
from vi_risk.records.reading import read_records


@pytest.fixture
def warehouse(tmp_path: Path) -> str:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("CREATE TABLE patients (patient_id DECIMAL(10,0), birth_month DATE, sex VARCHAR)")
        connection.execute("INSERT INTO patients VALUES (9000000001, '1950-06-01', '1')")
        connection.execute(
            "CREATE TABLE spells AS SELECT uuid() AS spell_id, '9000000001' AS patient_id,"
            " TIMESTAMP '2022-01-02 13:45' AS admitted_on, NULL::DATE AS discharged_on, 21 AS admission_method"
        )
        connection.execute("CREATE TABLE payroll AS SELECT 1 AS salary")
    return f"duckdb://{tmp_path}/warehouse.duckdb"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgresql://host/db", "postgresql://host/db"),
        ("postgres://host/db", "postgresql://host/db"),
        (Path("postgresql://u:p@host:5432/db"), "postgresql://u:p@host:5432/db"),
        ("duckdb:///data/w.duckdb", "duckdb:///data/w.duckdb"),
        (Path("duckdb:///data/w.duckdb"), "duckdb:///data/w.duckdb"),
        ("duckdb://w.duckdb", "duckdb://w.duckdb"),
        ("extracts", None),
        ("C:/extracts", None),
        ("/data/a:b/extracts", None),
    ],
)
def test_a_url_is_told_from_a_folder(given: str | Path, url: str | None) -> None:
    assert url_of(given) == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:zebra@host/db",
        "postgresql://reader:zeb@ra/zebra@host/db",
        "postgresql://host/db?user=reader&password=zebra",
        "postgresql://reader@host/db?sslmode=require#zebra",
    ],
)
def test_neither_user_nor_password_of_a_url_is_shown(url: str) -> None:
    assert shown(url) == "postgresql://host/db"


@pytest.mark.parametrize("as_path", [False, True])
def test_a_duckdb_database_is_read_with_its_canonical_tables_and_no_others(warehouse: str, as_path: bool) -> None:
    told: list[str] = []

    records = read_records(Path(warehouse) if as_path else warehouse, report=told.append)

    assert told[:2] == ["copy patients", "copy spells"]
    assert records.source == warehouse
    people = records.tables["patients"].to_pyarrow().to_pylist()
    assert people == [{"patient_id": "9000000001", "birth_month": date(1950, 6, 1), "sex": "1"}]
    stay = records.tables["spells"].to_pyarrow().to_pylist()[0]
    assert (stay["admitted_on"], stay["discharged_on"], stay["admission_method"]) == (date(2022, 1, 2), None, "21")


def test_reading_leaves_the_database_as_it_was(warehouse: str) -> None:
    file = Path(warehouse.removeprefix("duckdb://"))
    before = file.read_bytes()

    read_records(warehouse)

    assert file.read_bytes() == before


def test_a_database_that_is_not_there_is_refused_without_user_and_password(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        Database(f"duckdb://{tmp_path}/nowhere.duckdb?password=zebra")

    assert str(refused.value).startswith(f"duckdb://{tmp_path}/nowhere.duckdb: cannot be reached")
    assert "zebra" not in str(refused.value)


def test_a_kind_of_database_that_is_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^abacus://host/db: abacus is no database that can be read"):
        Database("abacus://reader:zebra@host/db")


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(url: str, **_: object) -> None:
        raise ModuleNotFoundError("zebra")

    monkeypatch.setattr("ibis.connect", without)

    with pytest.raises(
        UsageError, match=r"^postgresql://host/db: postgresql needs the Python package psycopg\[binary\]"
    ):
        Database("postgresql://reader:zebra@host/db")
