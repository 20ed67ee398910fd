"""A version is in the registry with everything or not at all, once for each content, and comes back as it went."""

import dataclasses
import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest

from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.models.learning import bundle
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.tracking import TrackedRun, Version, registry
from vi_risk.tracking.registry import (
    champion_of,
    fetch,
    track_and_register,
    version_of,
    version_of_content,
    versions_of,
)

Register = Callable[..., Version]


@pytest.fixture
def register(tracked_run: TrackedRun, tracking_uri: str) -> Register:
    """Track the small run and register its model, under a name, as of a content."""

    def registered(name: str, *, content: str = "a", run: TrackedRun = tracked_run, **tags: str) -> Version:
        return track_and_register(run, name=name, checksum=content, tags=tags, tracking_uri=tracking_uri).version

    return registered


def runs_named(run_name: str, tracking_uri: str) -> list[mlflow.entities.Run]:
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return [run for run in client.search_runs(experiments) if run.info.run_name == run_name]


def test_a_version_stands_with_its_run_and_its_tags(register: Register, tracking_uri: str) -> None:
    made = register("stands", test_date="2025-01-01")

    assert (made.name, made.number, made.champion) == ("stands", 1, False)
    assert versions_of("stands", tracking_uri=tracking_uri) == [made]
    assert made.tags == {"test_date": "2025-01-01", "checksum": "a"}
    run = mlflow.MlflowClient(tracking_uri=tracking_uri).get_run(made.run_id)
    assert run.info.status == "FINISHED"


def test_another_content_is_another_version_the_newest_listed_first(register: Register, tracking_uri: str) -> None:
    register("two", content="a")
    register("two", content="b")

    found = versions_of("two", tracking_uri=tracking_uri)

    assert [(version.number, version.tags["checksum"]) for version in found] == [(2, "b"), (1, "a")]
    assert version_of_content("two", "a", tracking_uri=tracking_uri) == found[1]


def test_the_same_content_again_is_the_version_that_stands_and_its_run_names_it(
    register: Register, tracked_run: TrackedRun, tracking_uri: str
) -> None:
    first = register("once")
    again = register("once", run=dataclasses.replace(tracked_run, run_name="tracked again"), auroc="0.9")

    (run,) = runs_named("tracked again", tracking_uri)
    assert (again.number, again.run_id, again.evidence_run_id) == (1, first.run_id, run.info.run_id)
    assert (again.tags, first.tags) == ({"auroc": "0.9", "checksum": "a"}, {"checksum": "a"})
    assert versions_of("once", tracking_uri=tracking_uri) == [again]
    assert run.info.status == "FINISHED"
    assert run.data.tags["registered"] == "once 1"


def test_a_version_that_was_evaluated_again_is_fetched_with_its_latest_evidence(
    register: Register, tracked_run: TrackedRun, tmp_path: Path, tracking_uri: str
) -> None:
    register("evaluated_again")
    card = tmp_path / "model_card.html"
    card.write_text("<h1>A later card</h1>")
    register("evaluated_again", run=dataclasses.replace(tracked_run, files={"card": (card,)}))

    (version,) = versions_of("evaluated_again", tracking_uri=tracking_uri)
    fetch(version, tmp_path / "fetched", tracking_uri=tracking_uri)

    assert (tmp_path / "fetched" / "model_card.html").read_text() == "<h1>A later card</h1>"


def test_figures_of_a_later_evaluation_that_were_written_over_are_told_by_their_tag(
    register: Register, tracking_uri: str
) -> None:
    register("written_over")
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    client.set_model_version_tag("written_over", "1", "latest_evaluation", "0.9")
    with pytest.raises(InputError, match="written_over version 1: its tag latest_evaluation is not as it was written"):
        versions_of("written_over", tracking_uri=tracking_uri)
    client.delete_model_version_tag("written_over", "1", "latest_evaluation")
    assert [version.number for version in versions_of("written_over", tracking_uri=tracking_uri)] == [1]


def test_of_two_that_register_the_same_content_at_once_the_first_stands(
    register: Register, monkeypatch: pytest.MonkeyPatch, tracking_uri: str
) -> None:
    first = register("at_once")
    assert first.evidence_run_id == first.run_id
    # the second process looks just before the first has written
    monkeypatch.setattr(registry, "_of_content", _first_time_none(registry._of_content))

    again = register("at_once")
    assert (again.number, again.run_id) == (first.number, first.run_id)
    assert versions_of("at_once", tracking_uri=tracking_uri) == [again]


def _first_time_none(looked_up: Callable[..., Version | None]) -> Callable[..., Version | None]:
    asked: list[object] = []

    def answer(*arguments: Any) -> Version | None:
        asked.append(arguments)
        return None if len(asked) == 1 else looked_up(*arguments)

    return answer


