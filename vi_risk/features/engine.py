"""Declared features as ibis expressions: one query per source and kind of grouping, joined at the end.

Every row of a source meets each index date of its patient. What had not happened or not arrived by then drops out, and
values not yet known are blanked, before any feature is computed: no definition can see past its index date.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.features.declarations import CODE_COLUMNS, CODED_ENTRIES, Catalogue, Definition, Feature
from vi_risk.records.linked import Records, arrived, blank_unknown, event_date
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ["patient_id", "index_date"]
_COHORT = pa.schema([("patient_id", pa.string()), ("index_date", pa.date32()), ("gp_seen_from", pa.date32())])


def compute_features(
    records: Records,
    cohort: "pd.DataFrame",
    catalogue: Catalogue,
    *,
    windows: Mapping[str, int | None] | None = None,
) -> "pd.DataFrame":
    """Compute every feature of a catalogue for a cohort.

    Parameters
    ----------
    cohort
        One row per patient_id, index_date; ``gp_seen_from`` is the day from which the tables of the patient's practice
        are seen, null where they are not.
    windows
        Feature name -> days of look-back to use instead of the declared window; None leaves the feature missing. From
        `vi_risk.features.coverage`, so that training, test and list look back equally far.

    Returns
    -------
    DataFrame
        One row per patient_id, index_date, sorted by them; one float column per feature in declared order, NaN where
        the value is missing.
    """
    query = feature_query(records, cohort, catalogue, windows=windows or {})
    table = query.order_by(_KEYS).to_pyarrow()
    result: pd.DataFrame = table.select(_KEYS).to_pandas(date_as_object=True)
    names = [feature.name for feature in catalogue.features]
    values = table.select(names).to_pandas().astype("float64")
    return result.join(values)


def feature_query(
    records: Records, cohort: "pd.DataFrame", catalogue: Catalogue, *, windows: Mapping[str, int | None]
) -> ir.Table:
    """Return the whole feature table as one expression, not yet run; see `compute_features`."""
    people = ibis.memtable(
        pa.Table.from_pandas(cohort[_COHORT.names], schema=_COHORT, preserve_index=False), schema=ibis.schema(_COHORT)
    )
    parts = [
        Part(records, people, source, codes, grouping, tuple(members), catalogue, windows)
        for (source, codes, grouping), members in _shared(catalogue).items()
        if any(_computable(records, definition) for definition in members)
    ]
    joined = people
    for number, part in enumerate(parts):
        # Names of its own for each part's keys let ibis write one flat join, which compiles much faster than a nest.
        patient, day = f"patient_id_{number}", f"index_date_{number}"
        found = part.query().rename({patient: "patient_id", day: "index_date"})
        joined = joined.left_join(found, [people.patient_id == found[patient], people.index_date == found[day]])
    columns: dict[str, Any] = {}
    for feature in catalogue.features:
        if _computable(records, feature.definition):
            columns[feature.name] = _final(
                joined, feature, _window(feature, windows), has_hospital_codes=records.has("diagnoses")
            )
        else:
            columns[feature.name] = ibis.null("float64")
    return joined.select(*_KEYS, **columns)


def _window(feature: Feature, windows: Mapping[str, int | None]) -> int | None:
    return windows.get(feature.name, feature.window)


def _shared(catalogue: Catalogue) -> dict[tuple[str, str | None, str | None], list[Definition]]:
    """Group definitions that one query serves: same source, same code list, same grouping before counting."""
    shared: dict[tuple[str, str | None, str | None], list[Definition]] = {}
    for definition in catalogue.definitions:
        shared.setdefault((definition.table, definition.codes, _grouping(definition)), []).append(definition)
    return shared


def _grouping(definition: Definition) -> str | None:
    """What rows are reduced to before they are counted: distinct things first, then their number."""
    if definition.measure in ("groups", "points", "group_flags"):
        return f"group where {sorted(definition.where.items())}"
    if definition.measure == "distinct":
        return f"{definition.of} cut to {definition.prefix} where {sorted(definition.where.items())}"
    return None


def _computable(records: Records, definition: Definition) -> bool:
    """Whether the records have the table and all columns that the definition reads."""
    if definition.table == CODED_ENTRIES:
        return records.has("diagnoses") or records.has("gp_events")
    used = [*definition.where, *([definition.of] if definition.of else [])]
    return records.has(definition.table) and all(records.has(definition.table, column) for column in used)


# --- sources --------------------------------------------------------------------------------------------------------


def _source(records: Records, name: str) -> ir.Table:
    """Return a source with patient_id, the day it happened (`event_on`) and up to two recorded dates."""
    if name == "diagnoses":
        return _diagnoses(records)
    if name == CODED_ENTRIES:
        return _coded_entries(records)
    rows = records.tables[name]
    event = TABLES[name].event
    return rows if event is None else rows.mutate(event_on=event_date(rows, event))


def _diagnoses(records: Records) -> ir.Table:
    """Diagnoses dated by the discharge of their spell: before it, nobody has coded them."""
    spells, diagnoses = records.tables["spells"], records.tables["diagnoses"]
    stays = spells.filter(spells.discharged_on.notnull()).select(
        "spell_id", "patient_id", event_on=spells.discharged_on, spell_recorded_on=_recorded(spells)
    )
    rows = diagnoses.mutate(recorded_on=_recorded(diagnoses), code_system=ibis.literal("icd10"))
    return rows.join(stays, "spell_id")


def _coded_entries(records: Records) -> ir.Table:
    columns = ["patient_id", "event_on", "code_system", "code", "recorded_on", "spell_recorded_on", "of_practice"]
    parts = []
    if records.has("diagnoses"):
        parts.append(_diagnoses(records).mutate(of_practice=ibis.literal(False)).select(columns))
    if records.has("gp_events"):
        entries = records.tables["gp_events"]
        parts.append(
            entries.mutate(
                recorded_on=_recorded(entries), spell_recorded_on=ibis.null("date"), of_practice=ibis.literal(True)
            ).select(columns)
        )
    return parts[0] if len(parts) == 1 else ibis.union(parts[0], parts[1])


def _seen(rows: ir.Table, source: str) -> ir.BooleanValue:
    """Whether a row lies in the time that is seen: a practice's rows from the day it joined the trust."""
    since_joining = (rows.event_on >= rows.gp_seen_from).fill_null(False)
    if source == CODED_ENTRIES:
        return ~rows.of_practice | since_joining
    return since_joining if TABLES[source].held_by == "practice" else ibis.literal(True)


