"""A run whose process was killed is ended by the next one of its experiment; any other is left as it is."""

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from vi_risk.tracking import TrackedRun, killed, track_run
from vi_risk.tracking.killed import PROCESS, this_process
from vi_risk.tracking.opening import opened
from vi_risk.tracking.runs import run_in

pytestmark = pytest.mark.skipif(this_process() is None, reason="this system does not tell its processes apart")

RUN = TrackedRun(experiment="killed", run_name="next", parameters={}, metrics={})

# A process that begins a run, says which, and waits for its end.
BEGINS = """
import sys, time
from vi_risk.tracking import TrackedRun
from vi_risk.tracking.opening import opened
from vi_risk.tracking.runs import run_in

run = TrackedRun(experiment="killed", run_name="broken off", parameters={}, metrics={})
with opened(sys.argv[1]) as client, run_in(client, run, sys.argv[1]) as run_id:
    print(run_id, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def begun(tracking_uri: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that has a run open, and the run's id."""
    with subprocess.Popen([sys.executable, "-c", BEGINS, tracking_uri], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def status_of(run_id: str, tracking_uri: str) -> str:
    return str(mlflow.MlflowClient(tracking_uri=tracking_uri).get_run(run_id).info.status)


def test_a_run_goes_on_while_its_process_does_and_is_ended_once_that_was_killed(
    begun: tuple[subprocess.Popen[str], str], tracking_uri: str
) -> None:
    process, run_id = begun
    track_run(RUN, tracking_uri=tracking_uri)
    assert status_of(run_id, tracking_uri) == "RUNNING"

    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    track_run(dataclasses.replace(RUN, experiment="of something else"), tracking_uri=tracking_uri)
    assert status_of(run_id, tracking_uri) == "RUNNING"
    track_run(RUN, tracking_uri=tracking_uri)
    assert status_of(run_id, tracking_uri) == "KILLED"


@pytest.mark.parametrize("place", ["another-start-of-this-machine/4026531836", "", None])
def test_a_run_of_a_process_that_cannot_be_looked_up_from_here_is_left(tracking_uri: str, place: str | None) -> None:
    about = {} if place is None else {PROCESS: f"{place}/1/2"}
    with opened(tracking_uri) as client:
        experiment = client.get_experiment_by_name("killed")
        experiment_id = experiment.experiment_id if experiment else client.create_experiment("killed")
        run_id = client.create_run(experiment_id, tags=about).info.run_id

    track_run(RUN, tracking_uri=tracking_uri)

    assert status_of(run_id, tracking_uri) == "RUNNING"


def test_another_process_that_has_been_given_the_number_is_not_taken_for_the_one_that_was_killed(
    tracking_uri: str,
) -> None:
    here, _, _ = str(this_process()).rpartition("/")
    with opened(tracking_uri) as client, run_in(client, RUN, tracking_uri) as run_id:
        client.set_tag(run_id, PROCESS, f"{here}/1")  # the number is ours, but that process began long before
        track_run(RUN, tracking_uri=tracking_uri)
        assert status_of(run_id, tracking_uri) == "KILLED"


def test_a_system_that_does_not_tell_its_processes_apart_leaves_every_run(
    tracking_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(killed, "_PROC", tmp_path)
    assert this_process() is None
    run_id = track_run(RUN, tracking_uri=tracking_uri)
    assert PROCESS not in mlflow.MlflowClient(tracking_uri=tracking_uri).get_run(run_id).data.tags
