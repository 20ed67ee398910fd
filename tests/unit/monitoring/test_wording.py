"""What is said to be done, of what was found."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from vi_risk.models.spec import load_spec
from vi_risk.monitoring.closed_windows import Scoring
from vi_risk.monitoring.expected import Figure, Held
from vi_risk.monitoring.verdict import Judged, of_window
from vi_risk.monitoring.wording import sentences


def _said(ratio, slope, *, counts):
    spec = load_spec("emergency_admissions_count_12m" if counts else "emergency_admission_12m")
    rows = pd.DataFrame()
    scoring = Scoring(spec.name, "A title", 365, date(2024, 1, 1), kept=True, of_watched=True, rows=rows, counts=counts)
    held = Held(
        scoring=scoring,
        people=8000,
        seen=900.0,
        expected=900.0,
        events=300.0,
        told=True,
        ratio=Figure(*ratio),
        in_the_large=None,
        slope=Figure(*slope),
        auroc=None,
        auroc_then=None,
        updating=None,
        practices=(),
    )
    window = of_window(held, spec.monitoring)
    judged = Judged(window.verdict, (window,), window, (), window.why)
    return sentences(SimpleNamespace(judged=judged, watched=SimpleNamespace(spec=spec), windows=(held,)))


@pytest.mark.parametrize(
    ("ratio", "slope", "how"),
    [
        ((0.7, 0.6, 0.78), (1.0, 0.95, 1.05), "--how in_the_large"),
        ((1.0, 0.9, 1.1), (0.6, 0.5, 0.7), "--how slope"),
    ],
)
def test_what_is_off_says_how_to_set_it_right(ratio, slope, how):
    assert any(how in line for line in _said(ratio, slope, counts=True))


def test_of_a_count_nothing_is_said_of_how_it_ranks():
    off = {"ratio": (0.7, 0.6, 0.78), "slope": (1.0, 0.95, 1.05)}

    assert "is not looked at, as it counts" in " ".join(_said(**off, counts=True))
    assert "nothing shows that it ranks people worse" in " ".join(_said(**off, counts=False))
