"""How much memory a run may take, and what that leaves for each thing that could take much of it.

A limit is of the whole process. The libraries take their part whatever is done; what is left is shared out here and
nowhere else: to the engine that holds the records, to the rows of features made or read at once. What does not fit is
written to a folder and read again a block at a time. No value of any output depends on the limit.
"""

import ctypes
import gc
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from vi_risk.errors import ResourceError

TOLERANCE = 1.25  # times its limit, a run is ended
_MB = 1_000_000
# A full disk; a limit on the size of files, as `ulimit -f` sets; what the engine says of a full folder to spill to.
_NO_ROOM = ("No space left", "File too large", "failed to offload data block")

# Measured: what the libraries and their compiled code take, with the tracking of models, before any record is held.
_LIBRARIES_MB = 450
# Of what is left, for the engine; below the least it cannot sort or join a table of a large trust, even on disk.
_SHARE_OF_ENGINE, _LEAST_OF_ENGINE_MB = 0.4, 200
# Of what is left, for features that are made or read at once.
_SHARE_OF_ROWS = 0.25
# A batch of the engine holds each feature about three times: as computed, as columns, and on its way to the file.
_COPIES = 3
_FEWEST_AT_ONCE, _MOST_AT_ONCE = 10_000, 250_000
_FLOAT = 8
# Measured with the shipped features and models (docs/operations.md): what no batch makes smaller, less the quarter that
# a run may take beyond its limit.
_LEAST_MB, _MB_OF_A_THOUSAND_ROWS = 800, 1.2


@dataclass(frozen=True, slots=True)
class Budget:
    """The most memory that a run may take.

    Attributes
    ----------
    limit_mb
        In MB (10^6 bytes); None for no limit.
    spill
        The folder for what does not fit; None for the system's folder of temporary files.
    """

    limit_mb: int | None = None
    spill: Path | None = None

    @property
    def engine_mb(self) -> int | None:
        """The most that the engine may hold before it writes to its folder; None leaves it its own bound."""
        return None if self.limit_mb is None else max(_LEAST_OF_ENGINE_MB, int(_SHARE_OF_ENGINE * self._left_mb))

    @property
    def most_mb(self) -> int | None:
        """What a run may reach before it is ended; None without a limit."""
        return None if self.limit_mb is None else int(TOLERANCE * self.limit_mb)

    @property
    def folder_full(self) -> str:
        """What is said where the folder for what does not fit is full.

        Examples
        --------
        >>> Budget(spill=Path("/scratch")).folder_full.partition(". ")[2]
        'Free space there, or name another folder with --spill.'
        """
        where = "the folder for temporary files" if self.spill is None else str(self.spill)
        another = "in the environment variable TMPDIR" if self.spill is None else "with --spill"
        return (
            f"{where}, which holds the records while they are worked on, is full. Free space there, or name another"
            f" folder {another}."
        )

    def rows_at_once(self, columns: int) -> int:
        """Return how many rows of so many features the engine makes at once.

        Examples
        --------
        >>> Budget().rows_at_once(250), Budget(2000).rows_at_once(250), Budget(600).rows_at_once(250)
        (250000, 64583, 10000)
        """
        if self.limit_mb is None:
            return _MOST_AT_ONCE
        fit = int(_SHARE_OF_ROWS * self._left_mb * _MB) // (_COPIES * _FLOAT * max(1, columns))
        return min(_MOST_AT_ONCE, max(_FEWEST_AT_ONCE, fit))

    def holds(self, rows: int, columns: int) -> bool:
        """Whether so many rows of so many features may be held whole.

        Examples
        --------
        >>> Budget().holds(10**9, 250), Budget(2000).holds(150_000, 250), Budget(2000).holds(1_000_000, 250)
        (True, True, False)
        """
        return self.limit_mb is None or rows * columns * _FLOAT <= _SHARE_OF_ROWS * self._left_mb * _MB

    def refuse_too_small(self, rows: int) -> None:
        """Return if people at that many index dates can be dealt with.

        Raises
        ------
        ResourceError
            They cannot; it says what the smallest limit is.
        """
        least = least_limit_mb(rows)
        if self.limit_mb is not None and self.limit_mb < least:
            what = f" for {rows:,} people and index dates" if rows else ""
            later = (
                f"Once people are counted it is likely some {_MB_OF_A_THOUSAND_ROWS * 100:.0f} MB more for every"
                " 100,000 people and index dates, of which a trust has two to six for each person."
            )
            msg = (
                f"--memory-limit {self.limit_mb}: the smallest limit{what} is {least} MB: the libraries take some"
                f" {_LIBRARIES_MB} MB"
                + (", and who is asked about, their outcomes and scores are held whole. " if rows else f". {later} ")
                + "Raise the limit, or leave it out."
            )
            raise ResourceError(msg)

    @property
    def _left_mb(self) -> float:
        return max(0.0, (self.limit_mb or 0) - _LIBRARIES_MB)


def least_limit_mb(rows: int) -> int:
    """Return the smallest limit under which people at so many index dates can be dealt with, in MB.

    Examples
    --------
    >>> least_limit_mb(0), least_limit_mb(100_000)
    (800, 950)
    """
    return _LEAST_MB + math.ceil(_MB_OF_A_THOUSAND_ROWS * rows / 1_000 / 50) * 50


_NO_LIMIT = Budget()
_budget: ContextVar[Budget] = ContextVar("budget", default=_NO_LIMIT)


def budget() -> Budget:
    """Return the budget of the run that is under way; one without a limit where nobody set any."""
    return _budget.get()


@contextmanager
def within(given: Budget) -> Iterator[None]:
    """Hold all work to a budget."""
    before = _budget.set(given)
    try:
        yield
    finally:
        _budget.reset(before)


def no_room(error: Exception) -> bool:
    """Whether work stopped for want of room on a disk; the words of the error are looked at, and never told.

    Examples
    --------
    >>> no_room(OSError("Could not write file: No space left on device")), no_room(OSError("Permission denied"))
    (True, False)
    """
    return any(words in str(error) for words in _NO_ROOM)


def let_go() -> None:
    """Give memory that nothing uses any more back to the system, where the run has a limit.

    Tables that refer to one another in a circle, as those of queries do, wait for the collector, and allocators keep
    what was freed: together they held a third of what a run of 100,000 people took. It takes a fifth of a second.
    """
    if budget().limit_mb is None:
        return
    gc.collect()
    if (arrow := sys.modules.get("pyarrow")) is not None:
        arrow.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # a C library other than GNU's has no such call
            ctypes.CDLL("libc.so.6").malloc_trim(0)
