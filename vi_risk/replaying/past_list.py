"""The list of one replayed date: a model trained, people scored and listed with what had arrived by then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.choosing.people import DISCHARGED
from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.ranking import on_lists, ranked_people
from vi_risk.cohort.contacts import CONTACT_COLUMNS, contacts_of
from vi_risk.cohort.departures import DEPARTURE_COLUMNS
from vi_risk.cohort.events import KEYS
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.objections import objectors_of
from vi_risk.cohort.particulars import Particulars
from vi_risk.cohort.reviews import reviews_of
from vi_risk.errors import InputError
from vi_risk.features.cache import FeatureCache
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.sources import tables_behind
from vi_risk.models import on_snapshots, scoring
from vi_risk.models.reviewed.windows import as_if_not_reviewed
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.whole_record import WholeRecord, catalogue_of, whole_record_of
from vi_risk.reasons.explain import explain
from vi_risk.records.linked import Records
from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.people import PeopleAt, older_dates

if TYPE_CHECKING:
    from datetime import date

    from vi_risk.features.engine import Windows
    from vi_risk.models.on_snapshots import Model
    from vi_risk.models.spec import ModelSpec


@dataclass(frozen=True, slots=True, eq=False)
class PastList:
    """What a run of one day would have listed.

    Attributes
    ----------
    scores
        Of everyone eligible who does not object, by rank (`vi_risk.score`).
    ranked
        Everyone of the practices that have a list (`vi_risk.caselists.ranking.ranked_people`), with whom of them is
        listed.
    features
        Of the people of the list date, in the order of their cohort: one row per patient_id, the index.
    reasons
        Why each listed person is (`vi_risk.explain`).
    rows, events
        That the model was trained on.
    delayed
        Months by which the records are late -> who would have been listed then, by practice_code and rank.
    """

    day: "date"
    scores: pd.DataFrame
    ranked: pd.DataFrame
    features: pd.DataFrame
    reasons: pd.DataFrame
    rows: int
    events: int
    delayed: Mapping[int, pd.DataFrame]

    @property
    def listed(self) -> pd.DataFrame:
        """Who is on the lists, by practice_code and rank."""
        return on_lists(self.ranked)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """All that the model of one day is trained on and its list made from."""

    people: PeopleAt
    snapshots: Snapshots
    known: Records


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """The models of one day: that of the spec, and those beside it that the rules of the list ask for."""

    model: "Model"
    companions: "Mapping[str, Model]"


def prepared(
    records: Records, people: PeopleAt, request: ReplayRequest, rules: CaseListRules, cache: FeatureCache
) -> Prepared:
    """Return what a run of one day would have learnt from, with what had arrived by then.

    Raises
    ------
    InputError
        Reviews are to be treated as exposure, and the records do not tell enough of them.
    """
    known = records.as_of(people.day)
    return Prepared(people, _snapshots(records, known, people, request.listing_spec, rules, cache), known)


def trained(what: Prepared, request: ReplayRequest) -> Trained:
    """Return the models of one day; nothing is asked of the records, so that this may go on beside other work.

    They are trained as a whole run of `vi_risk.pipeline` trains them, on the same rows in the same order: the scores
    are the same to the byte, on however many threads of the processor.

    Raises
    ------
    InputError
        The day has too few events to learn from.
    """
    spec = request.training_spec
    return Trained(on_snapshots.train(what.snapshots, spec), _companions(what.snapshots, spec))


def past_list(
    records: Records, what: Prepared, models: Trained, request: ReplayRequest, rules: CaseListRules, cache: FeatureCache
) -> PastList:
    """Return the list that a run of one day would have made: its places go by the same scores and the same rules."""
    spec, snapshots, people, model = request.listing_spec, what.snapshots, what.people, models.model
    scores = scoring.score(model, snapshots, spec=spec, companions=models.companions)
    ranked = ranked_people(scores, snapshots, rules=rules, capacity=request.capacity)
    listed = on_lists(ranked)
    unnamed = rules.hidden(snapshots.catalogue)
    reasons = explain(model, snapshots, listed["patient_id"].tolist(), unnamed=unnamed)
    at_list, features = snapshots.rows("list")
    delayed = {}
    for months in people.delayed:
        then = _with_older_records(records, what, months, rules, cache)
        risks = scoring.score(model, then, spec=spec, companions=models.companions)
        delayed[months] = on_lists(ranked_people(risks, then, rules=rules, capacity=request.capacity))
    learnt_from = snapshots.answers("train")
    learnt_from = learnt_from[learnt_from["weight"] > 0]
    return PastList(
        day=people.day,
        scores=scores,
        ranked=ranked,
        features=features.set_axis(at_list["patient_id"].to_numpy()),
        reasons=reasons,
        rows=len(learnt_from),
        events=int((learnt_from["outcome"] > 0).sum()),
        delayed=delayed,
    )


def _companions(snapshots: Snapshots, spec: "ModelSpec") -> "dict[str, Model]":
    """Return the models beside the main one that the order of the list asks for; one with too few events has none."""
    found = {}
    for companion in spec.companions:
        if f"{companion.name}_outcome" not in snapshots.cohort:
            continue  # the records cannot tell it
        try:
            found[companion.name] = on_snapshots.train(snapshots, spec, companion=companion)
        except InputError:  # as in a whole run: the lists do without
            continue
    return found


def _snapshots(
    records: Records,
    known: Records,
    people: PeopleAt,
    spec: "ModelSpec",
    rules: CaseListRules,
    cache: FeatureCache,
) -> Snapshots:
    """Return what the day's model is trained on and its list made from; features of the test date are not asked for."""
    plan, cohort = people.plan, pd.read_parquet(people.cohort)
    needed = cohort[cohort["role"] != "test"]
    features = _features(records, known, people, needed, cache)
    learnt = Snapshots(**vars(plan), features=features, cohort=needed)
    counted = as_if_not_reviewed(learnt, records, spec)
    whole = pd.concat([counted, cohort[cohort["role"] == "test"]]).sort_index()
    return _at_list(replace(learnt, cohort=whole), known, people.day, rules)


