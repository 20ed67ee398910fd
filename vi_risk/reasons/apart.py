"""Apart: whether a value sets a person apart from people of the same age and sex, and which way it does."""

import math

from vi_risk.reasons.normal import normal_for
from vi_risk.reasons.patient import Patient
from vi_risk.reasons.themes import Member

RAREST = 0.01  # among a hundred people who stand for others, one is as few as can be told

_MEASURED = ("latest", "slope")
_MOST = 0.5


def side_of(patient: Patient, member: Member) -> float:
    """Return which values are told as raising a risk: 1.0 high ones, -1.0 low ones.

    That of the declaration; without one, a measurement's own side of what is normal, the sign of a change, and high
    else: that someone was seen less is no reason, whatever a model makes of it.
    """
    definition, value = member.definition, patient.value(member)
    if definition.direction == "down" or definition.measure in ("registered_days", "days_since_last"):
        return -1.0
    if definition.direction == "up" or definition.measure not in _MEASURED:
        return 1.0
    normal = normal_for(definition, patient.sex)
    is_low = value < 0 if definition.measure == "slope" else normal is not None and normal.judge(value) == "low"
    return -1.0 if is_low else 1.0


def is_beyond_peers(patient: Patient, member: Member) -> bool:
    """Return whether a value lies beyond what is usual among peers; true also where nothing is said to be usual."""
    usual = patient.usual(member)
    return usual is None or usual.is_beyond(patient.value(member), side_of(patient, member))


def rarity(patient: Patient, member: Member) -> float:
    """Return how few peers have as much: 1 where one in ten has, 2 where one in a hundred or fewer, 0.3 of every other.

    The logarithm to base ten of one over their share; 1 where nothing is said to be usual.
    """
    usual = patient.usual(member)
    if usual is None:
        return 1.0
    return -math.log10(max(usual.share_as_far(patient.value(member), side_of(patient, member)), RAREST))


def is_administrative(member: Member) -> bool:
    """Return whether a feature says how care was given or recorded, and not how someone fares.

    A review, a vaccination, a registration, the day of the last appointment: marks of people who are looked after.
    """
    definition = member.definition
    return (
        definition.table == "registrations"
        or definition.codes == "reviews_and_vaccinations"
        or definition.measure == "seen_days"
        or (member.is_last_day and definition.direction == "none")
    )


def is_well_below_peers(patient: Patient, member: Member) -> bool:
    """Return whether a count is at most half of what is usual among peers."""
    usual = patient.usual(member)
    value = patient.value(member)
    return usual is not None and not math.isnan(value) and usual.kind == "mean" and value <= usual.typical / 2


def holds_of_most_peers(patient: Patient, member: Member, side: float) -> bool:
    """Return whether half of the peers or more have a value as high, or (side -1) as low."""
    usual = patient.usual(member)
    return usual is not None and usual.share_as_far(patient.value(member), side) >= _MOST


def is_normal_and_better_than_peers(patient: Patient, member: Member) -> bool:
    """Return whether a measurement is normal and better than is usual among peers, in the digits that are told.

    Of a measurement with trouble at both ends nothing is better than normal, which most people are.
    """
    normal, usual, value = normal_for(member.definition, patient.sex), patient.usual(member), patient.value(member)
    if normal is None or not normal.worse or math.isnan(value) or normal.judge(value) != "normal":
        return False
    return usual is None or usual.is_beyond(value, -normal.worse)
