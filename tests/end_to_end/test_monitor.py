"""`vi-risk monitor` as a schedule runs it: a trust in which nothing changed, one in which a coding practice did."""

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Ended, Result, contents, run_here
from vi_risk import write_trust
from vi_risk.records.synthetic import Flaws

LIST, CHANGE, TODAY = date(2025, 1, 1), date(2025, 1, 15), date(2026, 1, 1)
PEOPLE = 2500
OF_DIAGNOSES = {"hospital_diagnoses_365d", "charlson_shmi_points_1095d", "ambulatory_care_sensitive_conditions_1095d"}


@pytest.fixture(scope="module")
def trusts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same people twice: as they are, and with coders who stop at the main diagnosis."""
    folder = tmp_path_factory.mktemp("watched_trusts")
    for name, change in (("same", None), ("changed", CHANGE)):
        write_trust(
            folder / name, patients=PEOPLE, seed=1, last_day=date(2025, 12, 31), flaws=Flaws(coding_change=change)
        )
    return {name: folder / name for name in ("same", "changed")}


@pytest.fixture(scope="module")
def run(trusts: dict[str, Path], small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    cwd = tmp_path_factory.mktemp("watched_run")
    spec = small_model.read_text() + "[monitoring]\nmin_events = 40\nobserved_over_expected = [0.6, 1.7]\n"
    spec += "slope = [0.3, 2.0]\nauroc_loss = 0.2\n"  # of a few small trees
    (cwd / "small.toml").write_text(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        arguments = ("--records", trusts["same"], "--model", "small.toml", "--index-date", LIST)
        for command in (("features", "build", *arguments), ("train",), ("evaluate",), ("score",)):
            result = run_here(*command)
            assert result.exit_code == 0, result.stderr
    return Ended(cwd, 0, "", "")


def _monitor(run: Ended, records: Path, *more: object, today: date = TODAY) -> tuple[Result, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(run.cwd)
        asked = ("monitor", "--records", records, "--run", "out", "--index-date", today, "--out", "watched", *more)
        result = run_here(*asked)
    file = run.cwd / "watched" / "monitor.json"
    return result, json.loads(file.read_text()) if file.exists() else {}


def test_where_nothing_changed_it_says_so_and_ends_with_0(run: Ended, trusts: dict[str, Path]) -> None:
    before = contents(run.cwd / "out")
    result, found = _monitor(run, trusts["same"])

    assert result.exit_code == 0, result.stderr + result.stdout
    assert found["passed"] == []
    assert found["verdict"] in ("nothing", "too little to tell")
    assert contents(run.cwd / "out") == before, "the run that is watched stays as it is"
    assert [one["scores"] for one in found["windows"]] == ["told then"]


def test_where_coders_changed_it_names_what_they_wrote_and_ends_with_7(run: Ended, trusts: dict[str, Path]) -> None:
    result, found = _monitor(run, trusts["changed"])

    assert result.exit_code == 7, result.stderr
    assert found["verdict"] == "look at the feed"
    assert found["passed"][0].startswith("diagnoses: fewer")
    assert {*list(found["features"])[:4]} & OF_DIAGNOSES
    assert found["sources"][0]["table"] == "diagnoses"
    assert "past a limit of small: diagnoses" in result.stdout
    page = (run.cwd / "watched" / "monitor.html").read_text()
    assert "Look at the feed before anything else" in page
    assert not re.search(r"<script|https?://", page)


def test_half_a_year_later_the_model_looks_back_to_the_latest_window_that_has_closed(
    run: Ended, trusts: dict[str, Path]
) -> None:
    result, found = _monitor(run, trusts["same"], "--against", "list", today=date(2025, 7, 1))

    assert result.exit_code == 0, result.stderr
    assert [(one["scores"], one["index_date"]) for one in found["windows"]] == [("looked back", "2024-07-01")]
    assert found["against"] == "list"


def test_no_number_of_one_to_seven_people_is_told(run: Ended, trusts: dict[str, Path]) -> None:
    _, found = _monitor(run, trusts["changed"])

    numbers = [found["people_then"], found["people_now"]]
    numbers += [number for one in found["volumes"] for number in (*one["rows"], *one["people"])]
    numbers += [one["seen"] for one in found["windows"]]
    numbers += [practice["seen"] for one in found["windows"] for practice in one["practices"]]
    assert all(number is None or number % 5 == 0 for number in numbers)


@pytest.mark.parametrize(
    ("changed", "code", "told"),
    [
        ({"--run": "nowhere"}, 3, "--run nowhere: no such folder"),
        ({"--run": "watched_by_nobody"}, 3, "run.json: is not in the output folder"),
        ({"--index-date": LIST}, 3, "its list is of 2025-01-01, and --index-date is 2025-01-01"),
        ({"--index-date": "soon"}, 2, "is not a date"),
        ({"--against": "yesterday"}, 2, "expected training or list"),
        ({"--since": "nowhere"}, 3, "--since nowhere: no such folder"),
        ({"--out": "out/watched"}, 2, "lies in the folder of --run"),
    ],
)
def test_what_cannot_be_watched_is_said_with_its_mend(
    run: Ended, trusts: dict[str, Path], changed: dict[str, object], code: int, told: str
) -> None:
    (run.cwd / "watched_by_nobody").mkdir(exist_ok=True)
    asked = {"--records": trusts["same"], "--run": "out", "--index-date": date(2025, 7, 1), "--out": "w"} | changed
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(run.cwd)
        result = run_here("monitor", *(part for pair in asked.items() for part in pair))

    assert result.exit_code == code, result.stderr
    assert told in " ".join((result.stderr + result.stdout).split())
    assert not (run.cwd / "w").exists()


def test_a_model_from_the_registry_has_no_training_rows_to_compare_with(
    run: Ended, trusts: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "registered"
    shutil.copytree(run.cwd / "out", folder)
    about = json.loads((folder / "run.json").read_text())
    about["scores"]["model"]["from"] = "registered"
    (folder / "run.json").write_text(json.dumps(about))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        result = run_here(
            "monitor", "--records", trusts["same"], "--run", folder, "--index-date", date(2025, 7, 1), "--out", "w"
        )

    assert result.exit_code == 3
    assert "no reference statistics" in " ".join(result.stderr.split())
