"""Contacts as a tape: of each index date those that it sees, each told from the one before.

What came before a contact may differ from one index date to the next, as more becomes known; so each date has its own.
What a contact can hold is little: its setting, the setting before, the days between. What holds of each such kind is
asked of the portable expressions once.
"""

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from vi_risk.features.rows import DAYS_TO_THE_CONTACT_BEFORE, Asked
from vi_risk.features.sources import CONTACTS, SETTINGS
from vi_risk.features.sweep import kernels
from vi_risk.features.sweep.kernels import Contacts, Dates, Int32, Rows
from vi_risk.features.sweep.known import as_known, in_reach, when_and_whose
from vi_risk.features.sweep.plan import Plan
from vi_risk.features.sweep.tapes import (
    Numbered,
    Tape,
    array_of,
    contents_of,
    contents_query,
    days_as_things,
)


def contacts_query(plan: Plan, asked: Asked, whose: ir.Table) -> ir.Table:
    """Return the contacts of all settings that some index date may see, with the number of their setting."""
    parts = []
    for number, rows in enumerate(asked.took_place().values()):
        near = in_reach(asked, rows, plan.longest + DAYS_TO_THE_CONTACT_BEFORE).join(whose, "patient_id")
        near = as_known(near, CONTACTS)
        parts.append(near.select(**when_and_whose(near), _setting=ibis.literal(number, "int32")))
    first, *others = parts
    return ibis.union(first, *others)


def kinds_query(plan: Plan) -> ir.Table:
    """Return what every kind of contact holds that there can be, in the order in which `see_contacts` numbers them."""
    gaps = range(DAYS_TO_THE_CONTACT_BEFORE + 1)
    before = [(None, None), *((setting, days) for setting in SETTINGS for days in gaps)]
    kinds = [(setting, previous, days) for setting in SETTINGS for previous, days in before]
    kind, setting, previous, days = range(len(kinds)), *zip(*kinds, strict=True)
    columns = {
        "_kind": pa.array(kind, pa.int32()),
        "setting": pa.array(setting, pa.string()),
        "previous_setting": pa.array(previous, pa.string()),
        "days_after_previous": pa.array(days, pa.int64()),
        "event_on": pa.nulls(len(kinds), pa.date32()),
    }
    rows = ibis.memtable(pa.table(columns))
    return rows.select("_kind", **contents_query(rows, plan)).order_by("_kind")


def tape_of_contacts(plan: Plan, kinds: pa.Table, found: pa.Table, dates: Dates) -> tuple[Tape, Dates]:
    """Return the contacts that each index date sees, as if each date were of a person of its own."""
    person, setting = array_of(found["_person"], np.int32), array_of(found["_setting"], np.int32)
    day, known = (array_of(found[column].cast(pa.int32()), np.int32) for column in ("event_on", "_known"))
    always, every = np.full_like(day, kernels.ALWAYS), np.ones(len(day), np.bool_)
    bits = np.zeros((len(day), 1), np.uint64)
    order = by_person(person, len(dates.on), then_by=days_as_things(day), last_by=Numbered(setting, len(SETTINGS)))

    def see(room: int) -> tuple[int, Contacts]:
        seen = Contacts(*(np.empty(room, np.int32) for _ in Contacts._fields))
        reach = plan.longest, DAYS_TO_THE_CONTACT_BEFORE
        rows = Rows(person, day, known, always, every, bits)
        return kernels.see_contacts(order, rows, setting, len(SETTINGS), dates, *reach, seen), seen

    _, seen = see(see(0)[0])
    contents = contents_of(plan, kinds)
    things = {thing: Numbered(own.numbers[seen.kind], own.size) for thing, own in contents.things.items()}
    things |= {thing: days_as_things(seen.day) for thing, _ in plan.things if thing.of == "event_on"}
    nothing = np.zeros(len(seen.date), np.int32)
    always = np.full_like(seen.day, kernels.ALWAYS)
    rows = Rows(seen.date, seen.day, seen.day, always, nothing.astype(np.bool_), contents.bits[seen.kind])
    one_by_one = Dates(dates.on, dates.seen_from, np.ones(len(dates.on), np.int32))
    return Tape(rows, contents.values[:, seen.kind], things, nothing), one_by_one


def by_person(person: Int32, people: int, *, then_by: Numbered, last_by: Numbered) -> Int32:
    """Return the order of rows by person, and of one person by numbers."""
    order = np.arange(len(person), dtype=np.int32)
    for keys, size in (last_by, then_by, Numbered(person, people)):
        order = kernels.in_order(keys, size, order)
    return order
