"""How much of a model needs mending, on outcomes drawn from risks that are known."""

import numpy as np
import pytest

from vi_risk.models.learning.calibration import risk_of
from vi_risk.monitoring.updating import updating_of

KINDS = ("comorbidity", "acute use", "person")


def _people(seed, people=6000):
    rng = np.random.default_rng(seed)
    by_kind = {kind: rng.normal(scale=scale, size=people) for kind, scale in zip(KINDS, (0.8, 0.7, 0.5), strict=True)}
    return rng, by_kind, -2.3 + sum(by_kind.values())


def _drawn(rng, log_odds):
    return (rng.random(len(log_odds)) < risk_of(log_odds)).astype(float)


@pytest.mark.parametrize(
    ("mend", "true"),
    [
        ("as it is", lambda lp, _: lp),
        ("in the large", lambda lp, _: lp - 0.5),
        ("slope", lambda lp, _: -1.0 + 0.6 * lp),
        ("fitted anew", lambda lp, by: lp - 1.2 * by["acute use"]),
    ],
)
def test_the_simplest_mend_that_does_is_kept(mend, true):
    rng, by_kind, lp = _people(1)

    found = updating_of(risk_of(lp), _drawn(rng, true(lp, by_kind)), np.ones(len(lp)), by_kind)

    assert found.mend == mend


def test_the_kind_of_feature_that_tells_less_than_it_did_is_named_and_what_it_costs():
    rng, by_kind, lp = _people(2)

    found = updating_of(risk_of(lp), _drawn(rng, lp - 1.2 * by_kind["acute use"]), np.ones(len(lp)), by_kind)

    assert found.moved == "acute use"
    assert found.gain > 0.03


def test_a_model_that_needs_no_mending_is_left_alone_nearly_always():
    kept = []
    for seed in range(100):
        rng, by_kind, lp = _people(seed, people=1500)
        kept.append(updating_of(risk_of(lp), _drawn(rng, lp), np.ones(len(lp)), by_kind).mend)

    assert kept.count("as it is") >= 96  # at a level of 0.01, more than 4 of 100 have a chance of 0.003


def test_without_any_event_nothing_is_said():
    _, by_kind, lp = _people(3, people=200)

    assert updating_of(risk_of(lp), np.zeros(200), np.ones(200), by_kind) is None
