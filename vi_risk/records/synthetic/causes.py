"""Why people are admitted: primary diagnoses by age and by conditions, and what is coded beside them.

All codes stand with the terms meant here in ICD-10 (WHO, version of 2019, which numbers these as the edition in use in
England does); the places of falls, the fourth characters of W18 and W19, in published code lists of falls. A code of
three characters takes an X, as in HES.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.conditions import CONDITIONS, POSITION
from vi_risk.records.synthetic.draws import Rows, logistic, pick_each

# Ages from which the six weights of a cause hold.
_AGES_FROM = (0, 5, 18, 45, 65, 80)

GENERAL_MEDICINE, SURGERY, ORTHOPAEDICS, PAEDIATRICS, ELDERLY = "300", "100", "110", "420", "430"
CARDIOLOGY, RESPIRATORY, GASTRO, UROLOGY, GYNAECOLOGY = "320", "340", "301", "101", "502"
OPHTHALMOLOGY, ONCOLOGY, NEPHROLOGY, ENT = "130", "800", "361", "120"


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason for admission: its ICD-10 codes, its weight in six bands of age, and who has it more often."""

    codes: tuple[str, ...]
    weights: tuple[float, ...]  # at 0-4, 5-17, 18-44, 45-64, 65-79, 80 and over
    treatment_function: str
    boosts: Mapping[str, float] = field(default_factory=dict)  # condition -> added multiples of the weight


