"""`vi-risk monitor` as a schedule runs it: a trust in which nothing changed, one in which a coding practice did."""

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import GOVERNANCE
from tests.end_to_end.conftest import Ended, Result, contents, run_here
from vi_risk import read_records, write_trust
from vi_risk.monitoring import read_watched
from vi_risk.monitoring.people import people_now
from vi_risk.records.synthetic import Flaws

LIST, CHANGE, TODAY = date(2025, 1, 1), date(2025, 1, 15), date(2026, 1, 1)
PEOPLE = 2500
SINCE = date(2024, 1, 1)
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


STAGES = (("train",), ("evaluate",), ("score",))
COUNT = """
name = "small_count"
title = "Emergency admissions in the next 12 months"
outcome = "emergency_admissions_count"
outcome_words = "emergency admissions in the next 12 months"
horizon_days = 365
"""
AFTER_DISCHARGE = """
name = "small_readmission"
title = "Emergency readmission within 30 days"
outcome = "emergency_admission"
outcome_words = "an emergency admission within 30 days of discharge"
horizon_days = 30
cohort.index = "discharge"
"""


def _made(cwd: Path, trust: Path, model: str, *, list_date: date = LIST, out: str = "out") -> None:
    """Make an output folder of a model, stage by stage."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        built = ("features", "build", "--records", trust, "--model", model, "--index-date", list_date)
        for command in (built, *STAGES):
            result = run_here(*command, "--out", out)
            assert result.exit_code == 0, result.stderr


def _other_spec(small_model: Path, head: str) -> str:
    """Return the small model with another question."""
    return head + small_model.read_text().partition("horizon_days = 365")[2]


@pytest.fixture(scope="module")
def run(trusts: dict[str, Path], small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    cwd = tmp_path_factory.mktemp("watched_run")
    spec = small_model.read_text() + "[monitoring]\nmin_events = 40\nobserved_over_expected = [0.6, 1.7]\n"
    spec += "slope = [0.3, 2.0]\nauroc_loss = 0.2\n"  # of a few small trees
    (cwd / "small.toml").write_text(spec)
    _made(cwd, trusts["same"], "small.toml")
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


def _copy(run: Ended, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    shutil.copytree(run.cwd / "out", folder)
    return folder


def _of_copy(folder: Path, records: Path, *more: object) -> tuple[Result, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder.parent)
        result = run_here("monitor", "--records", records, "--run", folder, "--index-date", TODAY, "--out", "w", *more)
    file = folder.parent / "w" / "monitor.json"
    return result, json.loads(file.read_text()) if file.exists() else {}


def test_scores_of_an_earlier_run_are_held_against_what_happened_too(run: Ended, trusts: dict[str, Path]) -> None:
    _made(run.cwd, trusts["same"], "small.toml", list_date=SINCE, out="earlier")
    _, alone = _monitor(run, trusts["same"])
    result, found = _monitor(run, trusts["same"], "--since", "earlier")

    assert result.exit_code == 0, result.stderr
    assert [(one["scores"], one["index_date"]) for one in found["windows"]] == [
        ("told then", "2025-01-01"),
        ("told then", "2024-01-01"),
    ]
    assert found["windows"][0] == alone["windows"][0]
    assert found["windows"][1]["auroc_when_tested"] == alone["windows"][0]["auroc_when_tested"]
    assert found["windows"][1]["mend"] is None, "it is another model, of which no trees are looked at"


def test_an_earlier_run_of_which_no_window_is_over_is_refused(run: Ended, trusts: dict[str, Path]) -> None:
    result, _ = _monitor(run, trusts["same"], "--since", "out", today=date(2025, 7, 1))

    assert result.exit_code == 3
    assert "--since out: no window of its list of 2025-01-01 has closed by 2025-07-01" in " ".join(
        result.stderr.split()
    )


def test_of_a_run_of_another_version_and_without_evaluation_the_page_says_so(
    run: Ended, trusts: dict[str, Path], tmp_path: Path
) -> None:
    folder = _copy(run, tmp_path)
    about = json.loads((folder / "run.json").read_text())
    about["versions"]["vi_risk"] = "0.0.1"
    (folder / "run.json").write_text(json.dumps(about))
    (folder / "evaluation.json").unlink()
    result, found = _of_copy(folder, trusts["same"])

    assert result.exit_code == 0, result.stderr
    assert found["notes"][0].startswith("The run was made with vi_risk 0.0.1, this page with")
    assert found["notes"][1].startswith("The run was not evaluated")
    page = (tmp_path / "w" / "monitor.html").read_text()
    assert all(note.partition("`")[0] in page for note in found["notes"][:2])


def test_records_with_other_pseudonyms_are_refused(run: Ended, trusts: dict[str, Path], tmp_path: Path) -> None:
    rotated = tmp_path / "rotated"
    shutil.copytree(trusts["same"], rotated)
    for file in rotated.glob("*.parquet"):
        table = pd.read_parquet(file)
        if "patient_id" in table:
            table.assign(patient_id="R" + table["patient_id"]).to_parquet(file, index=False)
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    result, _ = _of_copy(_copy(run, tmp_path), rotated)

    assert result.exit_code == 3
    assert "their pseudonyms differ. Read records that were pseudonymised with the same key" in " ".join(
        result.stderr.split()
    )


def test_a_table_that_the_records_lack_now_is_named_first(run: Ended, trusts: dict[str, Path], tmp_path: Path) -> None:
    lacking = tmp_path / "lacking"
    shutil.copytree(trusts["same"], lacking)
    (lacking / "gp_events.parquet").unlink()
    result, found = _of_copy(_copy(run, tmp_path), lacking)

    assert result.exit_code == 7
    assert found["absent"] == ["gp_events"]
    assert found["passed"][0] == "gp_events: not in the records any more, or without a row"
    assert not any("missing 100.0 % now; 100.0 % of people have it" in line for line in found["passed"])
    page = (tmp_path / "w" / "monitor.html").read_text()
    assert "What comes in is not what it was: GP events" in page
    assert "small: " in result.stderr, "the last line says how many limits are passed, and what to read"


def test_expected_numbers_are_held_against_those_that_came(
    run: Ended, trusts: dict[str, Path], small_model: Path
) -> None:
    counting = _other_spec(small_model, COUNT).replace("[learner]", '[learner]\nobjective = "poisson"')
    (run.cwd / "count.toml").write_text(counting + "[monitoring]\nmin_events = 40\n")
    _made(run.cwd, trusts["same"], "count.toml", out="counted")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(run.cwd)
        asked = ("--records", trusts["same"], "--run", "counted", "--index-date", TODAY, "--out", "watched_counts")
        result = run_here("monitor", *asked)
    found = json.loads((run.cwd / "watched_counts" / "monitor.json").read_text())
    (window,) = found["windows"]
    scores = pd.read_parquet(run.cwd / "counted" / "scores.parquet")
    stays = pd.read_parquet(trusts["same"] / "spells.parquet")
    emergency = stays["admission_method"].isin(["21", "22", "23", "24", "25", "2A", "2D", "28"])
    came = stays[emergency & stays["admitted_on"].between(LIST, date(2025, 12, 31))]
    came = came["patient_id"].isin(scores["patient_id"]).sum()

    assert result.exit_code in (0, 7), result.stderr
    assert (window["counts"], window["scores"], window["auroc"]) == (True, "told then", None)
    assert window["seen"] == pytest.approx(came, rel=0.15)  # with stays that go on elsewhere as one, weighted
    assert window["expected"] == pytest.approx(scores["expected_count"].sum(), rel=0.05)
    assert window["observed_over_expected"]["value"] == pytest.approx(window["seen"] / window["expected"], abs=0.05)


def test_after_a_discharge_every_discharge_since_the_test_is_held_against_what_happened(
    run: Ended, trusts: dict[str, Path], small_model: Path
) -> None:
    (run.cwd / "discharge.toml").write_text(_other_spec(small_model, AFTER_DISCHARGE).replace("most = 2", "most = 12"))
    _made(run.cwd, trusts["same"], "discharge.toml", out="discharged")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(run.cwd)
        asked = ("--records", trusts["same"], "--run", "discharged", "--index-date", TODAY)
        result = run_here("monitor", *asked, "--out", "watched_discharges")
        refused = run_here("monitor", *asked, "--out", "w", "--since", "discharged")
    found = json.loads((run.cwd / "watched_discharges" / "monitor.json").read_text())
    (window,) = found["windows"]

    assert result.exit_code == 0, result.stderr
    assert (window["scores"], window["index_date"], window["until"]) == ("looked back", "2024-12-03", "2025-12-02")
    assert refused.exit_code == 2
    assert "Leave it out: every discharge since the list is held" in " ".join(refused.stderr.split())

    watched = read_watched(run.cwd / "discharged", today=TODAY, against="training")
    records = read_records(trusts["same"])
    people = people_now(records, watched.spec, watched.snapshots, today=TODAY)
    since, closed = people.today.cohort, people.closed.cohort
    assert since["index_date"].min() > LIST
    assert closed["patient_id"].is_unique
    assert closed["outcome"].notna().all()
    known = since[since["index_date"] <= date(2025, 12, 2)]
    often = known.groupby("patient_id").size()
    drawn = closed[closed["index_date"] > LIST].set_index("patient_id")
    assert (drawn["weight"] >= 0.99 * often.reindex(drawn.index))[drawn["weight"] > 0].all()
