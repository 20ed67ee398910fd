"""Telling: which of a person's themes are said, of each theme what, and in which words.

What *raises* the risk above that of peers is one line a theme, strongest first. What *lowers* it is told where it
speaks for the person: care that took place of late, or a trouble that is not there. That someone is thirty, or has one
disease and not another, is no merit and is not told. What is *unseen* in the record is said once: never as zero, nor as
a reason on top.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from vi_risk.features.definition import Feature
from vi_risk.features.sources import CODED_ENTRIES
from vi_risk.models.templates import date_in_words
from vi_risk.reasons.headlines import Told, counted, headline
from vi_risk.reasons.normal import is_unremarkable, normal_for
from vi_risk.reasons.patient import Patient
from vi_risk.reasons.themes import Member, Theme, Themes

Kind = Literal["raises", "lowers", "unseen"]

MOST_LOWERING = 3
# On the log-odds scale; less moves the odds by under two in a hundred, which is not worth a line of anyone's attention.
WORTH_SAYING = 0.02

_CARE = "primary and community use"
_RECENT_DAYS = 92
# Of the settings of care those that most contacts are with.
_SETTINGS = ("gp_appointments", "community_contacts", "outpatient_appointments")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said of a person.

    Attributes
    ----------
    theme
        In words.
    feature, value
        That the text begins with.
    unit
        Of the value, where the text has other numbers beside it.
    contribution
        The log-odds that the theme adds.
    """

    kind: Kind
    theme: str
    text: str
    feature: Feature
    value: float
    contribution: float
    unit: str = ""


def tell(patient: Patient, themes: Themes, *, most: int) -> list[Said]:
    """Return all that is said of a person: up to `most` that raise, then up to three that lower, then what is unseen.

    The contributions of features that were not seen go with what is unseen, all others with their theme.
    """
    unseen = [member for member in themes.may_be_unseen if math.isnan(patient.value(member))]
    weights = patient.weights.copy()
    weights[[member.place for member in unseen]] = 0
    raising = themes.ordered(weights, least=WORTH_SAYING)
    if any(theme.members[0].definition.table in _SETTINGS for theme in raising):
        raising = {theme: added for theme, added in raising.items() if not theme.sums_settings}  # it repeats its parts
    lowering = themes.ordered(-weights, least=WORTH_SAYING)
    told = Told()
    found = itertools.chain(
        itertools.islice(_raised(patient, raising, told), most),
        itertools.islice(_lowered(patient, lowering, told), MOST_LOWERING),
        _unseen(patient, unseen),
    )
    return list(found)


def _raised(patient: Patient, raising: Mapping[Theme, float], told: Told) -> Iterator[Said]:
    for theme, added in raising.items():
        text, member = _raising(patient, theme, told)
        if member is not None and told.first(text):
            unit = member.definition.unit if ";" in text else ""
            yield Said("raises", theme.words, text, member.feature, patient.value(member), added, unit)


def _lowered(patient: Patient, lowering: Mapping[Theme, float], told: Told) -> Iterator[Said]:
    for theme, taken in lowering.items():
        text, member = _lowering(patient, theme)
        if member is not None and told.first(text):
            yield Said("lowers", theme.words, text, member.feature, patient.value(member), -taken)


# --- what raises ------------------------------------------------------------------------------------------------------


def _raising(patient: Patient, theme: Theme, told: Told) -> tuple[str, Member | None]:
    """Return the words of the theme and the feature that they are of; none where no value of it can be said."""
    strongest = sorted(
        (member for member in theme.members if patient.weight(member) > 0), key=lambda member: -patient.weight(member)
    )
    for member in strongest:
        if not _may_raise(patient, member):
            continue
        if counts := [count for count in theme.headline if patient.value(count) > 0]:
            return headline(patient, theme, counts, member, told)
        if member.is_last_day and member.is_of_hospital_visit and told.knows(patient.value(member)):
            continue
        if text := counted(patient, theme, member, told) if member.is_count else patient.worded(member):
            if member.is_last_day and member.is_of_hospital_visit:
                told.days.append(patient.value(member))
            return text, member
    return "", None


def _may_raise(patient: Patient, member: Member) -> bool:
    """Return whether a value can be understood as raising a risk: there, not normal, not against its own direction."""
    definition, value = member.definition, patient.value(member)
    if math.isnan(value) or is_unremarkable(definition, value, patient.sex):
        return False
    if (definition.measure == "rise" and value <= 1) or _gainsays(patient, member):
        return False
    # How long someone was registered is news of newcomers; how long a practice's records are seen is none of anyone.
    whole = definition.measure == "registered_days" and value >= (member.window or 0)
    return definition.measure != "seen_days" and not whole and bool(patient.worded(member))


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
    strongest = sorted(theme.members, key=patient.weight)
    for member in strongest:
        if patient.weight(member) < 0 and _is_in_favour(patient, member):
            longest = [other for other in theme.windows_of(member) if _is_in_favour(patient, other)][-1]
            told = longest if patient.value(member) == 0 else member  # none in a year says more than none in a month
            return patient.worded(told), told
    return "", None


def _is_in_favour(patient: Patient, member: Member) -> bool:
    """Return whether a value speaks for the person: a trouble that is not there, or care that took place.

    What could not be seen speaks for nobody: of someone whose GP record is not seen, that no fall was coded in hospital
    says little.
    """
    definition, value = member.definition, patient.value(member)
    if value == 0:
        whole = definition.table != CODED_ENTRIES or patient.days_of_gp_record >= (member.window or 0)
        return definition.direction == "up" and whole and bool(definition.reason_zero)
    if definition.direction != "none" or definition.domain != _CARE:
        return False
    return value <= _RECENT_DAYS if member.is_last_day else definition.measure == "any" and bool(definition.reason_zero)


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
        yield Said("unseen", theme, text, heaviest.feature, math.nan, added)


def _lack(patient: Patient, member: Member) -> str:
    seen_enough = patient.days_of_gp_record >= (member.window or 0)
    if member.definition.source.held_by != "practice" or seen_enough:
        return patient.worded(member)
    if patient.gp_seen_from is None:
        return "GP record not seen"
    return f"GP record not seen before {date_in_words(patient.gp_seen_from)}"
