"""Telling: which of a person's themes are said, of each theme what, and in which words.

What *raises* the risk above that of peers is one line a theme. Told is a value beyond what is usual among peers, first
an emergency admission of the last three months, then what adds most and fewest peers have, last how care was given or
recorded. What *lowers* it is told where it speaks for the person, and better than for most peers: a trouble that is not
there, or is less, care that took place of late, and last a measurement that is normal. That someone is thirty, or has
one disease and not another, or is seen less, is no merit and is not told. What is *unseen* in the record is said once:
never as zero, nor as a reason on top.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from vi_risk.features.definition import Feature
from vi_risk.features.sources import CODED_ENTRIES
from vi_risk.models.templates import date_in_words
from vi_risk.reasons.apart import (
    holds_of_most_peers,
    is_administrative,
    is_beyond_peers,
    is_normal_and_better_than_peers,
    is_well_below_peers,
    rarity,
)
from vi_risk.reasons.headlines import MOST_NAMED, Told, by_name, counted, headline, nameable
from vi_risk.reasons.normal import is_unremarkable, normal_for
from vi_risk.reasons.patient import Patient
from vi_risk.reasons.sentences import number
from vi_risk.reasons.themes import Member, Theme, Themes, without_sums

Kind = Literal["raises", "lowers", "unseen"]

MOST_LOWERING = 3
# On the log-odds scale: five in a hundred of the odds for a reason, two for what speaks for the person. Less is not
# worth a line of anyone's attention.
WORTH_A_REASON = 0.05
WORTH_SAYING = 0.02

_CARE = "primary and community use"
_RECENT_DAYS = 92
# Where fewer is less trouble; of appointments and referrals it may mean being seen less.
_TROUBLE = ("admissions", "spells", "ed_attendances", "diagnoses", CODED_ENTRIES)
_COUNTS = ("count", "distinct", "groups", "bed_days")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said of a person.

    Attributes
    ----------
    theme
        In words.
    feature
        That the text begins with.
    contribution
        The log-odds that the theme adds.
    comparison
        What is usual among peers, "" where nothing is.
    named
        Names of the features that the text names beside.
    """

    kind: Kind
    theme: str
    text: str
    feature: Feature
    contribution: float
    comparison: str = ""
    named: tuple[str, ...] = ()


def tell(patient: Patient, themes: Themes, *, most: int) -> list[Said]:
    """Return all that is said of a person: up to `most` that raise, then up to three that lower, then what is unseen.

    The contributions of features that were not seen go with what is unseen, all others with their theme.
    """
    unseen = [member for member in themes.may_be_unseen if math.isnan(patient.value(member))]
    weights = patient.weights.copy()
    weights[[member.place for member in unseen]] = 0
    raising = without_sums(themes.ordered(weights, least=WORTH_A_REASON))
    lowering = themes.ordered(-weights, least=WORTH_SAYING)
    told = Told()
    return [
        *_raised(patient, raising, told, most=most),
        *itertools.islice(_lowered(patient, lowering, told), MOST_LOWERING),
        *_unseen(patient, unseen),
    ]


def _raised(patient: Patient, raising: Mapping[Theme, float], told: Told, *, most: int) -> list[Said]:
    """Return what raises: the latest event first, how care was given last, else what adds most and few peers have."""
    found: list[tuple[bool, bool, float, Said]] = []
    admitted = {theme: day for theme in raising if (day := _day_of_late(patient, theme)) is not None}
    # Told first, so that the day stands with the admission and not with the attendance at A&E that it began with.
    for theme in [*admitted, *(theme for theme in raising if theme not in admitted)]:
        added, day = raising[theme], admitted.get(theme)
        text, member, beside = _raising(patient, theme, told)
        if member is None or not told.first(text):
            continue
        if day is not None and not told.knows(patient.value(day)):
            told.days.append(patient.value(day))
            text = f"{text}; {patient.worded(day)}"
        comparison = patient.compared(member) if beside is None else _compared(patient, member, beside)
        flags = nameable(patient, theme, member)[:MOST_NAMED] if member is theme.by_name else ()
        named = tuple(flag.feature.name for flag in flags)
        said = Said("raises", theme.words, text, member.feature, added, comparison, named)
        found.append((is_administrative(member), day is None, -added * rarity(patient, member), said))
    ordered = [said for *_, said in sorted(found, key=lambda found: found[:3])]
    once = {name for said in ordered[:most] for name in said.named}  # what is named is no reason again
    return [said for said in ordered if said.feature.name not in once][:most]