EMERGENCIES = (
    Cause(("R074", "R073"), (0, 2, 8, 10, 6, 4), GENERAL_MEDICINE, {"coronary_heart_disease": 1}),
    Cause(("R104", "R101"), (2, 10, 11, 7, 4, 3), SURGERY),
    Cause(("J189", "J181", "J180"), (3, 2, 2, 4, 8, 11), GENERAL_MEDICINE, {"copd": 1, "dementia": 0.7}),
    Cause(("J22X", "J069", "B349"), (22, 8, 3, 3, 4, 5), GENERAL_MEDICINE, {"copd": 1}),
    Cause(("J219",), (14, 0, 0, 0, 0, 0), PAEDIATRICS),
    Cause(("N390", "N10X"), (3, 3, 4, 4, 6, 10), GENERAL_MEDICINE, {"dementia": 1, "parkinsons": 1}),
    Cause(("A419", "A415"), (1, 1, 1.5, 3, 5, 7), GENERAL_MEDICINE, {"cancer": 1, "chronic_kidney_disease": 0.5}),
    Cause(("J440", "J441"), (0, 0, 0.02, 0.1, 0.1, 0.05), RESPIRATORY, {"copd": 320}),
    Cause(("J459", "J46X"), (0.5, 0.5, 0.2, 0.1, 0.1, 0.1), RESPIRATORY, {"asthma": 34}),
    Cause(("I500", "I501"), (0, 0, 0.02, 0.1, 0.3, 0.6), CARDIOLOGY, {"heart_failure": 75}),
    Cause(("I200", "I209"), (0, 0, 0.05, 0.6, 0.8, 0.6), CARDIOLOGY, {"coronary_heart_disease": 10}),
    Cause(("I214", "I219"), (0, 0, 0.3, 2, 2.5, 2.5), CARDIOLOGY, {"coronary_heart_disease": 1, "diabetes": 0.5}),
    Cause(("I489", "I480"), (0, 0, 0.4, 1.5, 2.5, 2.2), CARDIOLOGY, {"atrial_fibrillation": 3}),
    Cause(("I639", "I635"), (0, 0, 0.3, 1.5, 3, 4.5), GENERAL_MEDICINE, {"atrial_fibrillation": 1, "stroke": 1}),
    Cause(("E101", "E116", "E107"), (0.01, 0.1, 0.03, 0.03, 0.03, 0.03), GENERAL_MEDICINE, {"diabetes": 110}),
    Cause(("G409", "R568"), (3, 2, 1, 1, 0.8, 0.7), GENERAL_MEDICINE, {"epilepsy": 25, "learning_disability": 3}),
    Cause(("D509", "D649"), (0.1, 0.2, 0.6, 1, 1.6, 2), GASTRO, {"cancer": 1, "chronic_kidney_disease": 1}),
    Cause(("K529", "A099"), (8, 3, 2, 2, 2.5, 3), GENERAL_MEDICINE),
    Cause(("K922", "K921"), (0, 0, 1, 1.5, 2, 2.5), GASTRO, {"liver_disease": 4, "alcohol_dependence": 2}),
    Cause(("K703", "K746", "R18X"), (0, 0, 0.03, 0.05, 0.04, 0.02), GASTRO, {"liver_disease": 120}),
    Cause(("F101", "F103"), (0, 0, 0.3, 0.3, 0.1, 0.02), GENERAL_MEDICINE, {"alcohol_dependence": 60}),
    Cause(
        ("T391", "T509"), (0.4, 4, 4, 1.5, 0.4, 0.2), GENERAL_MEDICINE, {"depression": 2, "severe_mental_illness": 3}
    ),
    Cause(("K358", "K37X"), (0.3, 7, 3, 1, 0.5, 0.3), SURGERY),
    Cause(("K802", "K810", "K859"), (0, 0.2, 4, 4, 3.5, 2.5), SURGERY, {"obesity": 0.8}),
    Cause(("L031", "L089"), (1, 1.5, 2.5, 3, 2.5, 2.5), GENERAL_MEDICINE, {"diabetes": 1, "obesity": 1}),
    Cause(("S720", "S721"), (0, 0.1, 0.1, 0.4, 2.2, 6), ORTHOPAEDICS, {"osteoporosis": 3, "dementia": 1}),
    Cause(("S525", "S826", "S422"), (2, 8, 3, 2.5, 2, 2), ORTHOPAEDICS, {"osteoporosis": 1}),
    Cause(("S099", "S019", "S065"), (7, 4, 2.5, 2, 2.5, 4), SURGERY, {"alcohol_dependence": 2}),
    Cause(("R55X", "R296", "R268"), (0.3, 1, 2, 3, 5, 9), ELDERLY, {"parkinsons": 3, "dementia": 0.7}),
    Cause(("F059", "R410"), (0, 0, 0.1, 0.2, 0.6, 2), ELDERLY, {"dementia": 4}),
    Cause(("N179", "E871"), (0.1, 0.1, 0.5, 1.2, 2.5, 3.5), GENERAL_MEDICINE, {"chronic_kidney_disease": 3}),
    Cause(("N201", "N23X", "R33X"), (0, 0.3, 2, 2.2, 2.2, 2), UROLOGY),
    Cause(("O209", "N739", "O219"), (0, 0.3, 5, 0.1, 0, 0), GYNAECOLOGY),
    Cause(("C349", "C189", "C795"), (0, 0, 0.05, 0.3, 0.4, 0.3), ONCOLOGY, {"cancer": 30}),
    Cause(("M545", "M549"), (0, 0.3, 2, 2.2, 1.6, 1.5), ORTHOPAEDICS),
    Cause(("G439", "R51X"), (0.2, 2, 4, 2.5, 1, 0.5), GENERAL_MEDICINE),
    Cause(("I269", "I802"), (0, 0.05, 1.2, 1.6, 1.8, 1.6), GENERAL_MEDICINE, {"cancer": 2}),
    Cause(("R509", "R11X"), (6, 3, 1.5, 1.2, 1.2, 1.2), GENERAL_MEDICINE),
)

ELECTIVES = (
    Cause(("H269", "H251"), (0, 0, 0.1, 2, 12, 16), OPHTHALMOLOGY, {"diabetes": 0.4}),
    Cause(("K573", "K635", "K621"), (0, 0.2, 4, 11, 9, 4), GASTRO),
    Cause(("K297", "K219"), (0.2, 0.5, 5, 8, 6, 4), GASTRO),
    Cause(("Z511", "C509", "C349"), (0.2, 0.2, 0.3, 1, 1, 0.3), ONCOLOGY, {"cancer": 25}),
    Cause(("K409", "K429"), (1, 0.6, 2, 4, 4, 2), SURGERY),
    Cause(("M179", "M169"), (0, 0, 0.2, 3, 6, 3), ORTHOPAEDICS, {"obesity": 0.5, "rheumatoid_arthritis": 2}),
    Cause(("M545", "M751", "G560"), (0, 0.5, 5, 7, 4, 2), ORTHOPAEDICS),
    Cause(("K029", "K011"), (4, 7, 3, 0.5, 0.1, 0), "140"),
    Cause(("J350", "H652"), (8, 6, 1, 0.2, 0.1, 0), ENT),
    Cause(("N920", "N841", "O021"), (0, 0.3, 6, 4, 1, 0.3), GYNAECOLOGY),
    Cause(("N40X", "R31X", "C61X"), (0, 0.1, 1, 4, 6, 4), UROLOGY),
    Cause(("I259", "I209"), (0, 0, 0.1, 0.8, 0.8, 0.4), CARDIOLOGY, {"coronary_heart_disease": 6}),
    Cause(("N185",), (0, 0, 0.02, 0.03, 0.03, 0.02), NEPHROLOGY, {"chronic_kidney_disease": 12}),
    Cause(("L989", "D223", "C443"), (0.5, 1, 4, 4, 5, 5), "330"),
)


