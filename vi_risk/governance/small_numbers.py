"""The rule of small numbers: how numbers of people are told to others than the team that cares for them.

A number from 1 to 7 is not told, any other is rounded to the nearest 5, and 0 stays 0: the rule of England's hospital
statistics, whose two figures a site's governance file may raise (`small_numbers`). Totals are rounded by themselves,
not added up from rounded parts, so that a difference of two of them gives a range.

What that leaves to whoever subtracts
-------------------------------------
A number told as r is one of r - 2 ... r + 2; the figures below are for the rule as it is shipped.

- Two numbers told, one a part of the other (asked and followed; listed and found; someone at risk at two dates): their
  difference d is a multiple of 5, and the number between them any of d - 4 ... d + 4 that is not below 0. These are at
  least the five values 0 ... 4.
- A table whose parts make up a total T, in which n parts are small, and the parts told add up to s ... S at the least
  and the most. Grant whoever looks the total T exactly, as it may be known otherwise (places on a list are). Each small
  part is then any of max(1, T - S - 7 (n - 1)) ... min(7, T - s - (n - 1)). This can be one value alone: of T = 200
  with three parts told as 65, 65 and 75, the fourth is 1. `Disclosure.table` works these ranges out, and as long as
  they hold fewer than three values it leaves a further part untold, the smallest first. Two values are not enough: of 1
  or 2, whoever knows that the part is made up of two others with somebody in each (listed and ill, listed and well)
  has ruled out the 1. A part that is left out beside a small one looks as the small one does.

So a part from 1 to 7 has two values or more, all of them between 1 and 7, unless every part is small and all are 1 or
all are 7: then nothing is left to leave out, and nothing told but the rounded total, which for up to three parts still
means two values or more.

A share is told as a rounded number of a rounded number, so that it times its denominator gives the rounded number
again. Where weights are in it, its numerator is the share times the people it is of. Figures by which a number could
be worked out (calibration, Brier scores, net benefit) are told in steps as wide as five people.

Not claimed: safety from someone who knows all but one of the people of a group, or sees two runs made a few people
apart. Rounding that changed from run to run at random would be worse: whoever sees many runs could average it away.

References
----------
NHS Digital (2018). Disclosure control methodology for Hospital Episode Statistics (HES) and Emergency Care Data Set
(ECDS), from September 2018: 1 to 7 is not shown, all else is rounded to the nearest 5, totals by themselves.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from vi_risk.governance.declaration import SmallNumbers

Label = TypeVar("Label")
Interval = tuple[float, float]

# Numbers of people or rows in a sentence of a run: "14 of 20,310 rows", "9,876 people", "400 training rows".
_IN_WORDS = re.compile(
    r"\b(?:(?P<part>\d[\d,]*) of )?(?P<whole>\d[\d,]*)(?= (?:training )?(?:people|rows|patients|discharges|events)\b)"
)
_FEWEST_VALUES = 3  # that a small part of a table may have; see the docstring
_EXACT = 1e-9  # what is lost in dividing and multiplying again


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Numbers as they may be told to others than the team.

    Attributes
    ----------
    fewer_than
        Numbers from 1 up to this, itself not among them, are not told.
    round_to
        Others are told to the nearest multiple of this, and never as 0.
    """

    fewer_than: int = SmallNumbers().fewer_than
    round_to: int = SmallNumbers().round_to

    @classmethod
    def of(cls, about: Mapping[str, int] | None) -> "Disclosure":
        """Return the rule that a run was made under; where run.json says nothing, the rule that is shipped."""
        return cls() if about is None else cls(about["fewer_than"], about["round_to"])

    def is_small(self, number: float | None) -> bool:
        """Return whether a number is too small to be told; one that rests on weights is taken to the nearest whole."""
        return number is not None and 0 < number < self.fewer_than - 0.5

    def count(self, number: float | None) -> int | None:
        """Return a number as it may be told; None where it may not be, or is not known.

        Examples
        --------
        >>> [Disclosure().count(number) for number in (0, 1, 7, 8, 12, 13, 997)]
        [0, None, None, 10, 10, 15, 995]
        """
        if number is None or self.is_small(number):
            return None
        if number <= 0:
            return 0
        return max(self.round_to, math.floor(number / self.round_to + 0.5) * self.round_to)

    def words(self, number: float | None) -> str:
        """Return a number as it may be told, for a sentence.

        Examples
        --------
        >>> Disclosure().words(3), Disclosure().words(1204)
        ('fewer than 8', '1,205')
        """
        told = self.count(number)
        return f"fewer than {self.fewer_than}" if told is None else f"{told:,}"

    def unless_small(self, number: int) -> str:
        """Return a number as it is, unless it is small: of people who object, whom their own team may not find either.

        Examples
        --------
        >>> Disclosure().unless_small(0), Disclosure().unless_small(3), Disclosure().unless_small(1204)
        ('0', 'fewer than 8', '1,204')
        """
        return f"fewer than {self.fewer_than}" if self.is_small(number) else f"{number:,}"

    def sentence(self, text: str) -> str:
        """Return a sentence of a run in which numbers of people and rows are told by the rule.

        Examples
        --------
        >>> Disclosure().sentence("spells.nhs_number: 3 of 20,311 rows: fail the check digit; 4 of 469 months empty")
        'spells.nhs_number: fewer than 8 of 20,310 rows: fail the check digit; 4 of 469 months empty'
        """

        def told(found: re.Match[str]) -> str:
            numbers = [found[name] for name in ("part", "whole") if found[name] is not None]
            return " of ".join(self.words(int(number.replace(",", ""))) for number in numbers)

        return _IN_WORDS.sub(told, text)

    def table(
        self,
        numbers: Mapping[Label, int | None],
        untold: Collection[Label] = (),
        *,
        total: int | None = None,
    ) -> dict[Label, int | None]:
        """Return the parts of a total as they may be told: no small one has one possible value alone (see above).

        Parameters
        ----------
        numbers
            What makes up the total; None is a number that is not known here, and may be small.
        untold
            Parts that are not to be told, whatever their number.
        total
            What all parts come to; needed where one is None.

        Examples
        --------
        >>> Disclosure().table({"a": 63, "b": 63, "c": 73, "d": 1})
        {'a': None, 'b': 65, 'c': 75, 'd': None}
        """
        told = {label: None if label in untold else self.count(number) for label, number in numbers.items()}
        if total is None and None not in numbers.values():
            total = sum(number for number in numbers.values() if number is not None)
        while total is not None and self._can_be_worked_out(numbers, told, total):
            others = [label for label, number in told.items() if number]
            if not others:
                break
            told[min(others, key=lambda label: numbers[label] or 0)] = None
        return told

    def part(self, part: float | None, whole: float | None) -> int | None:
        """Return a part as it may be told, neither it nor the rest being one value to someone who knows the whole.

        Examples
        --------
        >>> Disclosure().part(8, 9), Disclosure().part(8, 20), Disclosure().part(0, 9)
        (None, 10, 0)
        """
        if part is None or whole is None:
            return self.count(part)
        return self.table({"part": round(part), "rest": max(0, round(whole) - round(part))})["part"]

    def tables(
        self,
        numbers: Mapping[str, Mapping[str, int | None]],
        same: Mapping[str, Mapping[str, object]],
        *,
        total: int | None = None,
    ) -> dict[str, dict[str, int | None]]:
        """Return tables of the same people; a part that is in several of them is told in all or in none.

        Parameters
        ----------
        numbers
            Attribute -> label -> number.
        same
            Attribute -> label -> what is equal for the same people under two attributes.
        """
        untold: set[object] = set()
        while True:
            told = {
                attribute: self.table(of, {label for label in of if same[attribute][label] in untold}, total=total)
                for attribute, of in numbers.items()
            }
            now = {same[attribute][label] for attribute, of in told.items() for label in of if of[label] is None}
            if now == untold:
                return told
            untold |= now

    def _can_be_worked_out(
        self, numbers: Mapping[Label, int | None], told: Mapping[Label, int | None], total: int
    ) -> bool:
        """Return whether a small part has too few values left to someone who knows the total and which parts are small.

        Parts that are left out beside the small ones are known to be no smaller than the rule. Of two or more that were
        not told before, nobody knows which is small; one alone is taken to be.
        """
        if sum(number is None for number in numbers.values()) > 1:
            return False
        small = sum(number is None or self.is_small(number) for number in numbers.values())
        if not small:
            return False
        shown = [self._could_be(number) for number in told.values() if number is not None]
        beside = len(numbers) - small - len(shown)
        untold_at_most = total - sum(least for least, _ in shown) - self.fewer_than * beside
        untold_at_least = 0 if beside else total - sum(most for _, most in shown)
        low = max(1, untold_at_least - (self.fewer_than - 1) * (small - 1))
        high = min(self.fewer_than - 1, untold_at_most - (small - 1))
        return 0 < high - low + 1 < _FEWEST_VALUES  # without any value, a part that is not known here is not small

    def _could_be(self, told: int) -> tuple[int, int]:
        """Return the least and the most that a number which is told may be."""
        if told == 0:
            return 0, 0
        half = self.round_to / 2
        return max(self.fewer_than, math.ceil(told - half)), math.ceil(told + half) - 1

    # --- shares and figures -------------------------------------------------------------------------------------------

    def share(self, part: float | None, whole: float | None) -> float | None:
        """Return a share as a rounded number of a rounded number; None where either is not told, or the whole is 0.

        Examples
        --------
        >>> Disclosure().share(109, 200), Disclosure().share(3, 200), Disclosure().share(0, 200)
        (0.55, None, 0.0)
        """
        told, of = self.count(part), self.count(whole)
        return None if told is None or not of else min(1.0, told / of)

    def in_steps(self, value: float | None, of: float | None) -> float | None:
        """Return a figure in steps of what five of these people make of it; None where their number is not told.

        Examples
        --------
        >>> Disclosure().in_steps(0.0586, of=500), Disclosure().in_steps(0.0586, of=5)
        (0.06, None)
        """
        told = self.count(of)
        if value is None or not told:
            return None
        return round(value * told / self.round_to) * self.round_to / told

    def ends(self, ends: Sequence[float] | None) -> list[int] | None:
        """Return the ends of an interval of a number of people, moved outwards to numbers that may be told.

        Examples
        --------
        >>> Disclosure().ends([11.6, 25.0]), Disclosure().ends([-3, 4])
        ([10, 25], [-5, 5])
        """
        if ends is None:
            return None
        return [self.round_to * math.floor(ends[0] / self.round_to), self.round_to * math.ceil(ends[1] / self.round_to)]

    def difference(self, value: float | None) -> int | None:
        """Return how many more of two numbers of people one is, to the nearest of the steps in which they are told.

        Examples
        --------
        >>> [Disclosure().difference(more) for more in (-3.2, 2, 7.9)]
        [-5, 0, 10]
        """
        return None if value is None else self.round_to * round(value / self.round_to)

    def interval(
        self,
        ends: Sequence[float] | None,
        *,
        value: float | None,
        told: float | None,
        of: float | None,
        bounds: Interval | None = (0.0, 1.0),
    ) -> list[float] | None:
        """Return the interval of a value around what is told in its place, its ends moved outwards to whole steps.

        Examples
        --------
        >>> [round(end, 3) for end in Disclosure().interval([0.484, 0.613], value=0.547, told=0.55, of=200)]
        [0.475, 0.625]
        """
        people = self.count(of)
        if ends is None or value is None or told is None or not people:
            return None
        step = self.round_to / people
        low = math.floor((told - value + ends[0]) / step + _EXACT) * step
        high = math.ceil((told - value + ends[1]) / step - _EXACT) * step
        return [low, high] if bounds is None else [max(bounds[0], low), min(bounds[1], high)]
