"""What sets a person apart: which way a value lies, how few peers have as much, what tells of care alone."""

from datetime import date

import numpy as np
import pytest

from tests.spec.reasons.given import LIST_DATE, SHIPPED
from vi_risk.features.definition import Feature
from vi_risk.reasons.apart import is_administrative, is_well_below_peers, rarity, side_of
from vi_risk.reasons.patient import Patient
from vi_risk.reasons.themes import Member
from vi_risk.reasons.usual import Usual, kind_of, usual_of

FEATURES = {feature.name: feature for feature in SHIPPED.features}


def one(name: str, value: float, peers: list[float] | None = None) -> tuple[Patient, Member]:
    """Return a woman with one value, whose peers have these values, or none that are known."""

    def usual(feature: Feature) -> Usual | None:
        kind = kind_of(feature.definition)
        if peers is None or kind is None:
            return None
        return usual_of(kind, np.array(peers), who="people", alike="of the same age and sex")

    feature = FEATURES[name]
    values, weights = np.array([value]), np.array([0.3])
    return (
        Patient(values, weights, LIST_DATE, "female", date(2015, 1, 1), usual),
        Member(0, feature, feature.window),
    )


@pytest.mark.parametrize(
    ("name", "value", "side"),
    [
        ("emergency_admissions_365d", 3, 1.0),
        ("gp_appointments_365d", 3, 1.0),
        ("days_since_emergency_admission_730d", 9, -1.0),
        ("days_since_medication_review_730d", 9, -1.0),
        ("registered_days_365d", 40, -1.0),
        ("albumin_730d", 50, -1.0),
        ("imd_decile", 9, -1.0),
        # Of these both ends are trouble.
        ("sodium_730d", 150, 1.0),
        ("sodium_730d", 128, -1.0),
        ("bmi_change_1095d", 3, 1.0),
        ("bmi_change_1095d", -3, -1.0),
    ],
)
def test_which_values_are_told_as_raising_a_risk(name: str, value: float, side: float) -> None:
    assert side_of(*one(name, value)) == side


@pytest.mark.parametrize(
    ("peers", "by_hand"),
    [([1.0] * 10 + [0.0] * 90, 1.0), ([1.0] + [0.0] * 99, 2.0), ([1.0] + [0.0] * 999, 2.0), ([1.0, 0.0], 0.30103)],
)
def test_rarity_is_one_where_one_in_ten_has_as_much_and_two_at_most(peers: list[float], by_hand: float) -> None:
    assert rarity(*one("emergency_admissions_365d", 1, peers)) == pytest.approx(by_hand)


def test_where_nothing_is_said_to_be_usual_what_a_theme_adds_decides_alone() -> None:
    assert rarity(*one("emergency_admissions_365d", 1)) == 1.0


def test_well_below_peers_is_half_of_what_is_usual_or_less() -> None:
    assert is_well_below_peers(*one("ed_attendances_365d", 1, [2.0]))
    assert not is_well_below_peers(*one("ed_attendances_365d", 1, [1.9]))
    assert not is_well_below_peers(*one("ed_attendances_365d", 1))
    assert not is_well_below_peers(*one("albumin_730d", 10, [40.0]))


def test_what_says_how_care_was_given_or_recorded() -> None:
    inputs = [feature for feature in SHIPPED.features if feature.definition.model_input]

    found = {f.definition.name for f in inputs if is_administrative(Member(0, f, f.window))}

    assert found == {
        "condition_review",
        "days_since_condition_review",
        "days_since_gp_appointment",
        "days_since_medication_review",
        "influenza_vaccination",
        "joined_practice",
        "pneumococcal_vaccination",
        "practice_seen_days",
        "registered_days",
    }
