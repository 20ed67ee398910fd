"""The whole replay: who is asked at each date, features shared between dates, a list for each, and what came of it.

A replay that was broken off goes on with the dates that it had finished: each leaves two files in the folder aside,
which hold as long as the records, what was asked and the code are the same.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.cohort.outcomes import OUTCOMES
from vi_risk.errors import InputError
from vi_risk.features.cache import FeatureCache, check_cache
from vi_risk.governance.door import permission_in, without_objectors
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.governance.told import about_permission, refuse_whole_run
from vi_risk.records.checks import check_records
from vi_risk.records.linked import Records
from vi_risk.replaying.afterwards import Closing, afterwards
from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.beside import in_background
from vi_risk.replaying.churn import churn_by_practice, churn_of
from vi_risk.replaying.delays import cost_of_a_month, costs_of_delay
from vi_risk.replaying.finds import DateEvidence, date_evidence, listed_rows, outcomes_wanted
from vi_risk.replaying.finished import FinishedDates
from vi_risk.replaying.not_run import NotRun, refuse_none_run
from vi_risk.replaying.page import replay_page
from vi_risk.replaying.past_list import PastList, Prepared, Trained, past_list, prepared, trained
from vi_risk.replaying.people import people_at_each
from vi_risk.replaying.report import ReplayReport
from vi_risk.replaying.sharing import compute_shared
from vi_risk.running.files import remove, replaced, write_text
from vi_risk.running.memory import budget
from vi_risk.running.progress import Report, Silence
from vi_risk.running.run_file import write_json
from vi_risk.stages.listing import permitted_rules
from vi_risk.stages.resuming import code_mark, fingerprint_of

PAGE, REPORT, LISTED, DATES = "replay.html", "replay.json", "listed.parquet", "dates"
OWNED = (PAGE, REPORT, LISTED, DATES)
_PEOPLE, _FEATURES = ".replay_people", ".replay_features"  # in the folder aside, as long as the replay works
_EVER = date(9999, 12, 31)
# Dates whose models are trained at once, each on one thread of the processor: less is lost than with two threads on
# one model. Each holds its own rows.
_DATES_AT_ONCE = 2


def replay(records: Records, request: ReplayRequest, report: Report | None = None) -> ReplayReport:
    """Write what every past run would have listed, and return what came of the lists.

    Whoever objects by now is left out of every date: their records may not be used, whatever was known then.

    Parameters
    ----------
    records
        From `vi_risk.read_records`, or brought through `vi_risk.permitted`.

    Returns
    -------
    ReplayReport
        Exact numbers, small ones among them; the page and the JSON beside it tell them by the rule of small numbers.

    Raises
    ------
    GovernanceError
        The records have not come through the door, or their purpose permits no lists.
    InputError
        No date fits the records, or has enough events to learn from. One that has not stands on the page with the
        reason, and the others are run.
    """
    told = report or Silence()
    refuse_whole_run(permission_in(records))
    check_cache(request.cache, out=request.out)
    told.stage("Check the records and the dates")
    found = check_records(records)
    for finding in found.warnings:
        told.warn(str(finding))
    found.raise_errors()
    OUTCOMES[request.spec.outcome].refuse_lacking(records)
    out_of_reach = [NotRun(day, why) for day, why in request.dates.out_of_reach(records, request.spec).items()]
    records = without_objectors(records, _EVER)
    about = about_permission(permission_in(records), request.dates.days[-1], objections=records.has("objections"))
    rules = permitted_rules(
        request.rules, {"permission": about, "practices_outside": request.practices_outside}, request.catalogue
    )
    with replaced(request.out, keep=False, owned=(*OWNED, _PEOPLE, _FEATURES), resume=request.resume) as folder:
        finished = FinishedDates.in_folder(folder, folder / DATES, asked=_asked(records, request))
        _tell_not_run(out_of_reach, finished, told)
        _run_dates(_Work(records, request, rules, finished, told), folder)
        made = _report(finished, request, records, Disclosure.of(about["small_numbers"]))
        told.stage("Write the page")
        finished.listed([one.day for one in made.dates]).to_parquet(folder / LISTED, index=False, compression="zstd")
        write_json(folder / REPORT, made.disclosed())
        write_text(folder / PAGE, replay_page(made))
        for name in (_PEOPLE, _FEATURES):
            remove(folder / name)
    return made


@dataclass(frozen=True, slots=True)
class _Work:
    """What the dates are run with."""

    records: Records
    request: ReplayRequest
    rules: CaseListRules
    finished: FinishedDates
    told: Report


def _run_dates(work: _Work, folder: Path) -> None:
    """Run every date that is not done; each leaves its files, or why it could not be run, when it is."""
    records, request, told, days = work.records, work.request, work.told, work.request.dates.days
    to_do = [day for day in days if not work.finished.holds(day)]
    if done := len(days) - len(to_do) - len(work.finished.not_run([day for day in days if work.finished.holds(day)])):
        told.step(f"finished before: {done} of {len(days)} dates")
    told.stage("Ask who was there at each date")
    people, not_run = people_at_each(records, to_do, request, folder / _PEOPLE)
    _tell_not_run(not_run, work.finished, told)
    told.stage("Build features of all dates")
    cache = FeatureCache(request.cache or folder / _FEATURES)
    compute_shared(records, people, cache)
    told.step(f"{cache.found:,} results taken from the cache, {cache.computed:,} computed")
    told.stage("Train, score and list at each date")
    closing = Closing.of(records, request.spec.horizon_days)
    under_way: deque[tuple[Prepared, Future[Trained]]] = deque()
    at_once = 1 if budget().limit_mb is not None else _DATES_AT_ONCE

    def list_next() -> None:
        what, training = under_way.popleft()
        with _may_not_run(what.people.day, work):
            past = past_list(records, what, training.result(), request, work.rules, cache)
            told.step(in_words(_keep(work.finished, past, records, request, closing)))

    for one in people:
        with _may_not_run(one.day, work):
            what = prepared(records, one, request, work.rules, cache)
            under_way.append((what, in_background(partial(trained, what, request))))
        if len(under_way) == at_once:
            list_next()
    while under_way:
        list_next()


@contextmanager
def _may_not_run(day: date, work: _Work) -> Iterator[None]:
    """Keep what the records of a date cannot give as the reason why it could not be run, and go on with the others."""
    try:
        yield
    except InputError as error:
        _tell_not_run([NotRun.of(day, error)], work.finished, work.told)


def _tell_not_run(not_run: Sequence[NotRun], finished: FinishedDates, told: Report) -> None:
    for one in not_run:
        if not finished.holds(one.day):
            finished.keep_not_run(one)
        told.warn(f"{one.day} cannot be run: {one.reason}")


def in_words(evidence: DateEvidence) -> str:
    """Return what a date says in one line."""
    told = f"{evidence.day}: {evidence.people:,} people, {evidence.listed:,} listed"
    if not evidence.closed:
        return f"{told}; what became of them is not known yet"
    auroc = "" if evidence.auroc is None else f", AUROC {evidence.auroc:.3f}"
    return f"{told}{auroc}, true cases {evidence.true_cases:,}"


def _keep(
    finished: FinishedDates, past: PastList, records: Records, request: ReplayRequest, closing: Closing
) -> DateEvidence:
    after = None
    if closing.closed(past.day):
        after = afterwards(records, outcomes_wanted(past), past.day, request)
    evidence = date_evidence(past, after)
    finished.keep(evidence, listed_rows(past, after))
    return evidence


def _asked(records: Records, request: ReplayRequest) -> str:
    """Return a fingerprint of all that decides the list of a date."""
    return fingerprint_of(
        {
            "records": records.fingerprints(),
            "permission": records.permission,
            "spec": request.spec,
            "rules": request.rules,
            "places": request.places,
            "catalogue": request.catalogue.to_json(),
            "outside": request.practices_outside,
            "code": code_mark(),
        }
    )


def _report(finished: FinishedDates, request: ReplayRequest, records: Records, rule: Disclosure) -> ReplayReport:
    not_run = finished.not_run(request.dates.days)
    days = [day for day in request.dates.days if day not in {one.day for one in not_run}]
    if not days:
        refuse_none_run(not_run)
    listed = finished.listed(days)
    in_time = listed[listed["months_late"] == 0]
    return ReplayReport(
        title=request.spec.title,
        outcome=request.spec.outcome_words,
        source=request.source,
        every=request.every,
        places=request.places,
        horizon_days=request.spec.horizon_days,
        treated_as=request.spec.reviews.treated_as,
        known_to=Closing.of(records, request.spec.horizon_days).ends,
        dates=tuple(finished.evidence(day) for day in days),
        not_run=tuple(not_run),
        churn=tuple(churn_of(in_time, days)),
        churn_by_practice={code: tuple(rows) for code, rows in churn_by_practice(in_time, days).items()},
        delays=tuple(costs_of_delay(listed)),
        each_month=cost_of_a_month(listed),
        rule=rule,
    )
