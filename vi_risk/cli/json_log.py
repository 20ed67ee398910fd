"""How long work is logged where programs read it: one JSON object a line, with stage, rows, seconds and peak memory.

It holds what a person would be told and nothing more: titles, counts and warnings, never a value of a record. Nothing
here asks the clock: the time at which a command began is passed in, and every line says how long after it stands.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from vi_risk.errors import ResourceError


class Lines(Protocol):
    """Where lines can be written."""

    def write(self, line: str, /) -> object:
        """Write a line."""

    def flush(self) -> None:
        """See that what was written can be read."""


class JsonReport:
    """The beginning of a command, its stages, steps and warnings, and its end as JSON lines.

    Every line has ``event`` and ``at_seconds``, since the command began. The first is ``began``, with ``command`` and
    ``when``. ``stage_ended`` has ``stage``, ``seconds``, ``rows`` (of the records, the people or the lists that the
    stage dealt with; null where it deals with none) and ``peak_memory_mb``, the most that the process has had in memory
    up to then (null where the system does not say). The last is ``ended``, or ``failed`` with ``text`` and
    ``exit_code``; of a process that was killed there is neither.

    Parameters
    ----------
    to
        Where the lines go.
    command
        Its words without what was given to it: ``run``, ``features build``.
    when
        The time at which it began, with a time zone.
    unwritten
        Called once with why, where the lines can no longer be written; None raises OSError. The work goes on, for a
        log is not worth a run of hours.
    """

    def __init__(
        self, to: Lines, *, command: str, when: datetime, unwritten: Callable[[str], object] | None = None
    ) -> None:
        self._to = to
        self._said_first = {"command": command, "when": when.isoformat(timespec="seconds")}
        self._unwritten = unwritten
        self._lost = False
        self._began = time.monotonic()
        self._stage: tuple[str, float] | None = None
        self._rows: int | None = None

    def __enter__(self) -> Self:
        self._write("began", **self._said_first)
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._end_stage(broken_off=kind is not None)
        if kind is None:
            self._write("ended")

    def stage(self, title: str) -> None:
        """Log that the stage before has ended, and that one begins."""
        self._end_stage()
        self._stage = (title, time.monotonic())
        self._write("stage_began", stage=title)

    def rows(self, number: int) -> None:
        """Keep how many rows the stage deals with, for the line at its end."""
        self._rows = number

    def step(self, text: str) -> None:
        """Log what a stage does or found."""
        self._write("step", text=text)

    def warn(self, text: str) -> None:
        """Log what the reader should know."""
        self._write("warning", text=text)

    def failed(self, message: str, code: int) -> None:
        """Log why the command did not end well, and its exit code."""
        self._write("failed", text=message, exit_code=code)

    def _end_stage(self, *, broken_off: bool = False) -> None:
        if self._stage is None:
            return
        title, began = self._stage
        self._write(
            "stage_broken_off" if broken_off else "stage_ended",
            stage=title,
            seconds=round(time.monotonic() - began, 3),
            rows=self._rows,
            peak_memory_mb=peak_memory_mb(),
        )
        self._stage = self._rows = None

    def _write(self, event: str, **said: Any) -> None:
        if self._lost:
            return
        line = {"event": event, "at_seconds": round(time.monotonic() - self._began, 3), **said}
        try:
            self._to.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._to.flush()
        except OSError as error:
            if self._unwritten is None:
                raise
            self._lost = True
            self._unwritten(f"the log cannot be written any more ({error.strerror}); the work goes on without it")


class LogFile:
    """A file that lines are added to, each at once and whole; a new one is its owner's alone.

    One that is there is added to, so that a night's commands, or a year's, stand in one file; whom its owner has let
    read it may still do so.

    Raises
    ------
    ResourceError
        It cannot be written, or is no file.
    """

    def __init__(self, file: Path) -> None:
        try:
            self._number = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            msg = f"--log {file}: cannot be written ({error.strerror}). Name a file in a folder that you may write to."
            raise ResourceError(msg) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._number)

    def write(self, line: str, /) -> int:
        """Add a line; nothing of one that finds no room is kept, to be tried again when the file is closed."""
        return os.write(self._number, line.encode())

    def flush(self) -> None:
        """Do nothing: what was written is written."""


def peak_memory_mb() -> int | None:
    """Return the most memory that this process has had so far, in MB (10^6 bytes); None where the system keeps none."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1_000_000 if sys.platform == "darwin" else peak * 1024 / 1_000_000)
