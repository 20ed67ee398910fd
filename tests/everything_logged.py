"""All that is said to any logger of the process, whatever level it has, and whether or not anybody listens.

A library may set its loggers to a level of its own, or keep them apart from the root: setting the root to DEBUG hears
none of these. Here every logger takes itself for one at DEBUG, and what it is told is kept as a log file would have it,
tracebacks too.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from unittest import mock


class Logged:
    """What was said, a text for each time, with the name of its logger."""

    def __init__(self) -> None:
        self._format = logging.Formatter("%(name)s %(levelname)s %(message)s").format
        self.said: list[str] = []

    def keep(self, record: logging.LogRecord) -> None:
        """Keep what a logger was told."""
        self.said.append(self._format(record))

    def holding(self, values: Iterable[str]) -> list[str]:
        """Return what holds one of the values."""
        text = "\n".join(self.said)
        found = [value for value in values if value in text]
        return [said for said in self.said if any(value in said for value in found)]


@contextmanager
def everything_logged() -> Iterator[Logged]:
    """Give all that is logged while the block lasts."""
    logged = Logged()
    with (
        mock.patch.object(logging.Logger, "isEnabledFor", return_value=True),
        mock.patch.object(logging.Logger, "handle", lambda _, record: logged.keep(record)),
    ):
        yield logged
