"""A search for parameters, kept as one run with a run below it for each trial."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vi_risk.tracking.killed import PROCESS, this_process
from vi_risk.tracking.opening import opened, retried
from vi_risk.tracking.runs import TrackedRun, add_to_run, run_in, write

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SEARCH, _TRIAL = "search", "trial"
_PARENT = "mlflow.parentRunId"
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class TrackedSearch:
    """A search that is open in the store.

    Attributes
    ----------
    run_id
        The run above those of the trials.
    kept
        Names of trials that are there already: the search was interrupted, and goes on.
    """

    experiment: str
    run_id: str
    tracking_uri: str
    kept: set[str] = field(default_factory=set)

    def keep(
        self, name: str, *, parameters: Mapping[str, object], metrics: Mapping[str, float], tags: Mapping[str, str]
    ) -> None:
        """Keep a trial, once.

        Raises
        ------
        ResourceError
            The store cannot be reached or written.
        """
        if name in self.kept:
            return
        about = {"kind": "trial", _TRIAL: name, _PARENT: self.run_id, **tags}
        run = TrackedRun(experiment=self.experiment, run_name=name, parameters=parameters, metrics=metrics, tags=about)
        with opened(self.tracking_uri) as client, run_in(client, run, self.tracking_uri) as run_id:
            write(client, run_id, run)
        self.kept.add(name)

    def conclude(self, metrics: Mapping[str, float], tags: Mapping[str, str]) -> None:
        """Say in the run above what the search came to.

        Raises
        ------
        ResourceError
            The store cannot be reached or written.
        """
        add_to_run(self.run_id, metrics=metrics, tags=tags, tracking_uri=self.tracking_uri)


@contextmanager
def tracked_search(run: TrackedRun, *, name: str, tracking_uri: str) -> Iterator[TrackedSearch]:
    """Give the search of that name in the run's experiment: the one that is there, or a new one.

    Its run is FINISHED if the block ends well, else FAILED, or KILLED where it was interrupted.

    Raises
    ------
    UsageError
        The tracking URI names no kind of store.
    ResourceError
        The store cannot be reached or written, or belongs to another version of MLflow.
    """
    with opened(tracking_uri) as client:
        run_id, kept = _found(client, run.experiment, name)
        if run_id is None:
            whole = TrackedRun(
                experiment=run.experiment,
                run_name=run.run_name,
                parameters=run.parameters,
                metrics=run.metrics,
                tags={"kind": "search", **run.tags, _SEARCH: name},
            )
            with run_in(client, whole, tracking_uri) as run_id:
                write(client, run_id, whole)
        found, process = run_id, this_process()
        if process is not None:  # before it runs again: the one that began it may be gone
            retried(lambda: client.set_tag(found, PROCESS, process))
        retried(lambda: client.update_run(found, status="RUNNING"))
    try:
        yield TrackedSearch(run.experiment, run_id, tracking_uri, kept)
    except BaseException as fault:
        with suppress(Exception):  # where the store itself has failed; what is told is why
            _end(tracking_uri, run_id, "FAILED" if isinstance(fault, Exception) else "KILLED")
        raise
    _end(tracking_uri, run_id, "FINISHED")


def _end(tracking_uri: str, run_id: str, status: str) -> None:
    with opened(tracking_uri) as client:
        retried(lambda: client.set_terminated(run_id, status))


def _found(client: "MlflowClient", experiment: str, name: str) -> tuple[str | None, set[str]]:
    """Return the run of a search, and the names of its trials; None where there is none."""
    known = retried(lambda: client.get_experiment_by_name(experiment))
    if known is None:
        return None, set()
    ids = [known.experiment_id]
    searches = retried(lambda: client.search_runs(ids, f"tags.{_SEARCH} = '{name}'", max_results=1))
    if not searches:
        return None, set()
    run_id = searches[0].info.run_id
    trials = retried(lambda: client.search_runs(ids, f"tags.`{_PARENT}` = '{run_id}'", max_results=_AT_ONCE))
    return run_id, {trial.data.tags[_TRIAL] for trial in trials if trial.info.status == "FINISHED"}
