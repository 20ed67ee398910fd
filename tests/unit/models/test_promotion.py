"""The rule of promotion: each thing asked is answered with its figure, and one that fails keeps the model out."""

import math
from dataclasses import dataclass

import pytest

from vi_risk.models.promotion import decide
from vi_risk.models.spec_tables import PromotionSpec

RULE = PromotionSpec()
BOUND = "lower bound to be above 0"


@dataclass(frozen=True)
class Difference:
    value: float | None
    interval: tuple[float, float] | None


CALIBRATED = {"calibration_slope": 1.02, "calibration_in_the_large": -0.05}
BETTER = {"true_cases": Difference(12.0, (4.0, 20.0)), "net_benefit": Difference(0.003, (0.001, 0.005))}


def test_better_beyond_chance_and_calibrated_is_promoted_and_says_why() -> None:
    decision = decide(RULE, CALIBRATED, BETTER)

    assert decision.promoted
    assert decision.lines == (
        "yes  calibration slope 1.020, limits 0.8 to 1.25",
        "yes  calibration in the large -0.050, limits -0.2 to 0.2",
        f"yes  true cases at equal capacity: +12.0 against the champion (95 % interval +4.0 to +20.0), {BOUND}",
        f"yes  net benefit at a risk of 0.2: +0.003 against the champion (95 % interval +0.001 to +0.005), {BOUND}",
    )


@pytest.mark.parametrize("figure", ["true_cases", "net_benefit"])
@pytest.mark.parametrize(
    "difference",
    [
        Difference(0.0, (0.0, 0.0)),  # the same model
        Difference(1.0, (-0.5, 2.0)),
        Difference(-1.0, (-2.0, -0.5)),
        Difference(1.0, None),
        Difference(None, None),
        None,
    ],
)
def test_a_lower_bound_that_is_not_above_the_margin_keeps_it_out(figure: str, difference: Difference | None) -> None:
    given = {name: value for name, value in {**BETTER, figure: difference}.items() if value is not None}
    assert not decide(RULE, CALIBRATED, given).promoted


def test_the_margin_is_the_specs() -> None:
    assert decide(PromotionSpec(margin_true_cases=3.9), CALIBRATED, BETTER).promoted
    assert not decide(PromotionSpec(margin_true_cases=4.0), CALIBRATED, BETTER).promoted
    assert not decide(PromotionSpec(margin_net_benefit=0.001), CALIBRATED, BETTER).promoted


@pytest.mark.parametrize(
    ("slope", "in_the_large", "inside"),
    [
        (0.8, 0.2, True),
        (1.25, -0.2, True),
        (0.79, 0.0, False),
        (1.26, 0.0, False),
        (1.0, 0.21, False),
        (1.0, -0.21, False),
        (None, 0.0, False),
        (math.nan, 0.0, False),
        (1.0, None, False),
    ],
)
def test_calibration_outside_its_limits_keeps_it_out_champion_or_none(
    slope: float | None, in_the_large: float | None, inside: bool
) -> None:
    performance = {"calibration_slope": slope, "calibration_in_the_large": in_the_large}
    assert decide(RULE, performance, BETTER).promoted == inside
    assert decide(RULE, performance, None).promoted == inside


def test_without_a_champion_calibration_is_all_that_is_asked() -> None:
    assert len(decide(RULE, CALIBRATED, None).findings) == 2
