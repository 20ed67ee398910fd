"""A whole run that is broken off and resumed: what was finished is passed over, and the outputs are as undisturbed."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.conftest import MakeRecords
from tests.faults.conftest import arguments, contents
from vi_risk import pipeline, stages
from vi_risk.cli import app
from vi_risk.errors import ResourceError
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
    told = [line for line in resumed.stderr.splitlines() if line and not line.startswith((" ", "Read"))]
    assert told == [
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


def test_one_record_changed_or_one_more_is_another_run(make_records: MakeRecords) -> None:
    def asked(**tables: list[dict[str, Any]]) -> str:
        request = pipeline.Request(index_date=date(2025, 1, 1), out=Path("out"))
        return fingerprint_of(pipeline._asked_of_features(make_records(**tables), request.features))

    people = [{"patient_id": "a"}, {"patient_id": "b"}]
    stay = {"patient_id": "a", "admitted_on": date(2024, 1, 1)}
    first = asked(patients=people, spells=[stay])

    assert asked(patients=people[::-1], spells=[stay]) == first
    assert asked(patients=people, spells=[stay | {"admitted_on": date(2024, 1, 2)}]) != first
    assert asked(patients=people, spells=[stay, stay]) != first
