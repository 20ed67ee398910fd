"""A run that takes more memory than it may is ended with a message, before the system ends it without one."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from vi_risk.errors import ResourceError
from vi_risk.running.memory import Budget
from vi_risk.running.progress import CommandReport

_SECONDS_BETWEEN_LOOKS = 0.05
_SECONDS_FOR_LAST_WORDS = 5.0
_MB = 1_000_000
_OF_THIS_PROCESS = Path("/proc/self/statm")


def memory_mb() -> float | None:
    """Return what this process has in memory, in MB (10^6 bytes); elsewhere than on Linux the most that it had.

    None where the system does not say.
    """
    try:
        return int(_OF_THIS_PROCESS.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / _MB
    except (OSError, ValueError, IndexError, AttributeError):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MB if sys.platform == "darwin" else peak * 1024 / _MB


class StageKept:
    """A report that remembers which stage it told last."""

    def __init__(self, report: CommandReport) -> None:
        self._report = report
        self.now = ""

    def stage(self, title: str) -> None:
        """Say that a stage begins."""
        self.now = title
        self._report.stage(title)

    def rows(self, number: int) -> None:
        """Say how many rows the stage deals with."""
        self._report.rows(number)

    def step(self, text: str) -> None:
        """Say what a stage does or found."""
        self._report.step(text)

    def warn(self, text: str) -> None:
        """Say what the reader should know."""
        self._report.warn(text)


class MemoryWatch:
    """Looks at the memory of the process some times a second, and ends it beyond its limit.

    The main thread may be in the middle of compiled code that cannot be interrupted, so the process ends as if it had
    been killed: its lock is free, the folder aside can be resumed, and what it left in the folder for temporary files
    goes when the next command begins. All that it still does is to say why.

    Parameters
    ----------
    report
        Is told why; the stage in the message is the last that `stage` says.
    end
        Ends the process with an exit code.
    """

    def __init__(
        self,
        budget: Budget,
        report: CommandReport,
        stage: Callable[[], str],
        *,
        looks: Callable[[], float | None] = memory_mb,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._budget, self._report, self._stage, self._looks, self._end = budget, report, stage, looks, end
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory-watch", daemon=True)

    def __enter__(self) -> Self:
        if self._budget.most_mb is not None:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        most = self._budget.most_mb
        while most is not None and not self._over.wait(_SECONDS_BETWEEN_LOOKS):
            taken = self._looks()
            if taken is None:  # nothing to hold it to
                return
            if taken > most:
                self._end_now(taken)
                return

    def _end_now(self, taken: float) -> None:
        code = ResourceError.exit_code
        # Should the words wait for something that the main thread holds, the process ends without them.
        unsaid = threading.Timer(_SECONDS_FOR_LAST_WORDS, self._end, (code,))
        unsaid.daemon = True
        unsaid.start()
        limit, stage = self._budget.limit_mb, self._stage()
        self._report.__exit__(MemoryError, None, None)
        self._report.failed(
            f"--memory-limit {limit}: {f'the stage {stage!r} ' if stage else 'the run '}took {taken:,.0f} MB, more than"
            " a quarter above the limit, and was ended. Raise the limit and give the command again; `vi-risk run` goes"
            " on after the last finished stage with --resume.",
            code,
        )
        sys.stdout.flush()
        sys.stderr.flush()
        unsaid.cancel()
        self._end(code)
