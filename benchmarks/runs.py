"""One contender run in a process of its own, and what it took."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measured import MARK

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Took:
    """What a contender took, from its own clock; memory is its process's, imports and all."""

    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    rows: int = 0
    features: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """A contender that came to no end, and the last that it said."""

    reason: str


def run(module: str, *arguments: object, python: Path = Path(sys.executable)) -> Took | Failed:
    """Run `python -m MODULE ARGUMENTS` and return what it took."""
    command = [str(python), "-m", module, *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    lines = [line for line in ended.stdout.splitlines() if line.startswith(MARK)]
    if ended.returncode == 0 and lines:
        return took_of(lines[-1])
    return Failed(last_words(ended))


def took_of(line: str) -> Took:
    """Read the line that `benchmarks.measured` prints."""
    told: dict[str, Any] = json.loads(line.removeprefix(MARK))
    return Took(**told)


def environment_of_peers(folder: Path) -> Path | Failed:
    """Make an environment with `benchmarks/peers.txt` in a folder, and return its interpreter."""
    place, wanted = folder / "peers", ROOT / "benchmarks" / "peers.txt"
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    uv = shutil.which("uv")
    make = [uv, "venv", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    install = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    for command in ([*make, str(place)], [*install, "-r", str(wanted)]):
        # In the folder, not here: uv would hold the peers to the versions that pyproject.toml locks.
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
        if ended.returncode:
            return Failed(last_words(ended))
    return python


def last_words(ended: "subprocess.CompletedProcess[str]") -> str:
    """Return the last line that a process wrote to its errors."""
    said = [line for line in ended.stderr.splitlines() if line.strip()]
    return said[-1] if said else f"exit code {ended.returncode}"
