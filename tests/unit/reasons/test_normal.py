"""Reference ranges: which measurements have one, and that every declared measurement is told by it."""

import pytest

from tests.spec.reasons.given import SHIPPED
from vi_risk.features.definition import Definition
from vi_risk.reasons.normal import is_unremarkable, normal_for

OF_MEASUREMENTS = [d for d in SHIPPED.definitions if d.domain == "measurements"]
BY_NAME = {definition.name: definition for definition in SHIPPED.definitions}


@pytest.mark.parametrize("definition", OF_MEASUREMENTS, ids=lambda definition: definition.name)
def test_every_shipped_measurement_has_a_range_that_its_accepted_values_go_beyond(definition: Definition) -> None:
    normal = normal_for(definition)

    assert normal is not None
    accepted = definition.where["value"]
    assert normal.notable > 0
    assert {normal.judge(accepted.min), normal.judge(accepted.max)} & {"low", "high"}  # type: ignore[union-attr,arg-type]


@pytest.mark.parametrize(
    ("name", "sex", "value", "judged"),
    [
        ("sodium", "female", 132.9, "low"),
        ("sodium", "female", 133, "normal"),
        ("sodium", "female", 146, "normal"),
        ("sodium", "female", 146.1, "high"),
        ("haemoglobin", "male", 129, "low"),
        ("haemoglobin", "female", 129, "normal"),
        ("haemoglobin", "not known", 129, "normal"),
        ("egfr", "male", 59, "low"),
        ("egfr", "male", 190, "normal"),
        ("hba1c", "male", 48, "high"),
        ("hba1c", "male", 20, "normal"),
        ("bmi", "female", 18, "low"),
        ("systolic", "female", 141, "high"),
    ],
)
def test_a_limit_belongs_to_the_range(name: str, sex: str, value: float, judged: str) -> None:
    normal = normal_for(BY_NAME[name], sex)

    assert normal is not None
    assert normal.judge(value) == judged


def test_what_is_no_measurement_has_no_range() -> None:
    assert normal_for(BY_NAME["emergency_admissions"]) is None
    assert normal_for(BY_NAME["age"]) is None
    assert not is_unremarkable(BY_NAME["emergency_admissions"], 0.0)


def test_a_change_is_unremarkable_where_a_second_sample_might_show_it() -> None:
    change = BY_NAME["egfr_change"]

    assert is_unremarkable(change, -4.9)
    assert not is_unremarkable(change, -5.0)
    assert not is_unremarkable(change, float("nan"))
