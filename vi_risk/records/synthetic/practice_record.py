"""The record of a practice: what of it the trust sees, and coded entries in it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.draws import Rows, Values
from vi_risk.records.synthetic.life import Events, Life, PersonMonths
from vi_risk.records.synthetic.months import Days
from vi_risk.records.synthetic.place import Place

Entries = tuple[Rows, Days, Values, NDArray[np.float64], Values]  # person, day, code, value, unit


def seen_by_practice(life: Life, place: Place, person: Rows, day: Days) -> NDArray[np.bool_]:
    """Return whether a person is registered that day with a practice that had joined the trust by then."""
    joined = place.integrated_from[life.people.practice_on(person, day)]
    return (day >= joined) & (day >= life.people.registered_from[person])


def seen_events(life: Life, place: Place, events: Events) -> Events:
    """Return the events that fall on days on which the person's practice is seen."""
    seen = seen_by_practice(life, place, events.person, events.day)
    return Events(events.person[seen], events.month[seen], events.day[seen])


def ease_of_access(life: Life, place: Place) -> NDArray[np.float32]:
    """Return the log rate ratio of contacts with each person's practice, (persons, 1)."""
    return place.contact_log_rate[life.people.practice][:, None].astype(np.float32)


def rate_with_conditions(life: Life, base: PersonMonths, added: Mapping[str, float]) -> PersonMonths:
    """Return a rate, (persons, months), with what each condition adds to it from the month after its onset."""
    rate = base
    for name, more in added.items():
        rate = rate + (more * (life.onsets[:, POSITION[name], None] <= life.months.starts)).astype(np.float32)
    return rate


def entries(person: Rows, day: Days, code: Values | str) -> Entries:
    """Return coded entries without a value."""
    rows = len(person)
    codes = np.broadcast_to(np.array(code, dtype=np.object_), rows)
    return person, day, codes, np.full(rows, np.nan), np.full(rows, None, dtype=np.object_)


def entries_seen(life: Life, place: Place, person: Rows, day: Days, code: Values | str) -> Entries:
    """Return the coded entries that fall within the records, on days on which the person's practice is seen."""
    months = life.months
    kept = (day >= months.first_day) & (day <= months.last_day) & life.there(person, day)
    kept &= seen_by_practice(life, place, person, day)
    codes = np.broadcast_to(np.array(code, dtype=np.object_), len(person))
    return entries(person[kept], day[kept], codes[kept])
