"""The published readmission scores from features of the catalogue, where the index date is the day after a discharge.

A feature looks back from the index date, a published score from the admission that has just ended. So the stay that has
just ended is taken out of what the features count (the admission itself, and the A&E visit that led to it), and the
windows begin as many nights later as it lasted: of very long stays, a little of what went before is not counted.
Conditions are those coded in hospital in two years, that stay included. What differs otherwise stands in the notes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from vi_risk.models.comparators.pilot_flags import told_features
from vi_risk.models.comparators.published import lace, parr30
from vi_risk.models.comparators.published.reading import risks
from vi_risk.models.learning.calibration import Floats, log_odds_of

# The English index of multiple deprivation of 2015 in the middle of each decile (score of the area of middle rank).
# PARR-30 asks in which of six bands the score lies; the bands of the edition of its time (2007) are taken as they are.
SCORE_OF_DECILE: Mapping[int, float] = MappingProxyType(
    {1: 53.0, 2: 39.0, 3: 30.0, 4: 24.0, 5: 19.0, 6: 15.5, 7: 12.4, 8: 9.7, 9: 7.0, 10: 4.0}
)
_MIDDLE_DECILE = 5

# condition of PARR-30 -> group of the code list charlson
_PARR30_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "congestive_heart_failure": "congestive_heart_failure",
        "peripheral_vascular_disease": "peripheral_vascular_disease",
        "chronic_pulmonary_disease": "chronic_pulmonary_disease",
        "diabetes_with_chronic_complications": "diabetes_complicated",
        "renal_disease": "renal_disease",
        "metastatic_cancer_with_solid_tumour": "metastatic_cancer",
        "other_malignant_cancer": "cancer",
        "moderate_or_severe_liver_disease": "severe_liver_disease",
        "other_liver_disease": "mild_liver_disease",
        "hemiplegia_or_paraplegia": "hemiplegia",
        "dementia": "dementia",
    }
)

# condition of LACE -> group of the code list charlson; AIDS and the grades of renal disease are read apart
_LACE_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "previous_myocardial_infarction": "myocardial_infarction",
        "cerebrovascular_disease": "cerebrovascular_disease",
        "peripheral_vascular_disease": "peripheral_vascular_disease",
        "diabetes_without_complications": "diabetes_uncomplicated",
        "congestive_heart_failure": "congestive_heart_failure",
        "diabetes_with_end_organ_damage": "diabetes_complicated",
        "chronic_pulmonary_disease": "chronic_pulmonary_disease",
        "mild_liver_disease": "mild_liver_disease",
        "mild_renal_disease": "renal_disease",
        "any_tumour": "cancer",
        "dementia": "dementia",
        "connective_tissue_disease": "rheumatic_disease",
        "moderate_or_severe_liver_disease": "severe_liver_disease",
        "metastatic_solid_tumour": "metastatic_cancer",
    }
)

_ADMISSIONS = "emergency_admissions_365d"
_NIGHTS, _EMERGENCY = "last_stay_nights_730d", "last_stay_emergency_730d"
_THROUGH_ED, _SOON_AFTER = "last_stay_through_ed_730d", "last_stay_soon_after_another_730d"
_ED_VISITS = "ed_attendances_half_year_183d"
_SEVERE_KIDNEY_DISEASE = "severe_kidney_disease_730d"


def _flag(group: str) -> str:
    return f"charlson_group_{group}_730d"


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """A readmission score that was published, and how it is read from the features at a discharge.

    Attributes
    ----------
    features
        Features of the catalogue without which it is not computed.
    value
        Of a table of features: the one number by which it ranks, which a refit takes (log-odds, or points); NaN where
        the features do not tell it.
    risk
        Of those values: the risk as published, nothing refitted.
    note
        What a reader must know who sees it beside a model.
    """

    name: str
    features: tuple[str, ...]
    value: Callable[[pd.DataFrame], "pd.Series[float]"]
    risk: Callable[["pd.Series[float]"], "pd.Series[float]"]
    note: str

    def lacks(self, features: pd.DataFrame) -> list[str]:
        """Return the features that it needs and that no row tells."""
        told = told_features(features, self.features)
        return [name for name in self.features if name not in told]

    def values(self, features: pd.DataFrame) -> Floats:
        """Return the value of each row; a row that the features do not tell has the median of the others."""
        value = self.value(features)
        return np.asarray(value.fillna(value.median()), dtype=np.float64)

    def risks(self, features: pd.DataFrame) -> Floats:
        """Return the risk of each row as published; a row that the features do not tell has the median of the others.

        Raises
        ------
        InputError
            A feature that it needs is missing, or holds what it cannot.
        """
        return np.asarray(self.risk(pd.Series(self.values(features), index=features.index)), dtype=np.float64)


def parr30_inputs(features: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `parr30.COLUMNS` as the features tell them; deprivation not known is the middle decile."""
    earlier = (features[_ADMISSIONS] - features[_EMERGENCY]).clip(lower=0)
    decile = features["imd_decile"] if "imd_decile" in features else pd.Series(np.nan, index=features.index)
    return pd.DataFrame(
        {
            "age": features["age"],
            "deprivation_score": decile.fillna(_MIDDLE_DECILE).map(SCORE_OF_DECILE),
            "emergency_admissions_last_year": earlier,
            # How the stay before this one began is not told: its discharge counts where the year saw an emergency.
            "emergency_admission_last_30_days": features[_SOON_AFTER] * (earlier > 0),
            "current_admission_emergency": features[_EMERGENCY],
            **{condition: features[_flag(group)] for condition, group in _PARR30_GROUPS.items()},
        }
    )


