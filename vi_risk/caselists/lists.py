"""The case list of one practice as a value: who is on it, in which order, with what beside each name.

Every pack (CSV, XLSX, HTML) is written from this value and from nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.choosing.rules import MOST_REASONS
from vi_risk.errors import UsageError
from vi_risk.models.templates import date_in_words

if TYPE_CHECKING:
    from vi_risk.caselists.practice.practice_summary import PracticeSummary

REASON_COLUMNS = tuple(f"reason_{number}" for number in range(1, MOST_REASONS + 1))
LEADING_COLUMNS = ("rank", "patient_id", "age_band", "practice_code", "risk", "band", *REASON_COLUMNS, "sex")
DECISION_COLUMNS = ("decision", "owner", "plan", "review_on", "outcome_code")
# Tables beside the list, one row per ...
SAID_COLUMNS = ("patient_id", "kind", "place", "theme", "domain", "text", "comparison", "contribution")  # thing said
PROMPT_COLUMNS = ("patient_id", "role", "text", "rule")  # prompt
CHANGE_COLUMNS = ("patient_id", "text")  # thing that changed since the list before
CONTACT_COLUMNS = ("patient_id", "setting", "began_on", "ended_on")  # contact in 24 months; ended_on of stays alone
USUAL_COLUMNS = ("age_band", "sex", "risk")  # age band and sex; then the other chances that there are
# Person who would be listed but for the reason: what keeps them off, or that they were not drawn in a lot.
EXCLUDED_COLUMNS = ("patient_id", "age_band", "risk", "reason")
LEFT_COLUMNS = ("patient_id", "rank_before", "why")  # person of the list before who is not on this one


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
    places: str = ""  # how places are given out, in one sentence
    previous_date: date | None = None  # of the list before; None where there is none to compare with
    previous_made: bool = True  # whether that list was made then; else it is what today's model would have listed
    governance: str | None = None  # purpose and legal basis, in one line
    left_out: Mapping[str, str] = field(default_factory=dict)  # rule of the door -> people, of all practices, in words
    objecting_here: str | None = None  # of those registered with this practice, who object, in words
    handling: str = "Confidential: patient records"  # on every printed page

    @property
    def left_in_words(self) -> str:
        """What those of the list before have in common who are not on this one; "" where there is none before.

        A list that was never made was not left, and had no last time.
        """
        if self.previous_date is None:
            return ""
        if self.previous_made:
            return "Left the list since last time"
        return f"Would have been listed on {date_in_words(self.previous_date)} and are not now"


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=object) for column in columns})


@dataclass(frozen=True, slots=True, eq=False)
class CaseList:
    """The ranked people of one practice.

    Parameters
    ----------
    practice_code, practice_name, network
        Whose list it is; None where it has no name, or no network.
    about
        What the list was made by and from.
    table
        One row per listed person, in order of rank: the `LEADING_COLUMNS`, then any facts, then the empty
        `DECISION_COLUMNS`. A missing fact means "not seen" and is shown as that, never as zero.
    eligible
        How many people the list was chosen from.
    said
        Reasons of every listed person in full, `SAID_COLUMNS`: kind is "raises", "lowers" (in the person's favour) or
        "unseen" (what the record lacks), place counts from 1 within person and kind, and comparison says what is usual
        for people of the same age and sex, "" where nothing is.
    prompts, changes, contacts, excluded, left
        What else a pack tells: frames of `PROMPT_COLUMNS`, `CHANGE_COLUMNS`, `CONTACT_COLUMNS`, `EXCLUDED_COLUMNS` and
        `LEFT_COLUMNS`, empty where it is not known.
    excluded_counts
        Reason -> how many of the practice's people it keeps off the list, whatever their risk.
    usual
        Median chances of everyone scored, one row per age band and sex of enough people: `USUAL_COLUMNS`, and the other
        chances by their names in the table.
    summary
        The practice in one view; None where the list stands alone.

    Raises
    ------
    UsageError
        The table's columns are not these, or a risk is missing or outside 0 to 1.

    Examples
    --------
    >>> first = lists[0]
    >>> first.table[["rank", "band"]].columns.tolist(), first.table["rank"].tolist()
    (['rank', 'band'], [1, 2])
    >>> bool(first.table["risk"].is_monotonic_decreasing), first.about.index_date
    (True, datetime.date(2025, 1, 1))
    """

    practice_code: str
    practice_name: str | None
    network: str | None
    table: pd.DataFrame
    eligible: int
    about: ListAbout
    said: pd.DataFrame = field(default_factory=lambda: _empty(SAID_COLUMNS))
    prompts: pd.DataFrame = field(default_factory=lambda: _empty(PROMPT_COLUMNS))
    changes: pd.DataFrame = field(default_factory=lambda: _empty(CHANGE_COLUMNS))
    contacts: pd.DataFrame = field(default_factory=lambda: _empty(CONTACT_COLUMNS))
    excluded: pd.DataFrame = field(default_factory=lambda: _empty(EXCLUDED_COLUMNS))
    left: pd.DataFrame = field(default_factory=lambda: _empty(LEFT_COLUMNS))
    excluded_counts: Mapping[str, int] = field(default_factory=dict)
    usual: pd.DataFrame = field(default_factory=lambda: _empty(USUAL_COLUMNS))
    summary: "PracticeSummary | None" = None

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
