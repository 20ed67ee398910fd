"""The rows of a source as plain arrays, taken out of the database once for all index dates.

A row is a person, the day on which it happened, the day by which it was known, and its contents: the bits that it has,
values in whole units, things by number. The contents are decided by the expressions of the portable queries.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vi_risk.features.matching import Chosen, Codes
from vi_risk.features.parts import all_hold, in_units
from vi_risk.features.rows import Asked
from vi_risk.features.sources import CODED_ENTRIES, SOURCES
from vi_risk.features.sweep.kernels import ALWAYS, NEVER, Bits, Dates, Int32, Int64, Rows
from vi_risk.features.sweep.known import as_known, in_reach, when_and_whose
from vi_risk.features.sweep.plan import Needs, Plan, Things

N = TypeVar("N", bound=np.generic)

_BITS_IN_A_WORD = 62  # of a whole number of the database, which has a sign
_NEVER_SEEN = int(np.iinfo(np.int32).max)


def dates_of(people: pa.Table) -> Dates:
    """Take the dates from one row per person and index date, sorted by both."""
    on, seen_from = (people[column].cast(pa.int32()) for column in ("index_date", "gp_seen_from"))
    ids = people["patient_id"]
    firsts = np.append(0, 1 + np.flatnonzero(pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy()))
    of_person = np.zeros(len(people), np.int32)
    of_person[firsts] = np.diff(np.append(firsts, len(people)))
    return Dates(array_of(on, np.int32), array_of(seen_from.fill_null(_NEVER_SEEN), np.int32), of_person)


class Numbered(NamedTuple):
    """Things by number, -1 where there is none, and how many numbers there are."""

    numbers: Int32
    size: int


class Contents(NamedTuple):
    """What rows hold: a row of words of bits each, a row per kind of value, and things."""

    bits: Bits
    values: Int64
    things: Mapping[Things, Numbered]


class Tape(NamedTuple):
    """Rows of a source, their values and things, and the number of each row's code: 0 for one that is in no list."""

    rows: Rows
    values: Int64
    things: Mapping[Things, Numbered]
    code: Int32


