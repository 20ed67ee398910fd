"""Rules that a row keeps or breaks, as expressions over a table beside the rows that it names in others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from vi_risk.records.checks.findings import MEND, Severity
from vi_risk.records.linked import Records, event_date
from vi_risk.records.tables import Link, Table

# Earlier or later dates are slips of a pen: the year 24 for 2024, 1 January 1900 for "not known" is allowed.
_FIRST_YEAR, _LAST_YEAR = 1850, 2200

# A stay open for longer is a discharge that was never entered; it would count as a bed day every day.
_LONG_OPEN_DAYS = 365

# Of the row that a link names: what the rules ask of it, by a name that no column of the records has.
_NAMED = {
    "patients": {"linked_born": ("birth_month", "min"), "linked_died": ("died_on", "max")},
    "spells": {"linked_admitted": ("admitted_on", "min"), "linked_discharged": ("discharged_on", "max")},
    "practices": {},
}

# Table -> the column that comes after -> the column that it must not come before, and how the rule is called.
_ORDERS = {
    "patients": {"died_on": ("birth_month", "before birth")},
    "registrations": {"registered_to": ("registered_from", "before registered_from")},
    "spells": {"discharged_on": ("admitted_on", "before admitted_on")},
    "mdt_reviews": {"review_on": ("reviewed_on", "before reviewed_on")},
}

_ORDER_MEND = "Correct the dates; until then these rows count as they are."
_OPEN_MEND = "Enter the day of discharge: until then these people count as in hospital."
_BEYOND_MEND = "Correct the dates; rows dated after an index date are never seen at it."
_LIFE_MEND = "Correct the date, or the pseudonym: the rows may belong to somebody else."
_EARLY_MEND = (
    "Map recorded_on to the day on which the row reached the trust, of an appointment booked ahead the day on which its"
    " outcome did."
)
_ORPHAN_MEND = "Use the same identifiers in both tables; until then nobody has these rows."


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule about single rows, and the expression that is true of a row which breaks it."""

    column: str
    text: str
    broken: ir.BooleanValue
    severity: Severity = "warning"
    mend: str = MEND


@dataclass(frozen=True, slots=True)
class Beside:
    """A table with the rows that its links name beside its own, one for one, and the columns that rules may read.

    Attributes
    ----------
    rows
        The table's rows, each once, with the columns of `_NAMED` where a link could be followed.
    sound
        Its own columns of the declared type.
    links
        The links that could be followed.
    """

    table: Table
    rows: ir.Table
    sound: frozenset[str]
    links: tuple[Link, ...]

    @property
    def day(self) -> ir.DateValue | None:
        """The day on which a row happened: its event, or the discharge of the stay that it was coded for."""
        if self.table.event is not None:
            return event_date(self.rows, self.table.event) if self.table.event in self.sound else None
        return self.rows.linked_discharged if "linked_discharged" in self.rows.columns else None


def beside(records: Records, table: Table, sound: Mapping[str, frozenset[str]]) -> Beside:
    """Return a table beside the rows that it names; a row that several have for their own is told once."""
    rows, links = records.tables[table.name], []
    for link in table.links:
        if link.column not in sound[table.name] or link.column not in sound.get(link.table, frozenset()):
            continue
        other = records.tables[link.table]
        key, known = f"linked_{link.table}", other.filter(other[link.column].notnull())
        asked = {
            name: getattr(known[column], extreme)()
            for name, (column, extreme) in _NAMED[link.table].items()
            if column in sound[link.table]
        }
        named = known.group_by(**{key: known[link.column]}).agg(linked_rows=known.count(), **asked).drop("linked_rows")
        rows = rows.left_join(named, rows[link.column] == named[key])
        links.append(link)
    return Beside(table, rows, sound[table.name], tuple(links))


def order_rules(seen: Beside, end: date | None) -> Iterator[Rule]:
    """Yield the rules on dates: possible years, impossible orders, and nothing long after the table's `end`."""
    table, rows, sound = seen.table, seen.rows, seen.sound
    for column in table.columns:
        if column.type in ("date", "timestamp") and column.name in sound:
            year = rows[column.name].year()
            possible = year.between(_FIRST_YEAR, _LAST_YEAR)
            yield Rule(column.name, f"year outside {_FIRST_YEAR} to {_LAST_YEAR}", ~possible, "error")
    for later, (earlier, text) in _ORDERS.get(table.name, {}).items():
        if {later, earlier} <= sound:
            yield Rule(later, text, rows[later] < rows[earlier], mend=_ORDER_MEND)
    if table.name == "spells" and end is not None and {"admitted_on", "discharged_on"} <= sound:
        open_days = ibis.literal(end).delta(rows.admitted_on, unit="day")
        forgotten = rows.discharged_on.isnull() & (open_days > _LONG_OPEN_DAYS)
        yield Rule("discharged_on", "missing for more than a year after admission", forgotten, mend=_OPEN_MEND)
    if table.event is not None and table.event in sound and end is not None:
        text = f"dated after {end}, where the table ends"
        yield Rule(table.event, text, event_date(rows, table.event) > ibis.literal(end), mend=_BEYOND_MEND)
    yield from _lifetime_rules(seen)
    yield from _spell_rules(seen)
    yield from _arrival_rules(seen)


def _lifetime_rules(seen: Beside) -> Iterator[Rule]:
    rows, event = seen.rows, seen.table.event
    if event is None or event not in seen.sound:
        return
    if "linked_born" in rows.columns:
        yield Rule(event, "before birth", event_date(rows, event) < rows.linked_born, mend=_LIFE_MEND)
    if "linked_died" in rows.columns:
        yield Rule(event, "after death", event_date(rows, event) > rows.linked_died, mend=_LIFE_MEND)


def _spell_rules(seen: Beside) -> Iterator[Rule]:
    rows = seen.rows
    if seen.table.name == "procedures" and "performed_on" in seen.sound and "linked_admitted" in rows.columns:
        early = rows.performed_on < rows.linked_admitted
        late = (rows.performed_on > rows.linked_discharged).fill_null(False)
        yield Rule("performed_on", "outside its spell", early | late, mend=_ORDER_MEND)


def _arrival_rules(seen: Beside) -> Iterator[Rule]:
    rows, event = seen.rows, seen.table.event
    if "recorded_on" not in seen.sound:
        return
    if event is not None and event in seen.sound:
        early = rows.recorded_on < event_date(rows, event)
        yield Rule("recorded_on", "recorded before it happened", early, mend=_EARLY_MEND)
    elif "linked_admitted" in rows.columns:
        early = rows.recorded_on < rows.linked_admitted
        yield Rule("recorded_on", "recorded before its spell began", early, mend=_EARLY_MEND)


def link_rules(seen: Beside) -> Iterator[Rule]:
    """Yield the rules on links: a row that names one of another table names one that is there."""
    for link in seen.links:
        nobody = seen.rows[f"linked_{link.table}"].isnull() & seen.rows[link.column].notnull()
        yield Rule(link.column, f"not in {link.table}", nobody, mend=_ORPHAN_MEND)
