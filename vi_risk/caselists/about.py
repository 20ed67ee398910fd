"""What a list says about itself: who is on it, out of how many, against which list before, from which records."""

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.choosing.standing import NOT_SCORED, OBJECTION
from vi_risk.caselists.lists import CaseList, ListAbout
from vi_risk.caselists.wording import DECISION_SUPPORT
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.templates import date_in_words, plain_words

WHAT_REASONS_ARE = (
    "Reasons are what the model weighed most for this person, first what few people of the same age and sex have. They"
    " are not causes, and acting on one need not change the chance."
)
WHAT_CHANCES_BESIDE_ARE = (
    "Other chances come from models of their own. That of an admission is one before death; it and the chance of dying"
    " are not to be added up."
)
WHAT_REFITS_ARE = (
    '"In the list in 19 of 20 refits": the model was learnt again 20 times from patients drawn anew; it says how sure'
    " the place on the list is, not how the year will go. Sure is 9 in 10 of them or more, not sure fewer than half."
)
WHAT_NOT_KNOWN_IS = (
    '"Not already known": no emergency admission in the past year, on no community caseload, and on no frailty or'
    " palliative register that the records show. The practice may know the person well."
)
AFTER_DISCHARGE = (
    "Each person is told as known on the day after leaving hospital; days ago are counted from that day. Who has come"
    " back, died or moved away since is not on the list; team reviews and objections are those up to its date."
)
# Notes that say what words mean; any other tells of this very list.
EXPLANATIONS = (WHAT_CHANCES_BESIDE_ARE, WHAT_REFITS_ARE, WHAT_NOT_KNOWN_IS, AFTER_DISCHARGE)
# Of what a list counts as missing from it: who is no longer there, or of whom no risk could be worked out.
_COULD_NOT_BE_LISTED = re.compile(rf"died .*|left the practice .*|{NOT_SCORED}")
# What a team calls the sources of the record; others go by their table's name.
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "spells": "hospital stays",
        "ed_attendances": "A&E attendances",
        "outpatient_appointments": "outpatient appointments",
        "gp_events": "GP record",
        "gp_appointments": "GP appointments",
        "prescriptions": "prescriptions",
        "community_contacts": "community contacts",
    }
)


def compared_with(about: ListAbout) -> str:
    """Return which list "since last time" means; "" where there is none to compare with."""
    if about.previous_date is None:
        return ""
    day = date_in_words(about.previous_date)
    if about.previous_made:
        return f"the list of {day}"
    return f"whom this model would have listed on {day}; no list was made then"


def places(about: ListAbout) -> str:
    """Return how many places there are, and how they are given out where that is known."""
    return about.places or f"{about.capacity:,} on each list"


def people(count: int) -> str:
    """Return a number of people with its noun."""
    return f"{count:,} {'person' if count == 1 else 'people'}"


def summary(case_list: CaseList) -> str:
    """Return one sentence: who is on the list, out of how many; plainly so where it is empty."""
    listed, eligible = len(case_list.table), people(case_list.eligible)
    if not listed:
        return f"Nobody is on this list: {eligible} of this practice could have been listed."
    order = case_list.about.places.partition(", in order of ")[2].partition(";")[0]  # ties are told below the list
    if order in ("", "their chance"):
        order = f"their chance of {case_list.about.outcome}"
    return f"{listed:,} of {eligible} who could have been listed, in order of {order}."


def missing_from(case_list: CaseList) -> list[tuple[str, dict[str, int | str]]]:
    """Return who is not on the list whatever their risk: what they have in common, and reason -> number.

    Who objects is counted apart, and fewer than eight in words; who died, left or has no risk could not be listed,
    which no rule decided.
    """
    counts = case_list.excluded_counts
    objecting = counts.get(OBJECTION, 0)
    rule = Disclosure()  # a reader may know who they are
    few = rule.words(objecting) if rule.is_small(objecting) else objecting
    gone = {reason: number for reason, number in counts.items() if _COULD_NOT_BE_LISTED.fullmatch(reason)}
    by_rules = {reason: number for reason, number in counts.items() if reason not in (OBJECTION, *gone)}
    parts: list[tuple[str, dict[str, int | str]]] = [
        ("Left out of the records of all practices", {k: f"{v} people" for k, v in case_list.about.left_out.items()}),
        ("Left out of the records, of those registered with this practice", _objecting(case_list)),
        ("Kept off the list, never named", {OBJECTION: few} if objecting else {}),
        ("Kept off the list by its rules, whatever the risk", {**by_rules}),
        ("Could not be listed", {**gone}),
    ]
    return [(title, told) for title, told in parts if told]


def _objecting(case_list: CaseList) -> dict[str, int | str]:
    told = case_list.about.objecting_here
    return {} if told is None else {"objection": told}


def about_rows(case_list: CaseList, rules: CaseListRules) -> list[tuple[str, str]]:
    """Return what a reader must know about the list, as (label, text), notes last."""
    about = case_list.about
    rows = [
        ("Practice", f"{case_list.title} ({case_list.practice_code})"),
        ("Network", case_list.network or ""),
        ("The list", summary(case_list)),
        ("Places", places(about)),
        ("Last time", compared_with(about)),
        ("Index date", f"{date_in_words(about.index_date)}: nothing from this day on was used"),
        ("Model", f"{about.model_title}, version {about.model_version}"),
        ("Records seen to", data_reach(about.data_to)),
        ("Bands", band_ranges(rules)),
        ("Reasons", WHAT_REASONS_ARE),
        *(("Note", note) for note in about.notes),
        ("Governance", about.governance or ""),
        ("Handling", about.handling),
        ("Use", DECISION_SUPPORT),
    ]
    return [(label, text) for label, text in rows if text]


def data_reach(data_to: Mapping[str, date]) -> str:
    """Return the last date seen of each source in one line, the latest date first.

    Examples
    --------
    >>> data_reach({"spells": date(2025, 10, 31), "gp_events": date(2025, 9, 1), "ed_attendances": date(2025, 10, 31)})
    '31 October 2025 (hospital stays, A&E attendances); 1 September 2025 (GP record)'
    """
    sources: dict[date, list[str]] = {}
    for source, last in data_to.items():
        sources.setdefault(last, []).append(SOURCES.get(source) or plain_words(source).lower())
    return "; ".join(f"{date_in_words(last)} ({', '.join(sources[last])})" for last in sorted(sources, reverse=True))


def band_ranges(rules: CaseListRules) -> str:
    """Return the bands with their circles and cut points in one line."""
    uppers = [None, *(band.risk_from for band in rules.bands)]
    words = []
    for band, upper in zip(rules.bands, uppers, strict=False):
        if band.risk_from == 0:
            reach = "any chance" if upper is None else f"under {_cut(upper)}"
        else:
            reach = (
                f"{_cut(band.risk_from)} and over"
                if upper is None
                else f"{_cut(band.risk_from)} to under {_cut(upper)}"
            )
        words.append(f"{band.symbol} {band.name}: {reach}")
    return "; ".join(words)


def _cut(risk: float) -> str:
    return f"{100 * risk:g} %"