def _day_of_late(patient: Patient, theme: Theme) -> Member | None:
    """Return the day of the last emergency admission, where a theme tells of one in the last three months or so."""
    days = (member for member in theme.members if member.is_last_day and member.is_of_emergency_admissions)
    return next((day for day in days if patient.value(day) <= _RECENT_DAYS), None)


def _lowered(patient: Patient, lowering: Mapping[Theme, float], told: Told) -> Iterator[Said]:
    """Yield what speaks for the person: how they fare and are cared for, then one measurement that is normal."""
    care: list[Said] = []
    measured: list[Said] = []
    for theme, taken in lowering.items():
        text, member = _lowering(patient, theme)
        if member is not None and told.first(text):
            said = Said("lowers", theme.words, text, member.feature, -taken, patient.compared(member))
            (measured if member.definition.in_units else care).append(said)
    yield from [*care, *measured[:1]]


# --- what raises ------------------------------------------------------------------------------------------------------


def _raising(patient: Patient, theme: Theme, told: Told) -> tuple[str, Member | None, Member | None]:
    """Return the words of the theme and the features that they are of; none where no value of it can be said."""
    strongest = sorted(
        (member for member in theme.members if patient.weight(member) > 0), key=lambda member: -patient.weight(member)
    )
    for member in strongest:
        if not _may_raise(patient, member):
            continue
        if theme.by_name is not None and _may_raise(patient, theme.by_name):
            return by_name(patient, theme, theme.by_name), theme.by_name, None
        if counts := [count for count in theme.headline if _may_raise(patient, count)]:
            return headline(patient, theme, counts, member, told)
        if theme.headline and member.definition.direction == "none":
            continue  # how appointments divide, or when the last was, where there were no more of them than usual
        if member.is_last_day and member.is_of_hospital_visit and told.knows(patient.value(member)):
            continue
        text = counted(patient, theme, member, told) if member.is_count else _changed(patient, theme, member)
        if member.is_last_day and member.is_of_hospital_visit:
            told.days.append(patient.value(member))
        return (f"on record: {text}" if is_administrative(member) else text), member, None
    return "", None, None


def _changed(patient: Patient, theme: Theme, member: Member) -> str:
    """Return the words of a feature, and of a yearly change where it has led: the latest measurement."""
    text = patient.worded(member)
    latest = [other for other in theme.members if other.definition.measure == "latest" and other.reads_as(member)]
    if member.definition.measure != "slope" or not text or not latest or math.isnan(patient.value(latest[0])):
        return text
    return f"{text}, to {number(patient.value(latest[0]))}"


def _may_raise(patient: Patient, member: Member) -> bool:
    """Return whether a value can be understood as raising a risk: there, not normal, beyond peers, in its direction."""
    definition, value = member.definition, patient.value(member)
    if math.isnan(value) or is_unremarkable(definition, value, patient.sex) or not patient.worded(member):
        return False
    if (definition.measure == "rise" and value <= 1) or _gainsays(patient, member):
        return False
    # Age and sex stand in the heading of each person, and are what peers share.
    if definition.measure == "age" or (definition.measure == "is" and set(definition.where) <= {"sex"}):
        return False
    # How long someone was registered is news of newcomers; how long a practice's records are seen is none of anyone.
    whole = definition.measure == "registered_days" and value >= (member.window or 0)
    return definition.measure != "seen_days" and not whole and is_beyond_peers(patient, member)


