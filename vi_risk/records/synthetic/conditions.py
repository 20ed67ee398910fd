"""Long-term conditions: how common, at what age, of whom, what they do to hazards, and how they are coded.

The names are the groups of the code list `long_term_conditions`. Prevalences are those recorded in the place where it
publishes them, and of the Quality and Outcomes Framework for England otherwise. The ICD-10 codes were confirmed as
those of `causes`; the SNOMED CT concepts, by identifier and term, in published code lists and value sets.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.draws import logistic, normal_below, normal_quantile
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days
from vi_risk.records.synthetic.population import Population


@dataclass(frozen=True, slots=True)
class Condition:
    """One long-term condition.

    Attributes
    ----------
    prevalence
        Share of the whole population that has it when the records begin.
    midpoint, spread
        Its prevalence rises along age as a logistic curve: half of its peak at `midpoint` years.
    female, deprived
        Prevalence of women over men; of the most over the least deprived.
    cluster
        Conditions of one cluster go together more than frailty alone explains.
    emergency, death
        Log hazard ratio once established.
    icd10, snomed
        Its codes in hospital and in the GP record.
    """

    name: str
    prevalence: float
    midpoint: float
    spread: float
    cluster: str
    emergency: float
    death: float
    icd10: tuple[str, ...]
    snomed: str
    female: float = 1.0
    deprived: float = 1.3


CONDITIONS = (
    Condition("hypertension", 0.133, 60, 9, "vessels", 0.06, 0.00, ("I10X",), "38341003"),
    Condition("diabetes", 0.068, 57, 11, "vessels", 0.22, 0.15, ("E119", "E149"), "44054006", 0.85, 1.6),
    Condition("copd", 0.0195, 64, 8, "lungs", 0.50, 0.40, ("J449", "J448"), "13645005", 0.9, 2.5),
    Condition("asthma", 0.064, 12, 8, "lungs", 0.20, 0.00, ("J459",), "195967001", 1.2, 1.2),
    Condition("coronary_heart_disease", 0.0325, 67, 8, "vessels", 0.30, 0.20, ("I259", "I251"), "53741008", 0.55, 1.5),
    Condition("heart_failure", 0.0105, 78, 7, "vessels", 0.60, 0.60, ("I500", "I509"), "84114007", 0.8, 1.5),
    Condition("atrial_fibrillation", 0.021, 78, 7, "vessels", 0.30, 0.20, ("I489", "I480"), "49436004", 0.8, 1.0),
    Condition("stroke", 0.0190, 73, 9, "vessels", 0.30, 0.25, ("I694", "I693"), "230690007", 0.85, 1.4),
    Condition("peripheral_arterial_disease", 0.007, 70, 8, "vessels", 0.25, 0.25, ("I739",), "399957001", 0.6, 2.0),
    Condition("chronic_kidney_disease", 0.0405, 75, 7, "vessels", 0.25, 0.20, ("N183", "N184"), "709044004", 1.3, 1.3),
    Condition("liver_disease", 0.006, 48, 8, "mind", 0.50, 0.60, ("K746", "K703", "K760"), "328383001", 0.7, 2.0),
    Condition("cancer", 0.033, 66, 10, "other", 0.45, 0.95, ("C509", "C61X", "C189", "C349"), "363346000", 1.1, 1.0),
    Condition("dementia", 0.0108, 83, 5, "mind", 0.45, 0.90, ("F03X", "F019", "G309"), "52448006", 1.2, 1.2),
    Condition("parkinsons", 0.0025, 76, 6, "mind", 0.40, 0.45, ("G20X",), "49049000", 0.7, 1.0),
    Condition("epilepsy", 0.008, 20, 18, "mind", 0.60, 0.25, ("G409",), "84757009", 1.0, 1.6),
    Condition("multiple_sclerosis", 0.002, 42, 8, "other", 0.40, 0.20, ("G35X",), "24700007", 2.3, 1.0),
    Condition("depression", 0.115, 26, 9, "mind", 0.25, 0.05, ("F329", "F339"), "35489007", 1.7, 1.5),
    Condition("severe_mental_illness", 0.0095, 33, 8, "mind", 0.45, 0.35, ("F209", "F319"), "58214004", 0.9, 2.5),
    Condition("learning_disability", 0.006, 4, 2, "other", 0.35, 0.40, ("F709", "F799"), "110359009", 0.7, 1.8),
    Condition("alcohol_dependence", 0.010, 36, 9, "mind", 0.65, 0.55, ("F102",), "7200002", 0.4, 2.0),
    Condition("rheumatoid_arthritis", 0.0075, 58, 10, "other", 0.25, 0.15, ("M069",), "69896004", 2.3, 1.1),
    Condition("osteoporosis", 0.010, 75, 7, "other", 0.20, 0.10, ("M819",), "64859006", 4.0, 1.0),
    Condition("obesity", 0.114, 36, 11, "vessels", 0.08, 0.00, ("E669",), "414916001", 1.2, 1.7),
)
POSITION = {condition.name: position for position, condition in enumerate(CONDITIONS)}

# Shares of the variance of susceptibility that frailty and the cluster explain; the rest is each condition's own.
_FRAILTY_SHARE = 0.32
_CLUSTER_SHARE = 0.30
_OWN_SHARE = 1 - _FRAILTY_SHARE - _CLUSTER_SHARE
_CLUSTERS = tuple(sorted({condition.cluster for condition in CONDITIONS}))
_HIGHEST_PEAK = 0.95  # of a prevalence along age


@dataclass(frozen=True, slots=True)
class Proneness:
    """What makes people develop conditions: what is shared between their conditions, and the scale of each."""

    shared: NDArray[np.float32]  # (persons, clusters): the part of susceptibility that frailty and cluster explain
    scale: NDArray[np.float64]  # (conditions,): prevalence at the peak of age, of the least deprived men

    def peak(self, position: int, people: Population) -> NDArray[np.float64]:
        """Return for each person the prevalence of a condition, at the peak of age, among people like them."""
        return np.asarray(np.minimum(self.scale[position] * _of_whom(CONDITIONS[position], people), _HIGHEST_PEAK))


def draw_onsets(rng: np.random.Generator, people: Population, frailty: NDArray[np.float64]) -> tuple[Days, Proneness]:
    """Draw the day on which each person has or will have developed each condition, (persons, conditions).

    Susceptibility is standard normal, shared in part with frailty and within a cluster; a person has a condition from
    the age at which its prevalence at that age exceeds the share of people more susceptible than they are. NaT: never.
    """
    persons = len(people)
    shared = np.sqrt(_FRAILTY_SHARE) * frailty[:, None] + np.sqrt(_CLUSTER_SHARE) * rng.normal(
        size=(persons, len(_CLUSTERS))
    )
    age = _years(people, people.present_from)
    scale = np.zeros(len(CONDITIONS))
    onsets = np.full((persons, len(CONDITIONS)), np.datetime64("NaT"), dtype="datetime64[D]")
    for position, condition in enumerate(CONDITIONS):
        of_whom = _of_whom(condition, people)
        scale[position] = condition.prevalence / (of_whom * _curve(condition, age)).mean()
        peak = np.minimum(scale[position] * of_whom, _HIGHEST_PEAK)
        own = np.sqrt(_OWN_SHARE) * rng.normal(size=persons)
        share_of_peak = normal_below(-(shared[:, _CLUSTERS.index(condition.cluster)] + own)) / peak
        ever = (share_of_peak > 0) & (share_of_peak < 1)
        odds = np.log(share_of_peak[ever] / (1 - share_of_peak[ever]))
        at_age = np.clip(condition.midpoint + condition.spread * odds, 0, 120)
        onsets[ever, position] = people.born_on[ever] + (at_age * DAYS_IN_YEAR).astype(np.int64)
    return onsets, Proneness(shared.astype(np.float32), scale)


def chance_of_onset(
    proneness: Proneness, people: Population, onsets: Days, day: np.datetime64, until: np.datetime64
) -> NDArray[np.float32]:
    """Return for each person and condition not had by `day` the probability that it starts by `until`, else zero.

    Shared susceptibility is known and a condition's own part is not: it lies below what would have brought the
    condition by `day`.
    """
    chance = np.zeros(onsets.shape, dtype=np.float32)
    age, age_then = _years(people, day), _years(people, until)
    for position, condition in enumerate(CONDITIONS):
        free = np.flatnonzero(~(onsets[:, position] <= day))
        peak = proneness.peak(position, people)[free]
        shared = proneness.shared[free, _CLUSTERS.index(condition.cluster)]
        still_free, free_then = (
            normal_below((-normal_quantile(peak * _curve(condition, years[free])) - shared) / np.sqrt(_OWN_SHARE))
            for years in (age, age_then)
        )
        chance[free, position] = 1 - free_then / np.maximum(still_free, 1e-12)
    return chance


def _of_whom(condition: Condition, people: Population) -> NDArray[np.float64]:
    deprivation = (10 - people.imd_decile) / 9
    return np.asarray(np.where(people.female, condition.female, 1.0) * condition.deprived**deprivation)


def _curve(condition: Condition, age: NDArray[np.float64]) -> NDArray[np.float64]:
    return logistic((age - condition.midpoint) / condition.spread)


def _years(people: Population, days: Days | np.datetime64) -> NDArray[np.float64]:
    return (days - people.born_on).astype(np.float64) / DAYS_IN_YEAR
