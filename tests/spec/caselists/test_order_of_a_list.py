"""Order: person, practice, risk, what else is known, and the rank on the list of the practice."""

import pytest

from tests.spec.caselists.listing import BELOW, assert_listed, lists_of, spec
from vi_risk.errors import SpecificationError, UsageError
from vi_risk.models.spec import ModelSpec, load_spec


def with_companion(name: str) -> ModelSpec:
    return spec().model_copy(update={"companions": (load_spec(name),)})


def test_of_two_with_the_same_risk_the_sooner_comes_first_then_the_likelier_to_die_then_the_pseudonym() -> None:
    assert_listed(
        [
            ("Eve", "North", 0.5, {"risk_emergency_admission_3m": 0.1, "risk_death_12m": 0.1}, 5),
            ("Dan", "North", 0.5, {"risk_emergency_admission_3m": 0.1, "risk_death_12m": 0.1}, 4),
            ("Ann", "North", 0.5, {"risk_emergency_admission_3m": 0.1, "risk_death_12m": 0.2}, 3),
            ("Bob", "North", 0.5, {"risk_emergency_admission_3m": 0.2, "risk_death_12m": 0.0}, 2),
            ("Cyd", "North", 0.6, {"risk_emergency_admission_3m": 0.0, "risk_death_12m": 0.0}, 1),
        ]
    )


def test_age_and_sex_break_no_tie() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.5, {"age": 20, "sex": "male"}, 1),
            ("Bob", "North", 0.5, {"age": 95, "sex": "female"}, 2),
        ]
    )


def test_a_tie_at_the_last_place_is_broken_by_the_same_rule() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.5, {"risk_death_12m": 0.1}, BELOW),
            ("Bob", "North", 0.5, {"risk_death_12m": 0.2}, 1),
        ],
        capacity=1,
    )


def test_a_list_may_go_by_the_chance_of_an_avoidable_admission() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.5, {"risk_avoidable_admission_12m": 0.1}, 2),
            ("Bob", "North", 0.4, {"risk_avoidable_admission_12m": 0.3}, 1),
        ],
        'order = "risk_avoidable_admission_12m"',
        model=with_companion("avoidable_admission_12m"),
    )


def test_a_list_may_go_by_a_formula_of_the_site() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.50, {"risk_death_12m": 0.80}, 3),
            ("Bob", "North", 0.40, {"risk_death_12m": 0.05}, 1),
            ("Cyd", "North", 0.30, {"risk_death_12m": 0.01}, 2),
        ],
        'order = "risk * (1 - risk_of_death)"',
    )


def test_who_has_no_value_of_the_formula_comes_after_the_others_by_risk() -> None:
    nobody = float("nan")
    assert_listed(
        [
            ("Ann", "North", 0.50, {"medicines_90d": nobody}, 4),
            ("Bob", "North", 0.60, {"medicines_90d": nobody}, 3),
            ("Cyd", "North", 0.10, {"medicines_90d": 2}, 2),
            ("Dan", "North", 0.01, {"medicines_90d": 9}, 1),
        ],
        'order = "medicines_90d"',
    )


def test_an_order_by_a_risk_that_was_not_scored_is_refused_in_words() -> None:
    with pytest.raises(SpecificationError, match="Name avoidable_admission_12m among the companions of the model spec"):
        lists_of([("Ann", "North", 0.5, {})], 'order = "risk_avoidable_admission_12m"')

    with pytest.raises(UsageError, match="risk_avoidable_admission_12m is not known of these people"):
        lists_of(
            [("Ann", "North", 0.5, {})],
            'order = "risk_avoidable_admission_12m"',
            model=with_companion("avoidable_admission_12m"),
        )


def test_an_order_that_has_a_value_for_nobody_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="order: medicines_90d has a value for nobody"):
        lists_of([("Ann", "North", 0.5, {"medicines_90d": float("nan")})], 'order = "medicines_90d"')
