"""Loops over the rows of a source, compiled: what each row adds for every index date of its person.

People are known by the number of their first index date; their dates follow it, rising. Whatever is added up is a whole
number, so no result depends on the order of the rows. What is kept has a row per kind and a column per person and index
date: the dates of one person lie side by side.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from vi_risk.features.sweep.plan import Gather

NEVER = 1 << 40  # days to what did not happen; the day of an end that did not come
ALWAYS = np.iinfo(np.int32).max  # the last day of a row that does not change
LEAST = np.iinfo(np.int64).min
LIMB = 1 << 32
NO_DAYS = np.iinfo(np.uint16).max  # longer than the longest window

Flags = npt.NDArray[np.bool_]
UInt16 = npt.NDArray[np.uint16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

_COUNT, _LAST, _FIRST, _TOTAL, _MOST, _DAYS, _DAYS_SQUARED, _DAYS_TOTAL, _INSIDE = map(int, list(Gather)[:-1])
_NO_DAY = -(1 << 30)

F = TypeVar("F", bound=Callable[..., Any])


class Rows(NamedTuple):
    """Rows of a source: the first index date of the person, the day of the row and the day by which it was known.

    `until` is the last day on which it is so; as it is known later, it is another row. `of_practice` rows are seen only
    from the day from which the person's practice is. `bits` are a row of words each.
    """

    person: Int32
    day: Int32
    known: Int32
    until: Int32
    of_practice: Flags
    bits: Bits


class Dates(NamedTuple):
    """Index dates in days of the epoch, people side by side, those of each rising.

    `seen_from` is the day from which the person's practice is seen; `of_person` is, at the first date of each person,
    how many there are.
    """

    on: Int32
    seen_from: Int32
    of_person: Int32


class Readers(NamedTuple):
    """Who reads rows: those with all bits of `needs[r]`.

    A reader reads values `value[r]`, or where that is -1, whether a row has all bits of `part[r]`. Its gatherings are
    those from `begins[r]` to `begins[r + 1]`: of a kind, in a window, kept in a place.
    """

    needs: Bits
    value: Int32
    part: Bits
    begins: Int32
    kind: Int32
    window: Int32
    place: Int32


class Groups(NamedTuple):
    """Groups of codes: code c is in `members[begins[c]:begins[c + 1]]`; group g takes rows with all of `needs[g]`."""

    needs: Bits
    begins: Int32
    members: Int32


class Contacts(NamedTuple):
    """Contacts as index dates see them: the date, the day of the contact, and what kind it is."""

    date: Int32
    day: Int32
    kind: Int32


def compiled(loop: F) -> F:
    """Compile a loop when it is first called; the machine code is kept where there is a folder to write to."""
    try:
        return cast(F, numba.njit(cache=True, nogil=True)(loop))
    except RuntimeError:  # no folder to keep it in
        return cast(F, numba.njit(nogil=True)(loop))


@compiled
def _has(bits: Bits, row: int, needs: Bits, number: int) -> bool:
    for word in range(needs.shape[1]):  # noqa: SIM110  the compiler knows no all()
        if bits[row, word] & needs[number, word] != needs[number, word]:
            return False
    return True


@compiled
def _first_after(known: int, begin: int, end: int, on: Int32) -> int:
    """Return the first date of a person after a row was known, or `end` where there is none."""
    date = begin
    while date < end and on[date] <= known:
        date += 1
    return date


@compiled
def _end_of(until: int, first: int, end: int, on: Int32) -> int:
    """Return where the dates of a person end on which a row is as it is."""
    return end if until == ALWAYS else _first_after(until, first, end, on)


# The loops take their arrays out of the tuples first: taken out row by row, each is counted as in use every time, which
# makes them several times slower.


@compiled
def gather(rows: Rows, values: Int64, dates: Dates, readers: Readers, kept: Int64) -> None:
    """Add each row to what its readers keep, for each index date on which it was known and seen."""
    person, day, known, until, of_practice, bits = rows
    on, seen_from, of_person = dates
    needs, value_of, part, begins, kinds, windows, places = readers
    for row in range(len(person)):
        end = person[row] + of_person[person[row]]
        first = _first_after(known[row], person[row], end, on)
        end = _end_of(until[row], first, end, on)
        if first == end:
            continue
        happened = day[row]
        for reader in range(len(value_of)):
            if not _has(bits, row, needs, reader):
                continue
            value = values[value_of[reader], row] if value_of[reader] >= 0 else np.int64(_has(bits, row, part, reader))
            for gathering in range(begins[reader], begins[reader + 1]):
                kind, window, place = kinds[gathering], windows[gathering], places[gathering]
                for date in range(first, end):
                    days = np.int64(on[date] - happened)
                    if days > window and kind != _INSIDE:
                        break
                    if of_practice[row] and happened < seen_from[date]:
                        continue
                    if kind == _COUNT:
                        kept[place, date] += 1
                    elif kind == _LAST:
                        kept[place, date] = min(kept[place, date], days)
                    elif kind == _FIRST:
                        kept[place, date] = max(kept[place, date], days)
                    elif kind == _TOTAL:
                        kept[place, date] += value
                    elif kind == _MOST:
                        kept[place, date] = max(kept[place, date], value)
                    elif kind == _DAYS:
                        kept[place, date] += days
                    elif kind == _DAYS_SQUARED:
                        kept[place, date] += days * days
                    elif kind == _DAYS_TOTAL:
                        kept[place, date] += (days * value) >> 32
                        kept[place + 1, date] += (days * value) & 0xFFFFFFFF
                    elif kind == _INSIDE:  # a row of any age may reach into the window
                        since_end = max(on[date] - value, 0)
                        kept[place, date] += max(min(days, np.int64(window)) - since_end, 0)
                    elif days < kept[place, date]:  # the latest
                        kept[place, date], kept[place + 1, date], kept[place + 2, date] = days, 1, value
                    elif days == kept[place, date]:
                        kept[place + 1, date] += 1
                        kept[place + 2, date] += value


@compiled
def nearest(rows: Rows, code: Int32, dates: Dates, groups: Groups, longest: int, kept: UInt16) -> None:
    """Keep the days to the last row with a code of each group."""
    person, day, known, until, of_practice, bits = rows
    on, seen_from, of_person = dates
    needs, begins, members = groups
    for row in range(len(person)):
        begin, stop = begins[code[row]], begins[code[row] + 1]
        if begin == stop:
            continue
        end = person[row] + of_person[person[row]]
        first = _first_after(known[row], person[row], end, on)
        end = _end_of(until[row], first, end, on)
        for member in range(begin, stop):
            group = members[member]
            if not _has(bits, row, needs, group):
                continue
            for date in range(first, end):
                days = on[date] - day[row]
                if days > longest:
                    break
                if days < kept[group, date] and not (of_practice[row] and day[row] < seen_from[date]):
                    kept[group, date] = days


@compiled
def in_order(keys: Int32, size: int, before: Int32) -> Int32:
    """Return the order that sorts rows by keys below `size`; rows of one key stay in the order that they had before."""
    ends = np.zeros(size + 1, np.int64)
    for key in keys:
        ends[key + 1] += 1
    ends = np.cumsum(ends)
    order = np.empty(len(keys), np.int32)
    for row in before:
        order[ends[keys[row]]] = row
        ends[keys[row]] += 1
    return order


@compiled
def count_things(
    order: Int32, rows: Rows, thing: Int32, size: int, dates: Dates, needs: Bits, windows: Int32, kept: Int32
) -> None:
    """Count the distinct things, numbered below `size`, of each person and index date; `order` puts rows by person."""
    person, day, known, until, of_practice, bits = rows
    on, seen_from, of_person = dates
    most_dates = of_person.max() if len(of_person) else 0
    owner, slot_of = np.full(size, -1, np.int32), np.empty(size, np.int32)  # for whom a thing has a slot, and which
    last = np.empty((64, most_dates), np.int32)
    start = 0
    while start < len(order):
        whose = person[order[start]]
        end = whose + of_person[whose]
        slots = 0
        stop = start
        while stop < len(order) and person[order[stop]] == whose:
            row = order[stop]
            stop += 1
            if thing[row] < 0 or not _has(bits, row, needs, 0):
                continue
            if owner[thing[row]] != whose:
                if slots == len(last):
                    longer = np.empty((2 * slots, most_dates), np.int32)
                    longer[:slots] = last
                    last = longer
                owner[thing[row]] = whose
                slot_of[thing[row]] = slots
                last[slots] = np.iinfo(np.int32).max
                slots += 1
            slot = slot_of[thing[row]]
            first = _first_after(known[row], whose, end, on)
            for date in range(first, _end_of(until[row], first, end, on)):
                if not (of_practice[row] and day[row] < seen_from[date]):
                    last[slot, date - whose] = min(last[slot, date - whose], on[date] - day[row])
        for slot in range(slots):
            for window in range(len(windows)):
                for date in range(whose, end):
                    if last[slot, date - whose] <= windows[window]:
                        kept[window, date] += 1
        start = stop


@compiled
def see_contacts(
    order: Int32, rows: Rows, setting: Int32, settings: int, dates: Dates, longest: int, reach: int, seen: Contacts
) -> int:
    """Write the contacts that each index date sees, and return how many; those that find no room are only counted.

    `order` puts rows by person, day and setting. A contact is told from the one before it of those that the date sees,
    up to `reach` days back; its kind is a number made of its setting, that of the contact before, and the days between.
    """
    person, day, known, _, of_practice, _ = rows
    on, seen_from, of_person = dates
    at, happened, kind = seen
    written = 0
    start = 0
    while start < len(order):
        whose = person[order[start]]
        stop = start
        while stop < len(order) and person[order[stop]] == whose:
            stop += 1
        for date in range(whose, whose + of_person[whose]):
            day_before, setting_before = np.int64(_NO_DAY), np.int64(-1)
            for position in range(start, stop):
                row = order[position]
                if known[row] >= on[date] or (of_practice[row] and day[row] < seen_from[date]):
                    continue
                if day[row] == day_before and setting[row] == setting_before:
                    continue
                if on[date] - day[row] <= longest:
                    if written < len(at):
                        gap = day[row] - day_before
                        before = 0 if gap > reach else 1 + setting_before * (reach + 1) + gap
                        at[written], happened[written] = date, day[row]
                        kind[written] = setting[row] * (1 + settings * (reach + 1)) + before
                    written += 1
                day_before, setting_before = np.int64(day[row]), np.int64(setting[row])
        start = stop
    return written
