import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.conftest import GOVERNANCE, Heard
from vi_risk.cli import app
from vi_risk.cli.asked import check_built, previous_of, today
from vi_risk.errors import GovernanceError
from vi_risk.governance import read_governance
from vi_risk.governance.door import permission_of
from vi_risk.governance.told import about_permission


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output folder with a list, made under the governance file of the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("governance.toml").write_text(GOVERNANCE)
    about = about_permission(permission_of(read_governance("governance.toml")), today(), objections=True)
    (tmp_path / "out" / "case_lists").mkdir(parents=True)
    (tmp_path / "out" / "case_lists" / "listed.parquet").touch()
    write(tmp_path / "out", about)
    return tmp_path / "out"


def write(out: Path, about: dict[str, Any]) -> None:
    content = {
        "features": {"index_dates": {"list": "2025-01-01"}},
        "case_lists": {},
        "spec": {"name": "small"},
        "records": {"permission": about},
    }
    (out / "run.json").write_text(json.dumps(content))


def permission_in(out: Path) -> dict[str, Any]:
    about: dict[str, Any] = json.loads((out / "run.json").read_text())["records"]["permission"]
    return about


@pytest.mark.parametrize("day", ["approval_ends", "delete_by"])
def test_a_list_before_is_not_read_when_its_approval_has_ended_or_it_was_to_be_deleted(out: Path, day: str) -> None:
    assert previous_of("out", date(2025, 4, 1), model="small") is not None
    write(out, permission_in(out) | {day: "2025-02-01"})
    with pytest.raises(GovernanceError) as refused:
        previous_of("out", date(2025, 4, 1), model="small")
    assert str(refused.value).startswith("--previous out: governance: ")
    assert str(refused.value).endswith("--previous out: name the date of its list, 2025-01-01, in its place.")


def test_a_permission_that_was_taken_back_since_the_features_were_built_is_told(out: Path) -> None:
    told = Heard()
    check_built(out, told)
    assert told.warnings == []
    Path("governance.toml").write_text(f"{GOVERNANCE}hiv = true\n")
    check_built(out, told)
    [warning] = told.warnings
    assert "another permission: the sensitive codes that may be used, as the governance file now tells" in warning


@pytest.mark.parametrize(
    "command",
    [
        ("mapping", "export", "canonical"),
        ("pseudonymise", "--key", "keys/key", "--links", "keys/links"),
    ],
)
def test_extracts_are_not_replaced_by_what_is_made_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("extracts").mkdir()
    Path("extracts/patients.csv").write_text("patient_id,birth_month,sex\n")

    done = CliRunner().invoke(app, [*command, "--records", "extracts", "--out", "./extracts"])

    assert done.exit_code == 2
    assert "--out extracts: is the folder of --records extracts, and an output folder is replaced whole" in done.stderr
    assert Path("extracts/patients.csv").is_file()
