"""Runs that nobody will end any more: whoever ends them was itself killed, and they would be RUNNING for ever.

Each run has the process that makes it as a tag: the start of its machine, its namespace of process numbers, its number
and when it began. A run is ended as KILLED where the same machine, not started since, has no such process. Of any other
run nobody can tell from here whether it goes on (another machine, another container, one that was started since, a
system without /proc), so it is left as it is, to be ended by hand in MLflow.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from vi_risk.tracking.opening import retried

if TYPE_CHECKING:
    from mlflow import MlflowClient

PROCESS = "process"
_PROC = Path("/proc")
_AT_ONCE = 1000


def this_process() -> str | None:
    """Return what tells this process from every other, on every machine; None where the system does not say."""
    return _process(os.getpid())


def end_killed(client: "MlflowClient", experiment_id: str) -> None:
    """End as KILLED the runs of an experiment whose process is known to be gone."""
    place = _place()
    if place is None:
        return
    of_here = f"attributes.status = 'RUNNING' and tags.{PROCESS} LIKE '{place}/%'"
    for run in retried(lambda: client.search_runs([experiment_id], of_here, max_results=_AT_ONCE)):
        process = run.data.tags[PROCESS]
        number = process.removeprefix(f"{place}/").partition("/")[0]
        if number.isdecimal() and _process(int(number)) != process:
            with suppress(Exception):  # another process may have ended or removed it meanwhile
                retried(lambda run=run: client.set_terminated(run.info.run_id, "KILLED"))  # type: ignore[misc]


def _place() -> str | None:
    """Return the start of this machine and the namespace in which a number names a process."""
    try:
        started = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (_PROC / "self/ns/pid").readlink().name  # pid:[4026531836]
    except OSError:
        return None
    return f"{started}/{namespace.strip('pid:[]')}"


def _process(number: int) -> str | None:
    """Return the tag of a process of this machine; None where there is none of that number, or it has ended."""
    place = _place()
    try:
        # After the name, which may hold anything, come its state and, twentieth, when it began.
        state, *rest = (_PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if place is None or state in "ZX" else f"{place}/{number}/{rest[18]}"
