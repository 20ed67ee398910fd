import numpy as np
import pandas as pd

from vi_risk.models.comparators.pilot_flags import FLAGS, flags_raised


def test_flags_are_counted_once_each_however_they_are_raised() -> None:
    features = pd.DataFrame(
        {
            "ed_attendances_365d": [2.0, 3.0, 9.0],
            "moderate_frailty_1095d": [0.0, 1.0, 1.0],
            "severe_frailty_1095d": [0.0, 1.0, 0.0],
            "care_home": [0.0, 0.0, 1.0],
        }
    )
    assert flags_raised(features).number.tolist() == [0, 2, 3]


def test_a_missing_value_raises_no_flag_and_a_flag_that_nobody_has_is_not_told() -> None:
    features = pd.DataFrame({"palliative_care_365d": [np.nan, 1.0], "care_home": [np.nan, np.nan]})
    raised = flags_raised(features)
    assert raised.number.tolist() == [0, 1]
    assert raised.told == ("end of life register",)
    assert set(raised.told) | set(raised.not_told) == set(FLAGS)


def test_without_any_flag_the_number_is_missing() -> None:
    assert np.isnan(flags_raised(pd.DataFrame({"age": [70.0]})).number).all()


def test_every_flag_is_made_of_features_that_are_declared() -> None:
    from vi_risk.features.catalogue import read_catalogue

    declared = {feature.name for feature in read_catalogue().features}
    assert {name for flag in FLAGS.values() for name in flag.features} <= declared
