"""What is normal: adult reference ranges of the measurements that reasons are told of.

A laboratory prints its own range beside a result, and that one counts for the patient; these are the common ranges of
the United Kingdom, by which a reader is told whether a number is worth a second look.

References
----------
Pathology Harmony (sodium, albumin); World Health Organization 2024, guideline on haemoglobin cutoffs, with the upper
limits of British laboratories; World Health Organization 2011 (HbA1c from 48 mmol/mol is diabetes); NICE NG203 (eGFR);
NICE NG246 (body mass index, 30 and over is obesity); NICE NG136 (systolic pressure, 140 mmHg and over is hypertension)
and European Society of Cardiology 2018, doi 10.1093/eurheartj/ehy037 (below 90 mmHg is hypotension).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from vi_risk.features.definition import Definition

Judgement = Literal["low", "high", "normal"]

_MEASUREMENTS = "measurements"  # the code list that the ranges are of
_MALE = "male"


@dataclass(frozen=True, slots=True)
class Normal:
    """The reference range of a measurement in the unit of its features.

    Attributes
    ----------
    low, high
        Both belong to the range; infinite where only the other end is told.
    notable
        The yearly change, up or down, from which it is worth saying: more than a second sample of the same person
        would show.
    worse
        Which end trouble lies at: -1.0 low, 1.0 high, 0.0 both; None where a value inside the range speaks for nobody.
    """

    low: float
    high: float
    notable: float
    worse: float | None = 0.0

    def judge(self, value: float) -> Judgement:
        """Return whether a value lies below, above or inside the range."""
        if value < self.low:
            return "low"
        return "high" if value > self.high else "normal"

    @property
    def words(self) -> str:
        """The range in words."""
        if math.isinf(self.high):
            return f"{self.low:g} or more"
        return f"up to {self.high:g}" if math.isinf(self.low) else f"{self.low:g} to {self.high:g}"


# group of the code list -> the range of adults
_RANGES: Mapping[str, Normal] = MappingProxyType(
    {
        "sodium": Normal(133, 146, notable=3),
        "albumin": Normal(35, 50, notable=4, worse=-1.0),
        "haemoglobin": Normal(120, 165, notable=10, worse=-1.0),
        "egfr": Normal(60, math.inf, notable=5, worse=-1.0),
        "hba1c": Normal(-math.inf, 47, notable=6, worse=1.0),
        "bmi": Normal(18.5, 29.9, notable=1.5, worse=None),  # it ends where obesity begins
        "systolic": Normal(90, 139, notable=10, worse=1.0),
    }
)
_OF_MEN: Mapping[str, Normal] = MappingProxyType({"haemoglobin": Normal(130, 180, notable=10, worse=-1.0)})


def normal_for(definition: Definition, sex: str = "") -> Normal | None:
    """Return what is normal of the measurement that a definition reads; None where no range is known.

    Examples
    --------
    >>> from vi_risk.features.catalogue import read_catalogue
    >>> haemoglobin = next(d for d in read_catalogue().definitions if d.name == "haemoglobin")
    >>> normal_for(haemoglobin, "female").words, normal_for(haemoglobin, "male").words
    ('120 to 165', '130 to 180')
    """
    if definition.codes != _MEASUREMENTS or len(definition.groups) != 1 or not definition.in_units:
        return None
    (group,) = definition.groups
    return _OF_MEN.get(group, _RANGES.get(group)) if sex == _MALE else _RANGES.get(group)


def is_unremarkable(definition: Definition, value: float, sex: str = "") -> bool:
    """Return whether a value is of a measurement and normal, or a yearly change too small to tell from chance."""
    normal = normal_for(definition, sex)
    if normal is None or math.isnan(value):
        return False
    if definition.measure == "slope":
        return abs(value) < normal.notable
    return normal.judge(value) == "normal"
