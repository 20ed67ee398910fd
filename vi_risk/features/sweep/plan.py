"""What is gathered of one source: its conditions, code lists and values as bits of a row, and who reads which rows.

A reader takes the rows that have all of its bits and keeps sums, counts and days of them for every person and index
date. Everything is numbered as it is asked for; features that ask for the same share it.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

from vi_risk.features.definition import INTERVAL_MEASURES, Condition, Definition
from vi_risk.features.matching import Chosen, chosen_by
from vi_risk.features.parts import END_OF, kind_of, written
from vi_risk.features.sources import CODE_COLUMNS

K = TypeVar("K", bound=Hashable)
Needs = frozenset[int]


class Gather(IntEnum):
    """What is kept of the rows that a reader takes, inside a window."""

    COUNT = 0
    LAST = 1  # fewest days before the index date
    FIRST = 2  # most days before it
    TOTAL = 3  # sum of the values
    MOST = 4  # greatest value
    DAYS = 5  # sum of the days before the index date
    DAYS_SQUARED = 6
    DAYS_TOTAL = 7  # sum of days times value, in two columns: whole multiples of 2 ** 32, and the rest
    INSIDE = 8  # days of stays inside the window, whenever they began; the value is the day on which one ended
    LATEST = 9  # in three columns: days to the last day with a value; number and sum of the values of that day


_COLUMNS = {Gather.DAYS_TOTAL: 2, Gather.LATEST: 3}


@dataclass(frozen=True, slots=True)
class Reader:
    """Takes rows that have all bits of `needs`; reads a value, or else whether the row has all bits of `part`."""

    needs: Needs
    value: int | None = None
    part: Needs = frozenset()


@dataclass(frozen=True, slots=True)
class Things:
    """Distinct values of a column, cut to a prefix, of the rows that have all bits of `needs`."""

    of: str
    prefix: int | None
    coded: bool  # it is a code, and the rows have one of a code list
    needs: Needs


@dataclass(frozen=True, slots=True)
class Place:
    """A group of a code list, of the rows that have all bits of `needs`."""

    chosen: Chosen
    group: str
    needs: Needs


@dataclass
class Plan:
    """All that is gathered of one source.

    Attributes
    ----------
    longest
        Days of look-back of the longest window.
    only_matched
        Whether rows without a code of any list matter to nobody.
    conditions
        Written condition -> its bit, and the condition.
    lists
        Code list and its groups -> bit.
    values
        Column -> its number, and the bit of the rows that have a value; of a date, the day.
    end
        The column with the day on which a row ended, where days inside windows are asked for: rows that began before
        the longest window may reach into it.
    gatherings
        Reader, what it gathers, and the window -> the first of the columns that hold it.
    things
        Things and the window -> their column of counts.
    places
        Group of a code list -> its column of days.
    """

    source: str
    longest: int
    only_matched: bool
    bits: int = 0
    columns: int = 0
    conditions: dict[str, tuple[int, Condition]] = field(default_factory=dict)
    lists: dict[Chosen, int] = field(default_factory=dict)
    values: dict[str, tuple[int, int]] = field(default_factory=dict)
    end: str | None = None
    gatherings: dict[tuple[Reader, Gather, int], int] = field(default_factory=dict)
    things: dict[tuple[Things, int], int] = field(default_factory=dict)
    places: dict[Place, int] = field(default_factory=dict)

    def needs(self, definition: Definition) -> Needs:
        """Return the bits that a row must have to count; the code of a group is its place, not a bit."""
        bits = self._condition(definition.where)
        if definition.codes is None or kind_of(definition) == "groups":
            return bits
        return bits | {_numbered(self.lists, chosen_by(definition), self._bit)}

    def reader(self, definition: Definition, *, part_only: bool = False) -> Reader:
        """Return who takes the rows of a definition; `part_only`: those that hold its part too."""
        needs = self.needs(definition)
        if definition.measure in INTERVAL_MEASURES:
            self.end = END_OF[self.source]
            return Reader(needs, self._value(self.end)[0])
        if kind_of(definition) != "days":
            return Reader(needs | self._condition(definition.part) if part_only else needs)
        if definition.of is None:
            return Reader(needs, part=self._condition(definition.part))
        number, has_one = self._value(definition.of)
        return Reader(needs | {has_one}, number)

    def gathered(self, reader: Reader, gather: Gather, window: int) -> int:
        """Return the first of the columns in which something is gathered."""
        return _numbered(self.gatherings, (reader, gather, window), lambda: self._room_for(gather))

    def counted(self, definition: Definition, window: int) -> int:
        """Return the column with the number of things that a definition counts."""
        coded = definition.codes is not None and definition.of == CODE_COLUMNS.get(definition.table)
        things = Things(str(definition.of), definition.prefix, coded, self.needs(definition))
        return _numbered(self.things, (things, window), lambda: len(self.things))

    def place(self, definition: Definition, group: str) -> int:
        """Return the column with the days to the last code of a group."""
        place = Place(chosen_by(definition), group, self.needs(definition))
        return _numbered(self.places, place, lambda: len(self.places))

    def _condition(self, condition: Condition) -> Needs:
        if not condition:
            return frozenset()
        bit, _ = _numbered(self.conditions, written(condition), lambda: (self._bit(), condition))
        return frozenset({bit})

    def _value(self, column: str) -> tuple[int, int]:
        return _numbered(self.values, column, lambda: (len(self.values), self._bit()))

    def _bit(self) -> int:
        self.bits += 1
        return self.bits - 1

    def _room_for(self, gather: Gather) -> int:
        first = self.columns
        self.columns += _COLUMNS.get(gather, 1)
        return first


V = TypeVar("V")


def _numbered(known: dict[K, V], key: K, number: Callable[[], V]) -> V:
    if key not in known:
        known[key] = number()
    return known[key]
