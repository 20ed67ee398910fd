"""What is watched: the model and scores of a run's output folder, and the people of then, to compare with."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vi_risk.cohort.index_dates import Role
from vi_risk.errors import InputError
from vi_risk.evidence import rule_of
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.evidence.metrics import Z95
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.on_snapshots import Model
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.registry.model_choice import place_of_model
from vi_risk.running.run_file import EVALUATION_FILE, SCORES_FILE, read_run
from vi_risk.stages.finished import companions_in, model_in, scored, spec_and_snapshots

if TYPE_CHECKING:
    import pandas as pd

Against = Literal["training", "list"]


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A run whose model and scores are watched.

    Attributes
    ----------
    spec, model, companions
        The model that the scores were made with, and those beside it.
    snapshots
        The people and features of the run.
    against
        Which of its people those of today are compared with.
    scores
        The risks that it told, one row per patient_id.
    evaluation
        How the model did when it was tested.
    tables
        Tables of which the run had rows.
    notes
        What a reader must know.
    """

    spec: ModelSpec
    model: Model
    companions: Mapping[str, Model]
    snapshots: Snapshots
    against: Against
    scores: "pd.DataFrame"
    evaluation: Mapping[str, Any]
    version: str
    checksum: str
    rule: Disclosure
    tables: frozenset[str] = frozenset()
    notes: tuple[str, ...] = field(default=())

    @property
    def list_date(self) -> date:
        """The date of the run's list."""
        return self.snapshots.index_dates.list_date

    @property
    def role(self) -> Role:
        """Whose rows today's are compared with."""
        return "train" if self.against == "training" else "list"

    @property
    def look_backs(self) -> frozenset[int]:
        """Days that the features of the model look back."""
        used = set(self.model.feature_name_)
        declared = {one.name: one.window for one in self.snapshots.catalogue.features if one.name in used}
        days = {self.snapshots.windows.get(name, window) for name, window in declared.items()}
        return frozenset(one for one in days if one is not None)

    def features_then(self, name: str, rows: "np.ndarray[Any, Any]") -> Floats:
        """Return a feature of some of the people to compare with, NaN where missing."""
        values = self.snapshots.some(self.role, [name])
        if name not in values:
            return np.full(int(rows.sum()), math.nan)
        then: Floats = values[name].to_numpy(dtype=np.float64)[rows]
        return then

    def auroc_when_tested(self, problem: str) -> tuple[float, float] | None:
        """Return the AUROC of a problem when the model was tested, and its standard error; None where it was not."""
        main = problem == self.spec.name
        found = self.evaluation.get("model" if main else "companions", {})
        found = found if main else (found or {}).get(problem) or {}
        value, interval = found.get("auroc"), found.get("auroc_interval")
        return None if value is None or interval is None else (value, (interval[1] - interval[0]) / (2 * Z95))


def read_watched(folder: Path, *, today: date, against: Against) -> Watched:
    """Return what an output folder holds to watch.

    Raises
    ------
    InputError
        It is no folder of a run that scored people, today is not after its list, or it lacks what to compare with.
    """
    if not folder.is_dir():
        msg = f"--run {folder}: no such folder. Name the output folder of the run whose model and scores are watched."
        raise InputError(msg)
    try:
        run = read_run(folder, needs="scores", command="score")
        list_date = date.fromisoformat(run["features"]["index_dates"]["list"])
        if today <= list_date:
            msg = (
                f"its list is of {list_date}, and --index-date is {today}: nothing can have changed since. Name a later"
                " day, or the folder of an earlier run."
            )
            raise InputError(msg)
        place = place_of_model(folder)
        if place != folder and against == "training":
            msg = (
                "its people were scored with a model from the registry, whose training rows are not here: there are no"
                " reference statistics to compare with. Compare with the people of its list (--against list), or name"
                " the folder in which that model was trained."
            )
            raise InputError(msg)
        spec, snapshots = spec_and_snapshots(folder)
        model, of_model = model_in(place)
        evaluation = _evaluation(place)
        return Watched(
            spec=spec,
            model=model,
            companions=companions_in(place, of_model),
            snapshots=snapshots,
            against=against,
            scores=scored(folder, SCORES_FILE),
            evaluation=evaluation,
            version=of_model["model"]["version"],
            checksum=of_model["model"]["checksum"],
            rule=rule_of(run),
            tables=frozenset(name for name, rows in run["records"].get("rows", {}).items() if rows),
            notes=(*_of_other_code(run), *_of_no_evaluation(evaluation, spec)),
        )
    except InputError as error:
        msg = f"--run {folder}: {error}"
        raise InputError(msg) from None


def _evaluation(place: Path) -> Mapping[str, Any]:
    """Return evaluation.json; nothing where the run was not evaluated: no AUROC of then is known."""
    path = place / EVALUATION_FILE
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        msg = f"{EVALUATION_FILE}: is damaged. Run `vi-risk evaluate` with the same --out again."
        raise InputError(msg)
    return content


def _of_no_evaluation(evaluation: Mapping[str, Any], spec: ModelSpec) -> tuple[str, ...]:
    if evaluation.get("model") or spec.counts:
        return ()
    return ("The run was not evaluated, so whether the AUROC fell is not known: run `vi-risk evaluate` on it first.",)


def _of_other_code(run: Mapping[str, Any]) -> tuple[str, ...]:
    """Say that the run was made with another version: a change of a feature may then be one of the code."""
    then, now = run.get("versions", {}).get("vi_risk"), version("vi-risk")
    if then == now:
        return ()
    said = (
        f"The run was made with vi_risk {then}, this page with {now}: where a feature has moved, read the changelog"
        " before asking the source."
    )
    return (said,)
