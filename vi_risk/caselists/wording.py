"""How a list's columns, chances and facts are put in words: the same words in every pack."""

import math
import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import numpy as np
import pandas as pd

from vi_risk.models.templates import date_in_words, plain_words

NOT_SEEN = "not seen"
DECISION_SUPPORT = "Decision support: to be reviewed by a clinician."
# How a list is to be handled, by whose records it was made from.
CONFIDENTIAL = "Confidential: patient records"
SYNTHETIC = "Synthetic records: no real patients"

# How the people of a comparison are alike, in full (`vi_risk.reasons.peers`) and beside a reason.
_PEERS: Mapping[str, str] = MappingProxyType(
    {
        "of the same age and sex": "same age and sex",
        "of the same sex nearest in age": "same sex, nearest age",
        "nearest in age": "nearest age",
    }
)

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
# Signs that turn the direction of what follows: a text could be read backwards. Joiners, which letters need, stay.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_UNITS: Mapping[str, str] = MappingProxyType({"m": "months", "d": "days"})
_OF_SEX: Mapping[str, str] = MappingProxyType({"female": "her", "male": "his"})


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


def _rounded(value: float) -> int:
    """Round half up, as people do; what binary fractions add or take is no half."""
    return math.floor(round(value, 9) + 0.5)
