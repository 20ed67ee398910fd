"""A model held against the champion, on the test patients of an output folder: the same ones for both."""

import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from vi_risk.errors import InputError
from vi_risk.models.evidence.paired import paired, paired_counts
from vi_risk.models.evidence.resampling import Difference
from vi_risk.models.learning import bundle
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.on_snapshots import raw_scores, risks_of
from vi_risk.models.snapshot_files import load_snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.registry.model_choice import fetch_whole, refuse_misfit
from vi_risk.running.run_file import MODEL_FOLDER, read_run
from vi_risk.tracking import Version


def held_against(
    champion: Version, folder: Path, run: Mapping[str, Any], spec: ModelSpec, *, tracking_uri: str
) -> dict[str, Difference]:
    """Return figure -> the folder's model's less the champion's, paired on the folder's test patients.

    Of risks ``true_cases`` at the capacity of the folder's evaluation and ``net_benefit`` at the spec's threshold, of
    counts ``deviance_explained``, beside others.

    Raises
    ------
    InputError
        The champion does not fit the folder, or has learnt from outcomes that it would be tested on.
    ResourceError
        The registry cannot be read.
    """
    snapshots = load_snapshots(folder, run["features"])
    cohort, features = snapshots.rows("test")
    answers = snapshots.answers("test")
    own, _ = bundle.load_any(folder / MODEL_FOLDER)
    with tempfile.TemporaryDirectory(prefix="vi-risk-champion-") as place:
        fetched = Path(place) / "champion"
        fetch_whole(champion, fetched, tracking_uri)
        refuse_misfit(champion, fetched, folder, run)
        _refuse_foresight(champion, fetched, snapshots.index_dates.test)
        other, _ = bundle.load_any(fetched / MODEL_FOLDER)
    raw_own, raw_other = raw_scores(own, features), raw_scores(other, features)
    both = (risks_of(own, raw_own), risks_of(other, raw_other), answers["outcome"].to_numpy())
    common: dict[str, Any] = {
        "practice_code": cohort["practice_code"].to_numpy(),
        "patient_id": cohort["patient_id"].to_numpy(),
        "weight": answers["weight"].to_numpy(),
        "seed": spec.seed,
    }
    if isinstance(own, CountRegressor):
        return paired_counts(*both, power=own.variance_power, **common)
    return paired(
        *both,
        capacity=run["evaluation"]["capacity"],
        threshold=spec.promotion.threshold,
        raw_a=raw_own,
        raw_b=raw_other,
        **common,
    )


def _refuse_foresight(champion: Version, fetched: Path, test: date) -> None:
    """Refuse to test the champion on outcomes that it may have learnt from."""
    then = read_run(fetched, needs="model", command="train")
    latest = max(date.fromisoformat(day) for day in then["features"]["index_dates"]["train"])
    ends = latest + timedelta(days=then["spec"]["horizon_days"])
    if ends > test:
        msg = (
            f"{champion.name} version {champion.number}: learnt from outcomes up to {ends}, after the test date {test}"
            " of --out, so it would be tested on what it has seen. Build features, train and evaluate at a later"
            " --index-date."
        )
        raise InputError(msg)
