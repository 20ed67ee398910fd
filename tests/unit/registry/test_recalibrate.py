"""A registered model is set right by windows without a review, where the spec treats those that a team reviewed."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Heard, built_so
from tests.unit.registry.conftest import DATES, MakeOut
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.errors import InputError
from vi_risk.models.learning import bundle
from vi_risk.models.reviewed.at_the_top import AtTheTop
from vi_risk.registry import recalibrate as recalibrating
from vi_risk.registry.keeping import keep_model
from vi_risk.registry.recalibrate import recalibrate
from vi_risk.registry.tune import tune
from vi_risk.running.progress import Silence
from vi_risk.running.run_file import write_json
from vi_risk.tracking import set_champion

LATER = IndexDates(date(2026, 1, 1), date(2025, 1, 1), (date(2023, 10, 2), date(2024, 1, 1)))
REVIEWED = 0.5  # of everyone; half of those whom it reaches are helped


def treating(folder: Path, way: str) -> None:
    """Let the spec of a folder treat reviewed windows in a way."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    run["spec"]["reviews"] = {"treated_as": way}
    write_json(folder / "run.json", run)


def acted_on(folder: Path, way: str) -> "pd.Series[bool]":
    """Let a team have reviewed people and helped some, and return which training rows it had not reached."""
    cohort = pd.read_parquet(folder / "cohort.parquet")
    rng = np.random.default_rng(9)
    reviewed = pd.Series(rng.random(len(cohort)) < REVIEWED) & (cohort["role"] != "list")
    helped = reviewed & (rng.random(len(cohort)) < 0.5)
    cohort["outcome"] = cohort["outcome"].mask(helped, 0.0)
    if way != "ignore":
        cohort["review_day"] = np.where(reviewed, 10.0, np.nan)
        cohort["review_share"] = np.where(reviewed, 0.5, 0.0)
    if way == "exclude":
        cohort["weight"] = cohort["weight"].mask(reviewed, 0.0)
    cohort.to_parquet(folder / "cohort.parquet", index=False)
    built_so(folder)
    treating(folder, way)
    return (cohort["role"] == "train") & ~reviewed


@pytest.fixture
def champion(make_out: MakeOut, tracking_uri: str, request: pytest.FixtureRequest) -> str:
    """Return the name of a spec that has a champion, which knew of no reviews."""
    name = f"set_right_{request.node.callspec.id if hasattr(request.node, 'callspec') else request.node.name}"
    kept = keep_model(make_out(name, dates=DATES), tracking_uri=tracking_uri).version
    set_champion(replace(kept, champion=True), verb="promoted", why="", tracking_uri=tracking_uri)
    return name


@pytest.mark.parametrize("way", ["exclude", "covariate"])
def test_risks_are_moved_to_those_of_people_whom_no_team_reviewed(
    way: str, champion: str, make_out: MakeOut, tracking_uri: str
) -> None:
    folder = make_out(champion, dates=LATER, seed=2)
    without = acted_on(folder, way)

    recalibrate(folder, asked=None, how="in_the_large", elsewhere=False, tracking_uri=tracking_uri, report=Silence())

    model, _ = bundle.load(folder / "model")
    cohort, features = (pd.read_parquet(folder / f"{name}.parquet") for name in ("cohort", "features"))
    risk = model.predict_proba(features.loc[without, model.feature_name_])[:, 1]
    as_it_was = cohort.loc[cohort["role"] == "train", "outcome"].mean()
    observed = cohort.loc[without, "outcome"].mean()
    assert as_it_was < observed - 0.05
    assert risk.mean() == pytest.approx(observed, abs=0.002)


def test_a_model_of_the_risk_without_reviews_is_not_moved_by_windows_as_they_were(
    make_out: MakeOut, tracking_uri: str
) -> None:
    first = make_out("treated_first", dates=DATES)
    treating(first, "exclude")
    kept = keep_model(first, tracking_uri=tracking_uri).version
    set_champion(replace(kept, champion=True), verb="promoted", why="", tracking_uri=tracking_uri)
    folder = make_out("treated_first", dates=LATER, seed=2)

    with pytest.raises(InputError, match=r'treated_as = "exclude".* built for a spec that ignores them'):
        recalibrate(folder, asked=None, how="slope", elsewhere=False, tracking_uri=tracking_uri, report=Silence())


def test_who_recalibrates_on_reviewed_people_is_warned_as_who_trains_on_them(
    champion: str, make_out: MakeOut, tracking_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, told = make_out(champion, dates=LATER, seed=2), Heard()
    monkeypatch.setattr(recalibrating, "at_the_top", lambda *_: AtTheTop(100, 40, 60, 4))

    recalibrate(folder, asked=None, how="slope", elsewhere=False, tracking_uri=tracking_uri, report=told)

    assert any("a review was at work in 60 %" in warning for warning in told.warnings)


def test_features_that_do_not_tell_of_reviews_are_refused(champion: str, make_out: MakeOut, tracking_uri: str) -> None:
    folder = make_out(champion, dates=LATER, seed=2)
    treating(folder, "weight")
    said = "which these features do not tell: they were built for another spec"

    with pytest.raises(InputError, match=said):
        tune(folder, trials=1, tracking_uri=tracking_uri)
    with pytest.raises(InputError, match=said):
        recalibrate(folder, asked=None, how="slope", elsewhere=False, tracking_uri=tracking_uri, report=Silence())
