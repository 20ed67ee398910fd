"""Work that goes on beside the main thread, and does not hold up who interrupts it."""

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

Found = TypeVar("Found")


def in_background(work: Callable[[], Found]) -> "Future[Found]":
    """Begin work on a thread of its own, and return where its result, or what it raised, will be.

    The thread is no reason for the process to stay: an interrupted command ends at once. What the context holds, such
    as the budget of memory, holds there too.
    """
    found: Future[Found] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as fault:
            found.set_exception(fault)

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    return found
