"""What many tests share: small records made of a few rows."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings

from vi_risk.records.linked import Records
from vi_risk.records.permission import NOBODYS
from vi_risk.records.tables import TABLES
from vi_risk.running.checksums import checksums_of
from vi_risk.running.progress import Silence
from vi_risk.running.run_file import FILES

# How long an example takes is the machine's doing: other work on it would fail a test of ours.
settings.register_profile("no_clock", settings(), deadline=None)
settings.load_profile("no_clock")

# A governance file that permits records of nobody to be used in every way; more keys of [sensitive] may follow.
GOVERNANCE = f"""\
purpose = "direct_care"
legal_basis = "none is needed: tests made these people up"
tables = {list(TABLES)}
retention_months = 12
[approval]
reference = "none"
ends = 2099-12-31
[objections]
type_1 = "exclude"
national_data_opt_out = "exclude"
[sensitive]
"""

Row = Mapping[str, Any]


class Heard(Silence):
    """A report that keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.warnings: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


MakeFrames = Callable[..., dict[str, pd.DataFrame]]
MakeRecords = Callable[..., Records]

# What a row holds unless it says otherwise.
_USUALLY: Mapping[str, Row] = {
    "patients": {"birth_month": date(1950, 6, 1), "sex": "1", "died_on": None},
    "practices": {"name": None, "network": None},
    "registrations": {
        "practice_code": "A",
        "registered_from": date(2000, 1, 1),
        "registered_to": None,
        "recorded_on": None,
    },
    "spells": {"admission_method": "21", "discharged_on": None, "recorded_on": None},
}
_NUMBERED = {"spells": "spell_id", "ed_attendances": "attendance_id", "outpatient_appointments": "appointment_id"}


@pytest.fixture(scope="session")
def make_frames() -> MakeFrames:
    """Build canonical data frames of rows given as dicts; what a row does not say is filled in."""

    def build(**tables: list[Row]) -> dict[str, pd.DataFrame]:
        frames = {}
        for name, rows in tables.items():
            key = _NUMBERED.get(name)
            full = [
                {**({key: f"{name}-{number}"} if key else {}), **_USUALLY.get(name, {}), **row}
                for number, row in enumerate(rows)
            ]
            present = {column for row in full for column in row}
            columns = [column for column in TABLES[name].column_names if column in present or not rows]
            frames[name] = pd.DataFrame([[row.get(c) for c in columns] for row in full], columns=columns, dtype=object)
        return frames

    return build


@pytest.fixture(scope="session")
def make_records(make_frames: MakeFrames) -> MakeRecords:
    """Build records of rows given as dicts, of people who are nobody."""

    def build(**tables: list[Row]) -> Records:
        return Records.from_frames(make_frames(**tables), permission=NOBODYS)

    return build


def built_so(folder: Path) -> None:
    """Let run.json of an output folder vouch for its tables as they are now, as if the features were built so."""
    file = folder / "run.json"
    run = json.loads(file.read_text(encoding="utf-8"))
    run["features"]["checksums"] = checksums_of(folder, set(FILES["features"]) - {"catalogue.json"})
    file.write_text(json.dumps(run), encoding="utf-8")
