"""Training again where lists are acted on: on a trust whose reviews help, to ignore them is the worst."""

import math

import pandas as pd
import pytest

from benchmarks.retraining import LISTS, WAYS, Trust, lived_through, table


@pytest.mark.slow
def test_a_model_that_ignores_reviews_learns_that_the_sickest_are_safe() -> None:
    trust = Trust(patients=5000, seed=1, ratio=0.2)
    ways = {way.name: lived_through(trust, way, 15) for way in WAYS if way.treated_as in ("ignore", "exclude")}
    found = pd.DataFrame([row for rows in ways.values() for row in rows])
    last = found[found["list"] == LISTS[-1].isoformat()].set_index("way")["expected over true, listed"]
    naive, excluded = last["naive: reviews ignored"], last["exclude"]

    assert naive < 0.85  # of those on its list it tells chances that are too low
    assert abs(math.log(excluded)) < abs(math.log(naive)) - 0.05
    assert last["trained on the trust without reviews"] == pytest.approx(1, abs=0.25)
    assert "| naive: reviews ignored |" in table(found)
