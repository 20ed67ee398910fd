"""What is to be done, on made figures: one case for each rule."""

from datetime import date

import pandas as pd
import pytest

from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.spec import load_spec
from vi_risk.models.spec_tables import MonitoringSpec
from vi_risk.monitoring.closed_windows import Scoring
from vi_risk.monitoring.expected import Figure, Held
from vi_risk.monitoring.feeds import Volume
from vi_risk.monitoring.stability import Stability
from vi_risk.monitoring.updating import Updating
from vi_risk.monitoring.verdict import judged, of_window

SPEC = load_spec()


def _held(*, ratio=(1.0, 0.9, 1.1), slope=(1.0, 0.9, 1.1), auroc=0.76, updating=None, seen=500.0, name=SPEC.name):
    scoring = Scoring(name, "A risk", 365, date(2024, 1, 1), kept=True, of_watched=True, rows=pd.DataFrame())
    return Held(
        scoring=scoring,
        people=8000,
        seen=seen,
        expected=seen / ratio[0],
        events=max(seen, seen / ratio[0]),
        told=True,
        ratio=Figure(*ratio),
        in_the_large=None,
        slope=Figure(*slope),
        auroc=Figure(auroc, auroc - 0.015, auroc + 0.015),
        auroc_then=(0.76, 0.008),
        updating=updating,
        practices=(),
    )


def _moved(name, *passed):
    return Stability(name, 0.2, 0.01, 0.0, 0.0, 0.2, 0.1, passed)


def _volume(stands):
    return Volume("diagnoses", None, 900, 200, 300, 100, {}, stands)


def _judged(features=(), volumes=(), windows=(), score=(), absent=()):
    return judged(
        features, _moved("score", *score), volumes, windows, spec=SPEC, catalogue=read_catalogue(), absent=absent
    )


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({}, "nothing"),
        ({"ratio": (0.9, 0.85, 0.95)}, "nothing"),  # sure, but within the limits
        ({"ratio": (0.7, 0.6, 0.82)}, "recalibrate"),
        ({"ratio": (1.4, 1.2, 1.6)}, "recalibrate"),
        ({"slope": (0.6, 0.5, 0.7)}, "recalibrate"),
        ({"ratio": (0.7, 0.45, 1.1)}, "too little to tell"),  # may be chance
        ({"ratio": (1.0, 0.7, 1.4)}, "too little to tell"),  # may be anything
        ({"ratio": (0.4, 0.3, 0.5), "seen": 30.0}, "too little to tell"),  # few events
        ({"auroc": 0.70}, "fit anew"),
        ({"auroc": 0.74}, "nothing"),
        ({"auroc": 0.70, "ratio": (0.7, 0.6, 0.8)}, "fit anew"),  # before its level
        ({"updating": Updating("fitted anew", 0.05, "acute use")}, "fit anew"),
        ({"updating": Updating("fitted anew", 0.01, "acute use")}, "nothing"),  # sure, but it would bring little
        ({"updating": Updating("slope", 0.05)}, "nothing"),
    ],
)
def test_a_closed_window_says(found, verdict):
    assert of_window(_held(**found), MonitoringSpec()).verdict == verdict


def test_a_window_without_anything_expected_tells_too_little():
    held = _held(seen=0.0)

    assert of_window(held, MonitoringSpec()).verdict == "too little to tell"


def test_a_fall_of_discrimination_that_may_be_chance_is_no_reason_to_fit_anew():
    few = _held(auroc=0.72)
    unsure = Held(**{**{name: getattr(few, name) for name in Held.__slots__}, "auroc": Figure(0.72, 0.66, 0.78)})

    assert of_window(few, MonitoringSpec()).verdict == "fit anew"
    assert of_window(unsure, MonitoringSpec()).verdict == "nothing"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"windows": [_held()]}, "nothing"),
        ({}, "too little to tell"),
        ({"windows": [_held(ratio=(0.7, 0.6, 0.8))]}, "recalibrate"),
        ({"windows": [_held(ratio=(0.7, 0.6, 0.8))], "volumes": [_volume("fewer")]}, "look at the feed"),
        ({"windows": [_held()], "features": [_moved("hospital_diagnoses_365d", "PSI")]}, "look at the feed"),
        ({"windows": [_held()], "features": [_moved("age", "PSI")]}, "other people"),
        ({"windows": [_held()], "score": ["PSI"]}, "other people"),
        ({"windows": [_held(auroc=0.69)], "score": ["PSI"]}, "fit anew"),
        ({"windows": [_held()], "volumes": [_volume("new")]}, "nothing"),
        ({"windows": [_held(), _held(name="death_12m", ratio=(0.6, 0.5, 0.7))]}, "recalibrate"),
    ],
)
def test_the_whole_says(found, verdict):
    assert _judged(**found).verdict == verdict


def test_a_limit_is_passed_where_something_is_to_be_done_and_only_there():
    assert _judged(windows=[_held()]).passed == ()
    assert _judged().passed == ()
    assert _judged(windows=[_held(ratio=(0.7, 0.45, 1.1))]).passed == ()
    assert _judged(windows=[_held(ratio=(0.7, 0.6, 0.8))]).passed == (
        "emergency_admission_12m of 2024-01-01: observed over expected 0.70 (0.60 to 0.80), limits 0.8 to 1.25",
    )
    assert _judged(volumes=[_volume("fewer")]).passed == (
        "diagnoses: fewer, 200 rows in three months, 900 in the same months a year before",
    )


def test_the_table_whose_features_moved_is_named_and_how_many_of_them():
    names = ("hospital_diagnoses_365d", "charlson_shmi_points_1095d")
    still = _moved("ed_attendances_365d")

    assert _judged(features=[*(_moved(name, "PSI") for name in names), still]).sources == (("diagnoses", 2, 2),)


def test_a_table_that_is_gone_comes_before_all_else():
    found = _judged(windows=[_held(ratio=(0.7, 0.6, 0.8))], volumes=[_volume("fewer")], absent=["gp_events"])

    assert found.verdict == "look at the feed"
    assert found.passed[0] == "gp_events: not in the records any more, or without a row"
