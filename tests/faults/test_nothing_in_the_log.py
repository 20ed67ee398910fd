"""No value of a record in any log at any level: every logger of the process at DEBUG, those of the libraries too."""

import json
import logging
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.conftest import GOVERNANCE
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
@pytest.mark.parametrize("log", ["", "json"])
def test_no_value_of_a_record_is_told_or_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, spoilt: str, log: str
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
    with caplog.at_level(logging.DEBUG):
        ended = CliRunner().invoke(app, ["run", "--records", "records", "--index-date", "2024-06-01"])

    assert ended.exit_code > 0  # so few people teach no model
    values = (*PEOPLE, *PLACES, "9999999999")
    assert [value for value in values if value in ended.output + ended.stderr + caplog.text] == []
    if log:
        assert [json.loads(line)["event"] for line in ended.stderr.splitlines()][-1] == "failed"


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_whole_run_logs_no_person_though_every_library_says_all_it_has(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    people = pd.read_parquet(place / "trust" / "patients.parquet")["patient_id"]
    monkeypatch.chdir(tmp_path)

    with caplog.at_level(logging.DEBUG):
        ended = CliRunner().invoke(app, arguments(place), catch_exceptions=False)

    assert ended.exit_code == 0, ended.stderr
    assert caplog.text  # some library said something
    assert [one for one in people if one in ended.output + ended.stderr + caplog.text] == []
