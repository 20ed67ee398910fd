"""From when the practice tables of a person are seen: registered with a practice of the trust whose data had begun.

A practice's tables are seen from the day on which it joined the trust, or from its first month of data where that comes
later. A person's are seen as long as they were registered there without a break, in one practice after another.
"""

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.cohort.events import KEYS
from vi_risk.cohort.registered import end_of, in_stretches
from vi_risk.records.linked import Records, event_date
from vi_risk.records.tables import TABLES
from vi_risk.records.volume import month_after, possible, volumes_of

# Where no practice says when it joined, practice tables are seen from the beginning.
ALWAYS = date(1900, 1, 1)

# Data that begin in the month after joining began with it: the first month is often in part.
_MONTHS_TO_BEGIN = 1

_STARTS = pa.schema([("practice_code", pa.string()), ("starts_on", pa.date32())])


def practice_starts(records: Records) -> dict[str, date]:
    """Return practice_code -> the day from which its tables are seen; a practice that never joined is not there."""
    registrations = records.tables["registrations"]
    if records.has("practices", "integrated_from"):
        practices = records.tables["practices"]
        joined = practices.filter(practices.integrated_from.notnull()).select("practice_code", "integrated_from")
        starts = {row["practice_code"]: row["integrated_from"] for row in joined.to_pyarrow().to_pylist()}
    else:
        codes = registrations.select("practice_code").distinct().to_pyarrow()["practice_code"].to_pylist()
        starts = {code: ALWAYS for code in codes if code is not None}
    for code, begins in _first_months(records).items():
        if code in starts and begins > month_after(starts[code], _MONTHS_TO_BEGIN):
            starts[code] = begins
    return starts


def _first_months(records: Records) -> dict[str, date]:
    """Return the first month of data of each practice with enough of them, where no practice's data begin later."""
    table = next((t for t in ("gp_appointments", "gp_events", "prescriptions") if t in records.tables), None)
    if table is None:
        return {}
    rows = records.tables[table]
    events = rows.select("patient_id", day=event_date(rows, str(TABLES[table].event)))
    periods = records.tables["registrations"]
    periods = periods.select("patient_id", "practice_code", "registered_from", "registered_to")
    there = events.filter(possible(events.day)).join(periods, "patient_id")
    then = (there.registered_from <= there.day) & (there.registered_to.isnull() | (there.day < there.registered_to))
    volumes = volumes_of(there.filter(then, there.practice_code.notnull()), by="practice_code")
    begins = {code: volume.seen_from() for code, volume in volumes.items() if volume.regular}
    earliest = min(begins.values(), default=None)
    # The records' own beginning is no late start: how far back a table reaches is the same for every practice.
    return {code: day for code, day in begins.items() if earliest is not None and day > month_after(earliest, 1)}


def seen_since(registrations: ir.Table, starts: Mapping[str, date]) -> ir.Table:
    """Return patient_id, index_date, practice_code and gp_seen_from of registrations that are seen.

    Parameters
    ----------
    registrations
        As known at their index_date: patient_id, practice_code, registered_from, registered_to (null while it lasts).
    starts
        From `practice_starts`; those on or after an index date are not known at it.
    """
    columns = [list(starts), list(starts.values())]
    seen = ibis.memtable(pa.table(dict(zip(_STARTS.names, columns, strict=True)), schema=_STARTS))
    rows = registrations.join(seen, "practice_code")
    periods = rows.filter(rows.starts_on < rows.index_date).mutate(
        begins=ibis.greatest(rows.registered_from, rows.starts_on), ends=end_of(rows)
    )
    rows = in_stretches(periods, by=KEYS)
    since = rows.begins.min().over(ibis.window(group_by=[*KEYS, "stretch"]))
    lasting = rows.mutate(gp_seen_from=since).filter(rows.registered_to.isnull())
    return lasting.group_by(*KEYS, "practice_code").agg(gp_seen_from=lasting.gp_seen_from.min())
