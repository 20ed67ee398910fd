"""A replayed date at which no list could be made, and why: it stands on the page, and the other dates go on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vi_risk.errors import InputError
from vi_risk.governance.small_numbers import Disclosure

# What a run of one date says of its own flag, which a replay does not have.
_OF_A_RUN = re.compile(r"^--index-date [0-9-]+: ")
# Numbers in a reason that may be of people, a date or a part of a name being none of them.
_PART_OF = re.compile(r"\b([0-9][0-9,]*) of ([0-9][0-9,]*)\b")
_ALONE = re.compile(r"(?<![\w.,-])([0-9])(?!\w|-|[.,][0-9]| days?\b)")


@dataclass(frozen=True, slots=True)
class NotRun:
    """A date that could not be run; the reason is exact, numbers of people among it."""

    day: date
    reason: str

    @classmethod
    def of(cls, day: date, error: InputError) -> "NotRun":
        """Return it of what a run of the day would have said."""
        return cls(day, _OF_A_RUN.sub("", str(error)))

    def disclosed(self, rule: Disclosure) -> str:
        """Return the reason with numbers of people told by the rule.

        Examples
        --------
        >>> said = "outcome: expected at least 50 events, found 3 events in 402 rows. Add patients."
        >>> NotRun(date(2024, 1, 1), said).disclosed(Disclosure())
        'outcome: expected at least 50 events, found fewer than 8 events in 400 rows. Add patients.'
        """
        told = rule.sentence(self.reason)
        told = _PART_OF.sub(lambda found: " of ".join(_words(number, rule) for number in found.groups()), told)
        return _ALONE.sub(lambda found: _words(found[1], rule) if rule.is_small(int(found[1])) else found[1], told)


def refuse_none_run(not_run: Sequence[NotRun]) -> None:
    """Refuse a replay of which no date could be run.

    Raises
    ------
    InputError
        There are such dates, each with its reason; a reason that several have is told once.
    """
    days: dict[str, list[str]] = {}
    for one in not_run:
        days.setdefault(one.reason, []).append(str(one.day))
    faults = [f"{', '.join(of_reason)}: {reason}" for reason, of_reason in days.items()]
    raise InputError("\n".join(["replay: none of the dates could be run.", *faults]))


def _words(number: str, rule: Disclosure) -> str:
    return rule.words(int(number.replace(",", "")))
