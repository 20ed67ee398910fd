"""Watch a model between two dates: whether what it reads, what it says and what then happens are as they were.

the run that is watched, the records as they are today
-> today's people, and those of the latest window that has closed -> stability, volumes, seen against expected
-> what is to be done
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from vi_risk.cohort.index_dates import Role
from vi_risk.errors import UsageError
from vi_risk.governance.door import without_objectors
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.on_snapshots import raw_scores, risks_of
from vi_risk.monitoring.closed_windows import closed_scorings
from vi_risk.monitoring.expected import Held, held
from vi_risk.monitoring.feeds import Volume, volumes_of
from vi_risk.monitoring.people import Practices, people_now, practices_alike
from vi_risk.monitoring.stability import Stability, stability_of
from vi_risk.monitoring.verdict import Judged, judged
from vi_risk.monitoring.watched import Watched
from vi_risk.records.linked import Records
from vi_risk.running.progress import Report, Silence

SCORE = "score"
_BATCH = 50_000  # people scored at once
_LOST = 0.02  # of the people scored, not in the records any more: what was seen of the others tells less


@dataclass(frozen=True, slots=True, eq=False)
class Monitored:
    """All that was looked at, and what is to be done.

    Attributes
    ----------
    today
        The date of the people looked at now.
    people_then, people_now
        Different people compared with, and people compared.
    features, score, volumes, windows
        What was found of each, those that stand out first.
    new, gone
        Features without any value among the people then, or now.
    notes
        What a reader must know.
    """

    watched: Watched
    today: date
    practices: Practices
    people_then: int
    people_now: int
    features: tuple[Stability, ...]
    score: Stability
    volumes: tuple[Volume, ...]
    windows: tuple[Held, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    judged: Judged
    notes: tuple[str, ...]


def monitor(
    records: Records, watched: Watched, *, today: date, earlier: Sequence[Path] = (), report: Report | None = None
) -> Monitored:
    """Return what changed since a run, and what is to be done about it.

    Parameters
    ----------
    records
        Read through the door, as they are today.
    watched
        From `vi_risk.monitoring.watched.read_watched`.
    earlier
        Output folders of earlier runs of the same model, whose scores are held against what happened too.

    Raises
    ------
    GovernanceError
        The records have not come through the door.
    InputError
        The day does not fit the records, or an earlier folder does not fit the model.
    UsageError
        The model asks after a discharge.
    """
    told = report or Silence()
    spec, snapshots = watched.spec, watched.snapshots
    if spec.cohort.index != "date":
        msg = (
            f"{spec.name}: asks after a discharge, and monitor watches models that ask about everyone at a date. Build"
            " features for the later date and run `vi-risk evaluate` on them instead."
        )
        raise UsageError(msg)
    told.stage("Build the features of today's people")
    records = without_objectors(records, today)
    people = people_now(records, spec, snapshots, today=today)
    then, now = snapshots.people(watched.role), people.today.cohort
    practices = practices_alike(then, now, watched.look_backs)
    rows_then, rows_now = practices.rows(then), practices.rows(now)
    people_then = int(then.loc[rows_then, "patient_id"].nunique())
    told.rows(len(now))
    told.step(f"{len(now):,} people at {today}, {int(rows_now.sum()):,} of them compared with {people_then:,} then")
    told.stage("Compare with then")
    names = list(watched.model.feature_name_)
    values_now = people.today.some("list", names)

    def of_now(name: str) -> Floats:
        values: Floats = values_now[name].to_numpy(dtype=np.float64)[rows_now]
        return values

    def of_then(name: str) -> Floats:
        return watched.features_then(name, rows_then)

    limits, rule = spec.monitoring, watched.rule
    features = stability_of(names, of_then, of_now, people_then=people_then, limits=limits, rule=rule)
    score = _score(watched, people.today.blocks("list").take(np.flatnonzero(rows_now)), practices)
    volumes = volumes_of(records, today=today, limits=limits, rule=rule, without=practices.left_out)
    told.step(f"{sum(bool(one.passed) for one in features)} of {len(features)} features moved past a limit")
    told.stage("Hold the scores against what happened")
    scorings = closed_scorings(watched, tuple(earlier), records, people, today=today)
    windows = tuple(
        held(one, auroc_then=watched.auroc_when_tested(one.name), limits=limits, rule=rule) for one in scorings
    )
    found = judged(features, score, volumes, windows, spec=spec, catalogue=snapshots.catalogue)
    notes = [*watched.notes, *_about_practices(practices), *_about_lost(windows), *_about_counts(watched)]
    return Monitored(
        watched=watched,
        today=today,
        practices=practices,
        people_then=people_then,
        people_now=int(rows_now.sum()),
        features=features,
        score=score,
        volumes=volumes,
        windows=windows,
        new=tuple(one.name for one in features if one.missing_then == 1.0 and one.missing_now != 1.0),
        gone=tuple(one.name for one in features if one.missing_now == 1.0 and one.missing_then != 1.0),
        judged=found,
        notes=tuple(notes),
    )


def _score(watched: Watched, features: Blocks, practices: Practices) -> Stability:
    """Return how the score lies now against then: never against the rows that it was fitted to, which it knows."""
    snapshots = watched.snapshots
    role: Role = "test" if watched.against == "training" else "list"
    rows = practices.rows(snapshots.people(role))
    blocks = snapshots.blocks(role).take(np.flatnonzero(rows))
    then, now = (_risks(watched, one) for one in (blocks, features))
    return stability_of(
        [SCORE],
        lambda _: then,
        lambda _: now,
        people_then=len(then),
        limits=watched.spec.monitoring,
        rule=watched.rule,
    )[0]


def _risks(watched: Watched, blocks: Blocks) -> Floats:
    starts = range(0, max(len(blocks), 1), _BATCH)
    parts = [raw_scores(watched.model, blocks.take(np.arange(at, min(at + _BATCH, len(blocks))))) for at in starts]
    return risks_of(watched.model, np.concatenate(parts))


def _about_practices(practices: Practices) -> Iterator[str]:
    if practices.everyone:
        yield (
            "Hardly any practice was seen alike at all dates, so everyone is compared: what moved may be no more than"
            " practices that joined."
        )
        return
    for why in dict.fromkeys(practices.left_out.values()):
        codes = [code for code, said in practices.left_out.items() if said == why]
        yield f"Not compared: {', '.join(codes)}, which {why}."


def _about_lost(windows: Sequence[Held]) -> Iterator[str]:
    for one in windows:
        scored = one.scoring.lost + len(one.scoring.rows)
        if one.scoring.lost > _LOST * scored:
            yield (
                f"{one.scoring.name} of {one.index_date}: {100 * one.scoring.lost / scored:.0f} % of the people scored"
                " are not in the records any more. If those who died or left are taken out of the extract, fewer"
                " events are seen than there were."
            )


def _about_counts(watched: Watched) -> Iterator[str]:
    spec = watched.spec
    counts = [one.name for one in (spec, *spec.companions) if one.counts]
    if counts:
        yield f"Not held against what happened, as they count: {', '.join(counts)}."