def _with_older_records(
    records: Records, what: Prepared, months: int, rules: CaseListRules, cache: FeatureCache
) -> Snapshots:
    """Return what the list would be made from, had nothing of the last months arrived."""
    people, dates = what.people, what.snapshots.index_dates
    day = older_dates(people.day)[months]
    cohort = pd.read_parquet(people.delayed[months])
    older = replace(
        what.snapshots,
        index_dates=IndexDates(day, test=dates.test, train=dates.train),
        cohort=cohort,
        features=_features(records, what.known, people, cohort, cache),
    )
    return _at_list(older, records.as_of(day), day, rules)


def _features(
    records: Records, known: Records, people: PeopleAt, rows: pd.DataFrame, cache: FeatureCache
) -> pd.DataFrame:
    """Return the features of rows of a cohort, in their order and with their index."""
    plan = people.plan
    found = cache.compute(known, rows, plan.catalogue, windows=plan.windows, fingerprints=records.fingerprints())
    return rows[[*KEYS]].merge(found, on=[*KEYS], how="left", validate="one_to_one").set_axis(rows.index)


def _at_list(snapshots: Snapshots, known: Records, day: "date", rules: CaseListRules) -> Snapshots:
    """Return the snapshots with what the rules of a list ask of the records beside features, as known at the day.

    How long ago somebody was reviewed is told by the reviews themselves, and where none is known by nothing: the
    feature that says so elsewhere need not look further back for it.
    """
    at_list = snapshots.people("list")
    cut = {name: days for name, days in snapshots.windows.items() if name in rules.columns}
    asked_of_stays = DISCHARGED in rules.columns
    particulars = Particulars(
        contacts=contacts_of(known, at_list, day) if asked_of_stays else pd.DataFrame(columns=[*CONTACT_COLUMNS]),
        reviews=reviews_of(known, day),
        departures=pd.DataFrame(columns=[*DEPARTURE_COLUMNS]),
        objectors=objectors_of(known, day),
    )
    whole_record = _whole_record(known, at_list, snapshots.catalogue, cut) if cut else None
    return replace(snapshots, particulars=particulars, whole_record=whole_record)


def _whole_record(known: Records, at_list: pd.DataFrame, catalogue: Catalogue, cut: "Windows") -> WholeRecord | None:
    """Return what the rules ask over windows that the model had to cut, of the tables that these features read alone.

    A query is compiled with every table that it might read, which takes longer than to run it.
    """
    asked = catalogue_of(catalogue, cut)
    behind = {"patients", *(table for one in asked.definitions for table in tables_behind(one.table))}
    few = replace(known, tables={name: rows for name, rows in known.tables.items() if name in behind})
    return whole_record_of(few, at_list, asked, cut)
