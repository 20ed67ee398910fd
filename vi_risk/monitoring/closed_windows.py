"""Scorings whose outcome window has closed by today: what was told of people then, and what became of them.

Scores that were kept (of the watched run, and of earlier ones that are named) count where their window is over. Where
that of the watched run is not, its model scores everyone as they were known at the latest date whose window is over:
that date comes after all that the model was trained on, so its people's outcomes are new to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vi_risk.errors import InputError
from vi_risk.models.answers import with_answers
from vi_risk.models.companions import column_of
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.scoring import score
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.monitoring.people import PeopleNow
from vi_risk.monitoring.watched import Watched
from vi_risk.records.linked import Records
from vi_risk.running.run_file import SCORES_FILE, read_run
from vi_risk.stages.finished import scored, spec_and_snapshots

if TYPE_CHECKING:
    import pandas as pd

_MOST_EXPLAINED = 6_000  # people whose contributions are asked for: about 700 a second


@dataclass(frozen=True, slots=True, eq=False)
class Scoring:
    """One problem's risks at one date, and what became of those people.

    Attributes
    ----------
    name, title, horizon_days
        Of the problem: the main model or a companion.
    kept
        Whether these are the scores that were told then; if not, today's look back with the same model.
    of_watched
        Whether they are of the model that is watched.
    rows
        One row per person who was scored and is still in the records: practice_code, risk, outcome (0 or 1), weight (0
        of people who left: unknown). Where `counts`, risk is the expected number and outcome the number that came.
    lost
        People who were scored and are not in the records any more.
    by_kind
        Kind of feature -> what its features add to the raw score of some of the people, and which rows those are; None
        where it is not asked.
    counts
        Whether a number is expected of each person, in place of a risk.
    until
        The last of the dates, where each person has a date of his or her own (a discharge) from `index_date` on.
    """

    name: str
    title: str
    horizon_days: int
    index_date: date
    kept: bool
    of_watched: bool
    rows: "pd.DataFrame"
    lost: int = 0
    by_kind: tuple["np.ndarray[tuple[int], np.dtype[np.intp]]", Mapping[str, Floats]] | None = None
    counts: bool = False
    until: date | None = None


def closed_scorings(
    watched: Watched, earlier: tuple[Path, ...], records: Records, people: PeopleNow, *, today: date
) -> tuple[Scoring, ...]:
    """Return all scorings whose window has closed, the latest of each problem first.

    Raises
    ------
    InputError
        An earlier folder holds no scores of this model's problem, or nobody of a folder is in the records.
    """
    found = [*_kept(watched.spec, watched.snapshots, watched.scores, records, today=today, where="--run")]
    done = {one.name for one in found}
    found = [_explained(one, watched) for one in found]
    if people.closed is not None:
        found += [one for one in _looked_back(watched, people.closed) if one.name not in done]
    for folder in earlier:
        found += _of_earlier(folder, watched.spec, records, today=today)
    order = {name: place for place, name in enumerate(_problems(watched.spec))}
    return tuple(sorted(found, key=lambda one: (order[one.name], not one.of_watched, -one.index_date.toordinal())))


def _problems(spec: ModelSpec) -> dict[str, ModelSpec]:
    """Return the problems by name, the main one first."""
    return {one.name: one for one in (spec, *spec.companions)}


def _of_earlier(folder: Path, spec: ModelSpec, records: Records, *, today: date) -> Iterator[Scoring]:
    where = f"--since {folder}"
    if not folder.is_dir():
        msg = f"{where}: no such folder. Name the output folder of an earlier run."
        raise InputError(msg)
    try:
        read_run(folder, needs="scores", command="score")
        of_it, snapshots = spec_and_snapshots(folder)
        scores = scored(folder, SCORES_FILE)
    except InputError as error:
        msg = f"{where}: {error}"
        raise InputError(msg) from None
    if (of_it.name, of_it.outcome, of_it.horizon_days) != (spec.name, spec.outcome, spec.horizon_days):
        msg = (
            f"{where}: holds scores of {of_it.name}, and the watched run those of {spec.name}. Name an earlier run of"
            " the same model."
        )
        raise InputError(msg)
    found = list(_kept(of_it, snapshots, scores, records, today=today, where=where))
    if not found:
        msg = (
            f"{where}: no window of its list of {snapshots.index_dates.list_date} has closed by {today}, so nothing can"
            " be held against what was expected. Name an earlier run, or leave it out."
        )
        raise InputError(msg)
    for one in found:
        if one.name in _problems(spec):
            yield replace(one, of_watched=False)


def _kept(
    spec: ModelSpec, snapshots: Snapshots, scores: "pd.DataFrame", records: Records, *, today: date, where: str
) -> Iterator[Scoring]:
    """Yield the scores of a list of which the window is over, with what became of those people."""
    list_date = snapshots.index_dates.list_date
    over = {
        name: one
        for name, one in _problems(spec).items()
        if list_date + timedelta(days=one.horizon_days) <= today and _column(spec, one) in scores
    }
    if not over or spec.cohort.index != "date":  # after a discharge, who was listed had lived through a part already
        return
    known = records.as_of(today).tables["patients"].select("patient_id").to_pyarrow()["patient_id"].to_pylist()
    cohort = snapshots.people("list").merge(scores, on=["patient_id", "index_date"], validate="one_to_one")
    there = cohort["patient_id"].isin(known)
    if not there.any():
        msg = (
            f"{where}: none of the {len(cohort):,} people scored is in the records: their pseudonyms differ. Read"
            " records that were pseudonymised with the same key."
        )
        raise InputError(msg)
    rows = cohort[there].reset_index(drop=True)
    asked = spec.model_copy(update={"companions": tuple(one for one in spec.companions if one.name in over)})
    told = ("patient_id", "index_date", "role", "practice_code", *(_column(spec, one) for one in over.values()))
    plain = rows[list(told)]
    answered = with_answers(records, plain, asked, known_by=today, catalogue=snapshots.catalogue)
    for name, one in over.items():
        before = "" if name == spec.name else f"{name}_"
        if f"{before}outcome" not in answered:
            continue  # the records lack what it is told from
        yield Scoring(
            name=name,
            title=one.title,
            horizon_days=one.horizon_days,
            index_date=list_date,
            kept=True,
            of_watched=True,
            rows=_rows(answered, answered[_column(spec, one)].to_numpy(dtype=np.float64), before),
            lost=int((~there).sum()),
            counts=one.counts,
        )


def _column(spec: ModelSpec, one: ModelSpec) -> str:
    if one.name != spec.name:
        return column_of(one)
    return "expected_count" if spec.counts else "risk"


def _looked_back(watched: Watched, closed: Snapshots) -> Iterator[Scoring]:
    """Yield the risks of the latest date whose window is over, by the watched model."""
    spec, cohort = watched.spec, closed.cohort
    risks = score(watched.model, closed, spec=spec, companions=watched.companions).set_index("patient_id")
    rows = cohort[cohort["patient_id"].isin(risks.index)]
    for name, one in _problems(spec).items():
        before = "" if name == spec.name else f"{name}_"
        if f"{before}outcome" not in rows or _column(spec, one) not in risks:
            continue
        told = risks.loc[rows["patient_id"], _column(spec, one)].to_numpy(dtype=np.float64)
        found = Scoring(
            name=name,
            title=one.title,
            horizon_days=one.horizon_days,
            index_date=closed.index_dates.list_date,
            kept=False,
            of_watched=True,
            rows=_rows(rows, told, before),
            counts=one.counts,
            until=closed.index_dates.test_to,
        )
        yield _explained(found, watched, closed) if name == spec.name else found


def _rows(answered: "pd.DataFrame", risk: Floats, before: str) -> "pd.DataFrame":
    rows = answered[["patient_id", "practice_code"]].assign(
        risk=risk, outcome=answered[f"{before}outcome"], weight=answered[f"{before}weight"]
    )
    return rows[rows["outcome"].notna()].reset_index(drop=True)


def _explained(one: Scoring, watched: Watched, closed: Snapshots | None = None) -> Scoring:
    """Return a scoring of the main model with what each kind of feature adds to the scores of some of its people."""
    model = watched.model
    if one.name != watched.spec.name or not isinstance(model, RiskClassifier):
        return one
    snapshots = watched.snapshots if closed is None else closed
    cohort = snapshots.people("list").reset_index(drop=True)
    place = {patient: row for row, patient in enumerate(cohort["patient_id"])}
    known = np.flatnonzero((one.rows["weight"] > 0).to_numpy())
    drawn = np.random.default_rng(watched.spec.seed).permutation(known)[:_MOST_EXPLAINED]
    drawn = np.sort(drawn)
    asked = np.array([place[patient] for patient in one.rows["patient_id"].iloc[drawn]], dtype=np.intp)
    added = model.contributions(snapshots.blocks("list").take(asked).select(model.feature_name_).table())
    kinds: dict[str, list[str]] = {}
    for feature in snapshots.catalogue.features:
        if feature.name in model.feature_name_:
            kinds.setdefault(feature.definition.domain, []).append(feature.name)
    by_kind = {kind: added[names].sum(axis=1).to_numpy(dtype=np.float64) for kind, names in kinds.items()}
    return replace(one, by_kind=(drawn, by_kind))
