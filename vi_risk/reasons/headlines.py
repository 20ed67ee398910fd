"""Headlines: a theme of events in one sentence - how many there were, how many of late, when the last one was."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from vi_risk.reasons.patient import Patient
from vi_risk.reasons.sentences import ago, listed, number, span
from vi_risk.reasons.themes import YEAR, Member, Theme, usual_window

MOST_NAMED = 4


@dataclass(slots=True)
class Told:
    """What has been told of a person so far, so that nothing is told twice."""

    texts: set[str] = field(default_factory=set)
    days: list[float] = field(default_factory=list)  # of visits to hospital, before the index date

    def first(self, text: str) -> bool:
        """Return whether it is the first time, and note it."""
        is_first = text not in self.texts
        self.texts.add(text)
        return is_first

    def knows(self, day: float) -> bool:
        """Return whether a visit of that day, or of the one beside it, was told of."""
        return any(abs(day - told) <= 1 for told in self.days)  # an admission may begin the day after the attendance


def headline(
    patient: Patient, theme: Theme, counts: Sequence[Member], strongest: Member, told: Told
) -> tuple[str, Member, Member | None]:
    """Return how many there were, the last one when, and then what weighed most where that is something else.

    Parameters
    ----------
    counts
        Those of the theme's headline that can be told, shortest window first.

    Returns
    -------
    text, member, beside
        The words, the feature that they begin with, and that of the second half, None without one.
    """
    base = usual_window(counts)
    if strongest in counts and (strongest.window or 0) > (base.window or 0):
        base = strongest
    text = counted(patient, theme, base, told, strongest)
    if _says_more(strongest, base):
        return f"{text}; {patient.worded(strongest)}", base, strongest
    return text, base, None


def by_name(patient: Patient, theme: Theme, count: Member) -> str:
    """Return a count of conditions, or of kinds of medicine, in words, and which they are.

    Of more than four, four are named. What is not to be named is counted all the same.
    """
    text, there = patient.worded(count), nameable(patient, theme, count)
    if not there:
        return text
    names = listed([flag.feature.group_title for flag in there[:MOST_NAMED]])
    are_all = len(there) == patient.value(count) and len(there) <= MOST_NAMED
    return f"{text}: {names}" if are_all else f"{text}, among them {names}"


def nameable(patient: Patient, theme: Theme, count: Member) -> list[Member]:
    """Return what of a count is there and may be named, first what fewest peers have."""
    there = [
        flag
        for flag in theme.named_by
        if count.counts(flag) and patient.value(flag) > 0 and flag.feature.name not in patient.unnamed
    ]
    usual = {flag: patient.usual(flag) for flag in there}
    return sorted(there, key=lambda flag: 1.0 if (its := usual[flag]) is None else its.typical)


def counted(patient: Patient, theme: Theme, base: Member, told: Told, strongest: Member | None = None) -> str:
    """Return a count in words, how many of them were of late where that weighed, and when the last one was."""
    count, text = patient.value(base), patient.worded(base)
    late = None if strongest is None else _late(theme, base, strongest)
    if late is not None and (of_late := patient.value(late)) > 1:  # of one, the day is told
        which = "all" if of_late >= count else f"{number(of_late)} of them"
        text += f", {which} in the last {span(late.window)}"
    last = theme.last_day(base)
    day = math.nan if last is None else patient.value(last)
    if last is None or math.isnan(day) or day > (base.window or 0):
        return text
    if last.is_of_hospital_visit:
        if told.knows(day):
            return text
        told.days.append(day)
    return f"{text}, {'' if count == 1 else 'the last '}{ago(round(day))}"


def _late(theme: Theme, base: Member, strongest: Member) -> Member | None:
    """Return the count of late events that a strongest feature stands for: itself, or that of a rise."""
    shorter = [count for count in theme.windows_of(base) if (count.window or 0) < (base.window or 0)]
    if strongest.definition.measure == "rise" and strongest.reads_as(base):
        return next((count for count in shorter if count.window == strongest.definition.recent), None)
    if strongest in shorter:
        return strongest
    return usual_window(shorter) if shorter and strongest is base and (base.window or 0) > YEAR else None


def _says_more(strongest: Member, base: Member) -> bool:
    """Return whether what weighed most is worth a half-sentence after the headline.

    Another way to say the same adds nothing, nor does how appointments divide: by doctor and nurse, in person or not.
    """
    definition = strongest.definition
    in_other_words = strongest.is_last_day or definition.measure == "rise" or definition.at_least is not None
    if definition is base.definition or (in_other_words and strongest.reads_as(base)):
        return False
    return definition.direction == "up" and definition.measure != "share"
