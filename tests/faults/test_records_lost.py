"""Records that break off while they are read: a Parquet file with a changed byte, a database that goes away."""

import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from tests.end_to_end.test_postgres import QUOTED, server  # noqa: F401 - a fixture
from vi_risk.errors import ViRiskError
from vi_risk.records.database import Database
from vi_risk.records.linked import Workspace
from vi_risk.records.reading import read_records

pytestmark = pytest.mark.faults

PATIENT = "9434765919"


@pytest.fixture
def extracts(tmp_path: Path) -> Path:
    """Two canonical tables as Parquet files."""
    folder = tmp_path / "extracts"
    folder.mkdir()
    ids = [f"{PATIENT}-{number}" for number in range(2000)]
    pd.DataFrame({"patient_id": ids, "birth_month": "1950-06-01", "sex": "1"}).to_parquet(folder / "patients.parquet")
    stays = {"spell_id": ids, "patient_id": ids, "admitted_on": "2022-01-02", "admission_method": "21"}
    pd.DataFrame(stays).to_parquet(folder / "spells.parquet")
    return folder


@pytest.mark.parametrize("seed", range(20))
def test_a_parquet_file_with_damaged_bytes_is_refused_or_read_and_no_value_of_it_is_told(
    extracts: Path, seed: int
) -> None:
    draws = random.Random(seed)
    file = extracts / "spells.parquet"
    content = bytearray(file.read_bytes())
    for _ in range(50):
        content[draws.randrange(4, len(content))] = draws.randrange(256)
    file.write_bytes(content)

    said = "spells"
    try:
        read_records(extracts)
    except ViRiskError as error:
        said = str(error)

    assert "spells" in said
    assert PATIENT not in said


def test_a_parquet_file_without_its_end_is_refused_by_its_name(extracts: Path) -> None:
    file = extracts / "spells.parquet"
    file.write_bytes(file.read_bytes()[:-8])

    with pytest.raises(ViRiskError, match=r"spells\.parquet"):
        read_records(extracts)


# Ends the connection of the reader as soon as rows are asked for, or gives up after a minute.
ENDS = """
import sys, time, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    for _ in range(1200):
        asked = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'reader' AND query ~* %s"
        if connection.execute(asked, ["fetch"]).fetchone()[0]:
            break
        time.sleep(0.05)
"""


def test_a_database_that_goes_away_in_the_middle_of_a_table_is_told_without_a_row(server: str) -> None:  # noqa: F811
    """The server ends the connection of the reader while its rows are on their way, as when it is stopped."""
    host, _, name = server.partition("/")
    owner = f"host=127.0.0.1 port={host.partition(':')[2]} user=owner password=owner-of-all dbname={name}"
    with psycopg.connect(owner, autocommit=True) as connection:
        rows = "SELECT '9434765919' || n AS patient_id FROM generate_series(1, 3000000) n"
        connection.execute(f"CREATE TABLE long_one AS {rows}")
        connection.execute("GRANT SELECT ON long_one TO reader")
    database = Database(f"postgresql://reader:{QUOTED}@{server}")
    with subprocess.Popen([sys.executable, "-c", ENDS, owner]):
        failed = database.copy(["long_one"], Workspace().backend)

    (why,) = failed.values()
    assert why.startswith(f"postgresql://{host}/{name}: table long_one cannot be read (")
    assert PATIENT not in why
