"""How a list's columns, chances, facts and sources are put in words: the same words in every pack."""

import math
import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import numpy as np
import pandas as pd

from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.choosing.standing import NOT_SCORED, OBJECTION
from vi_risk.caselists.lists import CaseList, ListAbout
from vi_risk.models.templates import date_in_words, plain_words

NOT_SEEN = "not seen"
DECISION_SUPPORT = "Decision support: to be reviewed by a clinician."
# How a list is to be handled, by whose records it was made from.
CONFIDENTIAL = "Confidential: patient records"
SYNTHETIC = "Synthetic records: no real patients"
WHAT_REASONS_ARE = (
    "Reasons are what the model weighed most for this person, first what few people of the same age and sex have. They"
    " are not causes, and acting on one need not change the chance."
)

# How the people of a comparison are alike, in full (`vi_risk.reasons.peers`) and beside a reason.
_PEERS: Mapping[str, str] = MappingProxyType(
    {
        "of the same age and sex": "same age and sex",
        "of the same sex nearest in age": "same sex, nearest age",
        "nearest in age": "nearest age",
    }
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

_HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "patient_id": "Patient",
        "risk": "Chance",
        "risk_of_death": "Chance of dying within 12 months",
        "risk_3m": "Chance of emergency admission within 3 months",
        "change": "Since last time",
        "rank_before": "Place last time",
        "practice_name": "Practice",
        "practice_rank": "Place on the practice's list",
        "is_new": "New to the list",
        "prompts": "Who might help",
        "certainty": "This place",
        "flags": "To note",
        "age_band": "Age",
        "practice_code": "Practice",
        **{f"reason_{number}": f"Reason {number}" for number in range(1, 6)},
        "outcome_code": "Outcome",
        "emergency_admissions_12m": "Emergency admissions, 12 months",
        "ed_attendances_12m": "A&E attendances, 12 months",
        "emergency_bed_days_12m": "Emergency bed days, 12 months",
        "medicines_90d": "Medicines, 90 days",
        "conditions": "Conditions",
        "high_risk_medicines": "High-risk medicines",
        "last_emergency_admission": "Last emergency admission",
        "long_term_conditions": "Long-term conditions",
        "last_gp_contact": "Last GP contact",
        "last_plan": "Plan of the last review",
        "last_review_due": "To be looked at again on",
        "last_outcome": "Outcome of the last review",
    }
)
# How a workbook shows what `shown_chance` and `shown_share` give, so that it says what the page does.
CHANCE_FORMAT = '[<0.0095]0.0 %;[>0.99]"over 99 %";0 %'
SHARE_FORMAT = "0.0 %"
_HORIZON = re.compile(r" (\d+)([md])$")
_IN_REFITS = re.compile(r"(\d+) (?:of (\d+)|% of the) refits")
# Of what a list counts as missing from it: who is no longer there, or of whom no risk could be worked out.
_COULD_NOT_BE_LISTED = re.compile(rf"died .*|left the practice .*|{NOT_SCORED}")
_FEWEST_TOLD = 8  # of people who object: a reader may know who they are
# Signs that turn the direction of what follows: a text could be read backwards. Joiners, which letters need, stay.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_UNITS: Mapping[str, str] = MappingProxyType({"m": "months", "d": "days"})
_OF_SEX: Mapping[str, str] = MappingProxyType({"female": "her", "male": "his"})
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


def heading(column: str) -> str:
    """Return the words over a column; a column without declared words is named by its own.

    Examples
    --------
    >>> heading("ed_attendances_12m"), heading("frailty"), heading("risk_avoidable_admission_12m")
    ('A&E attendances, 12 months', 'Frailty', 'Chance of avoidable admission within 12 months')
    """
    if column in _HEADINGS:
        return _HEADINGS[column]
    if is_chance(column):
        outcome = plain_words(column.removeprefix("risk_")).lower()
        return f"Chance of {_HORIZON.sub(lambda found: f' within {found[1]} {_UNITS[found[2]]}', outcome)}"
    return plain_words(column)


def percent(risk: float) -> str:
    """Return a chance in whole per cent, finer below 1 %, and never as none or certain.

    Examples
    --------
    >>> percent(0.376), percent(0.004), percent(0.0002), percent(0.998)
    ('38 %', '0.4 %', 'under 0.1 %', 'over 99 %')
    """
    if risk < 0.001:
        return "under 0.1 %"
    if risk > 0.99:
        return "over 99 %"
    return f"{100 * shown_chance(risk):.{1 if risk < 0.0095 else 0}f} %"


def shown_chance(risk: float) -> float:
    """Return a chance as `percent` rounds it, for a cell that holds a number (`CHANCE_FORMAT`).

    Examples
    --------
    >>> shown_chance(0.8257), shown_chance(0.145), shown_chance(0.0044), shown_chance(0.9951)
    (0.83, 0.15, 0.004, 0.9951)
    """
    if risk > 0.99:
        return risk
    return _rounded(1000 * risk) / 1000 if risk < 0.0095 else _rounded(100 * risk) / 100


def share(value: float) -> str:
    """Return a share of people as a team reads it, with one decimal: practices differ by less than a per cent.

    Examples
    --------
    >>> share(0.1189), share(0.0985), share(0.0002), share(math.nan)
    ('11.9 %', '9.9 %', 'under 0.1 %', 'not seen')
    """
    if math.isnan(value):
        return NOT_SEEN
    return "under 0.1 %" if 0 < value < 0.0005 else f"{100 * shown_share(value):.1f} %"


def shown_share(value: float) -> float:
    """Return a share as `share` rounds it, for a cell that holds a number (`SHARE_FORMAT`).

    Examples
    --------
    >>> shown_share(0.0985), shown_share(0.09849)
    (0.099, 0.098)
    """
    return _rounded(1000 * value) / 1000


