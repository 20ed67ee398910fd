"""The rows that some index date may see, and when they were known to be as they are.

Most rows are known whole or not at all. A stay or a registration is known twice: while it lasts, and once it has ended.
It becomes two rows, each seen by the index dates that know it so, and nothing after this has to ask.
"""

from datetime import timedelta

import ibis
import ibis.expr.types as ir

from vi_risk.features.rows import Asked
from vi_risk.records.linked import blank_unknown
from vi_risk.records.tables import TABLES, Table


def in_reach(asked: Asked, rows: ir.Table, longest: int, *, end: str | None = None) -> ir.Table:
    """Return the rows that lie no further back than so many days from any index date, or had not ended before that."""
    earliest = min(asked.dates) - timedelta(days=longest)
    near = rows.event_on >= earliest
    if end is not None:
        near |= rows[end].isnull() | (rows[end] >= earliest)
    return rows.filter(rows.event_on < max(asked.dates), near)


def as_known(rows: ir.Table, source: str) -> ir.Table:
    """Add the day by which a row was known; where values of it become known later, as two rows.

    The one is as it is known until the last day on which they are not (`_until`, null where they never are), the other
    as it is from then on.
    """
    arrived = [rows[column] for column in ("recorded_on", "spell_recorded_on") if column in rows.columns]
    rows = rows.mutate(_known=ibis.greatest(rows.event_on, *arrived))
    day = changes_on(TABLES[source]) if source in TABLES else None
    if day not in rows.columns:
        return rows
    later = rows[day]
    changes = rows.filter(later.isnull() | (later > rows._known)).mutate(_until=later)
    at_first = blank_unknown(changes, TABLES[source], changes._until)
    at_last = rows.filter(later.notnull()).mutate(_known=ibis.greatest(rows._known, later), _until=ibis.null("date"))
    return ibis.union(at_first, at_last.select(at_first.columns))


def changes_on(table: Table) -> str | None:
    """Return the column with the day from which the later values of its rows are known; None where all are at once."""
    days = {column.known_from for column in table.columns if column.known_from is not None}
    if len(days) > 1:
        msg = f"{table.name}: a row is swept as it is known at first and at last, and has {', '.join(sorted(days))}"
        raise AssertionError(msg)
    return next(iter(days), None)


def when_and_whose(rows: ir.Table) -> dict[str, ir.Value]:
    """Return the columns of a query that say whose a row is, when it happened and when it was known to be so."""
    until = {"_until": rows._until} if "_until" in rows.columns else {}
    return {"_person": rows._person, "event_on": rows.event_on, "_known": rows._known, **until}
