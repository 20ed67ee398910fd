"""How long work is logged where programs read it: one JSON object a line, with stage, rows, seconds and peak memory.

It holds what a person would be told and nothing more: titles, counts and warnings, never a value of a record. There is
no time of day in it, for nothing here asks the clock: whoever collects the lines puts theirs beside them.
"""

import json
import sys
import time
from types import TracebackType
from typing import Self, TextIO


class JsonReport:
    """Stages, steps, warnings and the end of a command as JSON lines.

    Every line has ``event`` and ``at_seconds``, since the command began. ``stage_ended`` has ``stage``, ``seconds``,
    ``rows`` (of the records, the people or the lists that the stage dealt with; null where it deals with none) and
    ``peak_memory_mb``, the most that the process has had in memory up to then (null where the system does not say).

    Parameters
    ----------
    to
        Where the lines go; standard error unless it is said.
    """

    def __init__(self, to: TextIO | None = None) -> None:
        self._to = to or sys.stderr
        self._began = time.monotonic()
        self._stage: tuple[str, float] | None = None
        self._rows: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._end_stage(broken_off=kind is not None)

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

    def _write(self, event: str, **said: object) -> None:
        line = {"event": event, "at_seconds": round(time.monotonic() - self._began, 3), **said}
        self._to.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._to.flush()


def peak_memory_mb() -> int | None:
    """Return the most memory that this process has had so far, in MB (10^6 bytes); None where the system keeps none."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1_000_000 if sys.platform == "darwin" else peak * 1024 / 1_000_000)
