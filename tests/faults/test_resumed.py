"""A whole run that is broken off and resumed: what was finished is passed over, and the outputs are as undisturbed."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from tests.conftest import GOVERNANCE, MakeRecords
from tests.faults.conftest import arguments, contents
from vi_risk import pipeline, stages
from vi_risk.cli import app, asked
from vi_risk.errors import GovernanceError, InputError, ResourceError
from vi_risk.stages.resuming import fingerprint_of

pytestmark = [pytest.mark.faults, pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")]

Here = Callable[..., Result]


@pytest.fixture
def here(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """Run `vi-risk run` in this process, in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *more, **asked: CliRunner().invoke(app, [*arguments(place, **asked), *more], catch_exceptions=False)


def fails(stage: str, patch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        msg = "the store is not there"
        raise ResourceError(msg)

    patch.setattr(stages, stage, fail)


def test_a_run_that_lost_its_store_goes_on_where_it_stopped(here: Here, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fails("track_model", patch)
        broken = here()
    assert broken.exit_code == ResourceError.exit_code
    assert "finished before the end: features, model, evaluation, scores, case_lists." in broken.stderr
    assert not (tmp_path / "out").exists()

    resumed = here("--resume")

    assert resumed.exit_code == 0, resumed.stderr
    told = [line for line in resumed.stderr.splitlines() if line and not line.startswith(" ")]
    assert told == [  # and no record was read
        *(f"Finished before: {stage}" for stage in ("features", "model", "evaluation", "scores", "case lists")),
        "Track and register the model",
        "Track the lists",
    ]
    found = contents(tmp_path / "out")
    assert here().exit_code == 0
    assert contents(tmp_path / "out") == found
    assert {path.name for path in tmp_path.iterdir()} == {"out", "mlruns"}


def test_another_capacity_goes_on_at_the_evaluation_that_it_changes(here: Here, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fails("score", patch)
        assert here().exit_code == ResourceError.exit_code

    resumed = here("--resume", capacity=5)

    assert resumed.exit_code == 0, resumed.stderr
    assert "Finished before: model\nEvaluate it at a later date\n" in resumed.stderr
    found = contents(tmp_path / "out")
    assert here(capacity=5).exit_code == 0
    assert contents(tmp_path / "out") == found


def test_records_in_other_files_are_read_again_and_passed_over_where_their_rows_are_the_same(
    here: Here, place: Path, tmp_path: Path
) -> None:
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    copied = Path(shutil.copytree(place / "trust", tmp_path / "trust"))
    with pytest.MonkeyPatch.context() as patch:
        fails("train", patch)
        assert here("--records", "trust").exit_code == ResourceError.exit_code
    stays = pd.read_parquet(copied / "spells.parquet")
    stays.iloc[::-1].to_parquet(copied / "spells.parquet", index=False)

    resumed = here("--records", "trust", "--resume")

    assert resumed.exit_code == 0, resumed.stderr
    assert "Read the records in trust\n" in resumed.stderr
    assert "Finished before: features\n" in resumed.stderr


def test_a_place_of_records_that_was_mistyped_costs_nothing_that_was_finished(here: Here, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fails("train", patch)
        assert here().exit_code == ResourceError.exit_code
    (tmp_path / "governance.toml").write_text(GOVERNANCE)

    assert here("--records", "elsewhere", "--resume").exit_code == InputError.exit_code

    (tmp_path / "governance.toml").unlink()
    resumed = here("--resume")
    assert resumed.exit_code == 0, resumed.stderr
    assert "Read the records" not in resumed.stderr


def test_an_approval_that_ended_meanwhile_stops_a_run_that_would_read_nothing(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    with pytest.MonkeyPatch.context() as patch:
        fails("train", patch)
        assert here().exit_code == ResourceError.exit_code

    monkeypatch.setattr(asked, "today", lambda: date(2100, 1, 1))
    resumed = here("--resume")

    assert resumed.exit_code == GovernanceError.exit_code
    assert "approval: none ended on 2099-12-31" in resumed.stderr


def test_one_record_changed_or_one_more_is_another_run(make_records: MakeRecords) -> None:
    def mark_of(**tables: list[dict[str, Any]]) -> str:
        request = pipeline.Request(index_date=date(2025, 1, 1), out=Path("out"))
        return fingerprint_of(pipeline._asked_of_features(make_records(**tables), request.features))

    people = [{"patient_id": "a"}, {"patient_id": "b"}]
    stay = {"patient_id": "a", "admitted_on": date(2024, 1, 1)}
    first = mark_of(patients=people, spells=[stay])

    assert mark_of(patients=people[::-1], spells=[stay]) == first
    assert mark_of(patients=people, spells=[stay | {"admitted_on": date(2024, 1, 2)}]) != first
    assert mark_of(patients=people, spells=[stay, stay]) != first
