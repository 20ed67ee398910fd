"""The rows that a feature sees: of each person and index date, what had happened and arrived by then, and was seen.

Rows of a source meet each index date of their patient. What had not happened or not arrived drops out, and values not
yet known are blanked, before any feature is computed: no definition can see past its index date.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from vi_risk.features.sources import ADMISSIONS, CODED_ENTRIES, CONTACTS, OF_THE_SPELL, SETTINGS, SOURCES, TOOK_PLACE
from vi_risk.records.linked import arrived, blank_unknown, event_date
from vi_risk.records.stays import is_regular, stays
from vi_risk.records.tables import TABLES

# A contact is told from the one before it as far back as this, so that no contact needs the whole of a life.
DAYS_TO_THE_CONTACT_BEFORE = 365

_OF_PEOPLE = ("row", "index_date", "gp_seen_from")

Narrow = Callable[[ir.Table], ir.Table]


@dataclass(frozen=True)
class Asked:
    """Of whom, when, and from which tables features are asked.

    Attributes
    ----------
    people
        One row per patient_id, index_date: `row` (its number), patient_id, index_date, and gp_seen_from, the day from
        which the tables of the patient's practice are seen, null where they are not.
    dates
        The index dates among them.
    """

    tables: Mapping[str, ir.Table]
    people: ir.Table
    dates: tuple[date, ...]

    def visible(self, source: str, longest: int | None, narrow: Narrow | None = None) -> ir.Table:
        """Return the visible rows of a source with `row`, `index_date`, `event_on`, and `days` before the index date.

        Parameters
        ----------
        longest
            Days of look-back; None for rows of any age, as of stays that may reach into a window.
        narrow
            Applied to the source before its rows meet the people: a filter, or a join to the codes that matter.
        """
        if source == ADMISSIONS:
            begun = stays(self.known_spells(), by="row").mutate(event_on=ibis._.admitted_on)
            return _within(_with_days(begun), longest)
        if source == CONTACTS:
            return _within(self._contacts(longest), longest)
        dated = self._dated(source)
        return self._met(dated if narrow is None else narrow(dated), source, longest)

    def known_spells(self) -> ir.Table:
        """Return the spells of any age that had begun before each index date, as they were known then."""
        return self._met(self._dated("spells"), "spells", None)

    # --- sources with a day -----------------------------------------------------------------------------------------

    def dated(self, source: str) -> ir.Table:
        """Return all rows of a source that is a table or is coded, with patient_id and event_on."""
        return self._dated(source)

    def _dated(self, source: str) -> ir.Table:
        if source in ("diagnoses", "procedures"):
            return self._of_spells(source)
        if source == CODED_ENTRIES:
            return self._coded_entries()
        rows = self.tables[source]
        return rows.mutate(event_on=event_date(rows, str(TABLES[source].event)))

    def _of_spells(self, name: str) -> ir.Table:
        """Entries of spells dated by the discharge: before it, nobody has coded them."""
        spells, entries = self.tables["spells"], self.tables[name]
        there = [column for column in OF_THE_SPELL if column in spells.columns]
        discharged = spells.filter(spells.discharged_on.notnull()).select(
            "spell_id", "patient_id", *there, event_on=spells.discharged_on, spell_recorded_on=_recorded(spells)
        )
        return entries.mutate(recorded_on=_recorded(entries)).join(discharged, "spell_id")

    def _coded_entries(self) -> ir.Table:
        columns = ["patient_id", "event_on", "code_system", "code", "recorded_on", "spell_recorded_on", "of_practice"]
        parts = []
        if "diagnoses" in self.tables:
            diagnoses = self._of_spells("diagnoses")
            parts.append(diagnoses.mutate(code_system=ibis.literal("icd10"), of_practice=ibis.literal(False)))
        if "gp_events" in self.tables:
            entries = self.tables["gp_events"]
            parts.append(
                entries.mutate(
                    recorded_on=_recorded(entries), spell_recorded_on=ibis.null("date"), of_practice=ibis.literal(True)
                )
            )
        first, *others = [part.select(columns) for part in parts]
        return ibis.union(first, *others) if others else first

    # --- rows and people --------------------------------------------------------------------------------------------

    def _met(self, rows: ir.Table, source: str, longest: int | None) -> ir.Table:
        """Join rows to each index date of their patient, as known then."""
        in_reach = rows.event_on < max(self.dates)
        if longest is not None:
            in_reach &= rows.event_on >= min(self.dates) - timedelta(days=longest)
        joined = self.people.join(rows.filter(in_reach), "patient_id")
        conditions = [
            joined.event_on < joined.index_date,
            arrived(joined, joined.index_date),
            arrived(joined, joined.index_date, "spell_recorded_on"),
        ]
        if source == CODED_ENTRIES:
            conditions.append(~joined.of_practice | _since_joining(joined))
        elif SOURCES[source].held_by == "practice":
            conditions.append(_since_joining(joined))
        known = joined.filter(*conditions)
        if source in TABLES:
            known = blank_unknown(known, TABLES[source], known.index_date)
        return _within(_with_days(known), longest)

    def took_place(self) -> dict[str, ir.Table]:
        """Return setting of care -> all its rows that are contacts, in the order in which settings follow on a day."""
        contacts = {}
        for setting, table in SETTINGS.items():
            rows = self._dated(table)
            if setting in TOOK_PLACE:
                column, values = TOOK_PLACE[setting]
                rows = rows.filter(rows[column].isin(values))
            contacts[setting] = rows.filter(~is_regular(rows)) if setting == "admission" else rows
        return contacts

    def _contacts(self, longest: int | None) -> ir.Table:
        reach = None if longest is None else longest + DAYS_TO_THE_CONTACT_BEFORE
        parts = []
        for order, (setting, rows) in enumerate(self.took_place().items()):
            rows = self._met(rows, SETTINGS[setting], reach)
            seen = rows.filter(_since_joining(rows))
            parts.append(
                seen.select(*_OF_PEOPLE, "event_on", order=ibis.literal(order, "int8"), setting=ibis.literal(setting))
            )
        first, *others = parts
        contacts = ibis.union(first, *others).distinct()
        in_order = ibis.window(group_by="row", order_by=["event_on", "order"])
        since = contacts.event_on.delta(contacts.event_on.lag().over(in_order), unit="day")
        near = (since <= DAYS_TO_THE_CONTACT_BEFORE).fill_null(False)
        previous = contacts.setting.lag().over(in_order)
        return _with_days(
            contacts.mutate(
                previous_setting=near.ifelse(previous, ibis.null("string")),
                days_after_previous=near.ifelse(since.cast("int64"), ibis.null("int64")),
            )
        )


def _since_joining(rows: ir.Table) -> ir.BooleanValue:
    return (rows.event_on >= rows.gp_seen_from).fill_null(False)


def _with_days(rows: ir.Table) -> ir.Table:
    return rows.mutate(days=rows.index_date.delta(rows.event_on, unit="day"))


def _within(rows: ir.Table, longest: int | None) -> ir.Table:
    return rows if longest is None else rows.filter(rows.days <= longest)


def _recorded(rows: ir.Table) -> ir.DateValue:
    return rows.recorded_on if "recorded_on" in rows.columns else ibis.null("date")
