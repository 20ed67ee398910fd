"""``python -m benchmarks --stages``: how long each stage of ``vi-risk demo`` takes here, and its peak memory.

It runs the command as a user does, in a folder of its own, and times the titles of stages as it prints them.
"""

import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path


def timed_stages(lines: Iterable[str]) -> Iterator[tuple[float, str]]:
    """Yield each stage with its seconds.

    A stage begins with a line that is not indented and ends with the next one; an empty line ends the last of them.
    """
    stage, began, last = "start-up", time.perf_counter(), False
    for line in lines:
        if last or line.startswith(" "):
            continue
        now = time.perf_counter()
        yield now - began, stage
        last = not line.strip()
        stage, began = "close" if last else line.strip(), now
    yield time.perf_counter() - began, stage


def peak_memory_megabytes() -> float | None:
    """Return the most memory that the finished command held; None on Windows, which does not say."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  (not on Windows)

    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def time_demo(*, patients: int, seed: int) -> int:
    """Print seconds for each stage of the demo, the total and the peak memory; return the demo's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("vi-risk")), "demo"]
        command += ["--patients", str(patients), "--seed", str(seed), "--out", str(Path(folder, "out"))]
        started = time.perf_counter()
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        ) as demo:
            assert demo.stdout is not None  # noqa: S101  (it is piped)
            for seconds, stage in timed_stages(demo.stdout):
                print(f"{seconds:7.2f} s  {stage}", flush=True)
        total = time.perf_counter() - started

    memory = peak_memory_megabytes()
    print(f"{total:7.2f} s  in all: vi-risk demo --patients {patients} --seed {seed}")
    print(f"{'unknown' if memory is None else f'{memory:,.0f} MB'} at the peak; Python {platform.python_version()}")
    return demo.returncode
