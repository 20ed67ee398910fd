"""What a practice calls people in for: vaccinations, the yearly review of a condition and of medicines.

Some people come whenever they are called and some never do, whatever their health; fewer come of those with dementia,
severe mental illness or alcohol dependence, and where deprivation is greatest. What was given before the records begin
is not in them.

Codes and where they were confirmed: seasonal influenza vaccination (NHS England, immunisation FHIR API; QOF cluster
FLU_COD); pneumococcal vaccination (cluster PNEUVAC1); annual reviews of COPD (COPDRVW_COD), heart failure (HFRVW_COD),
asthma (OpenSAFELY code list asthma-annual-review-qof) and diabetes (SNOMED CT, diabetic annual review (regime/therapy),
in published template codes); medication review done (SNOMED CT, in published medication review code lists).
"""

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.draws import normal_quantile
from vi_risk.records.synthetic.life import Life
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days
from vi_risk.records.synthetic.place import Place
from vi_risk.records.synthetic.practice_record import Entries, entries_seen

INFLUENZA, PNEUMOCOCCAL = "822851000000102", "12866006"
MEDICATION_REVIEW = "314530002"
REVIEWS = {"asthma": "394700004", "copd": "394703002", "diabetes": "170777000", "heart_failure": "390885007"}

# Who is called for influenza under 65, and once in a lifetime for pneumococcus (Green Book, chapters 19 and 25).
_AT_RISK = (
    *("diabetes", "copd", "coronary_heart_disease", "heart_failure", "stroke", "chronic_kidney_disease"),
    *("liver_disease", "parkinsons", "multiple_sclerosis", "dementia", "learning_disability"),
)
_ON_REPEAT_MEDICINES = (
    *("hypertension", "diabetes", "copd", "asthma", "coronary_heart_disease", "heart_failure", "stroke", "depression"),
    *("atrial_fibrillation", "dementia", "epilepsy", "parkinsons", "severe_mental_illness", "rheumatoid_arthritis"),
)
_COMES_LESS_IF = {"dementia": 0.3, "severe_mental_illness": 0.5, "alcohol_dependence": 0.6}
_COMES_LESS_IF_DEPRIVED = 0.4  # most over least deprived
_ALWAYS = 0.6  # share of the variance of coming that belongs to the person

# Shares of those called who come.
_OLD, _AT_RISK_COME, _TODDLERS, _PNEUMOCOCCAL_COME = 0.74, 0.42, 0.42, 0.70
_REVIEWED, _MEDICINES_REVIEWED = 0.74, 0.66
_OLD_FROM, _TODDLER_AGES = 65, (2, 4)
_YEARS_TO_PNEUMOCOCCAL = 1.5
_LATE, _EARLY = 60, 21  # days about the day of the year on which a person is called
_FIRST_REVIEW = 90  # days after onset


def prevention(rng: np.random.Generator, life: Life, place: Place) -> list[Entries]:
    """Return vaccinations and yearly reviews, as far as practices in the trust wrote them down."""
    people = life.people
    deprivation = (10 - people.imd_decile) / 9 - 0.7
    keen = np.sqrt(_ALWAYS) * rng.normal(size=len(people)) - _COMES_LESS_IF_DEPRIVED * deprivation
    return [
        *_influenza(rng, life, place, keen),
        _pneumococcal(rng, life, place, keen),
        *_reviews(rng, life, place, keen),
    ]


def _comes(
    rng: np.random.Generator,
    life: Life,
    keen: NDArray[np.float64],
    called: Days | np.datetime64,
    share: NDArray[np.float64] | float,
) -> NDArray[np.bool_]:
    drawn = keen + np.sqrt(1 - _ALWAYS) * rng.normal(size=len(keen))
    for name, less in _COMES_LESS_IF.items():
        drawn -= less * (life.onsets[:, POSITION[name]] <= called)
    return np.asarray(drawn > -normal_quantile(np.asarray(share)))


def _years(life: Life) -> range:
    first, last = (int(str(day)[:4]) for day in (life.months.first_day, life.months.last_day))
    return range(first, last + 1)


def _influenza(rng: np.random.Generator, life: Life, place: Place, keen: NDArray[np.float64]) -> list[Entries]:
    # From the middle of September, most by November; a season that began before the records runs into them.
    written = []
    first_at_risk = np.fmin.reduce(life.onsets[:, [POSITION[name] for name in _AT_RISK]], axis=1)
    for year in (_years(life)[0] - 1, *_years(life)):
        begins = np.datetime64(f"{year}-09-15")
        age = (begins - life.people.born_on).astype(np.float64) / DAYS_IN_YEAR
        share = np.where(first_at_risk <= begins, _AT_RISK_COME, 0.0)
        share = np.where((age >= _TODDLER_AGES[0]) & (age < _TODDLER_AGES[1]), _TODDLERS, share)
        share = np.where(age >= _OLD_FROM, _OLD, share)
        who = np.flatnonzero(_comes(rng, life, keen, begins, share) & (share > 0) & (age >= 0))
        day = begins + np.minimum(rng.gamma(2, 18, len(who)), 180).astype(np.int64)
        written.append(entries_seen(life, place, who, day, INFLUENZA))
    return written


def _pneumococcal(rng: np.random.Generator, life: Life, place: Place, keen: NDArray[np.float64]) -> Entries:
    called: Days = life.people.born_on + round(_OLD_FROM * DAYS_IN_YEAR)
    at_risk = np.fmin.reduce(life.onsets[:, [POSITION[name] for name in _AT_RISK]], axis=1)
    called = np.fmin(called, at_risk)
    who = np.flatnonzero(_comes(rng, life, keen, called, _PNEUMOCOCCAL_COME))
    waited = rng.exponential(_YEARS_TO_PNEUMOCOCCAL * DAYS_IN_YEAR, len(who)).astype(np.int64)
    return entries_seen(life, place, who, called[who] + waited, PNEUMOCOCCAL)


def _reviews(rng: np.random.Generator, life: Life, place: Place, keen: NDArray[np.float64]) -> list[Entries]:
    # Called once a year, for everything at once, about the same day of each year.
    called = rng.integers(0, 365, len(keen))
    on_medicines = np.fmin.reduce(life.onsets[:, [POSITION[name] for name in _ON_REPEAT_MEDICINES]], axis=1)
    written = []
    for year in _years(life):
        day = np.datetime64(f"{year}-01-01") + called + rng.integers(-_EARLY, _LATE + 1, len(called))
        for name, code in REVIEWS.items():
            due = life.onsets[:, POSITION[name]] + _FIRST_REVIEW <= day
            who = np.flatnonzero(due & _comes(rng, life, keen, day, _REVIEWED))
            written.append(entries_seen(life, place, who, day[who], code))
        who = np.flatnonzero((on_medicines + _FIRST_REVIEW <= day) & _comes(rng, life, keen, day, _MEDICINES_REVIEWED))
        written.append(entries_seen(life, place, who, day[who], MEDICATION_REVIEW))
    return written
