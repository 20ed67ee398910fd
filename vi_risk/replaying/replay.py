"""The whole replay: who is asked at each date, features shared between dates, a list for each, and what came of it.

A replay that was broken off goes on with the dates that it had finished: each leaves two files in the folder aside,
which hold as long as the records, what was asked and the code are the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from vi_risk.errors import InputError
from vi_risk.features.cache import FeatureCache, check_cache
from vi_risk.governance.door import permission_in, without_objectors
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.governance.told import about_permission, refuse_whole_run
from vi_risk.records.checks import check_records
from vi_risk.records.linked import Records
from vi_risk.replaying.afterwards import Closing, afterwards
from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.churn import churn_by_practice, churn_of
from vi_risk.replaying.delays import costs_of_delay
from vi_risk.replaying.finds import DateEvidence, date_evidence, listed_rows, outcomes_wanted
from vi_risk.replaying.finished import FinishedDates
from vi_risk.replaying.page import replay_page
from vi_risk.replaying.past_list import PastList, past_list
from vi_risk.replaying.people import people_at
from vi_risk.replaying.report import ReplayReport
from vi_risk.replaying.sharing import compute_shared
from vi_risk.running.files import remove, replaced, write_text
from vi_risk.running.progress import Report, Silence
from vi_risk.running.run_file import write_json
from vi_risk.stages.listing import permitted_rules
from vi_risk.stages.resuming import code_mark, fingerprint_of

PAGE, REPORT, LISTED, DATES = "replay.html", "replay.json", "listed.parquet", "dates"
OWNED = (PAGE, REPORT, LISTED, DATES)
_PEOPLE, _FEATURES = ".replay_people", ".replay_features"  # in the folder aside, as long as the replay works
_EVER = date(9999, 12, 31)


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
        A date does not fit the records, or has too few events to learn from.
    """
    told = report or Silence()
    refuse_whole_run(permission_in(records))
    check_cache(request.cache, out=request.out)
    told.stage("Check the records and the dates")
    found = check_records(records)
    for finding in found.warnings:
        told.warn(str(finding))
    found.raise_errors()
    dates = request.dates
    dates.refuse_outside(records, request.spec)
    records = without_objectors(records, _EVER)
    about = about_permission(permission_in(records), dates.days[-1], objections=records.has("objections"))
    rules = permitted_rules(
        request.rules, {"permission": about, "practices_outside": request.practices_outside}, request.catalogue
    )
    with replaced(request.out, keep=False, owned=(*OWNED, _PEOPLE, _FEATURES), resume=request.resume) as folder:
        finished = FinishedDates.in_folder(folder, folder / DATES, asked=_asked(records, request))
        to_do = [day for day in dates.days if not finished.holds(day)]
        if len(to_do) < len(dates.days):
            told.step(f"finished before: {len(dates.days) - len(to_do)} of {len(dates.days)} dates")
        cache = FeatureCache(request.cache or folder / _FEATURES)
        told.stage("Ask who was there at each date")
        people = []
        for day in to_do:
            with _of_date(day):
                people.append(people_at(records, day, request, folder / _PEOPLE))
        told.stage("Build features of all dates")
        compute_shared(records, people, cache)
        told.step(f"{cache.found:,} results taken from the cache, {cache.computed:,} computed")
        told.stage("Train, score and list at each date")
        closing = Closing.of(records, request.spec.horizon_days)
        for one in people:
            with _of_date(one.day):
                past = past_list(records, one, request, rules, cache)
            evidence = _keep(finished, past, records, request, closing)
            told.step(in_words(evidence))
        made = _report(finished, request, closing, Disclosure.of(about["small_numbers"]))
        told.stage("Write the page")
        finished.listed(dates.days).to_parquet(folder / LISTED, index=False, compression="zstd")
        write_json(folder / REPORT, made.disclosed())
        write_text(folder / PAGE, replay_page(made))
        for name in (_PEOPLE, _FEATURES):
            remove(folder / name)
    return made


def in_words(evidence: DateEvidence) -> str:
    """Return what a date says in one line."""
    told = f"{evidence.day}: {evidence.people:,} people, {evidence.listed:,} listed"
    if not evidence.closed:
        return f"{told}; what became of them is not known yet"
    auroc = "" if evidence.auroc is None else f", AUROC {evidence.auroc:.3f}"
    return f"{told}{auroc}, true cases {evidence.true_cases:,}"


@contextmanager
def _of_date(day: date) -> Iterator[None]:
    """Say of what the records cannot give which date it is that lacks it."""
    try:
        yield
    except InputError as error:
        msg = f"replay of {day}: {error}"
        raise InputError(msg) from None


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


def _report(finished: FinishedDates, request: ReplayRequest, closing: Closing, rule: Disclosure) -> ReplayReport:
    days = request.dates.days
    listed = finished.listed(days)
    in_time = listed[listed["months_late"] == 0]
    return ReplayReport(
        title=request.spec.title,
        outcome=request.spec.outcome_words,
        source=request.source,
        places=request.places,
        horizon_days=request.spec.horizon_days,
        known_to=closing.ends,
        dates=tuple(finished.evidence(day) for day in days),
        churn=tuple(churn_of(in_time, days)),
        churn_by_practice={code: tuple(rows) for code, rows in churn_by_practice(in_time, days).items()},
        delays=tuple(costs_of_delay(listed)),
        rule=rule,
    )