def natural_frequency(risk: float) -> str:
    """Return a chance as people out of ten, a hundred or a thousand; of the per cent shown, so that both agree.

    Examples
    --------
    >>> natural_frequency(0.376), natural_frequency(0.034), natural_frequency(0.97)
    ('about 4 in 10 people like this', 'about 3 in 100 people like this', 'about 97 in 100 people like this')
    >>> percent(0.646), natural_frequency(0.646)
    ('65 %', 'about 7 in 10 people like this')
    """
    if risk < 0.001:
        return "fewer than 1 in 1,000 people like this"
    if risk > 0.99:
        return "more than 99 in 100 people like this"
    shown = shown_chance(risk)
    out_of = 1000 if risk < 0.0095 else 10 if 0.2 <= shown < 0.95 else 100
    return f"about {_rounded(shown * out_of)} in {out_of:,} people like this"


def is_chance(column: str) -> bool:
    """Return whether a fact is the risk of another outcome, beside the one that the list is ranked by."""
    return column.startswith("risk_")


def how_sure(in_refits: str) -> str:
    """Return how sure a place on a list is in a word, before the number of refits that says so.

    Examples
    --------
    >>> how_sure("in the list in 19 of 20 refits"), how_sure("in the list in 8 of 20 refits")
    ('sure: in the list in 19 of 20 refits', 'not sure: in the list in 8 of 20 refits')
    >>> how_sure("in the list in 60 % of the refits"), how_sure("certain")
    ('fairly sure: in the list in 60 % of the refits', 'certain')
    """
    found = _IN_REFITS.search(in_refits)
    if found is None:
        return in_refits
    share_of_them = int(found[1]) / int(found[2] or 100)
    sure = "sure" if share_of_them >= 0.9 else "fairly sure" if share_of_them >= 0.5 else "not sure"
    return f"{sure}: {in_refits}"


def without_turning(text: str) -> str:
    """Return a text without the signs that turn its direction, which a plan or a pseudonym may hold.

    Examples
    --------
    >>> without_turning("ring \N{RIGHT-TO-LEFT OVERRIDE}daughter")
    'ring daughter'
    """
    return text.translate(_TURNING)


def fact_text(value: object, column: str = "") -> str:
    """Return a fact as text: whole numbers without decimals, dates in words, and "not seen" where it is missing.

    A column that `is_chance` holds chances, which are told in per cent.
    """
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return NOT_SEEN
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if is_chance(column) and isinstance(value, float | np.floating):
        return percent(float(value)) if value >= 0.01 else "under 1 %"
    if isinstance(value, float | np.floating):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    if isinstance(value, date):
        return date_in_words(value)
    return str(value)


def written(value: object) -> str:
    """Return a value as text, or nothing where it is missing: for reasons, decisions and the like."""
    text = fact_text(value)
    return "" if text == NOT_SEEN else text


def change_in_words(rank: int, rank_before: object, *, is_new: bool = False, is_same: bool = False) -> str:
    """Return how a place moved since the list before, the arrow first; "" where there was no such list.

    `is_same` says that a site's rules take so small a move for none: it has no arrow, and both places.

    Examples
    --------
    >>> change_in_words(4, 11.0), change_in_words(9, 4), change_in_words(3, 3), change_in_words(1, None, is_new=True)
    ('▲ from 11', '▼ from 4', '= same', 'NEW')
    >>> change_in_words(16, 14, is_same=True)
    '14 to 16'
    >>> change_in_words(1, None)
    ''
    """
    if is_new:
        return "NEW"
    if not written(rank_before):
        return "= same" if is_same else ""
    before = int(float(str(rank_before)))
    if before == rank:
        return "= same"
    if is_same:
        return f"{before:,} to {rank:,}"
    return f"{'▲' if before > rank else '▼'} from {before:,}"


def in_favour(sex: object) -> str:
    """Return the words over what lowers a person's risk.

    Examples
    --------
    >>> in_favour("female"), in_favour("male"), in_favour(None)
    ('In her favour', 'In his favour', 'In their favour')
    """
    return f"In {_OF_SEX.get(str(sex), 'their')} favour"


def beside_peers(comparison: str) -> str:
    """Return what is usual for people like someone in few words, their likeness first; as it is where it has others.

    Examples
    --------
    >>> beside_peers("people of the same age and sex: 0.2"), beside_peers("1 in 100 of the same age and sex")
    ('same age and sex: 0.2', 'same age and sex: 1 in 100')
    >>> beside_peers("people of the same sex nearest in age: 0.2"), beside_peers("")
    ('same sex, nearest age: 0.2', '')
    """
    for alike, short in _PEERS.items():
        figure = comparison.removeprefix(f"people {alike}: ").removesuffix(f" {alike}")
        if figure != comparison:
            return f"{short}: {figure}"
    return comparison


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
    few = f"fewer than {_FEWEST_TOLD}" if objecting < _FEWEST_TOLD else objecting
    gone = {reason: number for reason, number in counts.items() if _COULD_NOT_BE_LISTED.fullmatch(reason)}
    by_rules = {reason: number for reason, number in counts.items() if reason not in (OBJECTION, *gone)}
    parts: list[tuple[str, dict[str, int | str]]] = [
        ("Left out of the records of all practices", {k: f"{v} people" for k, v in case_list.about.left_out.items()}),
        ("Kept off the list, never named", {OBJECTION: few} if objecting else {}),
        ("Kept off the list by its rules, whatever the risk", {**by_rules}),
        ("Could not be listed", {**gone}),
    ]
    return [(title, told) for title, told in parts if told]


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


def _rounded(value: float) -> int:
    """Round half up, as people do; what binary fractions add or take is no half."""
    return math.floor(round(value, 9) + 0.5)
