"""The case list of one practice as a value: who is on it, in which order, with what beside each name.

Every pack (CSV, XLSX, HTML) is written from this value and from nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from vi_risk.caselists.rules import MOST_REASONS
from vi_risk.errors import UsageError

REASON_COLUMNS = tuple(f"reason_{number}" for number in range(1, MOST_REASONS + 1))
LEADING_COLUMNS = ("rank", "patient_id", "age_band", "practice_code", "risk", "band", *REASON_COLUMNS, "sex")
DECISION_COLUMNS = ("decision", "owner", "plan", "review_on", "outcome_code")
DECISIONS = ("accept", "already in hand", "not suitable", "defer")


@dataclass(frozen=True, slots=True)
class ListAbout:
    """What a list was made by and from; the same for all lists of a run but for its notes."""

    model_title: str
    model_version: str
    outcome: str  # as it completes "chance of ...": "an emergency admission in the next 12 months"
    index_date: date
    data_to: Mapping[str, date]  # source table -> last date seen in it before the index date
    notes: tuple[str, ...]
    capacity: int


@dataclass(frozen=True, slots=True, eq=False)
class CaseList:
    """The ranked people of one practice.

    Parameters
    ----------
    table
        One row per listed person, in order of rank: the `LEADING_COLUMNS`, then any facts, then the empty
        `DECISION_COLUMNS`. A missing fact means "not seen" and is shown as that, never as zero.
    eligible
        How many people the list was chosen from.

    Raises
    ------
    UsageError
        The table's columns are not these, or a risk is missing or outside 0 to 1.
    """

    practice_code: str
    practice_name: str | None
    network: str | None
    table: pd.DataFrame
    eligible: int
    about: ListAbout

    def __post_init__(self) -> None:
        columns = tuple(self.table.columns)
        leading, deciding = columns[: len(LEADING_COLUMNS)], columns[-len(DECISION_COLUMNS) :]
        where = f"case list of practice {self.practice_code}"
        if leading != LEADING_COLUMNS or deciding != DECISION_COLUMNS or len(set(columns)) != len(columns):
            expected = ", ".join((*LEADING_COLUMNS, "facts", *DECISION_COLUMNS))
            msg = (
                f"{where}: expected the columns {expected}, each once; found {', '.join(columns)}. Reorder or add them."
            )
            raise UsageError(msg)
        outside = int((~self.table["risk"].astype(float).between(0, 1)).sum())
        if outside:
            msg = f"{where}: risk: {outside} of {len(self.table)} rows are missing or outside 0 to 1. Score them again."
            raise UsageError(msg)

    @property
    def title(self) -> str:
        """The name that people know the practice by; its code where there is no name."""
        return self.practice_name or self.practice_code

    @property
    def fact_columns(self) -> tuple[str, ...]:
        """The columns between the leading and the decision columns."""
        return tuple(self.table.columns[len(LEADING_COLUMNS) : -len(DECISION_COLUMNS)])
