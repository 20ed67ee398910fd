"""Care gaps: what a group of people is due, and how it is told that they did not have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vi_risk.reasons.sentences import span
from vi_risk.reasons.when import Bounds, When


@dataclass(frozen=True, slots=True)
class CareGap:
    """Care that people in whom `among` holds are due, and that those have had in whom `met` holds.

    Attributes
    ----------
    title
        Whose gap it is and what is missing in the last {span}.
    days
        How far back is looked for the care; less where the records reach back less far.
    reference
        Where the standard comes from.
    """

    title: str
    among: When
    met: When
    days: int
    reference: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the people frame that it reads."""
        return tuple(dict.fromkeys([*self.among.columns, *self.met.columns]))

    def days_looked_back(self, windows: Mapping[str, int]) -> int:
        """Return how far back the care is looked for, `windows` being the days of look-back of each feature."""
        return min(self.days, *(windows.get(column, self.days) for column in self.met.columns))

    def title_of(self, days: int) -> str:
        """Return the title for so many days of look-back."""
        return self.title.format(span=span(days))


def _at_least(**least: float) -> When:
    """Return the condition that all of these columns have so much or more."""
    return When(({column: Bounds(min=value) for column, value in least.items()},))


def _any(*flags: str) -> When:
    return When(tuple(MappingProxyType({flag: Bounds(min=1)}) for flag in flags))


CARE_GAPS = (
    CareGap(
        "Diabetes, asthma, COPD or heart failure without a review in {span}",
        among=_any(
            "condition_diabetes_1095d",
            "condition_asthma_1095d",
            "condition_copd_1095d",
            "condition_heart_failure_1095d",
        ),
        met=_at_least(condition_review_365d=1),
        days=365,
        reference="NHS Quality and Outcomes Framework: annual reviews",
    ),
    CareGap(
        "Five or more medicines without a medication review in {span}",
        among=_at_least(medicines_90d=5),
        met=When(({"days_since_medication_review_730d": Bounds(max=365)},)),
        days=365,
        reference="NICE NG5",
    ),
    CareGap(
        "Aged 65 or over without an influenza vaccination in {span}",
        among=_at_least(age=65),
        met=_at_least(influenza_vaccination_365d=1),
        days=365,
        reference="Green Book, chapter 19",
    ),
    CareGap(
        "Three or more long-term conditions without a GP practice appointment in {span}",
        among=_at_least(long_term_conditions_1095d=3),
        met=_at_least(gp_appointments_365d=1),
        days=365,
        reference="NICE NG56",
    ),
    CareGap(
        "Aged 75 or over with atrial fibrillation without an anticoagulant in {span}",
        among=_at_least(age=75, condition_atrial_fibrillation_1095d=1),
        met=_at_least(prescribed_anticoagulant_90d=1),
        days=90,
        reference="NICE NG196: age 75 alone gives 2 points of CHA2DS2-VASc",
    ),
    CareGap(
        "Hypertension without a blood pressure in {span}",
        among=_any("condition_hypertension_1095d"),
        met=_at_least(systolic_730d=0),
        days=730,
        reference="NHS Quality and Outcomes Framework: hypertension",
    ),
    CareGap(
        "Diabetes without an HbA1c in {span}",
        among=_any("condition_diabetes_1095d"),
        met=_at_least(hba1c_730d=0),
        days=730,
        reference="NICE NG28",
    ),
)
