"""LACE: points for length of stay, acuity, comorbidity and emergency visits, as published.

The outcome of the publication is death or an unplanned readmission within 30 days of discharge, in adults of medical
and surgical wards in Ontario who went home.

References
----------
van Walraven C, Dhalla IA, Bell C, et al. (2010). Derivation and validation of an index to predict early death or
unplanned readmission after discharge from hospital to the community. CMAJ 182:551-557. doi:10.1503/cmaj.091117
The abstract alone could be read here. The points were checked against the R package cliot, those of comorbidity against
Wang H et al. (2014), BMC Cardiovascular Disorders 14:97, table 1 (AIDS: Damery S, Combes G (2017), BMJ Open 7:e016921,
table 1).
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from vi_risk.models.comparators.published.reading import numbers, risks
from vi_risk.models.learning.calibration import Floats, log_odds_of

COLUMNS = ("length_of_stay_days", "acute_admission", "comorbidity_points", "ed_visits_last_six_months")

# from so much up -> points
OF_LENGTH_OF_STAY: Mapping[float, int] = MappingProxyType({0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 7: 5, 14: 7})
OF_ACUTE_ADMISSION = 3
OF_COMORBIDITY: Mapping[float, int] = MappingProxyType({0: 0, 1: 1, 2: 2, 3: 3, 4: 5})
OF_ED_VISITS: Mapping[float, int] = MappingProxyType({0: 0, 1: 1, 2: 2, 3: 3, 4: 4})
MOST_POINTS = 19

# Comorbidity points of LACE: Charlson's conditions with points of their own, in place of 1987's 1, 2, 3 and 6.
OF_CONDITION: Mapping[str, int] = MappingProxyType(
    {
        "previous_myocardial_infarction": 1,
        "cerebrovascular_disease": 1,
        "peripheral_vascular_disease": 1,
        "diabetes_without_complications": 1,
        "congestive_heart_failure": 2,
        "diabetes_with_end_organ_damage": 2,
        "chronic_pulmonary_disease": 2,
        "mild_liver_disease": 2,
        "mild_renal_disease": 2,
        "any_tumour": 2,
        "dementia": 3,
        "connective_tissue_disease": 3,
        "aids": 4,
        "moderate_or_severe_liver_disease": 4,
        "moderate_or_severe_renal_disease": 4,
        "metastatic_solid_tumour": 6,
    }
)

# a mild form -> the severe form that counts in its place
_REPLACED_BY = {
    "diabetes_without_complications": "diabetes_with_end_organ_damage",
    "mild_liver_disease": "moderate_or_severe_liver_disease",
    "mild_renal_disease": "moderate_or_severe_renal_disease",
    "any_tumour": "metastatic_solid_tumour",
}

# Expected risk at 0 and at 19 points, as the abstract gives it.
_RISK_OF_NONE, _RISK_OF_MOST = 0.020, 0.437


def lace(frame: pd.DataFrame) -> "pd.Series[float]":
    """Return the LACE points of each discharge, 0 to 19; NaN where an input is missing.

    Parameters
    ----------
    frame
        One row per discharge, the columns of `COLUMNS`: length_of_stay_days, nights of the stay; acute_admission, 1 or
        0; comorbidity_points, from `comorbidity_points`; ed_visits_last_six_months, before the admission, the visit
        that led to it not counted.

    Raises
    ------
    InputError
        A column is missing or holds something other than numbers in their range.

    Examples
    --------
    >>> stay = {"length_of_stay_days": 5, "acute_admission": 1, "comorbidity_points": 2, "ed_visits_last_six_months": 1}
    >>> lace(pd.DataFrame([stay])).tolist()  # 4 + 3 + 2 + 1
    [10.0]
    """
    given = numbers("LACE", frame, COLUMNS, flags=("acute_admission",))
    points = (
        _points(given["length_of_stay_days"], OF_LENGTH_OF_STAY)
        + OF_ACUTE_ADMISSION * given["acute_admission"]
        + _points(given["comorbidity_points"], OF_COMORBIDITY)
        + _points(given["ed_visits_last_six_months"], OF_ED_VISITS)
    )
    return points.rename("lace")


def comorbidity_points(frame: pd.DataFrame) -> "pd.Series[float]":
    """Return the sum of the points of the conditions that each row has; NaN where one is missing.

    Of a mild and a severe form of one illness the severe one counts.

    Parameters
    ----------
    frame
        A column (1 or 0) for each of `OF_CONDITION`.

    Raises
    ------
    InputError
        A column is missing or holds something other than 1 and 0.
    """
    conditions = tuple(OF_CONDITION)
    has = numbers("LACE", frame, conditions, flags=conditions)
    for mild, severe in _REPLACED_BY.items():
        has[mild] *= 1 - has[severe]
    points: pd.Series[float] = has.mul(pd.Series(OF_CONDITION, dtype=np.float64)).sum(axis=1, skipna=False)
    return points.rename("comorbidity_points")


def lace_risk(points: "pd.Series[float]") -> "pd.Series[float]":
    """Return the risk of death or an unplanned readmission within 30 days that the publication expects at the points.

    The publication expects 2.0 % at 0 points and 43.7 % at 19. Its table of the risks between them could not be read
    here; they are put on the logistic line through both:
    logit(risk) = logit(0.020) + points (logit(0.437) - logit(0.020)) / 19.

    Examples
    --------
    >>> lace_risk(pd.Series([0, 10, 19])).round(3).tolist()
    [0.02, 0.122, 0.437]
    """
    lowest, highest = log_odds_of(np.array([_RISK_OF_NONE, _RISK_OF_MOST]))
    return risks(lowest + points * (highest - lowest) / MOST_POINTS).rename("lace_risk")


def _points(values: "pd.Series[float]", table: Mapping[float, int]) -> "pd.Series[float]":
    points: Floats = np.array(list(table.values()), dtype=np.float64)
    band = np.searchsorted(np.array(list(table)), values.fillna(0.0).to_numpy(), side="right") - 1
    return pd.Series(points[band], index=values.index).where(values.notna())
