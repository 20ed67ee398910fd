"""What published scores share: reading a table or saying what it lacks, and risks that leave missing as it is."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from vi_risk.errors import InputError
from vi_risk.models.learning.calibration import risk_of


def numbers(score: str, frame: pd.DataFrame, columns: Sequence[str], *, flags: Sequence[str] = ()) -> pd.DataFrame:
    """Return the columns as floats, NaN where a value is missing.

    Raises
    ------
    InputError
        Columns are missing, hold something other than numbers, or numbers below 0, infinite or, of flags, other than 1
        and 0; all faults are told at once.
    """
    faults = []
    if missing := [name for name in columns if name not in frame.columns]:
        faults.append(f"the table lacks {', '.join(missing)}. It needs {', '.join(columns)}")
    read: dict[str, pd.Series[float]] = {}
    for name in columns:
        if name in missing:
            continue
        try:
            values = frame[name].astype("Float64").astype(np.float64)
        except (TypeError, ValueError):
            faults.append(f"{name}: expected numbers, found {frame[name].dtype}")
            continue
        allowed = values.isin((0, 1)) if name in flags else (values >= 0) & np.isfinite(values)
        if wrong := int((~allowed & values.notna()).sum()):
            expected = "1 or 0" if name in flags else "0 or more"
            faults.append(f"{name}: {wrong} of {len(values)} values are not {expected}")
        read[name] = values
    if faults:
        raise InputError("\n".join(f"{score}: {fault}." for fault in faults))
    return pd.DataFrame(read, index=frame.index)


def risks(log_odds: "pd.Series[float]") -> "pd.Series[float]":
    """Return the risks that belong to log-odds, NaN where those are."""
    told = log_odds.notna()
    return pd.Series(risk_of(log_odds.where(told, 0.0)), index=log_odds.index).where(told)
