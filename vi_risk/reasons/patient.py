"""One person as reasons are told from: values, what each adds to the risk, and what of the record is seen."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from vi_risk.features.definition import Feature
from vi_risk.features.sources import CODED_ENTRIES
from vi_risk.reasons.normal import normal_for
from vi_risk.reasons.sentences import sentence
from vi_risk.reasons.themes import Member
from vi_risk.reasons.usual import Usual

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Patient:
    """What one person is told from.

    Attributes
    ----------
    values, weights
        In the order of the model's features: the value (NaN where missing) and what it adds to the log-odds.
    sex
        As the cohort has it: female, male, not known.
    gp_seen_from
        Since when the person's GP record is seen; None: it is not.
    usual_of
        Returns what is usual of a feature among the person's peers; None where that cannot be said.
    unnamed
        Features that are not told by name beside others.
    """

    values: Floats
    weights: Floats
    index_date: date
    sex: str
    gp_seen_from: date | None
    usual_of: Callable[[Feature], Usual | None]
    unnamed: Collection[str] = ()

    @property
    def days_of_gp_record(self) -> int:
        """For how many days before the index date the GP record is seen."""
        return 0 if self.gp_seen_from is None else (self.index_date - self.gp_seen_from).days

    def value(self, member: Member) -> float:
        """Return the value of a feature."""
        return float(self.values[member.place])

    def weight(self, member: Member) -> float:
        """Return what a feature adds to the log-odds."""
        return float(self.weights[member.place])

    def usual(self, member: Member) -> Usual | None:
        """Return what is usual of a feature among the person's peers; None where that cannot be said."""
        return self.usual_of(member.feature)

    def compared(self, member: Member) -> str:
        """Return what is usual of a feature in words; "" where that cannot be said."""
        usual = self.usual(member)
        return "" if usual is None else usual.in_words(member.definition, self.value(member))

    def worded(self, member: Member) -> str:
        """Return the sentence of a feature, of a measurement with whether it is low, high or normal; "" without one.

        What is counted from codes says so where those of the GP record are not seen.
        """
        definition, value = member.definition, self.value(member)
        text = sentence(member.feature, value, member.window)
        if text and self.gp_seen_from is None and definition.table == CODED_ENTRIES and value > 0:
            return f"{text} (hospital coding only)"
        normal = normal_for(definition, self.sex)
        if not text or normal is None or definition.measure != "latest":
            return text
        return f"{text}, {normal.judge(value)} (usual {normal.words})"
