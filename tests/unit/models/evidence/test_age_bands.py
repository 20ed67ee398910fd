import numpy as np
import pytest

from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.age_bands import by_age
from vi_risk.models.evidence.calibration_curve import calibration_curve
from vi_risk.models.learning.calibration import risk_of


def people(n: int = 2000) -> tuple[np.ndarray, ...]:
    """Return risks that age alone makes, outcomes drawn at them, and ages."""
    rng = np.random.default_rng(51)
    ages = rng.integers(18, 100, n)
    risk = risk_of((ages - 75) / 15)
    return risk, (rng.random(n) < risk).astype(float), ages


def test_a_band_holds_the_people_of_its_ages_and_their_figures() -> None:
    risk, y, ages = people()
    found = by_age(risk, y, ages)
    for label, rows in {
        "under 65": ages <= 64,
        "65-74": (ages >= 65) & (ages <= 74),
        "75-84": (ages >= 75) & (ages <= 84),
        "85+": ages >= 85,
    }.items():
        band = found[label]
        assert (band.n, band.events) == (rows.sum(), y[rows].sum())
        assert band.observed == pytest.approx(y[rows].mean())
        for figure in ("auroc", "auroc_interval", "auprc", "brier", "scaled_brier", "observed_over_expected"):
            assert getattr(band, figure) == getattr(metrics, figure)(risk[rows], y[rows]), figure
        for figure in ("calibration_in_the_large", "calibration_slope"):
            assert getattr(band, figure) == getattr(metrics, figure)(risk[rows], y[rows]), figure
        curve = calibration_curve(risk[rows], y[rows])
        assert curve is not None
        assert band.integrated_calibration_index == curve.integrated_calibration_index


def test_age_alone_ranks_worse_within_bands_than_over_all() -> None:
    risk, y, ages = people()
    overall = metrics.auroc(risk, y) or 0
    assert all((band.auroc or 1) < overall - 0.1 for band in by_age(risk, y, ages).values())


def test_of_few_people_nothing_is_told_and_of_few_outcomes_only_how_many() -> None:
    risk, y, ages = people()
    few_old = (ages < 85) | (np.cumsum(ages >= 85) <= 40)
    young = ages < 65
    y = np.where(young, np.cumsum(young) <= 5, y).astype(float)
    found = by_age(risk[few_old], y[few_old], ages[few_old])
    assert (found["85+"].n, found["85+"].auroc) == (None, None)
    assert (found["under 65"].n, found["under 65"].events, found["under 65"].auroc) == (young.sum(), 5, None)
    assert found["65-74"].events is not None


def test_weights_count_and_a_missing_age_is_in_no_band() -> None:
    risk, y, ages = people()
    weight = np.random.default_rng(2).choice([0.0, 1.0, 1.5], y.size)
    rows = ages >= 85
    assert by_age(risk, y, ages, weight=weight)["85+"].auroc == metrics.auroc(risk[rows], y[rows], weight[rows])
    unknown = np.where(np.arange(y.size) < 100, np.nan, ages)
    assert sum(band.n or 0 for band in by_age(risk, y, unknown).values()) == y.size - 100
