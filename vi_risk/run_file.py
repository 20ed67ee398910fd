"""run.json: what a run was asked, from what, with which versions; each stage adds its part."""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vi_risk.errors import InputError
from vi_risk.files import write_text

RUN_FILE = "run.json"
_PACKAGES = ("duckdb", "ibis-framework", "lightgbm", "mlflow", "numpy", "pandas", "pandera", "scikit-learn", "shap")


def versions() -> dict[str, str]:
    """Return the versions of vi_risk, Python and the packages that decide a result."""
    return {
        "vi_risk": version("vi-risk"),
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def read_run(folder: Path, *, needs: str, command: str) -> dict[str, Any]:
    """Return the content of run.json.

    Raises
    ------
    InputError
        The file is not there or damaged, or lacks the part `needs`; the message names the `command` that writes it.
    """
    path = folder / RUN_FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = f"{RUN_FILE}: is not in the output folder. Run `vi-risk {command}` with the same --out first."
        raise InputError(msg) from None
    except (OSError, ValueError):
        msg = f"{RUN_FILE}: is damaged. Run `vi-risk {command}` with the same --out again."
        raise InputError(msg) from None
    if needs not in content:
        msg = f"{RUN_FILE}: has nothing of the stage before. Run `vi-risk {command}` with the same --out first."
        raise InputError(msg)
    return content


def update_run(folder: Path, part: Mapping[str, Any], *, drop: tuple[str, ...] = ()) -> None:
    """Add a stage's part to run.json; parts of later stages, which no longer hold, are dropped."""
    path = folder / RUN_FILE
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for stage in drop:
        content.pop(stage, None)
    content = {"versions": versions(), **content, **part}
    write_json(path, content)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON for people and programs: indented, in the order given, no NaN."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
