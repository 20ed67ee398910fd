"""What is usual among people: by hand, and in words that can be read out."""

import numpy as np
import pytest

from tests.spec.reasons.given import SHIPPED, UNSEEN
from vi_risk.features.definition import Feature
from vi_risk.reasons.usual import Usual, kind_of, usual_of

FEATURES = {feature.name: feature for feature in SHIPPED.features}
SAME = "of the same age and sex"


def usual(name: str, values: list[float]) -> tuple[Feature, Usual]:
    kind = kind_of(FEATURES[name].definition)
    assert kind is not None
    return FEATURES[name], usual_of(kind, np.array(values), who="people", alike=SAME)


@pytest.mark.parametrize(
    ("name", "values", "value", "words"),
    [
        ("emergency_admissions_365d", [0, 0, 0, 1], 3, f"people {SAME}: 0.2"),
        ("gp_appointments_365d", [11, 14], 30, f"people {SAME}: 12"),
        ("albumin_730d", [38, 39, 44], 30, f"people {SAME}: median 39 g/L"),
        ("egfr_change_1095d", [-2, -1, 5], -9, f"people {SAME}: median fall of 1 mL/min/1.73m2 a year"),
        ("bmi_change_1095d", [0.0, 0.2, 1.0], 3, f"people {SAME}: median rise of 0.2 kg/m2 a year"),
        ("bmi_change_1095d", [-0.01, 0.01, 0.02], 3, f"people {SAME}: median no change"),
        ("imd_decile", [2, 5, 9], 1, f"people {SAME}: median 5"),
        ("condition_copd_1095d", [0, 0, 0, 1], 1, f"25 in 100 {SAME}"),
        ("smoker_1825d", [0, 0, 0, 1], 0, f"75 in 100 {SAME}"),
        ("outpatient_missed_share_730d", [0, 0, 0, 0.4], 0.5, f"people {SAME}: 10 %"),
        # That nothing was missed is compared with how many missed nothing.
        ("outpatient_missed_share_730d", [0, 0, 0, 0.4], 0, f"75 in 100 {SAME}"),
        ("days_since_ed_attendance_730d", [9, 30, UNSEEN, UNSEEN], 20, f"25 in 100 {SAME} had one as lately"),
    ],
)
def test_what_is_usual_is_told_so_that_it_can_be_read_out(
    name: str, values: list[float], value: float, words: str
) -> None:
    feature, found = usual(name, values)

    assert found.in_words(feature.definition, value) == words


@pytest.mark.parametrize(
    ("name", "values", "value", "side", "is_beyond"),
    [
        # Of a mean a quarter more: of 4, five are not, six are.
        ("emergency_admissions_365d", [3, 5], 5, 1.0, False),
        ("emergency_admissions_365d", [3, 5], 6, 1.0, True),
        # Of a median whatever is told as another number: 38.96 is told as 39.
        ("albumin_730d", [38.96], 39, 1.0, False),
        ("albumin_730d", [38.96], 38, -1.0, True),
        ("albumin_730d", [38.96], 40, -1.0, False),
        # What a third or more have, or have had as lately, is usual.
        ("condition_copd_1095d", [0, 0, 1], 1, 1.0, False),
        ("condition_copd_1095d", [0, 0, 0, 1], 1, 1.0, True),
        ("days_since_ed_attendance_730d", [9, 30, UNSEEN, UNSEEN], 20, -1.0, True),
        ("days_since_ed_attendance_730d", [9, 30, UNSEEN, UNSEEN], 30, -1.0, False),
    ],
)
def test_beyond_what_is_usual(name: str, values: list[float], value: float, side: float, is_beyond: bool) -> None:
    _, found = usual(name, values)

    assert found.is_beyond(value, side) is is_beyond


def test_how_many_are_as_far_counts_those_who_are_just_as_far() -> None:
    _, found = usual("emergency_admissions_365d", [0, 0, 1, 2])

    assert found.share_as_far(1, 1.0) == 0.5
    assert found.share_as_far(0, -1.0) == 0.5


def test_every_input_of_a_model_but_age_and_sex_is_compared_with_what_is_usual() -> None:
    inputs = [feature for feature in SHIPPED.features if feature.definition.model_input]

    assert {f.name for f in inputs if kind_of(f.definition) is None} == {
        "age",
        "sex_female",
        "practice_seen_days_365d",
        "practice_seen_days_1825d",
    }
