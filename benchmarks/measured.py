"""What a piece of work took: seconds, seconds of CPU and the most memory that its process held."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A contender's last line begins with this.
MARK = "measured "


@contextmanager
def measured() -> Iterator[dict[str, object]]:
    """Measure what is done inside, and print it as one line; what is put into the dictionary is printed with it.

    What was imported before does not count into the time; the memory is that of the process, from its start.
    """
    told: dict[str, object] = {}
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    yield told
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    took = {"seconds": round(seconds, 3), "cpu_seconds": round(cpu, 3), "peak_megabytes": round(peak_megabytes(), 1)}
    print(MARK + json.dumps(told | took), flush=True)


def peak_megabytes() -> float:
    """Return the most memory that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says there counts what the parent held when it forked, too
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def limit_memory(gigabytes: float | None) -> None:
    """Let this process hold no more data than so much; the system then refuses it."""
    if gigabytes is not None:
        most = int(gigabytes * 1024**3)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
