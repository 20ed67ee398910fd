"""Checks of what an evaluation is given: one row per patient, whole columns, predictions that can be what they say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from vi_risk.arguments import is_whole
from vi_risk.errors import InputError
from vi_risk.models.evidence.weights import weight_faults
from vi_risk.models.learning.calibration import Floats

Column = np.ndarray[Any, Any]
Outside = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """What predictions and outcomes of one kind can be.

    Attributes
    ----------
    observed
        What the column of outcomes is called.
    of_predictions, of_outcomes
        What is said of values that cannot be, and which those are.
    """

    observed: str
    of_predictions: tuple[str, Outside]
    of_outcomes: tuple[str, Outside]


RISKS = Kind(
    "outcome",
    ("risks lie outside 0 to 1", lambda values: (values < 0) | (values > 1)),
    ("values are neither 0 nor 1", lambda values: ~np.isin(values, (0, 1))),
)
EXPECTATIONS = Kind(
    "count",
    ("expected counts are not finite numbers above 0", lambda values: ~((values > 0) & (values < np.inf))),
    ("values are below 0 or infinite", lambda values: ~((values >= 0) & (values < np.inf))),
)


def check_tested(
    kind: Kind,
    predictions: Mapping[str, Floats],
    outcome: Floats,
    *,
    patients: Column,
    practices: Column,
    capacity: int,
    weight: ArrayLike | None,
    others: Mapping[str, Column | None],
) -> None:
    """Refuse predictions and outcomes that their kind cannot be, and what no evaluation can take; all faults at once.

    Raises
    ------
    InputError
        Columns differ in length, a value is missing or out of range, a patient occurs twice, or capacity is no whole
        number from 1.
    """
    columns = {kind.observed: outcome, "patient_id": patients, "practice_code": practices, **predictions, **others}
    ranges = {**dict.fromkeys(predictions, kind.of_predictions), kind.observed: kind.of_outcomes}
    rows = next(values.size for values in columns.values() if values is not None)
    faults = []
    for name, values in columns.items():
        if values is None:
            continue
        if values.shape != (rows,):
            faults.append(f"{name}: expected {rows} values, one for each patient, found {values.size}")
            continue
        missing = pd.isna(values)
        if missing.any():
            faults.append(f"{name}: {int(missing.sum())} of {rows} values are missing")
        if name in ranges:
            fault, outside = ranges[name]
            if odd := int((outside(values) & ~missing).sum()):
                faults.append(f"{name}: {odd} of {rows} {fault}")
    if not rows:
        faults.append("there are no test patients")
    if repeated := int(pd.Series(patients).duplicated().sum()):
        faults.append(f"patient_id: {repeated} rows repeat a patient; a test snapshot has one row for each")
    faults += weight_faults(weight, rows)
    if faults:
        msg = "\n".join(f"evaluation: {fault}. Check the rows that were scored." for fault in faults)
        raise InputError(msg)
    if not is_whole(capacity) or capacity < 1:
        msg = (
            f"evaluation: capacity: expected a whole number of patients from 1, for each practice; found {capacity!r}."
        )
        raise InputError(msg)
