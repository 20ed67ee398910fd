"""Which version is champion: `promote` lets a model take the place that it has earned, `rollback` undoes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vi_risk import tracking
from vi_risk.errors import InputError, NotPromotedError, UsageError
from vi_risk.evidence import disclosed_decision, rule_of
from vi_risk.models.promotion import Decision, decide, decide_counts
from vi_risk.models.spec import ModelSpec, spec_of
from vi_risk.running.checksums import refuse_others
from vi_risk.running.files import replaced
from vi_risk.running.progress import Report, Silence
from vi_risk.running.run_file import EVALUATION_FILE, OWNED, RUN_FILE, read_run, write_json
from vi_risk.tracking import Move, Version

if TYPE_CHECKING:
    from vi_risk.models.evidence.resampling import Difference

# Kept in a tag of MLflow's, beside the figures.
_LONGEST_WHY = 1_000
_ROUNDED = "decided on the exact figures, of which numbers of people are rounded here"


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
    gain in net benefit, lies above the spec's margins, and its calibration inside the spec's limits; a model of counts
    must explain more of the deviance. The first champion needs the calibration alone. What was decided, and by which
    figures, stands in the folder's run.json under ``promotion``, exactly, and in the registry and the run of the
    model's latest evaluation with numbers of people as others than the team may be told them.

    Parameters
    ----------
    why
        Kept with the move, beside the figures.
    unpaired
        Where the champion cannot be held against it (features are defined otherwise today, the question is another,
        it has seen the test outcomes), take its place on calibration alone. Where it can, it is.

    Raises
    ------
    UsageError
        `why` is longer than the store takes.
    NotPromotedError
        It has not earned the place; the message has the figures.
    InputError
        The model is not evaluated or not registered, or the champion cannot be held against it.
    """
    told = report or Silence()
    if len(why) > _LONGEST_WHY:
        msg = f"--why: expected at most {_LONGEST_WHY:,} characters, found {len(why):,}. Keep the rest elsewhere."
        raise UsageError(msg)
    run = read_run(folder, needs="evaluation", command="evaluate")
    spec = spec_of(run)
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
    differences, apart = None, "no champion before it" if champion is None else None
    if champion is not None:
        told.stage(f"Hold version {version.number} against version {champion.number}, the champion")
        try:
            differences = _differences(champion, folder, run, spec, tracking_uri)
        except InputError as error:
            if not unpaired:
                msg = f"{error}\nTo take the champion's place on calibration alone: vi-risk promote --unpaired."
                raise InputError(msg) from None
            told.warn(f"not held against the champion: {error}")
            apart = "could not be held against the champion before it"
    evaluation = _evaluation(folder, run)
    decision = (decide_counts if spec.counts else decide)(spec.promotion, evaluation["model"], differences)
    told_to_others = disclosed_decision(decision, spec, evaluation, differences, rule_of(run))

    def reasons(of: Decision, *more: str) -> str:
        return "; ".join([*([why] if why else []), *(finding.words for finding in of.findings), *more])

    rounded = [] if differences is None else [_ROUNDED]
    said = reasons(told_to_others, *([apart] if apart else rounded))
    if decision.promoted:
        tracking.set_champion(version, verb="promoted", why=said, tracking_uri=tracking_uri)
    _keep(folder, version, champion, decision, why=reasons(decision, *([apart] if apart else [])))
    _keep_in_its_run(version, champion, told_to_others, why=said, tracking_uri=tracking_uri)
    if not decision.promoted:
        against = "" if champion is None else f"; version {champion.number} stays champion"
        msg = f"{spec.name} version {version.number} is not promoted{against}:\n" + "\n".join(decision.lines)
        raise NotPromotedError(msg)
    for line in decision.lines:
        told.step(line)
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


def _evaluation(folder: Path, run: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8"))
        found["model"]
    except (OSError, ValueError, KeyError):
        msg = f"{EVALUATION_FILE}: is missing or damaged. Run `vi-risk evaluate` with the same --out again."
        raise InputError(msg) from None
    refuse_others(folder, run["evaluation"].get("checksums", {}), when="the model was evaluated", command="evaluate")
    return found


def _differences(
    champion: Version, folder: Path, run: Mapping[str, Any], spec: ModelSpec, tracking_uri: str
) -> "dict[str, Difference]":
    from vi_risk.registry.held_against import held_against  # noqa: PLC0415 - the registry's other verbs do without it

    return held_against(champion, folder, run, spec, tracking_uri=tracking_uri)


def _keep(folder: Path, version: Version, champion: Version | None, decision: Decision, *, why: str) -> None:
    """Write what was decided, and by which figures, into the folder's run.json."""
    part = {
        "decided": _decided(decision),
        "name": version.name,
        "version": version.number,
        "champion_before": None if champion is None else champion.number,
        "findings": [finding.to_dict() for finding in decision.findings],
        "why": why,
    }
    with replaced(folder, keep=True, owned=OWNED) as aside:
        write_json(aside / RUN_FILE, {**read_run(aside, needs="evaluation", command="evaluate"), "promotion": part})


def _keep_in_its_run(
    version: Version, champion: Version | None, decision: Decision, *, why: str, tracking_uri: str
) -> None:
    """Write what was decided, as others than the team may see it, into the run of the model."""
    metrics: dict[str, float] = {}
    for finding in decision.findings:
        limits = zip(("_low", "_high"), finding.interval or (), strict=False)
        told = {"": finding.value, **dict(limits)}
        metrics |= {f"promotion.{finding.name}{end}": value for end, value in told.items() if value is not None}
    before = "none" if champion is None else str(champion.number)
    tags = {"promotion": _decided(decision), "promotion.champion_before": before, "promotion.why": why}
    tracking.add_to_run(version.evidence_run_id, metrics=metrics, tags=tags, tracking_uri=tracking_uri)


def _decided(decision: Decision) -> str:
    return "promoted" if decision.promoted else "not promoted"