def words_of(sets: Iterable[Needs], bits: int) -> Bits:
    """Return sets of bits as rows of words."""
    sets = list(sets)
    words = np.zeros((len(sets), 1 + bits // _BITS_IN_A_WORD), np.uint64)
    for number, needs in enumerate(sets):
        for bit in needs:
            words[number, bit // _BITS_IN_A_WORD] |= np.uint64(1 << bit % _BITS_IN_A_WORD)
    return words


# --- rows of a source -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberedCodes:
    """The codes in use that are in a list of the plan, numbered from 1; 0 stands for any other.

    Attributes
    ----------
    pairs
        The codes, as (system, code).
    bits
        The bits of the lists that a code is in.
    begins, members
        The places of a code: `members[begins[code]:begins[code + 1]]`.
    """

    pairs: tuple[tuple[str, str], ...]
    bits: Bits
    begins: Int32
    members: Int32

    @classmethod
    def of(cls, plan: Plan, codes: Codes | None) -> "NumberedCodes":
        """Number the codes that a plan reads."""
        bits: dict[tuple[str, str], set[int]] = {}
        places: dict[tuple[str, str], list[int]] = {}
        if codes is not None:
            chosen: dict[Chosen, list[tuple[str, str, str]]] = {
                one: codes.matches(one) for one in {*plan.lists, *(place.chosen for place in plan.places)}
            }
            for one, bit in plan.lists.items():
                for system, code, _ in chosen[one]:
                    bits.setdefault((system, code), set()).add(bit)
            for place, number in plan.places.items():
                for system, code, group in chosen[place.chosen]:
                    if group == place.group:
                        places.setdefault((system, code), []).append(number)
        pairs = tuple(sorted({*bits, *places}))
        members: list[list[int]] = [[], *(sorted(set(places.get(pair, ()))) for pair in pairs)]
        return cls(
            pairs,
            words_of([frozenset(), *(frozenset(bits.get(pair, ())) for pair in pairs)], plan.bits),
            np.cumsum([0, *map(len, members)]).astype(np.int32),
            np.array([place for own in members for place in own], np.int32),
        )

    def joined(self, rows: ir.Table, codes: Codes, *, only_matched: bool) -> ir.Table:
        """Add the number of its code to each row, as `_number`; rows with another code drop out, or have a null."""
        systems, written = ([pair[n] for pair in self.pairs] for n in range(2))
        columns = [pa.array(systems, pa.string()), pa.array(written, pa.string())]
        numbers = pa.array(range(1, len(self.pairs) + 1), pa.int32())
        matches = ibis.memtable(pa.table([*columns, numbers], names=["_system", "_code", "_number"]))
        how = "inner" if only_matched else "left"
        return rows.join(matches, codes.same_code(rows, matches), how=how).drop("_system", "_code")


def tape_query(plan: Plan, asked: Asked, whose: ir.Table, codes: Codes | None, numbered: NumberedCodes) -> ir.Table:
    """Return the rows of a source that some index date may see; `whose` has patient_id and its `_person`."""
    rows = as_known(in_reach(asked, asked.dated(plan.source), plan.longest, end=plan.end), plan.source)
    if codes is not None and numbered.pairs:
        rows = numbered.joined(rows, codes, only_matched=plan.only_matched)
    elif plan.only_matched:
        rows = rows.filter(ibis.literal(False))
    rows = rows.join(whose, "patient_id")
    number = rows._number if "_number" in rows.columns else ibis.null("int32")
    return rows.select(
        **when_and_whose(rows),
        _of_practice=rows.of_practice if plan.source == CODED_ENTRIES else ibis.literal(_is_of_practice(plan.source)),
        _code=number.fill_null(0),
        **contents_query(rows, plan),
    )


def tape_of(plan: Plan, rows: pa.Table, numbered: NumberedCodes) -> Tape:
    """Make a tape of the rows that a tape query found."""
    code = array_of(rows["_code"], np.int32)
    day = array_of(rows["event_on"].cast(pa.int32()), np.int32)
    contents = contents_of(plan, rows)
    things = dict(contents.things)
    for thing, _ in plan.things:
        if thing.coded:
            starts = ["", *(written[: thing.prefix] for _, written in numbered.pairs)]
            found, which = np.unique(np.array(starts), return_inverse=True)
            things[thing] = Numbered(which.astype(np.int32)[code], len(found))
        elif thing.of == "event_on":
            things[thing] = days_as_things(day)
    person, known = array_of(rows["_person"], np.int32), array_of(rows["_known"].cast(pa.int32()), np.int32)
    of_practice = array_of(rows["_of_practice"], np.bool_)
    bits = contents.bits | numbered.bits[code]
    until = (
        array_of(rows["_until"].cast(pa.int32()).fill_null(ALWAYS), np.int32)
        if "_until" in rows.column_names
        else np.full_like(day, ALWAYS)
    )
    return Tape(Rows(person, day, known, until, of_practice, bits), contents.values, things, code)


def _is_of_practice(source: str) -> bool:
    return SOURCES[source].held_by == "practice"


# --- contents ---------------------------------------------------------------------------------------------------------


def contents_query(rows: ir.Table, plan: Plan) -> dict[str, ir.Value]:
    """Return the columns of a query that say what each row holds."""
    has: dict[int, ir.BooleanValue] = {bit: all_hold(rows, condition) for bit, condition in plan.conditions.values()}
    columns: dict[str, ir.Value] = {}
    for column, (number, bit) in plan.values.items():
        whole = rows[column].epoch_days() if rows[column].type().is_date() else in_units(rows[column])
        columns[f"_value_{number}"] = whole.fill_null(NEVER)
        has[bit] = whole.notnull()
    for word in range(1 + plan.bits // _BITS_IN_A_WORD):
        first = word * _BITS_IN_A_WORD
        total: ir.IntegerValue = ibis.literal(0, "int64")
        for bit in sorted(set(has) & set(range(first, first + _BITS_IN_A_WORD))):
            total += has[bit].ifelse(ibis.literal(1 << (bit - first), "int64"), ibis.literal(0, "int64"))
        columns[f"_bits_{word}"] = total
    for number, thing in enumerate(_written_things(plan)):
        text = rows[thing.of].cast("string")
        columns[f"_thing_{number}"] = text if thing.prefix is None else text.substr(0, thing.prefix)
    return columns


def _written_things(plan: Plan) -> list[Things]:
    """Return the things that have to be told apart by how they are written."""
    things = dict.fromkeys(thing for thing, _ in plan.things)
    return [thing for thing in things if not thing.coded and not (thing.of == "event_on" and thing.prefix is None)]


def contents_of(plan: Plan, rows: pa.Table) -> Contents:
    """Return what the rows hold that a query with `contents_query` found."""
    words = 1 + plan.bits // _BITS_IN_A_WORD
    bits = np.empty((len(rows), words), np.uint64)
    for word in range(words):
        bits[:, word] = array_of(rows[f"_bits_{word}"], np.int64).view(np.uint64)
    values = np.empty((len(plan.values), len(rows)), np.int64)
    for number in range(len(plan.values)):
        values[number] = array_of(rows[f"_value_{number}"], np.int64)
    things = {}
    for number, thing in enumerate(_written_things(plan)):
        written = rows[f"_thing_{number}"].combine_chunks().dictionary_encode()
        things[thing] = Numbered(array_of(written.indices.fill_null(-1), np.int32), len(written.dictionary))
    return Contents(bits, values, things)


def days_as_things(day: Int32) -> Numbered:
    """Return each day as a thing."""
    first = day.min() if len(day) else np.int32(0)
    return Numbered(day - first, 1 + int(day.max() - first) if len(day) else 1)


def array_of(column: pa.ChunkedArray | pa.Array, kind: type[N]) -> npt.NDArray[N]:
    """Return a column without nulls as an array of its own, of the one type that the compiled loops take."""
    values = column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(zero_copy_only=False)
    return np.require(values, kind, ("C", "W", "O"))
