"""Who would be listed by a set of risks: the top shares of everyone, and the places that each practice has."""

from collections.abc import Mapping
from types import MappingProxyType

from numpy.typing import ArrayLike

from vi_risk.models.evidence.metrics import rank_order, within_capacity
from vi_risk.models.learning.calibration import Floats, Rows

# label -> share of all patients, in thousandths: whole numbers, so that rounding up is exact
TOP_SHARES: Mapping[str, int] = MappingProxyType({"0.5%": 5, "1%": 10, "2%": 20, "5%": 50, "10%": 100})
CAPACITY = "capacity"


def lists_of(
    risk: Floats,
    *,
    patient_id: ArrayLike,
    practice_code: ArrayLike,
    capacity: int,
    raw_score: Floats | None = None,
) -> dict[str, Rows]:
    """Return label -> the rows listed, highest risk first; ties go by raw score where given, then by patient_id."""
    order = rank_order(risk, patient_id, raw_score)
    listed: dict[str, Rows] = {
        label: order[: -(-risk.size * thousandths // 1000)] for label, thousandths in TOP_SHARES.items()
    }
    return {**listed, CAPACITY: within_capacity(order, practice_code, capacity)}
