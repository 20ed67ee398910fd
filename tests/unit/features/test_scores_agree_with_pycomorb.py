"""Our comorbidity scores against pycomorb's, on every patient of 200,000 random diagnosis rows.

pycomorb (MIT, CUB-CORR) is an independent implementation with code lists of its own. Where the two differ on purpose
is written in docs/decisions/0007-comorbidity-scores.md, and tested here too.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.features.engine import compute_features
from vi_risk.records.linked import Records

pycomorb = pytest.importorskip("pycomorb", reason="pycomorb, the test oracle for comorbidity scores, is not installed")

ROWS, PATIENTS, SEED = 200_000, 40_000, 7
INDEX_DATE = date(2024, 1, 1)
SHIPPED = read_catalogue(sensitive={"hiv"})
SCORES = (
    *("charlson_points", "charlson_shmi_points", "elixhauser_points", "elixhauser_conditions"),
    "hospital_frailty_score",
)


def random_codes(rng: np.random.Generator) -> NDArray[np.str_]:
    """Return ICD-10 codes of every category, half of them of categories that a score names, as hospitals write them."""
    categories = np.array([f"{letter}{number:02d}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for number in range(100)])
    lists = ("charlson", "charlson_shmi", "elixhauser", "hospital_frailty")
    codes = {e.code[:3] for name in lists for e in SHIPPED.codelists[name].entries if e.system == "icd10"}
    named = np.array(sorted(code for code in codes if len(code) == 3))
    category = np.where(rng.random(ROWS) < 0.5, rng.choice(named, ROWS), rng.choice(categories, ROWS))
    digit = rng.choice([*(f".{n}" for n in range(10)), *map(str, range(10)), "", ".01"], ROWS)
    return np.char.add(category, digit)


@pytest.fixture(scope="module")
def diagnoses() -> pd.DataFrame:
    """Diagnoses of patients, each in the spell of its patient; every patient has a spell, not every one a diagnosis."""
    rng = np.random.default_rng(SEED)
    rows = pd.DataFrame({"patient": rng.integers(0, PATIENTS, ROWS), "code": random_codes(rng)})
    return rows.assign(position=rows.groupby("patient").cumcount() + 1)


@pytest.fixture(scope="module")
def ours(diagnoses: pd.DataFrame) -> pd.DataFrame:
    """Our scores of every patient, through the engine."""
    patient_id = [f"p{number:05d}" for number in range(PATIENTS)]
    discharged_on = INDEX_DATE - timedelta(days=100)
    records = Records.from_frames(
        {
            "patients": pd.DataFrame({"patient_id": patient_id, "birth_month": date(1950, 1, 1), "sex": "1"}),
            "spells": pd.DataFrame(
                {
                    "spell_id": patient_id,
                    "patient_id": patient_id,
                    "admitted_on": discharged_on,
                    "discharged_on": discharged_on,
                    "admission_method": "21",
                }
            ),
            "diagnoses": pd.DataFrame(
                {
                    "spell_id": [patient_id[number] for number in diagnoses["patient"]],
                    "position": diagnoses["position"],
                    "code": diagnoses["code"],
                }
            ),
        }
    )
    catalogue = Catalogue(tuple(d for d in SHIPPED.definitions if d.name in SCORES), SHIPPED.codelists)
    cohort = pd.DataFrame({"patient_id": patient_id, "index_date": INDEX_DATE, "gp_seen_from": None})
    return compute_features(records, cohort, catalogue)


def theirs(diagnoses: pd.DataFrame, **which: str) -> pd.DataFrame:
    """Return pycomorb's score and groups of every patient; whom it does not know, without any diagnosis, has 0."""
    scores: pd.DataFrame = pycomorb.comorbidity(
        df=diagnoses.assign(age=40), id_col="patient", **which, return_categories=True
    )
    return scores.set_index("patient").reindex(range(PATIENTS), fill_value=0)


def assert_equal(ours: pd.Series, theirs: pd.Series) -> None:
    different = int((~np.isclose(ours.to_numpy(), theirs.to_numpy(dtype=float), atol=0.05)).sum())
    assert different == 0, f"{different:,} of {PATIENTS:,} patients differ"


def test_charlson_points_of_quan_2011_are_the_same_for_every_patient(
    ours: pd.DataFrame, diagnoses: pd.DataFrame
) -> None:
    score = theirs(diagnoses, score="charlson", implementation="quan", weights="quan")["Charlson Comorbidity Index"]
    assert score.nunique() > 10
    assert_equal(ours["charlson_points_1095d"], score)


def test_shmi_points_are_the_same_but_that_a_sum_below_zero_stays_below_zero(
    ours: pd.DataFrame, diagnoses: pd.DataFrame
) -> None:
    shmi = theirs(diagnoses, score="charlson", implementation="uk_shmi", weights="uk_shmi")
    points = ours["charlson_shmi_points_1095d"]
    assert points.min() == -1
    assert points.nunique() > 30
    assert_equal(points.clip(lower=0), shmi["Charlson Comorbidity Index"])


def test_elixhauser_points_of_van_walraven_are_the_same_for_every_patient(
    ours: pd.DataFrame, diagnoses: pd.DataFrame
) -> None:
    score = theirs(diagnoses, score="elixhauser", weights="van_walraven")["Elixhauser Comorbidity Index"]
    assert score.min() < 0
    assert_equal(ours["elixhauser_points_1095d"], score)


def test_the_number_of_elixhauser_groups_is_the_same_for_every_patient(
    ours: pd.DataFrame, diagnoses: pd.DataFrame
) -> None:
    groups = theirs(diagnoses, score="elixhauser").drop(columns="Elixhauser Comorbidity Index").sum(axis=1)
    assert groups.max() > 5
    assert_equal(ours["elixhauser_conditions_1095d"], groups)


def test_hospital_frailty_risk_scores_are_the_same_for_every_patient(
    ours: pd.DataFrame, diagnoses: pd.DataFrame
) -> None:
    score = theirs(diagnoses, score="hfrs")["HFRS Score"]
    assert score.nunique() > 100
    assert_equal(ours["hospital_frailty_score_730d"], score)
