"""A search is one run in the store with a run below it for each trial, however often it was interrupted."""

import mlflow
import pytest

from vi_risk.tracking import TrackedRun
from vi_risk.tracking.killed import PROCESS, this_process
from vi_risk.tracking.trials import TrackedSearch, tracked_search

ABOUT = TrackedRun(experiment="tracked_search", run_name="main tuning", parameters={"seed": 1}, metrics={})


def keep(search: TrackedSearch, number: int) -> None:
    found = {"parameters": {"num_leaves": number}, "metrics": {"log loss": 0.2}}
    search.keep(f"trial {number}", **found, tags={"given_up": "false"})


def broken_off(fault: type[BaseException], about: TrackedRun, name: str, tracking_uri: str) -> None:
    with tracked_search(about, name=name, tracking_uri=tracking_uri) as search:
        keep(search, 0)
        raise fault


def runs_of(tracking_uri: str, kind: str, experiment: str = ABOUT.experiment) -> list[mlflow.entities.Run]:
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id], f"tags.kind = '{kind}'", order_by=["attributes.start_time"]))


def test_an_interrupted_search_goes_on_in_the_same_run_and_keeps_each_trial_once(tracking_uri: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        broken_off(KeyboardInterrupt, ABOUT, "main", tracking_uri)
    assert [run.info.status for run in runs_of(tracking_uri, "search")] == ["KILLED"]

    with tracked_search(ABOUT, name="main", tracking_uri=tracking_uri) as again:
        (running,) = runs_of(tracking_uri, "search")
        assert running.info.status == "RUNNING"
        assert running.data.tags.get(PROCESS) == this_process()
        for number in range(3):
            keep(again, number)
        again.conclude({"gain": 0.01}, {"best_trial": "2"})

    (above,) = runs_of(tracking_uri, "search")
    below = runs_of(tracking_uri, "trial")
    assert above.info.status == "FINISHED"
    assert above.info.run_name == "main tuning"
    assert (above.data.params, above.data.metrics) == ({"seed": "1"}, {"gain": 0.01})
    assert above.data.tags["best_trial"] == "2"
    assert [run.info.run_name for run in below] == ["trial 0", "trial 1", "trial 2"]
    assert {run.data.tags["mlflow.parentRunId"] for run in below} == {above.info.run_id}
    assert below[1].data.params == {"num_leaves": "1"}
    assert below[1].data.metrics == {"log loss": 0.2}


def test_a_search_that_goes_on_in_another_process_is_not_taken_for_one_that_was_killed(tracking_uri: str) -> None:
    about = TrackedRun(experiment="tracked_search_again", run_name="again", parameters={}, metrics={})
    with pytest.raises(KeyboardInterrupt):
        broken_off(KeyboardInterrupt, about, "again", tracking_uri)
    (above,) = runs_of(tracking_uri, "search", about.experiment)
    here, _, _ = str(this_process()).rpartition("/")
    mlflow.MlflowClient(tracking_uri=tracking_uri).set_tag(above.info.run_id, PROCESS, f"{here}/1")  # gone since

    with tracked_search(about, name="again", tracking_uri=tracking_uri) as search:
        keep(search, 1)
        assert [run.info.status for run in runs_of(tracking_uri, "search", about.experiment)] == ["RUNNING"]


def test_a_search_of_another_name_and_one_that_failed_have_runs_of_their_own(tracking_uri: str) -> None:
    about = TrackedRun(experiment="tracked_search_failing", run_name="other", parameters={}, metrics={})
    with pytest.raises(ZeroDivisionError):
        broken_off(ZeroDivisionError, about, "one", tracking_uri)
    with tracked_search(about, name="two", tracking_uri=tracking_uri) as search:
        keep(search, 0)

    assert [run.info.status for run in runs_of(tracking_uri, "search", about.experiment)] == ["FAILED", "FINISHED"]
