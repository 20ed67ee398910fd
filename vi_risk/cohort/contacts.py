"""Contacts with each setting of care: what a timeline of a person's last two years shows."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.records.codes import SEEN
from vi_risk.records.linked import Records, event_date
from vi_risk.records.stays import is_regular, stays
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

CONTACT_COLUMNS = ("patient_id", "setting", "began_on", "ended_on")

# So far back a timeline reaches.
DAYS_OF_CONTACTS = 730

# Settings of care in the order in which they are taken to happen on one day; setting -> its table.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "gp": "gp_appointments",
        "community": "community_contacts",
        "outpatient": "outpatient_appointments",
        "ed": "ed_attendances",
        "admission": "spells",
    }
)

# setting -> the column and values that make a row a contact
TOOK_PLACE: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {"gp": ("status", ("attended",)), "community": ("attended", SEEN), "outpatient": ("attended", SEEN)}
)

_PEOPLE = pa.schema([("patient_id", pa.string()), ("gp_seen_from", pa.date32())])


def contacts_of(records: Records, people: "pd.DataFrame", index_date: date) -> "pd.DataFrame":
    """Return the contacts of some people in the `DAYS_OF_CONTACTS` before the index date, as they were known then.

    A contact is a day with a setting: an attended GP appointment, a community contact or outpatient appointment at
    which the person was seen, an attendance at A&E. An admission is a stay in hospital, planned or not, spells joined
    by transfer (`vi_risk.records.stays`), attendances of regular attenders left out; one that began earlier is there
    if it lasted into these days. GP appointments count from the day on which the person's practice is seen. A setting
    whose table the records lack, or whose table does not say who was seen, has no contacts: it was not seen.

    Parameters
    ----------
    people
        One row per person: patient_id, and gp_seen_from (date, or missing where the practice is not seen).

    Returns
    -------
    DataFrame
        `CONTACT_COLUMNS`, one row per contact, by patient_id, began_on and setting. The days are datetime64[ms];
        ended_on is that of stays alone, missing while one lasts.
    """
    known = records.as_of(index_date)
    asked = people[list(_PEOPLE.names)]
    those = ibis.memtable(pa.Table.from_pandas(asked, schema=_PEOPLE, preserve_index=False))
    since = ibis.literal(index_date - timedelta(days=DAYS_OF_CONTACTS))
    parts = [
        _stays(known, those, since) if setting == "admission" else _days(known, setting, those, since)
        for setting in SETTINGS
        if seen_by(known, setting)
    ]
    first, *others = parts
    contacts = ibis.union(first, *others) if others else first
    rows = contacts.order_by(["patient_id", "began_on", "setting", "ended_on"])
    found: pd.DataFrame = rows.to_pyarrow().to_pandas(date_as_object=False)
    return found


def seen_by(known: Records, setting: str) -> bool:
    """Whether the records can tell that somebody was seen in a setting of care."""
    column, _ = TOOK_PLACE.get(setting, (None, ()))
    return known.has(SETTINGS[setting], column)


def _days(known: Records, setting: str, those: ir.Table, since: ir.DateValue) -> ir.Table:
    """Return the days on which people were seen, each once."""
    table = SETTINGS[setting]
    rows = known.tables[table]
    if setting in TOOK_PLACE:
        column, values = TOOK_PLACE[setting]
        rows = rows.filter(rows[column].isin(values))
    days = rows.select("patient_id", began_on=event_date(rows, str(TABLES[table].event)))
    days = days.filter(days.began_on >= since)
    if TABLES[table].held_by == "practice":
        met = days.join(those, "patient_id")
        days = met.filter((met.began_on >= met.gp_seen_from).fill_null(False)).select(days.columns)
    else:
        days = days.semi_join(those, "patient_id")
    return days.distinct().select(
        "patient_id", setting=ibis.literal(setting), began_on="began_on", ended_on=ibis.null("date")
    )


def _stays(known: Records, those: ir.Table, since: ir.DateValue) -> ir.Table:
    """Return the stays that lasted into these days: all spells of a person are joined first, whatever their age."""
    spells = known.tables["spells"].semi_join(those, "patient_id")
    found = stays(spells.filter(~is_regular(spells)))
    lasting = found.filter(found.discharged_on.isnull() | (found.discharged_on >= since))
    return lasting.select(
        "patient_id", setting=ibis.literal("admission"), began_on="admitted_on", ended_on="discharged_on"
    )