@pytest.mark.parametrize("broken", ["log_artifact", "log_batch", "create_registered_model", "create_model_version"])
@pytest.mark.parametrize(
    ("fault", "told", "status"),
    [
        (OSError(28, "No space left on device"), ResourceError, "FAILED"),
        (KeyboardInterrupt(), KeyboardInterrupt, "KILLED"),
    ],
)
def test_whatever_breaks_or_interrupts_nothing_is_half_registered(
    register: Register,
    tracked_run: TrackedRun,
    tracking_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    fault: BaseException,
    told: type[BaseException],
    status: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    run_name = f"{broken} {status}"
    monkeypatch.setattr(mlflow.MlflowClient, broken, fail)
    with pytest.raises(told):
        register("broken", run=dataclasses.replace(tracked_run, run_name=run_name))
    monkeypatch.undo()

    assert versions_of("broken", tracking_uri=tracking_uri) == []
    (run,) = runs_named(run_name, tracking_uri)
    assert run.info.status == status


def test_an_interruption_after_the_version_was_written_takes_it_away(
    register: Register, tracked_run: TrackedRun, tracking_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = mlflow.MlflowClient.create_model_version

    def interrupted(*arguments: Any, **more: Any) -> None:
        written(*arguments, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(mlflow.MlflowClient, "create_model_version", interrupted)
    with pytest.raises(KeyboardInterrupt):
        register("too_late", run=dataclasses.replace(tracked_run, run_name="too late"))
    monkeypatch.undo()

    assert versions_of("too_late", tracking_uri=tracking_uri) == []
    assert runs_named("too late", tracking_uri)[0].info.status == "KILLED"


def test_a_folder_for_files_that_cannot_be_written_leaves_nothing_registered(
    tracked_run: TrackedRun, tracking_uri: str, register: Register, tmp_path: Path
) -> None:
    register("elsewhere")  # the store is there
    other = tmp_path / "mlflow.db"
    with sqlite3.connect(tracking_uri.removeprefix("sqlite:///")) as source, sqlite3.connect(other) as copy:
        source.backup(copy)
    source.close()
    copy.close()
    (tmp_path / "letter").write_text("a file where the folder for files would be")
    mlflow.MlflowClient(tracking_uri=f"sqlite:///{other}").create_experiment(
        "another outcome", artifact_location=(tmp_path / "letter" / "artifacts").as_uri()
    )
    run = dataclasses.replace(tracked_run, experiment="another outcome")

    with pytest.raises(ResourceError, match="could not be kept there"):
        track_and_register(run, name="no_place", checksum="a", tags={}, tracking_uri=f"sqlite:///{other}")

    assert versions_of("no_place", tracking_uri=f"sqlite:///{other}") == []


def test_a_run_without_a_model_is_not_registered(tracked_run: TrackedRun, register: Register) -> None:
    with pytest.raises(InputError, match="expected a model to register"):
        register("no_model", run=dataclasses.replace(tracked_run, model_folder=None))


def test_a_store_of_another_mlflow_is_named_as_such_by_the_registry_too(
    register: Register, tracking_uri: str, tmp_path: Path
) -> None:
    register("of_this_mlflow")
    other = tmp_path / "mlflow.db"
    with sqlite3.connect(tracking_uri.removeprefix("sqlite:///")) as source, sqlite3.connect(other) as copy:
        source.backup(copy)
        copy.execute("UPDATE alembic_version SET version_num = '0000deadbeef'")
    source.close()
    copy.close()

    for ask in (versions_of, champion_of):
        with pytest.raises(ResourceError, match=r"another version wrote.*mlflow db upgrade sqlite:///"):
            ask("of_this_mlflow", tracking_uri=f"sqlite:///{other}")


def test_a_model_that_another_tool_registered_is_not_listed(register: Register, tracking_uri: str) -> None:
    register("ours")
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    client.create_registered_model("Someone's own")
    client.create_model_version("Someone's own", "file:///nowhere")

    found = versions_of(None, tracking_uri=tracking_uri)

    assert "Someone's own" not in {version.name for version in found}
    assert "ours" in {version.name for version in found}
    assert versions_of("Someone's own", tracking_uri=tracking_uri) == []


# --- looking up ------------------------------------------------------------------------------------------------------


def test_looking_up_where_there_is_no_store_makes_none_and_does_not_load_mlflow(tmp_path: Path) -> None:
    program = (
        "import sys; from vi_risk import tracking as t; uri = 'sqlite:///mlruns/mlflow.db'; "
        "assert t.champion_of('a', tracking_uri=uri) is None; assert t.versions_of(None, tracking_uri=uri) == []; "
        "assert t.moves_of('a', tracking_uri=uri) == []; sys.exit('mlflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_version_that_is_not_there_is_a_usage_error_that_names_those_that_are(
    register: Register, tracking_uri: str
) -> None:
    register("few", content="a")
    register("few", content="b")
    with pytest.raises(UsageError, match=r"few: there is no version 7\. Expected one of: 1, 2"):
        version_of("few", 7, tracking_uri=tracking_uri)


def test_what_is_fetched_is_the_model_and_the_evidence_of_its_run(
    register: Register,
    tracked_run: TrackedRun,
    fitted: RiskClassifier,
    made_up_features: Any,
    tracking_uri: str,
    tmp_path: Path,
) -> None:
    run_file, plot = tmp_path / "run.json", tmp_path / "reliability.png"
    run_file.write_text("{}")
    plot.write_bytes(b"\x89PNG")
    run = dataclasses.replace(tracked_run, files={**tracked_run.files, "run": (run_file,), "plots": (plot,)})
    version = register("fetched", run=run)
    place = tmp_path / "out" / "registered"
    place.mkdir(parents=True)
    (place / "old.json").write_text("of an earlier fetch")

    fetch(version, place, tracking_uri=tracking_uri)

    assert {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()} == {
        "model/booster.txt", "model/model.json", "model_card.html", "run.json", "plots/reliability.png",
    }  # fmt: skip
    model, _ = bundle.load(place / "model")
    assert (model.predict_proba(made_up_features) == fitted.predict_proba(made_up_features)).all()


def test_what_is_fetched_lies_apart_from_the_store(register: Register, tracking_uri: str, tmp_path: Path) -> None:
    version = register("apart")
    fetch(version, tmp_path / "one", tracking_uri=tracking_uri)
    before = hashlib.sha256((tmp_path / "one" / "model" / "booster.txt").read_bytes()).hexdigest()
    (tmp_path / "one" / "model" / "booster.txt").write_text("written over")

    fetch(version, tmp_path / "two", tracking_uri=tracking_uri)

    assert hashlib.sha256((tmp_path / "two" / "model" / "booster.txt").read_bytes()).hexdigest() == before
