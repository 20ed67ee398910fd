"""run.json: what a run was asked, from what, with which versions; each stage adds its part."""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vi_risk.errors import InputError
from vi_risk.running.files import remove, write_text
from vi_risk.running.revision import code_revision

RUN_FILE, CHECK_FILE, CHECK_PAGE = "run.json", "check.json", "check.html"
EVALUATION_FILE, PLOTS_FOLDER = "evaluation.json", "plots"
CARD_FILE, CARD_TEXT = "model_card.html", "model_card.md"
SCORES_FILE, MODEL_FOLDER, LISTS_FOLDER = "scores.parquet", "model", "case_lists"
SCORES_IN_REFITS = "scores_in_refits.parquet"  # the risk of everyone scored in each refit
SCORES_BEFORE = "scores_before.parquet"  # risks at the date of the list before, where no list was made then
TIE_BAND_FILE = "tie_band.parquet"  # who was in a lot for the last places, and who was drawn
LISTED_BEFORE = "listed_before.parquet"  # who was on the list before, where there was one
REGISTERED_FOLDER = "registered"  # a model fetched from the registry to score with, and its evidence

# Stage -> the files it leaves in an output folder, in the order in which stages rest on one another. These are all
# that vi_risk writes there; nothing else in the folder is ever touched.
FILES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "records": (CHECK_FILE, CHECK_PAGE),
        "features": (
            *("features.parquet", "cohort.parquet", "catalogue.json", "whole_record.parquet"),
            *("contacts.parquet", "reviews.parquet", "departures.parquet", "objectors.parquet", "pathways.parquet"),
            LISTED_BEFORE,
        ),
        "tuning": ("tuning.journal",),
        "model": (MODEL_FOLDER,),
        "evaluation": (EVALUATION_FILE, CARD_FILE, CARD_TEXT, PLOTS_FOLDER),
        "promotion": (),
        "scores": (SCORES_FILE, SCORES_IN_REFITS, SCORES_BEFORE, REGISTERED_FOLDER),
        "case_lists": (LISTS_FOLDER, TIE_BAND_FILE),
        "tracking": (),
    }
)
OWNED = (RUN_FILE, *(name for names in FILES.values() for name in names))

_PACKAGES = (
    *("duckdb", "ibis-framework", "lightgbm", "mlflow-skinny", "numpy", "pandas", "pandera", "scikit-learn", "shap"),
)


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
    if not path.is_file():
        msg = f"{RUN_FILE}: is not in the output folder. Run `vi-risk {command}` with the same --out first."
        raise InputError(msg)
    content = _content(path)
    if not content:
        msg = f"{RUN_FILE}: is damaged. Run `vi-risk features build` with the same --out again."
        raise InputError(msg)
    if needs not in content:
        msg = f"{RUN_FILE}: has no result of that stage yet. Run `vi-risk {command}` with the same --out first."
        raise InputError(msg)
    return content


def update_run(folder: Path, stage: str, part: Mapping[str, Any], *, spec: Mapping[str, Any] | None = None) -> None:
    """Put a stage's part into run.json; what later stages left rests on what is replaced, so it goes, files and all.

    The `spec` of the model stands beside the parts; the stage that builds its features gives it.
    """
    path = folder / RUN_FILE
    content = _content(path) if path.is_file() else {}
    stages = list(FILES)
    for later in stages[stages.index(stage) + 1 :]:
        content.pop(later, None)
        for name in FILES[later]:
            remove(folder / name)
    given = {} if spec is None else {"spec": dict(spec)}
    revision = code_revision()
    made_by = {"versions": versions(), **({} if revision is None else {"git_revision": revision})}
    write_json(path, {**content, **made_by, **given, stage: dict(part)})


def _content(path: Path) -> dict[str, Any]:
    """Return run.json's content; a damaged one is as good as none for the stage that begins anew."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON for people and programs: indented, in the order given, no NaN."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
