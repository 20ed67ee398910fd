"""The list of one replayed date: a model trained, people scored and listed with what had arrived by then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.choosing.people import DISCHARGED, REVIEW_FEATURE
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
from vi_risk.models import on_snapshots, scoring
from vi_risk.models.reviewed.windows import as_if_not_reviewed
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.whole_record import whole_record_of
from vi_risk.reasons.explain import explain
from vi_risk.records.linked import Records
from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.dates import days_of_months
from vi_risk.replaying.people import PeopleAt

if TYPE_CHECKING:
    from datetime import date

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


def past_list(
    records: Records, people: PeopleAt, request: ReplayRequest, rules: CaseListRules, cache: FeatureCache
) -> PastList:
    """Return the list that a run of one day would have made, with what had arrived by then.

    The model is trained as a whole run of `vi_risk.pipeline` trains it, on the same rows in the same order: the scores
    are the same to the byte. So are the places, which go by the same rules.

    Raises
    ------
    InputError
        The day has too few events to learn from.
    """
    spec = request.listing_spec
    snapshots = _snapshots(records, people, spec, rules, cache)
    model = on_snapshots.train(snapshots, spec)
    companions = _companions(snapshots, request)
    scores = scoring.score(model, snapshots, spec=spec, companions=companions)
    ranked = ranked_people(scores, snapshots, rules=rules, capacity=request.capacity)
    listed = on_lists(ranked)
    unnamed = rules.hidden(snapshots.catalogue)
    reasons = explain(model, snapshots, listed["patient_id"].tolist(), unnamed=unnamed)
    at_list, features = snapshots.rows("list")
    delayed = {}
    for months in people.delayed:
        then = _with_older_records(records, snapshots, people, months, rules, cache)
        risks = scoring.score(model, then, spec=spec, companions=companions)
        delayed[months] = on_lists(ranked_people(risks, then, rules=rules, capacity=request.capacity))
    known = snapshots.answers("train")
    known = known[known["weight"] > 0]
    return PastList(
        day=people.day,
        scores=scores,
        ranked=ranked,
        features=features.set_axis(at_list["patient_id"].to_numpy()),
        reasons=reasons,
        rows=len(known),
        events=int((known["outcome"] > 0).sum()),
        delayed=delayed,
    )


def _companions(snapshots: Snapshots, request: ReplayRequest) -> "dict[str, Model]":
    """Return the models beside the main one that the order of the list asks for; one with too few events has none."""
    spec, trained = request.listing_spec, {}
    for companion in spec.companions:
        if f"{companion.name}_outcome" not in snapshots.cohort:
            continue  # the records cannot tell it
        try:
            trained[companion.name] = on_snapshots.train(snapshots, spec, companion=companion)
        except InputError:  # as in a whole run: the lists do without
            continue
    return trained


def _snapshots(
    records: Records, people: PeopleAt, spec: "ModelSpec", rules: CaseListRules, cache: FeatureCache
) -> Snapshots:
    """Return what the day's model is trained on and its list made from; features of the test date are not asked for."""
    plan, cohort = people.plan, pd.read_parquet(people.cohort)
    needed = cohort[cohort["role"] != "test"]
    features = _features(records, people, needed, cache)
    learnt = Snapshots(**vars(plan), features=features, cohort=needed)
    counted = as_if_not_reviewed(learnt, records, spec)
    whole = pd.concat([counted, cohort[cohort["role"] == "test"]]).sort_index()
    return _at_list(replace(learnt, cohort=whole), records, people.day, rules)


def _with_older_records(
    records: Records,
    snapshots: Snapshots,
    people: PeopleAt,
    months: int,
    rules: CaseListRules,
    cache: FeatureCache,
) -> Snapshots:
    """Return what the list would be made from, had nothing of the last months arrived."""
    day = people.day - timedelta(days=days_of_months(months))
    cohort = pd.read_parquet(people.delayed[months])
    older = replace(
        snapshots,
        index_dates=IndexDates(day, test=snapshots.index_dates.test, train=snapshots.index_dates.train),
        cohort=cohort,
        features=_features(records, people, cohort, cache),
    )
    return _at_list(older, records, day, rules)


def _features(records: Records, people: PeopleAt, rows: pd.DataFrame, cache: FeatureCache) -> pd.DataFrame:
    """Return the features of rows of a cohort, in their order and with their index."""
    plan = people.plan
    known = records.as_of(people.day)
    found = cache.compute(known, rows, plan.catalogue, windows=plan.windows, fingerprints=records.fingerprints())
    return rows[[*KEYS]].merge(found, on=[*KEYS], how="left", validate="one_to_one").set_axis(rows.index)


def _at_list(snapshots: Snapshots, records: Records, day: "date", rules: CaseListRules) -> Snapshots:
    """Return the snapshots with what the rules of a list ask of the records beside features, as known at the day."""
    known, at_list = records.as_of(day), snapshots.people("list")
    asked = {*rules.columns, REVIEW_FEATURE}
    cut = {name: days for name, days in snapshots.windows.items() if name in asked}
    contacts = contacts_of(known, at_list, day) if DISCHARGED in asked else pd.DataFrame(columns=[*CONTACT_COLUMNS])
    particulars = Particulars(
        contacts=contacts,
        reviews=reviews_of(records, day),
        departures=pd.DataFrame(columns=[*DEPARTURE_COLUMNS]),
        objectors=objectors_of(records, day),
    )
    whole_record = whole_record_of(known, at_list, snapshots.catalogue, cut)
    return replace(snapshots, particulars=particulars, whole_record=whole_record)
