"""What a fit is given: features, outcomes, patients and weights that belong together, of the rows that count."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from vi_risk.errors import InputError
from vi_risk.models.evidence.weights import weights_of
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.learning.inputs import as_table

# What pandas calls the content of a column that can be an outcome.
_OUTCOMES = ("boolean", "integer", "floating", "mixed-integer-float", "decimal", "string", "empty")
_SEVERAL_KINDS = ("mixed", "mixed-integer")


@dataclass(frozen=True, eq=False, slots=True)
class TrainingRows:
    """What a fit was given, without the rows that do not count.

    Attributes
    ----------
    weight
        1 on average, in the precision in which LightGBM keeps it; None where every row counts alike.
    counted
        Which of the rows given have a weight above 0.
    """

    table: pd.DataFrame | Blocks
    outcome: NDArray[Any]
    groups: NDArray[Any] | None
    weight: Floats | None
    counted: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        features: pd.DataFrame | Blocks | ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None,
        sample_weight: ArrayLike | None,
    ) -> Self:
        """Return the rows that count, checked to belong together.

        Raises
        ------
        InputError
            There are no rows; outcomes, patients or weights are not as many as rows; an outcome is missing, a date or
            of another kind than the rest; or a weight is no number, missing, infinite or below 0.
        """
        table = features if isinstance(features, Blocks) else as_table(features)
        rows = len(table)
        if not rows:
            msg = "features: expected one row for each patient and index date, found none."
            raise InputError(msg)
        outcome = _one_each("outcome", y, rows)
        patients = None if groups is None else _one_each("groups", groups, rows).astype(object)
        weight = weights_of(sample_weight, rows, where="sample_weight")
        counted = np.ones(rows, dtype=bool) if weight is None else weight > 0
        if weight is not None:
            if not counted.all():
                table = table.take(np.flatnonzero(counted)) if isinstance(table, Blocks) else table.loc[counted]
            outcome, weight = outcome[counted], _of_mean_1(weight[counted])
            patients = None if patients is None else patients[counted]
        if missing := int(pd.isna(outcome).sum()):
            msg = f"outcome: {missing} of {rows} rows have none. Leave out rows whose outcome is not known."
            raise InputError(msg)
        _refuse_other_kinds(outcome)
        return cls(table, outcome, patients, weight, counted)


def _one_each(name: str, given: ArrayLike, rows: int) -> NDArray[Any]:
    try:
        values = np.asarray(given).reshape(-1)
    except ValueError:  # whose text speaks of shapes
        msg = f"{name}: expected one value for each of {rows} rows, found lists of different lengths."
        raise InputError(msg) from None
    if values.size != rows:
        msg = f"{name}: expected one value for each of {rows} rows, found {values.size}."
        raise InputError(msg)
    return values


def _refuse_other_kinds(outcome: NDArray[Any]) -> None:
    kind = pd.api.types.infer_dtype(outcome)
    if kind not in _OUTCOMES:
        found = "values of several kinds" if kind in _SEVERAL_KINDS else f"values of the kind {kind}"
        msg = (
            f"outcome: expected numbers, booleans or text, all of one kind, found {found}. Turn it into 0 and 1, or"
            " into a count."
        )
        raise InputError(msg)


def _of_mean_1(weight: Floats) -> Floats | None:
    """Return weights, all above 0, so that they are 1 on average; None where they are all alike.

    The trees weigh rows against `reg_lambda`, which is measured in rows, so weights of another scale would give another
    model. Rounding to single precision, which is all that LightGBM keeps, rids them of what scaling leaves behind.
    """
    shares = weight / weight.max()  # whose sum is finite, whatever the weights are
    if bool((shares == 1).all()):
        return None
    return np.asarray((shares / shares.mean()).astype(np.float32), dtype=np.float64)
