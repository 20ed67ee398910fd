"""PARR-30: the risk of an emergency readmission within 30 days of leaving an English hospital, as published.

The published score adds a coefficient of the hospital, -0.98 to +0.31 for the 159 trusts of 2008/09 and -0.17 in the
middle. It is left out here unless it is given: trusts have merged and hospitals have changed since. Without it the risk
is that of a hospital whose coefficient is nought, and in most places somewhat high; the order of patients within one
hospital does not depend on it.

References
----------
Billings J, Blunt I, Steventon A, Georghiou T, Lewis G, Bardsley M (2012). Development of a predictive model to identify
inpatients at risk of re-admission within 30 days of discharge (PARR-30). BMJ Open 2:e001667.
doi:10.1136/bmjopen-2012-001667
Nuffield Trust (2012). How to implement the PARR-30 model: required data and algorithm (the coefficients, checked
against a public implementation of it).
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from vi_risk.models.comparators.published.reading import numbers, risks

CONSTANT = -2.91821
OF_AGE_SQUARED = 0.000060581
OF_EACH_ADMISSION = 0.1215
OF_A_RECENT_ADMISSION = 0.5258
OF_AN_EMERGENCY = 0.5565

# English index of multiple deprivation, score: from so much up -> coefficient. The highest band is below the one before
# it in the publication too.
OF_DEPRIVATION: Mapping[float, float] = MappingProxyType(
    {0: 0.0, 10: 0.0209, 15: 0.0239, 25: 0.0661, 40: 0.1017, 50: 0.0982}
)

# a condition coded in hospital in the last two years -> coefficient
OF_CONDITION: Mapping[str, float] = MappingProxyType(
    {
        "congestive_heart_failure": 0.0950,
        "peripheral_vascular_disease": 0.1043,
        "chronic_pulmonary_disease": 0.2243,
        "diabetes_with_chronic_complications": 0.1457,
        "renal_disease": 0.1977,
        "metastatic_cancer_with_solid_tumour": 0.2762,
        "other_malignant_cancer": 0.5069,
        "moderate_or_severe_liver_disease": 0.2673,
        "other_liver_disease": 0.2133,
        "hemiplegia_or_paraplegia": 0.1061,
        "dementia": 0.0467,
    }
)

COLUMNS = (
    "age",
    "deprivation_score",
    "emergency_admissions_last_year",
    "emergency_admission_last_30_days",
    "current_admission_emergency",
    *OF_CONDITION,
)
_FLAGS = ("emergency_admission_last_30_days", "current_admission_emergency", *OF_CONDITION)


def parr30(frame: pd.DataFrame, *, hospital_effect: float = 0.0) -> "pd.Series[float]":
    """Return the risk of an emergency readmission within 30 days of discharge; NaN where an input is missing.

    The published score says nothing of missing inputs, so none is made up here.

    Parameters
    ----------
    frame
        One row per discharge, the columns of `COLUMNS`: age in years; deprivation_score, the IMD score (not a rank or
        decile) of the area; emergency_admissions_last_year, in the year before this admission, those of obstetrics and
        gynaecology left out; emergency_admission_last_30_days, whether there was one so shortly before this admission;
        current_admission_emergency; and whether each condition was coded in the last two years (1 or 0).
    hospital_effect
        The published coefficient of the hospital, added to the log-odds.

    Returns
    -------
    Series
        Risks (0 to 1) with the index of `frame`:
        logit(risk) = -2.91821 + 0.000060581 age^2 + deprivation + 0.1215 admissions + 0.5258 recent + 0.5565 emergency
        + conditions + hospital.

    Raises
    ------
    InputError
        A column is missing or holds something other than numbers in their range.

    Examples
    --------
    >>> healthy = dict.fromkeys(COLUMNS, 0.0) | {"age": 70}
    >>> ill = healthy | {"current_admission_emergency": 1, "renal_disease": 1}
    >>> parr30(pd.DataFrame([healthy, ill])).round(4).tolist()
    [0.0678, 0.1339]
    """
    given = numbers("PARR-30", frame, COLUMNS, flags=_FLAGS)
    log_odds = (
        CONSTANT
        + OF_AGE_SQUARED * given["age"] ** 2
        + _of_deprivation(given["deprivation_score"])
        + OF_EACH_ADMISSION * given["emergency_admissions_last_year"]
        + OF_A_RECENT_ADMISSION * given["emergency_admission_last_30_days"]
        + OF_AN_EMERGENCY * given["current_admission_emergency"]
        + sum(coefficient * given[condition] for condition, coefficient in OF_CONDITION.items())
        + hospital_effect
    )
    return risks(log_odds).rename("parr30")


def _of_deprivation(score: "pd.Series[float]") -> "pd.Series[float]":
    edges, coefficients = np.array(list(OF_DEPRIVATION)), np.array(list(OF_DEPRIVATION.values()))
    band = np.searchsorted(edges, score.fillna(0.0).to_numpy(), side="right") - 1
    return pd.Series(coefficients[band], index=score.index).where(score.notna())
