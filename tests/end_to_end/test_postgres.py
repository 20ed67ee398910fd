"""Records in a real PostgreSQL that the test starts: read through a URL, its password told to nobody."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from vi_risk.errors import InputError
from vi_risk.records.mapping import Mapping
from vi_risk.records.mapping_check import check_mapping
from vi_risk.records.reading import read_records

PASSWORD = "p@ss/word-zebra"  # noqa: S105 - of a database that lives for a few seconds
QUOTED = "p%40ss%2Fword-zebra"

_TABLES = """
CREATE TABLE pmi (local_id numeric(10,0) PRIMARY KEY, born date, gender char(1), area varchar(9));
INSERT INTO pmi VALUES (9000000001, '1950-06-01', 'M', 'E01000001'), (9000000002, '1961-01-01', 'F', NULL);
CREATE TABLE apc_2122 (spell uuid, local_id numeric(10,0), admitted timestamp, discharged timestamp, method text);
INSERT INTO apc_2122 VALUES
  ('00000000-0000-4000-8000-000000000001', 9000000001, '2022-01-02 13:45', '2022-01-05 09:00', '21');
CREATE TABLE apc_2223 (LIKE apc_2122);
INSERT INTO apc_2223 VALUES ('00000000-0000-4000-8000-000000000002', 9000000002, '2022-05-02', NULL, '12');
CREATE TABLE payroll (salary money);
CREATE TABLE locked (id integer);
CREATE TABLE notes (at text);
CREATE FUNCTION noted() RETURNS boolean LANGUAGE sql VOLATILE AS 'INSERT INTO notes VALUES (1) RETURNING true';
CREATE VIEW pmi_noted AS SELECT *, noted() AS noted FROM pmi;
CREATE ROLE reader LOGIN PASSWORD '{password}';
GRANT SELECT ON pmi, apc_2122, apc_2223, pmi_noted, notes TO reader;
GRANT INSERT ON notes TO reader;
"""
MAPPING = Mapping.model_validate(
    {
        "name": "warehouse",
        "tables": {
            "patients": {
                "source": "pmi",
                "columns": {"patient_id": "local_id", "birth_month": "born", "sex": "gender", "lsoa": "area"},
                "values": {"sex": {"M": "1", "F": "2"}},
            },
            "spells": {
                "source": "apc_*",
                "columns": {
                    "spell_id": "spell",
                    "patient_id": "local_id",
                    "admitted_on": "admitted",
                    "discharged_on": "discharged",
                    "admission_method": "method",
                },
            },
        },
    }
)


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, where they are installed."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).parent if found else (debian[-1].parent if debian else None)


def _run_as(user: str | None, *command: str | Path) -> None:
    prefix = ["runuser", "-u", user, "--"] if user else []
    subprocess.run([*prefix, *map(str, command)], check=True, capture_output=True, text=True, cwd="/")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Host, port and database of a PostgreSQL with the tables above; gone when the tests are."""
    psycopg = pytest.importorskip("psycopg", reason="needs the Python package psycopg (the postgres extra)")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: no initdb on the path or under /usr/lib/postgresql")
    user = None
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        if "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres to run it as")
        user = "postgres"
    place = Path(tempfile.mkdtemp(prefix="vi-risk-postgres-"))
    if user:
        shutil.chown(place, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = place / "cluster"
    secret = place / "secret"
    secret.write_text("owner-of-all\n")
    secret.chmod(0o644)
    try:
        _run_as(user, programs / "initdb", "-D", cluster, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place} -c fsync=off"
        _run_as(user, programs / "pg_ctl", "-D", cluster, "-w", "-l", place / "log", "-o", options, "start")
        try:
            owner = f"host=127.0.0.1 port={port} user=owner password=owner-of-all dbname=postgres"
            with psycopg.connect(owner, autocommit=True) as connection:
                connection.execute(_TABLES.format(password=PASSWORD))
            yield f"127.0.0.1:{port}/postgres"
        finally:
            _run_as(user, programs / "pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def test_tables_of_a_database_become_records_as_files_would(server: str) -> None:
    told: list[str] = []

    records = read_records(f"postgresql://reader:{QUOTED}@{server}", mapping=MAPPING, report=told.append)

    people = records.tables["patients"].order_by("patient_id").to_pyarrow().to_pylist()
    stays = records.tables["spells"].order_by("spell_id").to_pyarrow().to_pylist()
    assert [(p["patient_id"], p["birth_month"], p["sex"], p["lsoa"]) for p in people] == [
        ("9000000001", date(1950, 6, 1), "1", "E01000001"),
        ("9000000002", date(1961, 1, 1), "2", None),
    ]
    assert [(s["spell_id"][-1], s["patient_id"], s["admitted_on"], s["discharged_on"]) for s in stays] == [
        ("1", "9000000001", date(2022, 1, 2), date(2022, 1, 5)),
        ("2", "9000000002", date(2022, 5, 2), None),
    ]
    assert told == ["copy apc_2122", "copy apc_2223", "copy pmi", "patients", "spells"]


def test_a_path_that_was_a_url_is_understood(server: str) -> None:
    records = read_records(Path(f"postgresql://reader:{QUOTED}@{server}"), mapping=MAPPING)

    assert set(records.tables) == {"patients", "spells"}


def test_the_password_is_in_nothing_that_is_kept_or_told(server: str) -> None:
    url = f"postgresql://reader:{QUOTED}@{server}"

    records = read_records(url, mapping=MAPPING)
    report = check_mapping(url, MAPPING)

    told = f"{records!r} {records.source} {report} {report.lines()}"
    assert records.source == f"postgresql://{server}"
    assert not any(word in told for word in ("zebra", "reader"))


def test_a_wrong_password_is_told_without_it(server: str) -> None:
    with pytest.raises(InputError) as refused:
        read_records(f"postgresql://reader:wrong-zebra@{server}", mapping=MAPPING)

    message = str(refused.value)
    assert message.startswith(f"postgresql://{server}: cannot be reached (OperationalError).")
    assert "zebra" not in message
    assert "reader" not in message
    assert refused.value.__suppress_context__


def test_a_table_that_the_user_may_not_read_is_named(server: str) -> None:
    mapping = MAPPING.model_copy(update={"sources": {"people": "SELECT * FROM locked"}})

    with pytest.raises(InputError, match=r"locked, which the mapping reads, is missing.* Let the user SELECT from it"):
        read_records(f"postgresql://reader:{QUOTED}@{server}", mapping=mapping)


def test_reading_changes_nothing_even_where_the_user_may_write(server: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    as_reader = f"postgresql://reader:{QUOTED}@{server}"
    with psycopg.connect(as_reader) as connection:  # without our measure, reading this view writes
        assert connection.execute("SELECT count(noted) FROM pmi_noted").fetchone() == (2,)
        assert connection.execute("SELECT count(*) > 0 FROM notes").fetchone() == (True,)
        connection.rollback()
    noted = MAPPING.tables["patients"].model_copy(update={"source": "pmi_noted"})
    mapping = MAPPING.model_copy(update={"tables": MAPPING.tables | {"patients": noted}})

    with pytest.raises(InputError, match=r"table pmi_noted cannot be read"):
        read_records(as_reader, mapping=mapping)

    with psycopg.connect(as_reader) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_a_mapping_is_checked_against_a_database(server: str) -> None:
    report = check_mapping(f"postgresql://reader:{QUOTED}@{server}", MAPPING)

    assert report.fits
    assert {table.table: table.rows_out for table in report.tables} == {"patients": 2, "spells": 2}