@dataclass(frozen=True, slots=True)
class Complication:
    """What is coded beside a primary diagnosis in some stays: log odds at age 60, per ten years more, per frailty."""

    codes: tuple[str, ...]
    log_odds: float
    per_decade: float
    per_frailty: float
    boosts: Mapping[str, float] = field(default_factory=dict)  # condition -> added log odds


COMPLICATIONS = (
    Complication(("R296", "W199", "W180"), -3.2, 0.55, 0.5, {"dementia": 0.8, "parkinsons": 1.2}),
    Complication(("F059",), -4.4, 0.6, 0.4, {"dementia": 1.6}),
    Complication(("N179",), -2.4, 0.35, 0.3, {"chronic_kidney_disease": 1.0, "heart_failure": 0.5}),
    Complication(("N390",), -3.0, 0.4, 0.3, {"dementia": 0.6}),
    Complication(("E871", "E876", "E86X"), -2.6, 0.3, 0.3),
    Complication(("L891", "L899"), -4.8, 0.5, 0.7, {"dementia": 0.7}),
    Complication(("Z602",), -3.2, 0.5, 0.4),
    Complication(("R32X", "R410", "R268"), -3.6, 0.5, 0.5, {"dementia": 1.2}),
    Complication(("F171", "Z720"), -1.6, -0.15, 0.2, {"copd": 1.0, "severe_mental_illness": 0.6}),
    Complication(("F419",), -2.6, -0.1, 0.3, {"depression": 1.5}),
    Complication(("Z515",), -5.1, 0.3, 0.5, {"cancer": 2.2, "dementia": 0.6}),
    Complication(("D649",), -3.0, 0.2, 0.3, {"cancer": 1.0, "chronic_kidney_disease": 0.8}),
    # Histories and long-term use of medicines, which coders add where they are written down.
    Complication(("Z922",), -1.8, 0.2, 0.1),
    Complication(("Z880",), -2.2, 0.0, 0.0),
    Complication(("Z867",), -2.8, 0.3, 0.1, {"coronary_heart_disease": 1.0, "stroke": 1.0}),
    Complication(("Z921",), -5.0, 0.1, 0.0, {"atrial_fibrillation": 4.5}),
)


def draw_cause(
    rng: np.random.Generator,
    causes: tuple[Cause, ...],
    age: NDArray[np.floating],
    has: NDArray[np.bool_],
) -> Rows:
    """Draw the position of a cause for each admission, given age and conditions (rows, conditions)."""
    band = np.searchsorted(np.array(_AGES_FROM), age, side="right") - 1
    by_age = np.array([cause.weights for cause in causes], dtype=np.float32).T
    boosts = np.zeros((len(CONDITIONS), len(causes)), dtype=np.float32)
    for column, cause in enumerate(causes):
        for name, boost in cause.boosts.items():
            boosts[POSITION[name], column] = boost
    return pick_each(rng, by_age[np.maximum(band, 0)] * (1 + has.astype(np.float32) @ boosts))


def complicated(
    rng: np.random.Generator,
    complication: Complication,
    age: NDArray[np.floating],
    frailty: NDArray[np.floating],
    has: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Draw whether a complication is coded in each stay."""
    log_odds = complication.log_odds + complication.per_decade * (age - 60) / 10 + complication.per_frailty * frailty
    for name, boost in complication.boosts.items():
        log_odds = log_odds + boost * has[:, POSITION[name]]
    return rng.random(len(age)) < logistic(log_odds)