def _recorded(rows: ir.Table) -> ir.DateValue:
    return rows.recorded_on if "recorded_on" in rows.columns else ibis.null("date")


# --- one query ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One query over one source: the definitions that share its rows, its code list and its grouping."""

    records: Records
    people: ir.Table
    source: str
    codes: str | None
    grouping: str | None
    definitions: tuple[Definition, ...]
    catalogue: Catalogue
    windows: Mapping[str, int | None]

    def query(self) -> ir.Table:
        """Return one row per patient_id, index_date that has any row of the source, a column per feature."""
        if self.source == "patients":
            return self._people()
        rows = self._visible_rows()
        if self.grouping is not None:
            rows = self._distinct(rows)
        measures: dict[str, ir.Value] = {}
        for definition in self.definitions:
            if _computable(self.records, definition):
                measures |= dict(self._measures(rows, definition))
        return rows.group_by(_KEYS).agg(**measures)

    def _people(self) -> ir.Table:
        """Features of the person alone: no window, one row each."""
        persons = self.records.tables["patients"]
        rows = self.people.select(_KEYS).join(persons, "patient_id")
        rows = blank_unknown(rows, TABLES["patients"], rows.index_date)
        return rows.select(
            *_KEYS,
            **{
                definition.name: _of_person(rows, definition)
                for definition in self.definitions
                if _computable(self.records, definition)
            },
        )

    def _visible_rows(self) -> ir.Table:
        """Return rows of the source joined to each index date of their patient, as known then; `days` before it."""
        source = self._with_codes(_source(self.records, self.source))
        rows = self.people.join(source, "patient_id")
        rows = rows.filter(
            _seen(rows, self.source),
            rows.event_on < rows.index_date,
            arrived(rows, rows.index_date),
            arrived(rows, rows.index_date, "spell_recorded_on"),
        )
        if self.source in TABLES:
            rows = blank_unknown(rows, TABLES[self.source], rows.index_date)
        rows = rows.mutate(days=rows.index_date.delta(rows.event_on, unit="day"))
        if self.source == "spells":  # a stay admitted long ago may reach into the window
            out = rows.index_date.delta(rows.discharged_on, unit="day").fill_null(0)
            return rows.mutate(days_out=out)
        longest = max(
            (window for d in self.definitions for f in self.catalogue.features_of(d) if (window := self._days(f))),
            default=0,
        )
        return rows.filter(rows.days <= longest)

    def _days(self, feature: Feature) -> int | None:
        return _window(feature, self.windows)

    def _with_codes(self, source: ir.Table) -> ir.Table:
        """Keep rows with a code of the list, matched through the distinct codes in use, with group and points."""
        if self.codes is None:
            return source
        column = CODE_COLUMNS[self.source]
        system = "code_system" if "code_system" in source.columns else None
        in_use = source.filter(source[column].notnull()).select([system, column] if system else [column]).distinct()
        pairs = [(row.get(system, "bnf") if system else "bnf", row[column]) for row in in_use.to_pyarrow().to_pylist()]
        matched = self.catalogue.codelists[self.codes].match(pairs)
        schema = pa.schema(
            [("s", pa.string()), ("c", pa.string()), ("code_group", pa.string()), ("points", pa.float64())]
        )
        columns = list(zip(*matched, strict=True)) or [(), (), (), ()]
        if self.grouping is None:  # the group does not matter: each row counts once
            once = sorted({(s, c) for s, c, _, _ in matched})
            columns = [*zip(*once, strict=True)] if once else [(), ()]
            schema = pa.schema([schema.field("s"), schema.field("c")])
        matches = ibis.memtable(
            pa.table(
                [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
            )
        )
        predicates = [source[column] == matches.c, *([source[system] == matches.s] if system else [])]
        return source.join(matches, predicates)

    def _distinct(self, rows: ir.Table) -> ir.Table:
        """Reduce rows to distinct things, each with the days since it was last seen."""
        first = self.definitions[0]
        rows = rows.filter(_holds(rows, first))
        if first.measure == "distinct":
            thing = rows[first.of or ""].cast("string")
            rows = rows.mutate(thing=thing if first.prefix is None else thing.substr(0, first.prefix))
            rows = rows.filter(rows.thing.notnull())
            return rows.group_by([*_KEYS, "thing"]).agg(days=rows.days.min())
        return rows.group_by([*_KEYS, "code_group", "points"]).agg(days=rows.days.min())

    def _measures(self, rows: ir.Table, definition: Definition) -> Iterator[tuple[str, Any]]:
        holds = ibis.literal(True) if self.grouping else _holds(rows, definition)
        for feature in self.catalogue.features_of(definition):
            window = self._days(feature)
            if window is not None:
                yield feature.name, _measure(rows, feature, holds, window)


def _holds(rows: ir.Table, definition: Definition) -> ir.BooleanValue:
    condition: ir.BooleanValue = ibis.literal(True)
    for column, values in definition.where.items():
        condition &= rows[column].isin(list(values)).fill_null(False)
    return condition


def _measure(rows: ir.Table, feature: Feature, holds: ir.BooleanValue, window: int) -> ir.Value:
    inside = holds & (rows.days <= window)
    match feature.definition.measure:
        case "count" | "distinct" | "groups" | "any":
            return rows.count(where=inside)
        case "points":
            return rows.points.sum(where=inside).round(6)  # the order of additions differs between threads
        case "group_flags":
            return rows.count(where=inside & (rows.code_group == feature.group))
        case "days_since_last":
            return rows.days.min(where=inside)
        case "days_since_first":
            return rows.days.max(where=inside)
        case "bed_days":
            nights = ibis.least(rows.days, window) - rows.days_out
            # Stays that overlap are one bed at a time: never more nights than the window has.
            return ibis.least(ibis.greatest(nights, 0).sum(where=holds).fill_null(0), window)
        case measure:
            msg = f"measure {measure} is not computed from dated rows"
            raise AssertionError(msg)


def _of_person(rows: ir.Table, definition: Definition) -> ir.Value:
    match definition.measure:
        case "age":
            born, at = rows.birth_month, rows.index_date
            return at.year() - born.year() - (at.month() < born.month()).cast("int64")
        case "is":
            unknown = ibis.or_(*(rows[column].isnull() for column in definition.where))
            return unknown.ifelse(ibis.null("int64"), _holds(rows, definition).cast("int64"))
        case _:
            return rows[definition.of or ""]


def _final(joined: ir.Table, feature: Feature, window: int | None, *, has_hospital_codes: bool) -> ir.Value:
    """Turn a joined measure into the feature: nothing found is zero where the window was seen, missing where not."""
    definition = feature.definition
    if definition.measure in ("age", "is", "value"):
        return joined[feature.name].cast("float64")
    if window is None:
        return ibis.null("float64")
    found = joined[feature.name].cast("float64")
    missing = ibis.null("float64")
    if definition.measure == "days_since_last":
        return found
    flag = definition.measure in ("any", "group_flags")
    value = (found > 0).cast("float64").fill_null(0.0) if flag else found.fill_null(0.0)
    if definition.measure == "days_since_first":
        value = found
    if definition.table == CODED_ENTRIES and not has_hospital_codes:
        seen = (joined.gp_seen_from < joined.index_date).fill_null(False)
        return seen.ifelse(value, missing)
    if definition.table not in TABLES or TABLES[definition.table].held_by == "trust":
        return value
    seen = (
        joined.gp_seen_from.notnull() & (joined.index_date.delta(joined.gp_seen_from, unit="day") >= window)
    ).fill_null(False)
    return (seen | (value > 0)).ifelse(value, missing) if flag else seen.ifelse(value, missing)