def lace_inputs(features: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `lace.COLUMNS` as the features tell them; AIDS counts where governance allows its codes."""
    hiv = _flag("hiv")
    conditions = pd.DataFrame(
        {
            **{condition: features[_flag(group)] for condition, group in _LACE_GROUPS.items()},
            "moderate_or_severe_renal_disease": features[_SEVERE_KIDNEY_DISEASE],
            "aids": features[hiv].fillna(0.0) if hiv in features else 0.0,
        }
    )
    return pd.DataFrame(
        {
            "length_of_stay_days": features[_NIGHTS],
            "acute_admission": features[_EMERGENCY],
            "comorbidity_points": lace.comorbidity_points(conditions),
            "ed_visits_last_six_months": (features[_ED_VISITS] - features[_THROUGH_ED]).clip(lower=0),
        }
    )


def _parr30_log_odds(features: pd.DataFrame) -> "pd.Series[float]":
    risk = parr30.parr30(parr30_inputs(features))
    return pd.Series(log_odds_of(risk), index=risk.index, name="parr30_log_odds")


PUBLISHED: Mapping[str, PublishedScore] = MappingProxyType(
    {
        score.name: score
        for score in (
            PublishedScore(
                name="parr30",
                features=("age", _ADMISSIONS, _EMERGENCY, _SOON_AFTER, *map(_flag, _PARR30_GROUPS.values())),
                value=_parr30_log_odds,
                risk=risks,
                note=(
                    "PARR-30 (Billings 2012) with its published coefficients, that of the hospital left out;"
                    " deprivation from the decile of the area, the middle one where it is not known; emergencies in"
                    " gynaecology count"
                ),
            ),
            PublishedScore(
                name="lace",
                features=(
                    *(_NIGHTS, _EMERGENCY, _THROUGH_ED, _ED_VISITS, _SEVERE_KIDNEY_DISEASE),
                    *map(_flag, _LACE_GROUPS.values()),
                ),
                value=lambda features: lace.lace(lace_inputs(features)),
                risk=lace.lace_risk,
                note=(
                    "LACE (van Walraven 2010) with its published points and expected risk, which is of death or an"
                    " unplanned readmission: higher than that of a readmission alone"
                ),
            ),
        )
    }
)
