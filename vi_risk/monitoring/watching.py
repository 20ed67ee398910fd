"""Watch a model between two dates: whether what it reads, what it says and what then happens are as they were.

the run that is watched, the records as they are today
-> today's people, and those of the latest window that has closed -> stability, volumes, seen against expected
-> what is to be done
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vi_risk.cohort.index_dates import Role
from vi_risk.errors import UsageError
from vi_risk.governance.door import without_objectors
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.on_snapshots import raw_scores, risks_of
from vi_risk.models.snapshots import Snapshots
from vi_risk.monitoring.closed_windows import closed_scorings
from vi_risk.monitoring.expected import Held, held
from vi_risk.monitoring.feeds import Volume, has_rows, volumes_of
from vi_risk.monitoring.people import Practices, people_now, practices_alike, practices_not_sent
from vi_risk.monitoring.stability import Stability, stability_of
from vi_risk.monitoring.verdict import Judged, judged
from vi_risk.monitoring.watched import Watched
from vi_risk.records.linked import Records
from vi_risk.running.progress import Report, Silence

if TYPE_CHECKING:
    import pandas as pd

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
    absent
        Tables that the run had rows of, and that are not there today or hold none; and after them practices that are
        gone with their people.
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
    absent: tuple[str, ...]
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
        Earlier runs are named, and the model asks after a discharge.
    """
    told = report or Silence()
    spec, snapshots = watched.spec, watched.snapshots
    if earlier and spec.cohort.index != "date":
        msg = (
            f"--since: {spec.name} asks after a discharge, and whoever stood on a list then had lived through a part of"
            " the window already, so that fewer events came than their risks promise. Leave it out: every discharge"
            " since the list is held against what happened."
        )
        raise UsageError(msg)
    told.stage("Build the features of today's people")
    records = without_objectors(records, today)
    people = people_now(records, spec, snapshots, today=today)
    of_today = people.listed if watched.against == "list" else people.today
    then, now = snapshots.people(watched.role), of_today.cohort
    practices = _alike(watched, then, now, today)
    rows_then, rows_now = practices.rows(then), practices.rows(now)
    compared_then, compared_now = (
        int(cohort.loc[rows, "patient_id"].nunique()) for cohort, rows in ((then, rows_then), (now, rows_now))
    )
    told.rows(len(now))
    asked = now["patient_id"].nunique()
    told.step(f"{asked:,} people at {today}, {compared_now:,} of them compared with {compared_then:,} then")
    told.stage("Compare with then")
    names = list(watched.model.feature_name_)
    values_now = of_today.some("list", names)

    def of_now(name: str) -> Floats:
        values: Floats = values_now[name].to_numpy(dtype=np.float64)[rows_now]
        return values

    def of_then(name: str) -> Floats:
        return watched.features_then(name, rows_then)

    limits, rule = spec.monitoring, watched.rule
    features = stability_of(
        names, of_then, of_now, people_then=compared_then, people_now=compared_now, limits=limits, rule=rule
    )
    score = _score(watched, people.listed, practices)
    volumes = volumes_of(records, today=today, limits=limits, rule=rule, without=practices.left_out)
    told.step(f"{sum(bool(one.passed) for one in features)} of {len(features)} features moved past a limit")
    told.stage("Hold the scores against what happened")
    scorings = closed_scorings(watched, tuple(earlier), records, people, today=today)
    windows = tuple(
        held(one, auroc_then=watched.auroc_when_tested(one.name), limits=limits, rule=rule) for one in scorings
    )
    absent = (
        *(name for name in sorted(watched.tables) if not has_rows(records, name)),
        *(f"practice {code}" for code in _not_sent(watched, then, now, practices)),
    )
    found = judged(features, score, volumes, windows, spec=spec, catalogue=snapshots.catalogue, absent=absent)
    notes = [*watched.notes, *_about_practices(practices), *_about_lost(windows), *_about_discharges(watched)]
    return Monitored(
        watched=watched,
        today=today,
        practices=practices,
        people_then=compared_then,
        people_now=compared_now,
        features=features,
        score=score,
        volumes=volumes,
        windows=windows,
        absent=absent,
        new=tuple(one.name for one in features if one.missing_then == 1.0 and one.missing_now != 1.0),
        gone=tuple(one.name for one in features if one.missing_now == 1.0 and one.missing_then != 1.0),
        judged=found,
        notes=tuple(notes),
    )


def _alike(watched: Watched, then: "pd.DataFrame", now: "pd.DataFrame", today: date) -> Practices:
    """Return the practices that can be compared; of discharges all of then are one period, and all of now."""
    if watched.spec.cohort.index != "date":
        then, now = then.assign(period=then["index_date"].min()), now.assign(period=today)
    return practices_alike(then, now, watched.look_backs)


def _not_sent(watched: Watched, then: "pd.DataFrame", now: "pd.DataFrame", practices: Practices) -> tuple[str, ...]:
    """Return the practices gone with their people; who is discharged are other people each time, and tell nothing."""
    return practices_not_sent(then, now, practices) if watched.spec.cohort.index == "date" else ()


def _score(watched: Watched, now: Snapshots, practices: Practices) -> Stability:
    """Return how the score lies now against then: never against the rows that it was fitted to, which it knows.

    After a discharge, those of a list are compared with those of a list: of the test one discharge of each was drawn.
    """
    of_test = watched.against == "training" and watched.spec.cohort.index == "date"
    role: Role = "test" if of_test else "list"

    def risks(snapshots: Snapshots, role: Role) -> Floats:
        rows = practices.rows(snapshots.people(role))
        return _risks(watched, snapshots.blocks(role).take(np.flatnonzero(rows)))

    then, after = risks(watched.snapshots, role), risks(now, "list")
    return stability_of(
        [SCORE],
        lambda _: then,
        lambda _: after,
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


def _about_discharges(watched: Watched) -> Iterator[str]:
    if watched.spec.cohort.index != "date":
        yield (
            "The model asks after a discharge. Compared are the discharges since the list, of the last year at most,"
            " with those of training; the score, between whom the two lists chose from. What happened is that of every"
            " discharge after the test whose window is over, one of each person standing for all of theirs."
        )
