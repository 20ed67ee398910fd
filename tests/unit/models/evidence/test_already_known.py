import numpy as np
import pandas as pd

from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.evidence.already_known import KNOWN_BY, IncrementalFinds, already_known, incremental_finds

ADMISSION, CASELOAD, REGISTER = KNOWN_BY


def test_the_new_finds_of_a_hand_worked_case() -> None:
    features = pd.DataFrame(
        {
            "emergency_admissions_365d": [1.0, 0.0, 0.0, 0.0, 0.0],
            "community_matron_365d": [2.0, 0.0, 0.0, 0.0, 0.0],
            "rapid_response_180d": [0.0, 1.0, 0.0, 0.0, 0.0],
            "severe_frailty_1095d": [np.nan, np.nan, np.nan, 1.0, 0.0],
        }
    )
    y, listed = np.array([1.0, 1.0, 1.0, 0.0, 1.0]), np.array([0, 1, 2, 3])

    found = incremental_finds(y, listed, already_known(features))

    # listed and true: 0 (admission, caseload), 1 (caseload), 2 (nobody knew); 3 had no outcome, 4 is not listed
    assert found == IncrementalFinds(3, {ADMISSION: 2, CASELOAD: 1, REGISTER: 3}, new=1)


def test_a_way_that_the_records_cannot_tell_is_left_out() -> None:
    features = pd.DataFrame({"emergency_admissions_365d": [1.0, 0.0], "community_matron_365d": [np.nan, np.nan]})
    assert list(already_known(features)) == [ADMISSION]


def test_where_nothing_tells_who_was_known_nothing_is_said() -> None:
    assert incremental_finds(np.ones(2), np.array([0]), already_known(pd.DataFrame({"age": [1.0, 2.0]}))) is None


def test_people_are_known_by_features_that_are_declared() -> None:
    declared = {feature.name for feature in read_catalogue().features}
    assert {name for names in KNOWN_BY.values() for name in names} <= declared
