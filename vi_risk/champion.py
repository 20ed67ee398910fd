"""Which version is champion: `promote` lets a model take the place that it has earned, `rollback` undoes it."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vi_risk import tracking
from vi_risk.errors import InputError, NotPromotedError, UsageError
from vi_risk.model_choice import fetch_whole, refuse_misfit
from vi_risk.models.learning import bundle
from vi_risk.models.on_snapshots import raw_scores, risks_of
from vi_risk.models.promotion import Decision, decide
from vi_risk.models.snapshot_files import load_snapshots
from vi_risk.models.spec import ModelSpec, spec_of
from vi_risk.progress import Report, Silence
from vi_risk.run_file import EVALUATION_FILE, MODEL_FOLDER, read_run
from vi_risk.tracking import Move, Version

if TYPE_CHECKING:
    from vi_risk.models.evidence.resampling import Difference


@dataclass(frozen=True, slots=True)
class Promotion:
    """A model that took the champion's place, or held it already.

    Attributes
    ----------
    decision
        What it was asked and how it did; None where it was champion already.
    """

    version: Version
    before: Version | None
    decision: Decision | None


def promote(
    folder: Path, *, tracking_uri: str, why: str = "", unpaired: bool = False, report: Report | None = None
) -> Promotion:
    """Let the model of an output folder take the champion's place, if it has earned it on the folder's test patients.

    It has where, paired on the same patients, the lower 95 % bound of what it finds more at equal capacity, and of its
    gain in net benefit, lies above the spec's margins, and its calibration inside the spec's limits. The first
    champion needs the calibration alone.

    Parameters
    ----------
    why
        Kept with the move, beside the figures.
    unpaired
        Where the champion cannot be held against it (features are defined otherwise today, the question is another,
        it has seen the test outcomes), take its place on calibration alone. Where it can, it is.

    Raises
    ------
    NotPromotedError
        It has not earned the place; the message has the figures.
    InputError
        The model is not evaluated or not registered, or the champion cannot be held against it.
    """
    told = report or Silence()
    run = read_run(folder, needs="evaluation", command="evaluate")
    spec = spec_of(run)
    if spec.counts:
        msg = (
            f"{spec.name}: predicts a count, and promotion weighs risks of a yes or no. Set the alias champion by hand,"
            " in MLflow."
        )
        raise UsageError(msg)
    version = tracking.version_of_content(spec.name, run["model"]["checksum"], tracking_uri=tracking_uri)
    if version is None:
        msg = (
            f"{spec.name}: the model in --out is not in that registry. Run `vi-risk evaluate` with the same --out and"
            " --tracking-uri first."
        )
        raise InputError(msg)
    if version.champion:
        return Promotion(version, version, None)
    champion = tracking.champion_of(spec.name, tracking_uri=tracking_uri)
    differences = None
    if champion is not None:
        told.stage(f"Hold version {version.number} against version {champion.number}, the champion")
        try:
            differences = _differences(folder, run, spec, champion, tracking_uri)
        except InputError as error:
            if not unpaired:
                msg = f"{error}\nTo take the champion's place on calibration alone: vi-risk promote --unpaired."
                raise InputError(msg) from None
            told.warn(f"not held against the champion: {error}")
    decision = decide(spec.promotion, _performance(folder), differences)
    for line in decision.lines:
        told.step(line)
    if not decision.promoted:
        against = "" if champion is None else f"; version {champion.number} stays champion"
        msg = f"{spec.name} version {version.number} is not promoted{against}:\n" + "\n".join(decision.lines)
        raise NotPromotedError(msg)
    reasons = [finding.words for finding in decision.findings]
    if champion is None:
        reasons.append("no champion before it")
    elif differences is None:
        reasons.append("could not be held against the champion before it")
    tracking.set_champion(
        version,
        verb="promoted",
        why="; ".join([*([why] if why else []), *reasons]),
        tracking_uri=tracking_uri,
    )
    return Promotion(version, champion, decision)


def rollback(name: str, *, to: int | None = None, tracking_uri: str) -> Move:
    """Put the champion before back in its place, or an earlier one, and return what moved.

    Parameters
    ----------
    to
        The version to go back to, which was champion once; None for the one before.

    Raises
    ------
    UsageError
        There is no champion, none before it, or the version asked for never was one.
    """
    champion = tracking.champion_of(name, tracking_uri=tracking_uri)
    if champion is None:
        msg = f"{name}: the registry has no champion to go back from. Look at `vi-risk models list`."
        raise UsageError(msg)
    before = tracking.champions_before(tracking.moves_of(name, tracking_uri=tracking_uri), champion.number)
    if not before:
        msg = f"{name}: version {champion.number} is the first champion, so there is none to go back to."
        raise UsageError(msg)
    if to is not None and to not in before:
        msg = (
            f"--to {to}: was not champion before version {champion.number}. Expected one of:"
            f" {', '.join(map(str, dict.fromkeys(before)))}; another version has to earn it: `vi-risk promote`."
        )
        raise UsageError(msg)
    version = tracking.version_of(name, before[0] if to is None else to, tracking_uri=tracking_uri)
    return tracking.set_champion(version, verb="rolled back", why="", tracking_uri=tracking_uri)


def _differences(
    folder: Path, run: Mapping[str, Any], spec: ModelSpec, champion: Version, tracking_uri: str
) -> "dict[str, Difference]":
    """Return what the folder's model finds more than the champion does, on the test patients of the folder."""
    from vi_risk.models.evidence.paired import paired  # noqa: PLC0415 - the registry's other verbs do without it

    snapshots = load_snapshots(folder, run["features"])
    cohort, features = snapshots.rows("test")
    answers = snapshots.answers("test")
    own, _ = bundle.load(folder / MODEL_FOLDER)
    with tempfile.TemporaryDirectory(prefix="vi-risk-champion-") as place:
        fetched = Path(place) / "champion"
        fetch_whole(champion, fetched, tracking_uri)
        refuse_misfit(champion, fetched, folder, run)
        _refuse_foresight(champion, fetched, snapshots.index_dates.test)
        other, _ = bundle.load(fetched / MODEL_FOLDER)
    raw_own, raw_other = raw_scores(own, features), raw_scores(other, features)
    return paired(
        risks_of(own, raw_own),
        risks_of(other, raw_other),
        answers["outcome"].to_numpy(),
        practice_code=cohort["practice_code"].to_numpy(),
        patient_id=cohort["patient_id"].to_numpy(),
        capacity=run["evaluation"]["capacity"],
        threshold=spec.promotion.threshold,
        weight=answers["weight"].to_numpy(),
        raw_a=raw_own,
        raw_b=raw_other,
        seed=spec.seed,
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


def _performance(folder: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8"))["model"]
    except (OSError, ValueError, KeyError):
        msg = f"{EVALUATION_FILE}: is missing or damaged. Run `vi-risk evaluate` with the same --out again."
        raise InputError(msg) from None
    return found
