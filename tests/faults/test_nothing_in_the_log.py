"""No value of a record in any log at any level: every logger of the process at DEBUG, those of the libraries too.

The fuzz cases (`tests/fuzz`) are searched in the same way, each of them.
"""

import json
import logging
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.conftest import GOVERNANCE
from tests.everything_logged import everything_logged
from tests.faults.conftest import arguments
from vi_risk.cli import app

pytestmark = pytest.mark.faults

PEOPLE = [f"94347659{number:02}" for number in range(60)]
PLACES = ("E01098765", "SW1A 1AA", "HAWTHORNE")

# What is wrong with the records, each a way to be quoted in a message.
SPOILT = {
    "nothing": {},
    "no date": {"admitted_on": "HAWTHORNE"},
    "no number": {"admission_method": "SW1A 1AA"},
    "ends before it begins": {"discharged_on": "1999-01-01"},
    "of nobody": {"patient_id": "9999999999"},
    "the same id": {"spell_id": "9434765900"},
    "line ends and quotes": {"admission_method": '2"1\r\n9434765911'},
    "very long": {"admission_method": "HAWTHORNE" * 5000},
}


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("log", ["", "json", "night.jsonl"])
def test_no_value_of_a_record_is_told_or_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str, log: str
) -> None:
    records = tmp_path / "records"
    records.mkdir()
    people = [{"patient_id": one, "birth_month": "1950-06-01", "sex": "1", "lsoa": PLACES[0]} for one in PEOPLE]
    stays = [
        {"spell_id": one, "patient_id": one, "admitted_on": "2023-01-02", "discharged_on": "2023-01-05",
         "admission_method": "21"}
        for one in PEOPLE
    ]  # fmt: skip
    stays[7] |= SPOILT[spoilt]
    pd.DataFrame(people).to_csv(records / "patients.csv", index=False)
    pd.DataFrame(stays).to_csv(records / "spells.csv", index=False)
    (tmp_path / "governance.toml").write_text(GOVERNANCE)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VI_RISK_LOG", log)
    with everything_logged() as logged:
        ended = CliRunner().invoke(app, ["run", "--records", "records", "--index-date", "2024-06-01"])

    assert ended.exit_code in (3, 5)  # so few people teach no model
    file = tmp_path / "night.jsonl"
    lines = file.read_text() if file.exists() else ended.stderr
    values = (*PEOPLE, *PLACES, "9999999999")
    assert [value for value in values if value in ended.output + ended.stderr + lines] == []
    assert logged.holding(values) == []
    if log:
        assert [json.loads(line)["event"] for line in lines.splitlines()][-1] == "failed"


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_whole_run_logs_no_person_though_every_library_says_all_it_has(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = planted(place / "trust", tmp_path / "records")
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    monkeypatch.chdir(tmp_path)
    asked = [word.replace(str(place / "trust"), "records") for word in arguments(place)]

    with everything_logged() as logged:
        ended = CliRunner().invoke(app, ["--log", "night.jsonl", *asked, "--cache", "cache"], catch_exceptions=False)

    assert ended.exit_code == 0, ended.stderr
    told = ended.output + ended.stderr + (tmp_path / "night.jsonl").read_text()
    assert [value for value in values if value in told] == []
    assert logged.holding(values) == []
    # What was listened to is what it should be: the libraries that see the records, or what is made of them.
    loggers = {said.partition(".")[0].partition(" ")[0] for said in logged.said}
    assert {"mlflow", "sqlalchemy", "alembic", "matplotlib", "filelock"} <= loggers


def planted(trust: Path, records: Path) -> list[str]:
    """Copy the records of a trust, words planted in them; return those, everyone's id and where everyone lives."""
    shutil.copytree(trust, records)
    values = set[str]()
    for file in records.glob("*.parquet"):
        rows = pd.read_parquet(file)
        for column in rows.columns.intersection(["spell_id", "attendance_id", "appointment_id"]):
            rows[column] = "zebra4127-" + rows[column].astype(str)
        if file.stem == "gp_events":
            rows.loc[rows.index[:50], "code"] = "412700100200300"
        rows.to_parquet(file, index=False)
        for column in rows.columns.intersection(["patient_id", "lsoa"]):
            values.update(rows[column].dropna().astype(str))
    return ["zebra4127", "412700100200300", *sorted(values)]


def test_a_logger_that_keeps_to_itself_is_listened_to_as_well() -> None:
    quiet = logging.getLogger("tests.quiet")
    quiet.setLevel(logging.CRITICAL)
    quiet.propagate = False
    quiet.disabled = True

    with everything_logged() as logged:
        quiet.debug("patient %s", "9434765919")
        try:
            int("HAWTHORNE")
        except ValueError:
            quiet.debug("no number", exc_info=True)

    assert [said.splitlines()[0] for said in logged.holding(["9434765919", "HAWTHORNE"])] == [
        "tests.quiet DEBUG patient 9434765919",
        "tests.quiet DEBUG no number",
    ]
