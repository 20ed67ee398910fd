"""Arithmetic on one thread of the processor, by one thread of the program at a time.

How many threads a library of linear algebra uses is a setting of the process: who leaves first gives it back to all,
and sums added up in another order differ in their last digits. liblinear, besides, draws from one row of random numbers
of the process. So two threads that evaluate at once take turns here, and each finds what it finds alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from threadpoolctl import threadpool_limits

_TURN = RLock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the libraries of linear algebra and OpenMP to one thread for as long as the block takes."""
    with _TURN, threadpool_limits(1):
        yield
