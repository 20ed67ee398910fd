"""An order is a column or arithmetic over columns; everything else is refused in words."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vi_risk.caselists.choosing.order import Order, formula_faults
from vi_risk.errors import SpecificationError, UsageError


def people(**columns: list[float]) -> pd.DataFrame:
    number = len(next(iter(columns.values())))
    return pd.DataFrame({"patient_id": [f"P{place}" for place in range(number)], **columns})


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("risk", 0.5),
        ("-risk", -0.5),
        ("+risk", 0.5),
        ("risk * (1 - risk_of_death)", 0.4),
        ("risk / risk_of_death - 1", 1.5),
        ("min(risk, risk_of_death)", 0.2),
        ("max(risk, 2 * risk_of_death)", 0.5),
        ("  risk + 1e-1 ", 0.6),
    ],
)
def test_a_formula_is_worked_out_for_each_person(formula: str, value: float) -> None:
    (found,) = Order(formula).values(people(risk=[0.5], risk_of_death=[0.2]))

    assert found == pytest.approx(value)


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os').system('true')",
        "risk ** 9",
        "risk if risk else 0",
        "risk > 0.5",
        "risk and 1",
        "[risk]",
        "risk.real",
        "risk[0]",
        "lambda: risk",
        "(x := risk)",
        "f'{risk}'",
        "abs(risk)",
        "min(risk)",
        "min(risk, 1, 2)",
        "min(a=risk, b=1)",
        "min(*risk, 1)",
        "risk + True",
        "risk * 'a'",
        "~risk",
        "risk % 2",
        "1j * risk",
    ],
)
def test_what_is_no_arithmetic_is_refused(formula: str) -> None:
    (fault,) = formula_faults(formula)

    assert fault.startswith("order: ")
    assert "cannot stand in a formula. Write names of columns, numbers, + - * / and brackets" in fault


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("risk +", "is no formula"),
        ("risk risk", "is no formula"),
        ("risk\0", "is no formula"),
        ("1 + 2", "is the same for everyone"),
        ("", "expected text"),
        (3, 'expected text such as "risk", found 3'),
        ("risk" + " + risk" * 100, "expected at most 500 characters, found 704"),
        ("(" * 300 + "risk" + ")" * 300, "expected at most 500 characters"),
        ("-" * 400 + "risk", ""),
        ("1 / 0 * risk", "has no value for anybody: it divides by zero"),
        ("risk / (2 - 2)", "divides by zero"),
        ("risk * " + "9" * 400, "a number too large to count with"),
        ("risk + 1 / " + "9" * 400, "a number too large to count with"),
        ("risk * (1e308 * 1e308)", "a number too large to count with"),
        ("risk / 2 * max(1, 2)", ""),
    ],
)
def test_a_formula_that_cannot_be_read_is_told(formula: object, told: str) -> None:
    faults = formula_faults(formula)

    assert faults == [] if not told else told in faults[0]


@given(st.text(max_size=40))
def test_whatever_is_written_is_a_formula_or_a_fault(text: str) -> None:
    if not formula_faults(text):
        names = Order(text).columns
        values = Order(text).values(people(**{name: [0.5, np.nan] for name in names}))
        assert values.shape == (2,)


def test_a_column_that_there_is_not_is_told() -> None:
    with pytest.raises(UsageError, match="order: max is not known of these people"):
        Order("max").sorted(people(risk=[0.5]))


def test_a_column_of_words_is_no_order_and_none_is_told() -> None:
    with pytest.raises(UsageError, match="order: sex: expected numbers, found something else") as caught:
        Order("sex").sorted(people(risk=[0.5]).assign(sex="female"))

    assert "female" not in str(caught.value)


def test_an_order_made_with_a_fault_is_refused() -> None:
    with pytest.raises(SpecificationError, match="case list rules: order: 'risk \\*\\* 2' cannot stand in a formula"):
        Order("risk ** 2")


def test_division_by_zero_and_what_is_missing_give_no_value() -> None:
    found = Order("risk / age").values(people(risk=[0.5, 0.0, np.nan, 0.5], age=[0.0, 0.0, 1.0, 2.0]))

    assert np.isnan(found[:3]).all()
    assert found[3] == 0.25


def test_people_come_in_the_same_order_whatever_the_order_of_the_rows() -> None:
    asked = people(risk=[0.1, 0.3, 0.3, 0.3, np.nan], risk_3m=[0.0, 0.1, 0.2, 0.1, 0.0])

    for seed in range(5):
        found = Order().sorted(asked.sample(frac=1, random_state=seed))
        assert found["patient_id"].tolist() == ["P2", "P1", "P3", "P0", "P4"]


def test_the_rank_of_the_scores_tells_apart_what_calibration_made_equal() -> None:
    assert Order().sorted(people(risk=[0.3, 0.3], rank=[8, 7]))["patient_id"].tolist() == ["P1", "P0"]


def test_the_words_name_only_the_ties_that_are_known() -> None:
    assert Order().in_words(["risk"]) == "their chance; of two with the same by pseudonym"
    assert Order("risk_3m").in_words(["risk", "risk_3m", "risk_of_death", "rank"]) == (
        "risk_3m; of two with the same by the higher chance, then by the higher chance of dying, then by the model's"
        " score before calibration, then by pseudonym"
    )