def _compared(patient: Patient, member: Member, beside: Member) -> str:
    """Return what is usual of the two numbers of a text."""
    first, second = patient.usual(member), patient.usual(beside)
    if first is None or second is None:
        return ""
    units = member.definition.unit != beside.definition.unit
    figure = first.figure(member.definition, patient.value(member), with_unit=units)
    if first.alike != second.alike:
        return f"{first.who} {first.alike}: {figure}; {patient.compared(beside)}"
    its = second.figure(beside.definition, patient.value(beside), with_unit=units)
    return f"{first.who} {first.alike}: {figure} and {its}"


def _gainsays(patient: Patient, member: Member) -> bool:
    """Return whether a value lies on the good side of what its declaration says risk goes with."""
    definition, value = member.definition, patient.value(member)
    normal = normal_for(definition, patient.sex)
    side = value
    if normal is not None and definition.measure != "slope":
        side = {"low": -1.0, "normal": 0.0, "high": 1.0}[normal.judge(value)]
    elif definition.measure != "slope" and definition.direction == "down":
        return False  # days and the like: no number of them is the good side
    return {"up": side <= 0, "down": side >= 0, "none": False}[definition.direction]


# --- what lowers ------------------------------------------------------------------------------------------------------


def _lowering(patient: Patient, theme: Theme) -> tuple[str, Member | None]:
    # That there was none of something says more than that there was little.
    strongest = sorted(theme.members, key=lambda member: (patient.value(member) != 0, patient.weight(member)))
    for member in strongest:
        if patient.weight(member) >= 0:
            continue
        # None in a year says more than none in a month.
        windows = theme.windows_of(member) if patient.value(member) == 0 else (member,)
        if in_favour := [other for other in windows if _is_in_favour(patient, other)]:
            return patient.worded(in_favour[-1]), in_favour[-1]
    return "", None


def _is_in_favour(patient: Patient, member: Member) -> bool:
    """Return whether a value speaks for the person more than for most peers: less trouble, or care that took place.

    What could not be seen speaks for nobody: of someone whose GP record is not seen, that no fall was coded in hospital
    says little.
    """
    definition, value = member.definition, patient.value(member)
    if math.isnan(value):
        return False
    if definition.measure == "latest" and definition.in_units:
        return is_normal_and_better_than_peers(patient, member)
    if definition.direction == "up":
        if definition.table == CODED_ENTRIES and patient.days_of_gp_record < (member.window or 0):
            return False
        if value == 0:
            return bool(definition.reason_zero) and not holds_of_most_peers(patient, member, -1.0)
        is_trouble = definition.table in _TROUBLE and definition.measure in _COUNTS
        return is_trouble and is_well_below_peers(patient, member)
    if definition.direction != "none" or definition.domain != _CARE or value == 0:
        return False
    if member.is_last_day:
        return value <= _RECENT_DAYS and not holds_of_most_peers(patient, member, -1.0)
    is_had = definition.measure == "any" and bool(definition.reason_zero)
    return is_had and not holds_of_most_peers(patient, member, 1.0)


# --- what is unseen ---------------------------------------------------------------------------------------------------


def _unseen(patient: Patient, unseen: Sequence[Member]) -> Iterator[Said]:
    """Yield one line for the GP record, whatever of it was not seen, and one for each other thing that is lacking."""
    lines: dict[str, list[Member]] = {}
    for member in unseen:
        lines.setdefault(_lack(patient, member), []).append(member)
    for text, members in lines.items():
        heaviest = max(members, key=lambda member: abs(patient.weight(member)))
        of_practice = heaviest.definition.source.held_by == "practice"
        theme = "GP record" if of_practice else heaviest.definition.title
        added = sum(patient.weight(member) for member in members)
        yield Said("unseen", theme, text, heaviest.feature, added)


def _lack(patient: Patient, member: Member) -> str:
    seen_enough = patient.days_of_gp_record >= (member.window or 0)
    if member.definition.source.held_by != "practice" or seen_enough:
        return patient.worded(member)
    if patient.gp_seen_from is None:
        return "GP record not seen"
    return f"GP record not seen before {date_in_words(patient.gp_seen_from)}"
